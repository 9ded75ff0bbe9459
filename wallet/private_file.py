"""Files that only their owner may read: written whole or not at all, and refused when others could read them.

The content goes to a temporary file, to the disk, and only then to its name; a crash leaves the old file or none.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class UnsafeFile(PermissionError):
    """A secret file that others can read, that is no regular file, is not ours, or is too large."""


def make_private_directory(directory: Path) -> None:
    """Create `directory` with mode 0700 where it is missing. Raises UnsafeFile if others can write to it."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UnsafeFile(f"{directory} can be written by others; give it mode 0700")


def write_private(path: Path, content: bytes) -> None:
    """Write a new file with mode 0600, durable when this returns. Raises FileExistsError, never overwrites."""
    temporary = _written_beside(path, content)
    try:
        os.link(temporary, path)  # unlike rename, fails where the name is taken
    except FileExistsError as error:
        raise FileExistsError(error.errno, "is there already and is not overwritten", str(path)) from None
    finally:
        temporary.unlink()
    sync_directory(path.parent)


def replace_private(path: Path, content: bytes) -> None:
    """Write a file with mode 0600 in place of the one there may be, whole or not at all."""
    _written_beside(path, content).replace(path)
    sync_directory(path.parent)


def _written_beside(path: Path, content: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:  # it names a file that nobody has asked for
        raise OSError(error.errno, error.strerror, str(path.parent)) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink()
        raise
    return temporary


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable; a file's own fsync does not."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private(path: Path, limit: int) -> bytes:
    """Read a file of at most `limit` bytes that is regular, ours, and closed to others.

    Symbolic links are not followed. Raises UnsafeFile, FileNotFoundError.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise UnsafeFile(f"{path} cannot be read: {error.strerror}") from error
    try:
        _check_ours(path, os.fstat(descriptor))
    except UnsafeFile:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise UnsafeFile(f"{path} is larger than {limit} bytes")
    return content


def _check_ours(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeFile(f"{path} is not a regular file")
    if status.st_uid != os.geteuid():
        raise UnsafeFile(f"{path} belongs to another account")
    if status.st_mode & _OTHERS:
        raise UnsafeFile(f"{path} is open to others (mode {stat.S_IMODE(status.st_mode):04o}); chmod 600 it")
