"""The record of what was asked, judged and signed: entries that name their predecessor's hash, only ever appended.

Changing or dropping an entry breaks the chain after it. Whoever can rewrite the whole file can still rewrite the
chain; its newest hash is what belongs somewhere else (on chain, with an auditor).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from wallet.json_input import parse_json
from wallet.private_file import UnsafeFile, make_private_directory, sync_directory

GENESIS: Final = "0" * 64
_MAX_ENTRY_BYTES: Final = 1024 * 1024
_MAX_ENTRY_OBJECTS: Final = 10_000


class AuditBroken(RuntimeError):
    """The log was altered: nothing may be signed until a person has looked."""


class AuditBusy(RuntimeError):
    """Another process writes to the log."""


@dataclass(frozen=True)
class Entry:
    """One entry: its number from 0, unix milliseconds, event, content, and the hash of the entry before it."""

    number: int
    time_ms: int
    event: str
    body: Mapping[str, Any]
    previous: str

    def line(self) -> bytes:
        """Return the canonical JSON that is hashed and kept, without a line break."""
        fields = {"n": self.number, "t": self.time_ms, "e": self.event, "b": self.body, "p": self.previous}
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()

    def hash(self) -> str:
        """Return the SHA-256 of the line, in hexadecimal."""
        return hashlib.sha256(self.line()).hexdigest()


class Audit(Protocol):
    """Where entries go. When `append` returns, the entry is as durable as the place is."""

    def append(self, time_ms: int, event: str, body: Mapping[str, Any]) -> str:
        """Add an entry and return its hash. Raises OSError; then nothing may be signed."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Return every entry, oldest first."""
        ...


class MemoryAudit:
    """A log that ends with the process; for tests and for measuring."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._newest = GENESIS

    def append(self, time_ms: int, event: str, body: Mapping[str, Any]) -> str:
        """Add an entry; see Audit."""
        entry = Entry(len(self._entries), time_ms, event, body, self._newest)
        self._entries.append(entry)
        self._newest = entry.hash()
        return self._newest

    def entries(self) -> Iterator[Entry]:
        """Return every entry; see Audit."""
        return iter(tuple(self._entries))


class FileAudit:
    """A log in a file with mode 0600, one line an entry, on disk before `append` returns; one writer at a time.

    Opening checks the whole chain. A last line that a crash cut short was never acknowledged: it is removed, and
    an entry says so. Raises AuditBroken, AuditBusy, UnsafeFile.
    """

    def __init__(self, path: Path, time_ms: int) -> None:
        make_private_directory(path.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._path = path
        self._count, self._newest = 0, GENESIS
        self._descriptor = os.open(path, flags, 0o600)
        try:
            self._lock()
            torn = self._recover()
            sync_directory(path.parent)
        except BaseException:
            os.close(self._descriptor)
            raise
        if torn:
            digest = hashlib.sha256(torn).hexdigest()
            self.append(time_ms, "recovered", {"bytes_dropped": len(torn), "sha256": digest})

    def append(self, time_ms: int, event: str, body: Mapping[str, Any]) -> str:
        """Add an entry; see Audit. After a failed write the log is closed, for its end is unknown."""
        entry = Entry(self._count, time_ms, event, body, self._newest)
        line = entry.line() + b"\n"
        try:
            _write_whole(self._descriptor, line)
        except OSError:
            self.close()
            raise
        self._count, self._newest = self._count + 1, entry.hash()
        return self._newest

    def entries(self) -> Iterator[Entry]:
        """Return every entry; see Audit."""
        return read_entries(self._path.read_bytes())

    def close(self) -> None:
        """Let go of the file; a later `append` raises OSError."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _lock(self) -> None:
        if os.fstat(self._descriptor).st_mode & 0o077:
            raise UnsafeFile(f"{self._path} is open to others; chmod 600 it")
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AuditBusy(f"{self._path} is being written to by another process") from error

    def _recover(self) -> bytes:
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        for entry in read_entries(content[:whole]):
            self._count, self._newest = entry.number + 1, entry.hash()
        os.ftruncate(self._descriptor, whole)
        return content[whole:]


def _write_whole(descriptor: int, line: bytes) -> None:
    if os.write(descriptor, line) != len(line):
        raise OSError("the disk took only a part of an audit entry")
    os.fsync(descriptor)


def read_entries(content: bytes) -> Iterator[Entry]:
    """Return the entries of a log's bytes, checking the chain on the way. Raises AuditBroken at a fault."""
    newest = GENESIS
    for number, line in enumerate(content.splitlines()):
        try:
            fields: Any = parse_json(line, most_bytes=_MAX_ENTRY_BYTES, most_objects=_MAX_ENTRY_OBJECTS)
            entry = Entry(fields["n"], fields["t"], fields["e"], fields["b"], fields["p"])
        except (ValueError, KeyError, TypeError) as error:
            raise AuditBroken(f"entry {number} cannot be read") from error
        if entry.number != number or entry.previous != newest or entry.line() != line:
            raise AuditBroken(f"entry {number} does not follow the one before it")
        newest = entry.hash()
        yield entry
