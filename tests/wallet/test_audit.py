"""The audit log: chained, durable, recovered after a torn write, and not to be altered unnoticed."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from wallet.audit import AuditBroken, AuditBusy, FileAudit, MemoryAudit, read_entries
from wallet.private_file import UnsafeFile


def filled(path: Path) -> bytes:
    audit = FileAudit(path, 0)
    for number in range(5):
        audit.append(1000 + number, "signed", {"number": number})
    audit.close()
    return path.read_bytes()


def test_entries_come_back_and_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "log"
    filled(path)
    audit = FileAudit(path, 0)
    newest = audit.append(2000, "denied", {"reasons": ["x"]})
    entries = list(audit.entries())
    assert [entry.number for entry in entries] == list(range(6))
    assert entries[-1].hash() == newest
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    audit.close()
    with pytest.raises(OSError, match="descriptor"):
        audit.append(2001, "signed", {})


def test_memory_and_file_chain_alike(tmp_path: Path) -> None:
    file, memory = FileAudit(tmp_path / "log", 0), MemoryAudit()
    hashes = [(file.append(7, "a", {"é": 1}), memory.append(7, "a", {"é": 1})) for _ in range(3)]
    assert all(one == other for one, other in hashes)
    assert list(file.entries()) == list(memory.entries())
    file.close()


def test_there_is_one_writer(tmp_path: Path) -> None:
    audit = FileAudit(tmp_path / "log", 0)
    with pytest.raises(AuditBusy, match="another process"):
        FileAudit(tmp_path / "log", 0)
    audit.close()
    FileAudit(tmp_path / "log", 0).close()


def test_a_torn_last_line_is_removed_and_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "log"
    whole = filled(path)
    for cut in (1, 20, len(whole.splitlines()[-1])):
        path.write_bytes(whole[:-cut])
        audit = FileAudit(path, 3000)
        events = [entry.event for entry in audit.entries()]
        audit.close()
        assert events == ["signed"] * 4 + ["recovered"]


@pytest.mark.parametrize("number", range(4))
def test_an_altered_dropped_or_swapped_entry_is_found(tmp_path: Path, number: int) -> None:
    path = tmp_path / "log"
    lines = filled(path).splitlines(keepends=True)
    altered = json.loads(lines[number])
    altered["b"]["number"] = 99
    line = json.dumps(altered, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    for forged in (
        [*lines[:number], line, *lines[number + 1 :]],
        [*lines[:number], *lines[number + 1 :]],
        [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]],
        [*lines[: number + 1], b"{}\n", *lines[number + 1 :]],
        [*lines[: number + 1], b"[[\n", *lines[number + 1 :]],
    ):
        with pytest.raises(AuditBroken):
            list(read_entries(b"".join(forged)))
        path.write_bytes(b"".join(forged))
        with pytest.raises(AuditBroken):
            FileAudit(path, 0)


def test_a_log_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log"
    filled(path)
    path.chmod(0o644)
    with pytest.raises(UnsafeFile):
        FileAudit(path, 0)
