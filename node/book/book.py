"""One institution's book, and the unit of work: whatever is done inside a unit is committed whole or not at all.

Units are serialised, so what one reads stays true until it commits; views see one moment and never wait.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from node.book.accounts import Accounts
from node.book.aliases import Aliases
from node.book.callers import Callers
from node.book.cases import Cases
from node.book.cursor import Cursor
from node.book.databases import open_engines, place_of, told_plainly
from node.book.duties import Duties
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
from node.book.proposals import Proposals
from node.book.quotes import Quotes
from node.book.records import BookBusy
from node.book.sqlite import BUSY_TIMEOUT_S
from node.book.statements import Statements
from node.book.transfers import Transfers
from node.book.upgrade import upgrade
from node.book.waiting import Remarks, Waits
from node.book.webhooks import Webhooks


class Unit:
    """What one transaction can do with the book; it is worth nothing after its `with` block."""

    def __init__(self, connection: Connection) -> None:
        """Made by Book only."""
        self.payments = Payments(connection)
        self.messages = Messages(connection)
        self.cases = Cases(connection)
        self.statements = Statements(connection)
        self.accounts = Accounts(connection)
        self.quotes = Quotes(connection)
        self.lanes = Lanes(connection)
        self.duties = Duties(connection)
        self.transfers = Transfers(connection)
        self.cursor = Cursor(connection)
        self.nonces = Nonces(connection)
        self.idempotency = Idempotency(connection)
        self.events = Events(connection)
        self.webhooks = Webhooks(connection)
        self.inbox = Inbox(connection)
        self.remarks = Remarks(connection)
        self.waits = Waits(connection)
        self.aliases = Aliases(connection)
        self.callers = Callers(connection)
        self.operators = Operators(connection)
        self.operator_sessions = OperatorSessions(connection)
        self.operator_audit = OperatorAudit(connection)
        self.proposals = Proposals(connection)


class Book:
    """The durable memory of one institution, open on one database.

    Any thread may open units and views, and other processes may have the same database open.
    """

    def __init__(self, url: str, writer: Engine, reader: Engine) -> None:
        """Made by `open`."""
        self.url = url
        self._writer = writer
        self._reader = reader
        self._turn = threading.Lock()
        self._whose_turn: int | None = None

    @classmethod
    def open(cls, url: str) -> Book:
        """Open the book at `sqlite:///path` or `postgresql://...?schema=name`, and bring its tables up to date.

        Raises ValueError for a database that is none, BookTrouble for one that does not answer, and refuses a
        book that a newer program has written.
        """
        with told_plainly(url):
            writer, reader = open_engines(url)
            upgrade(writer)
        return cls(url, writer, reader)

    @classmethod
    def open_file(cls, path: Path) -> Book:
        """Open the book kept in this file."""
        return cls.open(f"sqlite:///{path}")

    def close(self) -> None:
        """Close every idle connection; units and views under way end first by themselves."""
        self._writer.dispose()
        self._reader.dispose()

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """A unit of work: one commit at the end of the block; any exception undoes all of it.

        Other writers wait meanwhile, so nothing slow belongs inside. Raises BookTrouble where the database fails
        us (BookBusy after the busy timeout) and RuntimeError for a unit inside a unit of the same thread.
        """
        with self._turn_to_write(), told_plainly(self.url), self._writer.connect() as connection:
            connection.begin()
            yield Unit(connection)
            connection.commit()

    @contextmanager
    def view(self) -> Iterator[Unit]:
        """The book as it is at this moment, read only; it waits for nobody and nobody waits for it."""
        with told_plainly(self.url), self._reader.connect() as connection, connection.begin():
            yield Unit(connection)

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
