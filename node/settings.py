"""What the environment may set, read once at start by this file and by no other.

Everything has a default that works; a value that cannot be used stops the start with a sentence that names it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

_PREFIX: Final = "CORRIDOR_"
_ALMOST: Final = 0.75


class BadSetting(ValueError):
    """A setting that cannot be used; the text names the variable, its value and what it may be."""


@dataclass(frozen=True)
class Settings:
    """One process's settings; the field comments name their variables."""

    data: Path  # CORRIDOR_DATA: where `up` keeps its network
    wallet: Path  # CORRIDOR_WALLET: where `wallet` keeps its keys
    database: str | None  # CORRIDOR_DATABASE: postgresql://... for the books; by default each is a SQLite file
    schemas: Path | None  # CORRIDOR_SCHEMAS: a folder of official ISO 20022 schemas, which then judge messages
    master_key: Path | None  # CORRIDOR_MASTER_KEY: the file that unlocks customers' data; else in the folder
    worker: str  # CORRIDOR_WORKER: this process's name among several workers on one book
    rpc_url: str | None  # CORRIDOR_RPC_URL: a chain other than the one we run ourselves
    log_level: str  # CORRIDOR_LOG_LEVEL: DEBUG, INFO, WARNING or ERROR
    max_body_bytes: int  # CORRIDOR_MAX_BODY_BYTES: the largest request body taken
    body_timeout_s: float  # CORRIDOR_BODY_TIMEOUT_S: how long a request's body may take to arrive
    rate_per_s: float  # CORRIDOR_RATE_PER_S: requests a second that a caller may make; 0 sets no limit
    rate_burst: int  # CORRIDOR_RATE_BURST: requests that a caller may make at once
    corpus: Path | None  # CORRIDOR_CORPUS: official ISO 20022 schemas and messages, for tests
    anvil: str | None  # CORRIDOR_ANVIL: the anvil program, where it is not on the PATH


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process, or of the mapping given; raises BadSetting."""
    found = os.environ if environment is None else environment
    _refuse_misspelt(found)
    return Settings(
        data=Path(found.get("CORRIDOR_DATA", "corridor-data")),
        wallet=Path(found.get("CORRIDOR_WALLET") or Path.home() / ".corridor" / "keystore"),
        database=_database(found.get("CORRIDOR_DATABASE")),
        schemas=_path(found.get("CORRIDOR_SCHEMAS")),
        master_key=_path(found.get("CORRIDOR_MASTER_KEY")),
        worker=worker_name(found.get("CORRIDOR_WORKER", "worker")),
        rpc_url=found.get("CORRIDOR_RPC_URL") or None,
        log_level=_log_level(found.get("CORRIDOR_LOG_LEVEL", "WARNING")),
        max_body_bytes=_positive(found, "CORRIDOR_MAX_BODY_BYTES", 1_000_000),
        body_timeout_s=float(_positive(found, "CORRIDOR_BODY_TIMEOUT_S", 20)),
        rate_per_s=float(_positive(found, "CORRIDOR_RATE_PER_S", 1000, least=0)),
        rate_burst=_positive(found, "CORRIDOR_RATE_BURST", 2000),
        corpus=_path(found.get("CORRIDOR_CORPUS")),
        anvil=found.get("CORRIDOR_ANVIL") or None,
    )


def _refuse_misspelt(found: Mapping[str, str]) -> None:
    """A name that is almost a setting's would be ignored without a word; names that are like none are not ours."""
    known = [field.name.upper() for field in fields(Settings)]
    said = (name.removeprefix(_PREFIX) for name in found if name.startswith(_PREFIX))
    unknown = sorted(name for name in said if name not in known)
    if not unknown:
        return
    from difflib import get_close_matches  # noqa: PLC0415  (of no use where every name is right)

    for name in unknown:
        for meant in get_close_matches(name.upper(), known, 1, _ALMOST):
            raise BadSetting(f"{_PREFIX}{name} is no setting; {_PREFIX}{meant} is one that is written almost so")


def _database(text: str | None) -> str | None:
    """The address is not told in the refusal, for it may hold a password."""
    if text and not text.startswith(("postgresql", "sqlite:///")):
        raise BadSetting(
            "CORRIDOR_DATABASE must be postgresql://user:password@host/database, or left out for SQLite"
        )
    return text or None


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def worker_name(name: str) -> str:
    """The name if a worker can have it; raises BadSetting."""
    if not (name.isascii() and name.isprintable() and 0 < len(name) <= 36):
        raise BadSetting(
            f"CORRIDOR_WORKER, a worker's name, is {name!r}; it must be 1 to 36 printable ASCII characters"
        )
    return name


def _log_level(text: str) -> str:
    level = text.upper()
    if level not in logging.getLevelNamesMapping():
        raise BadSetting(f"CORRIDOR_LOG_LEVEL is {text!r}; it may be DEBUG, INFO, WARNING or ERROR")
    return level


def _positive(found: Mapping[str, str], name: str, default: int, least: int = 1) -> int:
    text = found.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) >= least):
        raise BadSetting(f"{name} is {text!r}; it must be a whole number{' above zero' if least else ''}")
    return int(text)
