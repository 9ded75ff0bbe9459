"""Settings have working defaults, and a value that cannot be used stops the start and is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from node.settings import BadSetting, read_settings

ROOT = Path(__file__).resolve().parents[2]


def test_an_empty_environment_is_enough() -> None:
    settings = read_settings({})
    assert settings.max_body_bytes == 1_000_000
    assert settings.log_level == "WARNING"
    assert settings.rpc_url is None
    assert settings.database is None


def test_what_is_set_is_taken() -> None:
    settings = read_settings({"CORRIDOR_LOG_LEVEL": "info", "CORRIDOR_RPC_URL": "http://127.0.0.1:1"})
    assert (settings.log_level, settings.rpc_url) == ("INFO", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORRIDOR_LOG_LEVEL", "LOUD"),
        ("CORRIDOR_MAX_BODY_BYTES", "0"),
        ("CORRIDOR_MAX_BODY_BYTES", "-5"),
        ("CORRIDOR_BODY_TIMEOUT_S", "soon"),
        ("CORRIDOR_WORKER", ""),
        ("CORRIDOR_WORKER", "x" * 37),
        ("CORRIDOR_DATABASE", "mysql://127.0.0.1/corridor"),
        ("CORRIDOR_LOG_LVL", "DEBUG"),
        ("CORRIDOR_RATE_PER_SECOND", "5"),
        ("CORRIDOR_master_key", "key"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read_settings({name: value})


def test_names_that_are_like_no_setting_are_somebody_elses() -> None:
    assert read_settings({"CORRIDOR_EXECUTION_APIS": "x", "CORRIDOR_PORT": "1", "LOG_LVL": "y"}) == read_settings(
        {}
    )


def test_a_database_address_that_is_refused_is_not_repeated() -> None:
    with pytest.raises(BadSetting) as refusal:
        read_settings({"CORRIDOR_DATABASE": "mysql://corridor:hunter2@127.0.0.1/corridor"})
    assert "hunter2" not in str(refusal.value)


def test_nobody_else_reads_the_environment() -> None:
    readers = [
        file.relative_to(ROOT).as_posix()
        for package in ("api", "cli", "contracts", "node", "wallet")
        for file in (ROOT / package).rglob("*.py")
        if "os.environ" in (text := file.read_text("utf-8")) or "os.getenv" in text
    ]
    assert readers == ["node/settings.py"]


def test_the_page_of_the_environment_lists_every_variable() -> None:
    read = set(re.findall(r"CORRIDOR_[A-Z_]+", (ROOT / "node/settings.py").read_text("utf-8")))
    page = (ROOT / "docs/environment.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(CORRIDOR_[A-Z_]+)` ", page, re.MULTILINE)) == read
