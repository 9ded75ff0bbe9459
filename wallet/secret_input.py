"""Passwords come from a prompt, a file descriptor or a private file; never from arguments, which everybody sees.

One trailing line break is dropped, so that `echo` and editors give the password that was meant.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from wallet.private_file import read_private
from wallet.secret import Secret

_MAX_SECRET_BYTES = 4096


class NoSecret(ValueError):
    """No usable secret was given: empty, too long, two that differ, or nobody to ask."""


def read_secret(
    prompt: str, *, descriptor: int | None = None, file: Path | None = None, confirm: bool = False
) -> Secret:
    """Read a secret from `descriptor`, from `file` (mode 0600), or else by asking on the terminal.

    `confirm` asks twice; only on a terminal. Raises NoSecret, UnsafeFile, FileNotFoundError.
    """
    if descriptor is not None and file is not None:
        raise NoSecret("give the password by a file descriptor or by a file, not both")
    if descriptor is not None:
        return _from_bytes(_read_descriptor(descriptor))
    if file is not None:
        return _from_bytes(read_private(file, _MAX_SECRET_BYTES + 2))
    return _ask(prompt, confirm)


def _read_descriptor(descriptor: int) -> bytes:
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(_MAX_SECRET_BYTES + 3)
    except OSError as error:
        raise NoSecret(f"file descriptor {descriptor} cannot be read: {error.strerror}") from error


def _from_bytes(raw: bytes) -> Secret:
    secret = Secret(raw[:-1].removesuffix(b"\r") if raw.endswith(b"\n") else raw)
    del raw  # a traceback that shows locals must not show it
    if len(secret) == 0:
        raise NoSecret("the password is empty")
    if len(secret) > _MAX_SECRET_BYTES:
        raise NoSecret(f"the password is longer than {_MAX_SECRET_BYTES} bytes")
    return secret


def _ask(prompt: str, confirm: bool) -> Secret:
    if not sys.stdin.isatty():  # getpass would fall back to an echoing read
        raise NoSecret("there is no terminal to ask on; use --password-file or --password-fd")
    answer = _from_bytes(getpass.getpass(f"{prompt}: ").encode())
    if confirm and _from_bytes(getpass.getpass(f"{prompt}, again: ").encode()) != answer:
        raise NoSecret("the two passwords differ")
    return answer
