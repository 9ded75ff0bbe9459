"""One institution's book, and the unit of work: whatever is done inside a unit is committed whole or not at all.

Units are serialised, so what one reads stays true until it commits; views see one moment and never wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine

from node.book.accounts import Accounts
from node.book.aliases import Aliases
from node.book.callers import Callers
from node.book.cases import Cases
from node.book.cursor import Cursor
from node.book.databases import open_engines, place_of, told_plainly
from node.book.duties import Duties
from node.book.erasing import Erasing
from node.book.events import Events
from node.book.idempotency import Idempotency
from node.book.inbox import Inbox
from node.book.lanes import Lanes
from node.book.messages import Messages
from node.book.nonces import Nonces
from node.book.operator_audit import OperatorAudit
from node.book.operator_sessions import OperatorSessions
from node.book.operators import Operators
from node.book.payments import Payments
from node.book.prepared import Hand
from node.book.proposals import Proposals
from node.book.quotes import Quotes
from node.book.records import BookBusy
from node.book.sealing import Key
from node.book.seals import Seals
from node.book.sharing import Result, Sharing
from node.book.sqlite import BUSY_TIMEOUT_S
from node.book.statements import Statements
from node.book.transfers import Transfers
from node.book.upgrade import upgrade
from node.book.vault import Vault, change_master
from node.book.waiting import Remarks, Waits
from node.book.webhooks import Webhooks
from node.book.wiping import wipe

_ERASED_FROM = ("subjects", "aliases", "cash_accounts", "idempotency_keys", "proposals")


class Unit:
    """What one transaction can do with the book; it is worth nothing after its `with` block."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        """Made by Book only."""
        hand = Hand(connection)
        seals = Seals(hand, vault)
        self.payments = Payments(hand, seals)
        self.messages = Messages(hand, seals)
        self.cases = Cases(hand, seals)
        self.statements = Statements(hand, seals)
        self.accounts = Accounts(hand, seals)
        self.quotes = Quotes(connection)
        self.lanes = Lanes(hand)
        self.duties = Duties(hand)
        self.transfers = Transfers(connection)
        self.cursor = Cursor(hand)
        self.nonces = Nonces(hand)
        self.idempotency = Idempotency(connection, seals)
        self.events = Events(hand, seals)
        self.webhooks = Webhooks(connection, seals)
        self.inbox = Inbox(hand, seals)
        self.remarks = Remarks(hand, seals)
        self.waits = Waits(hand)
        self.aliases = Aliases(connection, seals)
        self.callers = Callers(connection)
        self.operators = Operators(connection)
        self.operator_sessions = OperatorSessions(connection)
        self.operator_audit = OperatorAudit(connection)
        self.proposals = Proposals(connection)
        self.erasing = Erasing(connection, seals)


class Book:
    """The durable memory of one institution, open on one database.

    Any thread may open units and views, and other processes may have the same database open.
    """

    def __init__(self, url: str, writer: Engine, reader: Engine, vault: Vault) -> None:
        """Made by `open`."""
        self.url = url
        self.vault = vault
        self._writer = writer
        self._reader = reader
        self._turn = threading.Lock()
        self._whose_turn: int | None = None
        self._sharing = Sharing(self.unit)

    @classmethod
    def open(cls, url: str, master: Key) -> Self:
        """Open the book at `sqlite:///path` or `postgresql://...?schema=name`, and bring its tables up to date.

        `master` wraps every key in it. Raises ValueError for a database that is none, BookTrouble for one that
        does not answer, WrongMasterKey, and refuses a book that a newer program has written.
        """
        with told_plainly(url):
            writer, reader = open_engines(url)
            vault = upgrade(writer, master)
        return cls(url, writer, reader, vault)

    @classmethod
    def open_file(cls, path: Path, master: Key) -> Self:
        """Open the book kept in this file."""
        return cls.open(f"sqlite:///{path}", master)

    def close(self) -> None:
        """Close every idle connection; units and views under way end first by themselves."""
        self._writer.dispose()
        self._reader.dispose()

    def wipe(self) -> bool:
        """Wipe what an erasure has left in the database's files; False where a reader held a part of it up.

        What this process remembers of keys is forgotten; others forget when they end.
        """
        self.vault.forget()
        with told_plainly(self.url):
            return wipe(self._writer, *_ERASED_FROM)

    def change_master(self, old: Key, new: Key) -> int:
        """Wrap every key in the book with another master key; how many customers' there were.

        Processes that have the book open go on with the old one and fail: stop them first. Raises WrongMasterKey.
        """
        with self._turn_to_write(), told_plainly(self.url), self._writer.begin() as connection:
            return change_master(connection, old, new)

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """A unit of work: one commit at the end of the block; any exception undoes all of it.

        Other writers wait meanwhile, so nothing slow belongs inside. Raises BookTrouble where the database fails
        us (BookBusy after the busy timeout) and RuntimeError for a unit inside a unit of the same thread.
        """
        with self._turn_to_write(), told_plainly(self.url), self._writer.connect() as connection:
            connection.begin()
            yield Unit(connection, self.vault)
            connection.commit()

    def share(self, work: Callable[[Unit], Result]) -> Result:
        """Do a short work in a unit that it shares with whatever else is brought meanwhile; see `Sharing.run`.

        When this returns it is committed, as at the end of a unit of its own. Raises what the work raises, and
        BookTrouble.
        """
        return self._sharing.run(work)

    @contextmanager
    def view(self) -> Iterator[Unit]:
        """The book as it is at this moment, read only; it waits for nobody and nobody waits for it."""
        with told_plainly(self.url), self._reader.connect() as connection, connection.begin():
            yield Unit(connection, self.vault)

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """Let this process's threads take turns at once, instead of polling the file's lock."""
        if self._whose_turn == threading.get_ident():
            raise RuntimeError("a unit of work is already open in this thread; units do not nest")
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_S):
            raise BookBusy(f"another thread is writing to {place_of(self.url)}")
        self._whose_turn = threading.get_ident()
        try:
            yield
        finally:
            self._whose_turn = None
            self._turn.release()
