"""Secrets come from a descriptor, a private file or a terminal, and from nowhere else."""

from __future__ import annotations

import os
import pty
import sys
from pathlib import Path

import pytest

from wallet.private_file import UnsafeFile
from wallet.secret import Secret
from wallet.secret_input import NoSecret, read_secret

AT_THE_TERMINAL = """
from wallet.secret import Secret
from wallet.secret_input import NoSecret, read_secret
try:
    raise SystemExit(0 if read_secret("New password", confirm=True) == Secret(b"one") else 3)
except NoSecret:
    raise SystemExit(2)
"""


def by_descriptor(content: bytes) -> Secret:
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    try:
        return read_secret("Password", descriptor=reading)
    finally:
        os.close(reading)


@pytest.mark.parametrize("content", [b"secret", b"secret\n", b"secret\r\n"])
def test_a_descriptor_gives_one_line(content: bytes) -> None:
    assert by_descriptor(content) == Secret(b"secret")


def test_inner_line_breaks_and_blanks_belong_to_the_secret() -> None:
    assert by_descriptor(b" a\nb \n") == Secret(b" a\nb ")


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * 4097])
def test_no_usable_secret_is_an_error(content: bytes) -> None:
    with pytest.raises(NoSecret):
        by_descriptor(content)


def test_a_file_must_be_private(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(b"secret\n")
    file.chmod(0o644)
    with pytest.raises(UnsafeFile, match="chmod 600"):
        read_secret("Password", file=file)
    file.chmod(0o400)
    assert read_secret("Password", file=file) == Secret(b"secret")
    with pytest.raises(NoSecret, match="not both"):
        read_secret("Password", file=file, descriptor=0)
    with pytest.raises(NoSecret, match="file descriptor"):
        read_secret("Password", descriptor=9999)


def test_without_a_terminal_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(NoSecret, match="no terminal"):
            read_secret("Password")


@pytest.mark.parametrize(("answers", "agreed"), [(b"one\none\n", True), (b"one\ntwo\n", False)])
def test_a_terminal_asks_twice_for_a_new_password_and_echoes_nothing(answers: bytes, agreed: bool) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", AT_THE_TERMINAL])  # never returns
    seen = b""
    for line in answers.splitlines(keepends=True):
        while not seen.endswith(b": "):
            seen += os.read(terminal, 100)
        os.write(terminal, line)
        seen += b" answered "
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == (0 if agreed else 2)
    assert b"one" not in seen
