"""The file that makes a block durable: one record for each write, appended and waited for, before SQLite has it.

A commit of SQLite's is some twenty-five pages and their bookkeeping; a record here is one write and one wait for
the disk. SQLite takes over many records in one commit of its own, and the file begins again under a new number.
"""

import os
from hashlib import blake2b
from pathlib import Path
from struct import Struct

from node.chain.errors import StoreDamaged

HEAD = Struct(">QIII")  # generation, position in it, size of what follows, and a check of these three
CHECK_BYTES = 16
PAGE_BYTES = 4_096
NOTHING = bytes(PAGE_BYTES)
LOOKS_ON = 8  # records looked for behind one that is not sound
PREALLOCATED_BYTES = 1 << 20  # a file that need not grow is on disk in half the time
FLUSH_AT_BYTES = PREALLOCATED_BYTES - (1 << 17)


class RedoLog:
    """Records since SQLite's last commit. `generation` is the number SQLite notes with each of its commits."""

    def __init__(self, file: Path, descriptor: int, generation: int) -> None:
        self._file = file
        self._descriptor = descriptor
        self.generation = generation
        self._records = 0
        self.size = 0

    @classmethod
    def open(cls, file: Path, generation: int, *, create: bool) -> "RedoLog":
        """Open the file, or make it. Raises StoreDamaged when it should be there and is not."""
        if not file.exists():
            if not create:
                raise StoreDamaged(f"{file} is missing: it may hold the newest blocks")
            _make(file)
        return cls(file, os.open(file, os.O_RDWR), generation)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    @property
    def is_full(self) -> bool:
        """Whether it is time for SQLite to take over."""
        return self.size >= FLUSH_AT_BYTES

    def append(self, payload: bytes) -> None:
        """Write a record, and return once it is on disk. After an error the next record takes its place."""
        record = memoryview(
            b"".join((_head(self.generation, self._records, len(payload)), _check(payload), payload))
        )
        written = 0
        while written < len(record):
            written += os.pwrite(self._descriptor, record[written:], self.size + written)
        os.fdatasync(self._descriptor)
        self.size += len(record)
        self._records += 1

    def begin_again(self) -> None:
        """Start over, after SQLite has committed everything here together with `generation` + 1."""
        self.generation += 1
        self._records, self.size = 0, 0

    def records(self) -> list[bytes]:
        """The records of this generation, and go on behind them.

        The last one may be torn: it was never acknowledged, and counts as absent. Raises StoreDamaged where a
        record is unsound and one behind it is not.
        """
        content = self._file.read_bytes()
        found: list[bytes] = []
        offset = end = 0
        while (size := self._size_at(content, offset, len(found))) is not None:
            end = offset + HEAD.size + CHECK_BYTES + size
            payload = _payload(content, offset, size)
            if payload is None:
                break
            found.append(payload)
            offset = end
        self._assert_last(content, end, len(found))
        self._records, self.size = len(found), offset
        return found

    def _size_at(self, content: bytes, offset: int, position: int) -> int | None:
        """The size of the record with this position, if one begins here."""
        if len(content) < offset + HEAD.size:
            return None
        _, _, size, _ = HEAD.unpack_from(content, offset)
        expected = _head(self.generation, position, size)
        return size if content[offset : offset + HEAD.size] == expected else None

    def _assert_last(self, content: bytes, start: int, position: int) -> None:
        """Refuse when a sound record lies behind. Heads can be damaged too, so this looks beyond the next."""
        last = _last_used(content)
        for behind in range(position + 1, position + 1 + LOOKS_ON):
            mark = HEAD.pack(self.generation, behind, 0, 0)[:12]
            at = content.find(mark, start, last)
            while at >= 0:
                size = self._size_at(content, at, behind)
                if size is not None and _payload(content, at, size) is not None:
                    raise StoreDamaged(f"{self._file}: record {position} is damaged, and one behind it is sound")
                at = content.find(mark, at + 1, last)


def begins_with_a_record(file: Path) -> bool:
    """Whether this is a log, of whatever generation, that something was written to."""
    if not file.exists():
        return False
    with file.open("rb") as opened:
        begin = opened.read(HEAD.size)
    return len(begin) == HEAD.size and begin == _head(*HEAD.unpack(begin)[:3])


def _make(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        os.write(descriptor, bytes(PREALLOCATED_BYTES))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the file's name is on disk too
    finally:
        os.close(folder)


def _last_used(content: bytes) -> int:
    """Where nothing but zeros follows, to the page: looking for a mark among a million of them takes long."""
    end = len(content)
    while end >= PAGE_BYTES and content[end - PAGE_BYTES : end] == NOTHING:
        end -= PAGE_BYTES
    return end


def _head(generation: int, position: int, size: int) -> bytes:
    fields = HEAD.pack(generation, position, size, 0)
    return fields[:-4] + blake2b(fields[:-4], digest_size=4).digest()


def _check(payload: bytes) -> bytes:
    return blake2b(payload, digest_size=CHECK_BYTES).digest()


def _payload(content: bytes, offset: int, size: int) -> bytes | None:
    """The payload of a record, or None when it is not what was written."""
    start = offset + HEAD.size
    payload = content[start + CHECK_BYTES : start + CHECK_BYTES + size]
    whole = len(payload) == size and _check(payload) == content[start : start + CHECK_BYTES]
    return payload if whole else None
