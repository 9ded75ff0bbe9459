"""A book's keys while it is open: its own two, and the last used of everybody else's, unwrapped.

The master key wraps the house key, the index key and every customer's key; a customer's key wraps the keys of this
customer's payments, and the house key those of payments that are nobody's here. What is unwrapped is remembered by
what it was unwrapped from, so a key that was erased in the database is not found here either.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from node.book.key_tables import book_keys, subjects
from node.book.prepared import Hand
from node.book.sealing import Key, Unreadable, at_place, new_key
from node.book.tables import payments

# What is sealed with the house key says so, because any row may be: about nobody, or about somebody erased.
_HOUSE: Final = b"\x02"
_REMEMBERED: Final = 4096
_HOUSE_PLACE: Final = at_place("book_keys", "house_key", "1")
_INDEX_PLACE: Final = at_place("book_keys", "index_key", "1")


class WrongMasterKey(Exception):
    """This book's keys are wrapped with another master key; the text names both and says what to do."""


REQUEST: Final = "request"
PROPOSAL: Final = "proposal"
"""What a marked digest is of; the same content has another mark for each."""


class Vault:
    """The keys of one open book; any thread may use it."""

    def __init__(self, master: Key, house: Key, index: Key) -> None:
        """Made by `open_vault`."""
        self._master = master
        self._house = house
        self._unwrap = lru_cache(_REMEMBERED)(_unwrap)
        self._index = index
        self._digest = lru_cache(_REMEMBERED)(index.digest)

    def forget(self) -> None:
        """Forget every key that was unwrapped, and every number that was looked up."""
        self._unwrap.cache_clear()
        self._digest.cache_clear()

    def assert_current(self, connection: Connection | Hand) -> None:
        """Raise WrongMasterKey where another process has changed the master key: what we wrapped would be lost."""
        kept = connection.scalar(select(book_keys.c.master))
        if kept != self._master.fingerprint:
            raise WrongMasterKey(f"the master key was changed to {kept} meanwhile: start this process again")

    def subject_key(self, subject: str, wrapped: bytes | None) -> Key | None:
        """A customer's key; None where it is erased. Raises Unreadable."""
        return None if wrapped is None else self._unwrap(self._master, wrapped, subject_place(subject))

    def file_key(self, table: str, row: str, wrapped: bytes | None, over: Key | None) -> Key | None:
        """The key of a payment's file, or of a message with many, under a customer's key or else the house key."""
        if wrapped is None:
            return None
        return self._unwrap(over or self._house, wrapped, at_place(table, "file_key", row))

    def new_subject_key(self, subject: str) -> tuple[Key, bytes]:
        """A key for a customer, and the same wrapped."""
        key = new_key()
        return key, self._master.wrap(key, subject_place(subject))

    def new_file_key(self, table: str, row: str, over: Key | None) -> tuple[Key, bytes]:
        """A key for a file, and the same wrapped."""
        key = new_key()
        return key, self.wrap_file_key(table, row, key, over)

    def wrap_file_key(self, table: str, row: str, key: Key, over: Key | None) -> bytes:
        """A file's key under a customer's key or the house key."""
        return (over or self._house).wrap(key, at_place(table, "file_key", row))

    def seal(self, key: Key | None, plain: bytes, place: bytes) -> bytes:
        """Seal a text with a key, or where there is none with the house key."""
        return _HOUSE + self._house.seal(plain, place) if key is None else key.seal(plain, place)

    def open(self, key: Key | None, sealed: bytes, place: bytes) -> bytes | None:
        """The text that was sealed; None where its key is erased. Raises Unreadable."""
        if sealed.startswith(_HOUSE):
            return self._house.open(sealed[1:], place)
        return None if key is None or not sealed else key.open(sealed, place)

    def index_of(self, what: str, text: str) -> bytes:
        """The digest under which an account number or an alias is found."""
        return self._digest(f"{what}:{text}".encode())

    def marked(self, digest: bytes, what: str = REQUEST) -> bytes:
        """A digest as the book keeps it: whoever has it without the key cannot try out guesses.

        What was asked or proposed may be a telephone number and little else, so its plain digest would tell it.
        """
        return self._index.digest(f"{what}:".encode() + digest)


def open_vault(connection: Connection, master: Key) -> Vault:
    """The keys of a book, made where it is new. Raises WrongMasterKey.

    A book that has customers or payments and no keys has been tampered with, and is refused too.
    """
    row = connection.execute(select(book_keys)).one_or_none()
    if row is None:
        _refuse_lost_keys(connection)
        return new_vault(connection, master)
    return Vault(master, *_opened(row, master))


def new_vault(connection: Connection, master: Key) -> Vault:
    """Keys for a book that has none."""
    house, index = new_key(), new_key()
    connection.execute(insert(book_keys), {"id": 1, **_wrapped(master, house, index)})
    return Vault(master, house, index)


def change_master(connection: Connection, old: Key, new: Key) -> int:
    """Wrap the book's own keys and every customer's with another master key; how many customers' there are."""
    house, index = _opened(connection.execute(select(book_keys).with_for_update()).one(), old)
    connection.execute(update(book_keys).values(_wrapped(new, house, index)))
    kept = connection.execute(select(subjects.c.subject, subjects.c.key).where(subjects.c.key.is_not(None))).all()
    for subject, wrapped in kept:
        key = old.unwrap(wrapped, subject_place(subject))
        again = new.wrap(key, subject_place(subject))
        connection.execute(update(subjects).where(subjects.c.subject == subject).values(key=again))
    return len(kept)


def subject_place(subject: str) -> bytes:
    """Where a customer's wrapped key stands."""
    return at_place("subjects", "key", subject)


def _opened(row: Any, master: Key) -> tuple[Key, Key]:
    try:
        return master.unwrap(row.house_key, _HOUSE_PLACE), master.unwrap(row.index_key, _INDEX_PLACE)
    except Unreadable:
        raise WrongMasterKey(
            f"This book is sealed with the master key {row.master}, and the one given is {master.fingerprint}. "
            "Give the file of that key by CORRIDOR_MASTER_KEY, or put it back in its place; nothing was changed."
        ) from None


def _wrapped(master: Key, house: Key, index: Key) -> dict[str, Any]:
    return {
        "master": master.fingerprint,
        "house_key": master.wrap(house, _HOUSE_PLACE),
        "index_key": master.wrap(index, _INDEX_PLACE),
    }


def _refuse_lost_keys(connection: Connection) -> None:
    for table in (subjects, payments):
        if connection.execute(select(table.c.id).limit(1)).first() is not None:
            raise WrongMasterKey(
                "This book's own keys are gone from its table book_keys, so nothing in it can be opened. "
                "Bring the book back from a backup; nothing was changed."
            )


def _unwrap(over: Key, wrapped: bytes, place: bytes) -> Key:
    return over.unwrap(wrapped, place)
