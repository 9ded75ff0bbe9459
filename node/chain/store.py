"""The chain on disk: a block is one record of the redo log, nothing acknowledged before it, then rows of SQLite.

State nodes, headers, transactions, receipts, logs and their indexes are in the one record, so a killed process
leaves either the whole block or none of it. Queued transactions are journaled here too. SQLite takes the rows over
when somebody reads, or has time; it commits once for many records, and opening replays those it had not committed.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from node.chain.checkpointer import Checkpointer
from node.chain.errors import StoreDamaged
from node.chain.header import decode_header
from node.chain.keccak import keccak
from node.chain.log_query import LogQuery, log_statement
from node.chain.pending_writes import PendingWrites
from node.chain.promise import Promise, decode_promise, promise_of
from node.chain.recent import RecentBlocks
from node.chain.records import BlockRecord, LogRecord, SealedBlock, TransactionRecord
from node.chain.redo_log import RedoLog
from node.chain.store_file import FILE_NAME, open_log, open_memory, open_store_file
from node.chain.writes import (
    LOGS_PER_BLOCK,
    SQL,
    TRANSACTIONS_PER_BLOCK,
    Row,
    Statement,
    Write,
    block_writes,
    cut_writes,
)

GENERATION = "redo_log"  # the fact that says which records of the log SQLite has
NODE = "SELECT body FROM node WHERE hash = ?"
PROMISE = "promise"  # the fact that says which block is to be made of a journaled transaction


class ChainStore:
    """Reads and writes of one chain. Not thread-safe: the chain holds one lock around it."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: sqlite3.Connection | None,
        name: str,
        checkpointer: Checkpointer | None = None,
        log: RedoLog | None = None,
    ) -> None:
        self._database = connection
        self._lock = lock
        self._checkpointer = checkpointer
        self._pending = None if log is None else PendingWrites(log)
        self.name = name
        self._together: dict[bytes, bytes] | None = None
        self._promised: Promise | None = None
        self._recent = RecentBlocks()
        self._journaled: set[bytes] = set()
        self._rows = 0

    @classmethod
    def open(cls, directory: Path | None) -> "ChainStore":
        """Open (or create) the store in `directory`; None keeps it in memory.

        Raises StoreInUse, ForeignStore or StoreDamaged.
        """
        if directory is None:
            return cls(open_memory(), None, "memory")
        connection, lock = open_store_file(directory)
        try:
            facts = dict(connection.execute("SELECT key, value FROM meta").fetchall())
            log = open_log(connection, directory, int.from_bytes(facts.get(GENERATION, b""), "big"))
            store = cls(connection, lock, str(directory), Checkpointer(directory / FILE_NAME), log)
            store._replay()
            store._journaled = {row[0] for row in store._read("SELECT hash FROM queued", ())}
        except sqlite3.DatabaseError as error:
            connection.close()
            lock.close()
            raise StoreDamaged(f"{directory / FILE_NAME} cannot be read as a store: {error}") from error
        except BaseException:
            connection.close()
            lock.close()
            raise
        return store

    def close(self) -> None:
        """Close the file and let another process have it."""
        try:
            self._flush()
        finally:
            if self._checkpointer is not None:
                self._checkpointer.close()
            if self._pending is not None:
                self._pending.log.close()
            self._database.close()
            if self._lock is not None:
                self._lock.close()

    # -- writing

    def begin(self, genesis: SealedBlock, nodes: Mapping[bytes, bytes], meta: Mapping[str, bytes]) -> None:
        """Write block 0 together with the facts that identify the chain, or neither."""
        facts: list[Row] = [(name.encode(), value) for name, value in meta.items()]
        self._write([(Statement.META, facts), *block_writes(genesis, nodes)])

    def commit_block(self, block: SealedBlock, nodes: Mapping[bytes, bytes], done: Iterable[bytes]) -> None:
        """Write a block and everything found through it as one, and wait until it is on disk.

        `done` are hashes of journaled transactions that the block makes obsolete.
        """
        gone = self._journaled.intersection(done)
        writes = [*block_writes(block, nodes), (Statement.UNQUEUE, self._on_disk(gone))]
        if self._pending is not None and self._is_promised(block):
            self._pending.hold_back(writes)
        else:
            self._write(writes)
        self._promised = None
        self._forget(gone)
        if self._pending is not None:
            self._recent.add(block)

    @property
    def takes_promises(self) -> bool:
        """Whether there is a disk to wait for."""
        return self._pending is not None

    def promise(self, promise: Promise, raw: bytes) -> None:
        """Journal a transaction and what block it will be in; durable when this returns.

        When that block is committed, nobody waits for the disk: it follows from this, and is in the next record.
        """
        facts = (Statement.META, [(PROMISE.encode(), promise.encode())])
        self._write([(Statement.QUEUE, [(promise.transaction_hash, raw)]), facts])
        self._journaled.add(promise.transaction_hash)
        self._promised = promise

    @contextmanager
    def journaling_together(self) -> Iterator[None]:
        """Journal what is queued meanwhile in one record at the end; only then is any of it durable."""
        self._together = {}
        try:
            yield
        finally:
            rows, self._together = list(self._together.items()), None
            if rows:
                self._write([(Statement.QUEUE, rows)])

    def queue(self, transaction_hash: bytes, raw: bytes, replaces: bytes | None = None) -> None:
        """Journal a transaction that waits; durable when this returns, unless it is journaled with others."""
        key = bytes(transaction_hash)
        if self._together is not None and replaces is None:
            self._together[key] = raw
        else:
            gone = self._journaled.intersection(() if replaces is None else (replaces,))
            self._write([(Statement.UNQUEUE, self._on_disk(gone)), (Statement.QUEUE, [(key, raw)])])
            self._forget(gone)
        self._journaled.add(key)

    def amend(self, number: int, root: bytes, nodes: Mapping[bytes, bytes]) -> None:
        """Note another state than the header's as the one after block `number`."""
        self._write([(Statement.NODE, list(nodes.items())), (Statement.AMEND, [(number, bytes(root))])])

    def unqueue(self, hashes: Iterable[bytes]) -> None:
        """Take transactions out of the journal."""
        gone = self._journaled.intersection(hashes)
        if rows := self._on_disk(gone):
            self._write([(Statement.UNQUEUE, rows)])
        self._forget(gone)

    def cut_after(self, number: int) -> None:
        """Forget every block above `number`. Their state nodes stay: they do no harm and are found by hash."""
        self.settle()
        self._write(cut_writes(number))

    def settle(self) -> None:
        """Let SQLite have what is on disk in the log only. A read of what is not at hand does it first."""
        if self._pending:
            try:
                self._run(self._pending.take())
                if self._pending.log.is_full:
                    self._flush()
            except BaseException:
                self._database.rollback()
                self._pending.read_again()
                raise
            self._recent.clear()

    def catch_up(self, *, is_hurried: bool = False) -> None:
        """Settle if there is much of it: rows cost less when many are written together.

        Twice as much may wait where there is little time: who has just sent something asks what became of it.
        """
        if self._pending is not None and self._pending.may_go(is_hurried=is_hurried):
            self.settle()

    # -- reading

    def meta(self) -> dict[str, bytes]:
        """All facts about the store itself."""
        return dict(self._read("SELECT key, value FROM meta", ()))

    def node(self, key: bytes) -> bytes | None:
        """A state node or contract code. Raises StoreDamaged when its bytes are not those of its hash.

        What is there under its hash is not written again, so SQLite need not be up to date to be asked first.
        """
        rows = self._found(NODE, (key,)) or self._read(NODE, (key,))
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
        if (found := self._recent.block(number)) is not None:
            return found
        rows = self._read("SELECT header, hash, size, body FROM block WHERE number = ?", (number,))
        return self._block(rows[0]) if rows else None

    def block_by_hash(self, block_hash: bytes) -> BlockRecord | None:
        """The block with this hash, or None."""
        if (found := self._recent.block_by_hash(block_hash)) is not None:
            return found
        rows = self._read("SELECT header, hash, size, body FROM block WHERE hash = ?", (block_hash,))
        return self._block(rows[0]) if rows else None

    def block_hash(self, number: int) -> bytes | None:
        """Only the hash of the block at a height."""
        if (found := self._recent.block(number)) is not None:
            return found.hash
        rows = self._read("SELECT hash FROM block WHERE number = ?", (number,))
        return rows[0][0] if rows else None

    def transaction(self, transaction_hash: bytes) -> TransactionRecord | None:
        """A transaction in a block, by its hash; the time does not depend on how deep it is."""
        if (found := self._recent.transaction(transaction_hash)) is not None:
            return found
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
        if (found := self._recent.transactions_in(number)) is not None:
            return found
        first = number * TRANSACTIONS_PER_BLOCK
        rows = self._read(
            "SELECT * FROM txn WHERE id >= ? AND id < ? ORDER BY id", (first, first + TRANSACTIONS_PER_BLOCK)
        )
        return [_transaction(row) for row in rows]

    def failed_in(self, number: int) -> list[bytes]:
        """The hashes of a block's transactions that failed, in order."""
        if (found := self._recent.failed_in(number)) is not None:
            return found
        return [record.hash for record in self.transactions_in(number) if not record.succeeded]

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
        if (found := self._recent.logs_of(transaction)) is not None:
            return found
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

    def promised(self) -> Promise | None:
        """The newest promise, kept or not."""
        return decode_promise(self.meta().get(PROMISE, b""))

    def queued(self) -> list[bytes]:
        """The raw bytes of journaled transactions, in the order they came."""
        return [row[0] for row in self._read("SELECT raw FROM queued ORDER BY position", ())]

    # -- inside

    def _on_disk(self, journaled: Iterable[bytes]) -> list[Row]:
        """Those of these that the journal holds already, as rows; the others are to be journaled together."""
        together = self._together or {}
        return [(one,) for one in journaled if one not in together]

    def _forget(self, journaled: set[bytes]) -> None:
        """They need not be journaled any more."""
        self._journaled -= journaled
        if self._together:
            for one in journaled:
                self._together.pop(one, None)

    def _is_promised(self, block: SealedBlock) -> bool:
        only = block.transactions[0] if len(block.transactions) == 1 else None
        return only is not None and promise_of(block.header, only) == self._promised

    def _write(self, writes: list[Write]) -> None:
        """Make writes durable, all or none. In memory they are rows at once; on disk SQLite has them later."""
        if self._pending is None:
            with self._database:
                self._run(writes)
            return
        if self._pending.must_go:
            self.settle()
        self._pending.write(writes)

    def _replay(self) -> None:
        """Take over what the log holds and SQLite has not committed."""
        if self._pending is not None:
            self._pending.read_again()
            self._flush()

    def _run(self, writes: Iterable[Write]) -> None:
        for statement, rows in writes:
            if rows:
                self._database.executemany(SQL[statement], rows)
                self._rows += len(rows)

    def _flush(self) -> None:
        """Commit SQLite's rows, with the number of the log's next generation, and begin the log again."""
        self.settle()
        if self._pending is None or not self._database.in_transaction:
            return
        number = (self._pending.log.generation + 1).to_bytes(8, "big")
        self._database.execute(SQL[Statement.META], (GENERATION.encode(), number))
        self._database.commit()
        self._pending.begin_again()
        if self._checkpointer is not None:
            self._checkpointer.wrote(self._rows)
        self._rows = 0

    def _read(self, statement: str, values: Sequence[object]) -> list[Any]:
        self.settle()
        return self._found(statement, values)

    def _found(self, statement: str, values: Sequence[object]) -> list[Any]:
        """What SQLite has of it by now."""
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise StoreDamaged(f"{self.name}: {error}, while reading: {statement}") from error

    def _block(self, row: Sequence[Any]) -> BlockRecord:
        encoded, block_hash, size, body = row
        if keccak(encoded) != block_hash:
            raise StoreDamaged(f"{self.name}: the header of block 0x{block_hash.hex()} does not have that hash")
        return BlockRecord(decode_header(encoded), block_hash, int(size), body)


def _transaction(row: Sequence[Any]) -> TransactionRecord:
    number, index = divmod(row[0], TRANSACTIONS_PER_BLOCK)
    return TransactionRecord(number, index, row[1], row[2], row[3], bool(row[4]), *row[5:10])


def _log(row: Sequence[Any]) -> LogRecord:
    number, index = divmod(row[0], LOGS_PER_BLOCK)
    topics = tuple(topic for topic in row[3:7] if topic is not None)
    return LogRecord(number, index, row[1], row[2], topics, row[7])
