"""The chain on disk: one SQLite file, one commit for each block, nothing acknowledged before it.

State nodes, headers, transactions, receipts, logs and their indexes go in together, so a killed process leaves
either the whole block or none of it. Queued transactions are journaled here too.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eth_hash.auto import keccak

from node.chain.checkpointer import Checkpointer
from node.chain.errors import StoreDamaged
from node.chain.header import decode_header, encode_header
from node.chain.log_query import LogQuery, log_statement
from node.chain.records import BlockRecord, LogRecord, SealedBlock, TransactionRecord
from node.chain.store_file import FILE_NAME, open_memory, open_store_file

TRANSACTIONS_PER_BLOCK = 1 << 20
LOGS_PER_BLOCK = 1 << 24
ROWS_BESIDE_NODES = 10  # of a block: itself, a transaction, a log, and their indexes


class ChainStore:
    """Reads and writes of one chain. Not thread-safe: the chain holds one lock around it."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: sqlite3.Connection | None,
        name: str,
        checkpointer: Checkpointer | None = None,
    ) -> None:
        self._database = connection
        self._lock = lock
        self._checkpointer = checkpointer
        self.name = name
        self._together: list[tuple[bytes, bytes]] | None = None

    @classmethod
    def open(cls, directory: Path | None) -> "ChainStore":
        """Open (or create) the store in `directory`; None keeps it in memory.

        Raises StoreInUse, ForeignStore or StoreDamaged.
        """
        if directory is None:
            return cls(open_memory(), None, "memory")
        connection, lock = open_store_file(directory)
        return cls(connection, lock, str(directory), Checkpointer(directory / FILE_NAME))

    def close(self) -> None:
        """Close the file and let another process have it."""
        if self._checkpointer is not None:
            self._checkpointer.close()
        self._database.close()
        if self._lock is not None:
            self._lock.close()

    # -- writing

    def begin(self, genesis: SealedBlock, nodes: Mapping[bytes, bytes], meta: Mapping[str, bytes]) -> None:
        """Write block 0 together with the facts that identify the chain, or neither."""
        with self._database as database:
            database.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            self._write_block(genesis, nodes)

    def commit_block(self, block: SealedBlock, nodes: Mapping[bytes, bytes], done: Iterable[bytes]) -> None:
        """Write a block and everything found through it in one transaction, and wait until it is on disk.

        `done` are hashes of journaled transactions that the block makes obsolete.
        """
        gone = self._forget(done)
        with self._database as database:
            self._write_block(block, nodes)
            database.executemany("DELETE FROM queued WHERE hash = ?", gone)
        if self._checkpointer is not None:
            self._checkpointer.wrote(len(nodes) + ROWS_BESIDE_NODES)

    @contextmanager
    def journaling_together(self) -> Iterator[None]:
        """Journal what is queued meanwhile in one transaction at the end; only then is any of it durable."""
        self._together = []
        try:
            yield
        finally:
            rows, self._together = self._together, None
            if rows:
                with self._database as database:
                    database.executemany("INSERT OR IGNORE INTO queued (hash, raw) VALUES (?, ?)", rows)

    def queue(self, transaction_hash: bytes, raw: bytes, replaces: bytes | None = None) -> None:
        """Journal a transaction that waits; durable when this returns, unless it is journaled with others."""
        if self._together is not None and replaces is None:
            self._together.append((transaction_hash, raw))
            return
        self._forget([] if replaces is None else [replaces])
        with self._database as database:
            if replaces is not None:
                database.execute("DELETE FROM queued WHERE hash = ?", (replaces,))
            database.execute("INSERT OR IGNORE INTO queued (hash, raw) VALUES (?, ?)", (transaction_hash, raw))

    def amend(self, number: int, root: bytes, nodes: Mapping[bytes, bytes]) -> None:
        """Note another state than the header's as the one after block `number`."""
        with self._database as database:
            database.executemany("INSERT OR IGNORE INTO node VALUES (?, ?)", nodes.items())
            database.execute("INSERT OR REPLACE INTO amended VALUES (?, ?)", (number, root))

    def unqueue(self, hashes: Iterable[bytes]) -> None:
        """Take transactions out of the journal."""
        gone = self._forget(hashes)
        with self._database as database:
            database.executemany("DELETE FROM queued WHERE hash = ?", gone)

    def cut_after(self, number: int) -> None:
        """Forget every block above `number`. Their state nodes stay: they do no harm and are found by hash."""
        with self._database as database:
            database.execute("DELETE FROM block WHERE number > ?", (number,))
            database.execute("DELETE FROM amended WHERE number > ?", (number,))
            database.execute("DELETE FROM txn WHERE id >= ?", ((number + 1) * TRANSACTIONS_PER_BLOCK,))
            database.execute("DELETE FROM log WHERE id >= ?", ((number + 1) * LOGS_PER_BLOCK,))

    # -- reading

    def meta(self) -> dict[str, bytes]:
        """All facts about the store itself."""
        return dict(self._read("SELECT key, value FROM meta", ()))

    def node(self, key: bytes) -> bytes | None:
        """A state node or contract code. Raises StoreDamaged when its bytes are not those of its hash."""
        rows = self._read("SELECT body FROM node WHERE hash = ?", (key,))
        if not rows:
            return None
        body: bytes = rows[0][0]
        if keccak(body) != key:
            raise StoreDamaged(f"{self.name}: state node 0x{key.hex()} does not have the hash it is kept under")
        return body

    def head(self) -> BlockRecord | None:
        """The newest block, or None in a store without genesis."""
        rows = self._read("SELECT header, hash, size, body FROM block ORDER BY number DESC LIMIT 1", ())
        return self._block(rows[0]) if rows else None

    def block_by_number(self, number: int) -> BlockRecord | None:
        """The block at a height, or None."""
        if not 0 <= number < 1 << 39:
            return None
        rows = self._read("SELECT header, hash, size, body FROM block WHERE number = ?", (number,))
        return self._block(rows[0]) if rows else None

    def block_by_hash(self, block_hash: bytes) -> BlockRecord | None:
        """The block with this hash, or None."""
        rows = self._read("SELECT header, hash, size, body FROM block WHERE hash = ?", (block_hash,))
        return self._block(rows[0]) if rows else None

    def block_hash(self, number: int) -> bytes | None:
        """Only the hash of the block at a height."""
        rows = self._read("SELECT hash FROM block WHERE number = ?", (number,))
        return rows[0][0] if rows else None

    def transaction(self, transaction_hash: bytes) -> TransactionRecord | None:
        """A transaction in a block, by its hash; the time does not depend on how deep it is."""
        rows = self._read("SELECT * FROM txn WHERE hash = ?", (transaction_hash,))
        return _transaction(rows[0]) if rows else None

    def transaction_at(self, number: int, index: int) -> TransactionRecord | None:
        """The transaction at a position of a block."""
        if not (0 <= number < 1 << 39 and 0 <= index < TRANSACTIONS_PER_BLOCK):
            return None
        rows = self._read("SELECT * FROM txn WHERE id = ?", (number * TRANSACTIONS_PER_BLOCK + index,))
        return _transaction(rows[0]) if rows else None

    def transactions_in(self, number: int) -> list[TransactionRecord]:
        """All transactions of a block, in order."""
        first = number * TRANSACTIONS_PER_BLOCK
        rows = self._read(
            "SELECT * FROM txn WHERE id >= ? AND id < ? ORDER BY id", (first, first + TRANSACTIONS_PER_BLOCK)
        )
        return [_transaction(row) for row in rows]

    def transaction_hashes_in(self, number: int) -> list[bytes]:
        """The hashes of a block's transactions, in order."""
        first = number * TRANSACTIONS_PER_BLOCK
        rows = self._read(
            "SELECT hash FROM txn WHERE id >= ? AND id < ? ORDER BY id", (first, first + TRANSACTIONS_PER_BLOCK)
        )
        return [row[0] for row in rows]

    def logs_of(self, transaction: TransactionRecord) -> list[LogRecord]:
        """The logs of one transaction, in order."""
        if not transaction.log_count:
            return []
        first = transaction.block_number * LOGS_PER_BLOCK + transaction.first_log_index
        rows = self._read(
            "SELECT * FROM log WHERE id >= ? AND id < ? ORDER BY id", (first, first + transaction.log_count)
        )
        return [_log(row) for row in rows]

    def logs(self, query: LogQuery, limit: int) -> list[LogRecord]:
        """At most `limit` logs that match, oldest first."""
        statement, values = log_statement(query, LOGS_PER_BLOCK)
        return [_log(row) for row in self._read(f"{statement} LIMIT {int(limit)}", values)]

    def amended_roots(self) -> dict[int, bytes]:
        """State roots that replace their headers', by height."""
        return dict(self._read("SELECT number, root FROM amended", ()))

    def queued(self) -> list[bytes]:
        """The raw bytes of journaled transactions, in the order they came."""
        return [row[0] for row in self._read("SELECT raw FROM queued ORDER BY position", ())]

    # -- inside

    def _forget(self, hashes: Iterable[bytes]) -> list[tuple[bytes]]:
        """Journal none of these with the others, if they were to be; returns them as SQLite takes them."""
        gone = [(one,) for one in hashes]
        if self._together and gone:
            self._together = [row for row in self._together if (row[0],) not in gone]
        return gone

    def _write_block(self, block: SealedBlock, nodes: Mapping[bytes, bytes]) -> None:
        database, header = self._database, block.header
        database.executemany("INSERT OR IGNORE INTO node VALUES (?, ?)", nodes.items())
        database.execute(
            "INSERT INTO block VALUES (?, ?, ?, ?, ?)",
            (header.block_number, header.hash, encode_header(header), block.size, block.body),
        )
        database.executemany("INSERT INTO txn VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _transaction_rows(block))
        database.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _log_rows(block))

    def _read(self, statement: str, values: Sequence[object]) -> list[Any]:
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise StoreDamaged(f"{self.name}: {error}, while reading: {statement}") from error

    def _block(self, row: Sequence[Any]) -> BlockRecord:
        encoded, block_hash, size, body = row
        if keccak(encoded) != block_hash:
            raise StoreDamaged(f"{self.name}: the header of block 0x{block_hash.hex()} does not have that hash")
        return BlockRecord(decode_header(encoded), block_hash, int(size), body)


def _transaction_rows(block: SealedBlock) -> Iterable[tuple[object, ...]]:
    first = block.header.block_number * TRANSACTIONS_PER_BLOCK
    for index, (transaction, outcome) in enumerate(zip(block.transactions, block.outcomes, strict=True)):
        yield (
            first + index,
            transaction.hash,
            transaction.sender,
            transaction.encode(),
            int(outcome.succeeded),
            outcome.gas_used,
            outcome.cumulative_gas_used,
            outcome.first_log_index,
            len(outcome.logs),
            outcome.post_state,
        )


def _log_rows(block: SealedBlock) -> Iterable[tuple[object, ...]]:
    first = block.header.block_number * LOGS_PER_BLOCK
    for index, outcome in enumerate(block.outcomes):
        for offset, (address, topics, data) in enumerate(outcome.logs):
            padded = (*topics, None, None, None, None)[:4]
            yield (first + outcome.first_log_index + offset, index, address, *padded, data)


def _transaction(row: Sequence[Any]) -> TransactionRecord:
    number, index = divmod(row[0], TRANSACTIONS_PER_BLOCK)
    return TransactionRecord(number, index, row[1], row[2], row[3], bool(row[4]), *row[5:10])


def _log(row: Sequence[Any]) -> LogRecord:
    number, index = divmod(row[0], LOGS_PER_BLOCK)
    topics = tuple(topic for topic in row[3:7] if topic is not None)
    return LogRecord(number, index, row[1], row[2], topics, row[7])
