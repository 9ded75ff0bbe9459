"""What is written to the store: statements with rows of values, and their form in the redo log.

Everything that changes a store is one of these statements, so a record of the log is replayed by running them.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from itertools import chain
from typing import NamedTuple, TypeAlias

from node.chain.header import encode_header
from node.chain.records import SealedBlock

TRANSACTIONS_PER_BLOCK = 1 << 20
LOGS_PER_BLOCK = 1 << 24

Value: TypeAlias = bytes | int | None
Row: TypeAlias = tuple[Value, ...]


class Statement(IntEnum):
    """A statement that changes the store. The numbers are in logs on disk: they stay as they are."""

    NODE = 0
    BLOCK = 1
    TRANSACTION = 2
    LOG = 3
    QUEUE = 4
    UNQUEUE = 5
    AMEND = 6
    CUT_BLOCKS = 7
    CUT_AMENDED = 8
    CUT_TRANSACTIONS = 9
    CUT_LOGS = 10
    META = 11


Write: TypeAlias = tuple[Statement, Sequence[Row]]

SQL: Mapping[Statement, str] = {
    Statement.NODE: "INSERT OR IGNORE INTO node VALUES (?, ?)",
    Statement.BLOCK: "INSERT INTO block VALUES (?, ?, ?, ?, ?)",
    Statement.TRANSACTION: "INSERT INTO txn VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    Statement.LOG: "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    Statement.QUEUE: "INSERT OR IGNORE INTO queued (hash, raw) VALUES (?, ?)",
    Statement.UNQUEUE: "DELETE FROM queued WHERE hash = ?",
    Statement.AMEND: "INSERT OR REPLACE INTO amended VALUES (?, ?)",
    Statement.CUT_BLOCKS: "DELETE FROM block WHERE number > ?",
    Statement.CUT_AMENDED: "DELETE FROM amended WHERE number > ?",
    Statement.CUT_TRANSACTIONS: "DELETE FROM txn WHERE id >= ?",
    Statement.CUT_LOGS: "DELETE FROM log WHERE id >= ?",
    Statement.META: "INSERT OR REPLACE INTO meta VALUES (CAST(? AS TEXT), ?)",
}
ADDING = frozenset({Statement.NODE, Statement.BLOCK, Statement.TRANSACTION, Statement.LOG})
BY_KEY = (Statement.UNQUEUE, Statement.QUEUE, Statement.META)  # whose rows are known by their first value
_STATEMENTS = tuple(Statement)
_NONE, _INTEGER = 2, 1  # in the two lowest bits of a word; nothing there: so many bytes


def block_writes(block: SealedBlock, nodes: Mapping[bytes, bytes]) -> list[Write]:
    """A block, everything found through it, and the state nodes it made."""
    header = block.header
    row = (header.block_number, bytes(header.hash), encode_header(header), block.size, block.body)
    return [
        (Statement.NODE, list(nodes.items())),
        (Statement.BLOCK, [row]),
        (Statement.TRANSACTION, _transaction_rows(block)),
        (Statement.LOG, _log_rows(block)),
    ]


def cut_writes(number: int) -> list[Write]:
    """Forget every block above `number`."""
    return [
        (Statement.CUT_BLOCKS, [(number,)]),
        (Statement.CUT_AMENDED, [(number,)]),
        (Statement.CUT_TRANSACTIONS, [((number + 1) * TRANSACTIONS_PER_BLOCK,)]),
        (Statement.CUT_LOGS, [((number + 1) * LOGS_PER_BLOCK,)]),
    ]


def joined(records: Iterable[Iterable[Write]]) -> Iterator[Write]:
    """The writes of many records as few: rows of one table go together, and pass only rows of other tables.

    What is journaled and taken out again in the same records is never put in; of a fact the last value counts.
    """
    added: dict[Statement, list[Row]] = {}
    kept: dict[Statement, dict[Value, Row]] = {one: {} for one in BY_KEY}
    for writes in records:
        for statement, rows in writes:
            if statement in ADDING:
                added.setdefault(statement, []).extend(rows)
            elif statement in kept:
                _keep(kept, statement, rows)
            elif rows:
                yield from _collected(added, kept)
                added, kept = {}, {one: {} for one in BY_KEY}
                yield statement, rows
    yield from _collected(added, kept)


def _keep(kept: Mapping[Statement, dict[Value, Row]], statement: Statement, rows: Sequence[Row]) -> None:
    for row in rows:
        if statement is Statement.UNQUEUE:
            kept[Statement.QUEUE].pop(row[0], None)
        if statement is not Statement.QUEUE or row[0] not in kept[statement]:
            kept[statement][row[0]] = row


def _collected(
    added: Mapping[Statement, list[Row]], kept: Mapping[Statement, dict[Value, Row]]
) -> Iterator[Write]:
    """What is taken out of the journal goes first: what is still in it by then came after."""
    yield from added.items()
    yield from ((statement, list(rows.values())) for statement, rows in kept.items() if rows)


class Encoded(NamedTuple):
    """Writes as they are in a record: words of 64 bits that describe, and all bytes in a row."""

    words: bytes
    values: bytes

    def __add__(self, other: "Encoded") -> "Encoded":  # type: ignore[override]  # one after the other, as bytes are
        return Encoded(self.words + other.words, self.values + other.values)

    def record(self) -> bytes:
        """The record of the log."""
        return b"".join((array("q", [len(self.words) >> 3]).tobytes(), self.words, self.values))


NOTHING = Encoded(b"", b"")


def encode_writes(writes: Iterable[Write]) -> Encoded:
    """Writes for a record of the log."""
    words: list[int] = []
    parts: list[bytes] = []
    for statement, rows in writes:
        if not rows:
            continue
        words += (statement, len(rows), len(rows[0]))
        values = list(chain.from_iterable(rows))
        words += [
            len(value) << 2 if isinstance(value, bytes) else _NONE if value is None else value << 2 | _INTEGER
            for value in values
        ]
        parts += [value for value in values if isinstance(value, bytes)]
    return Encoded(array("q", words).tobytes(), b"".join(parts))


def decode_writes(record: bytes) -> list[Write]:
    """The writes of a record, as they were."""
    words = array("q")
    words.frombytes(record[:8])
    start = 8 * (1 + words[0])
    words.frombytes(record[8:start])
    writes: list[Write] = []
    at = 1
    while at < len(words):
        statement, rows, columns = words[at : at + 3]
        at += 3
        decoded: list[Row] = []
        for _ in range(rows):
            row, start = _row(words[at : at + columns], record, start)
            decoded.append(row)
            at += columns
        writes.append((_STATEMENTS[statement], decoded))
    return writes


def _row(words: Sequence[int], record: bytes, start: int) -> tuple[Row, int]:
    row: list[Value] = []
    for word in words:
        if word & _INTEGER:
            row.append(word >> 2)
        elif word & _NONE:
            row.append(None)
        else:
            end = start + (word >> 2)
            row.append(record[start:end])
            start = end
    return tuple(row), start


def _transaction_rows(block: SealedBlock) -> list[Row]:
    first = block.header.block_number * TRANSACTIONS_PER_BLOCK
    return [
        (
            first + index,
            bytes(transaction.hash),
            bytes(transaction.sender),
            transaction.encode(),
            int(outcome.succeeded),
            outcome.gas_used,
            outcome.cumulative_gas_used,
            outcome.first_log_index,
            len(outcome.logs),
            outcome.post_state,
        )
        for index, (transaction, outcome) in enumerate(zip(block.transactions, block.outcomes, strict=True))
    ]


def _log_rows(block: SealedBlock) -> list[Row]:
    first = block.header.block_number * LOGS_PER_BLOCK
    return [
        (first + outcome.first_log_index + offset, index, address, *(*topics, None, None, None, None)[:4], data)
        for index, outcome in enumerate(block.outcomes)
        for offset, (address, topics, data) in enumerate(outcome.logs)
    ]
