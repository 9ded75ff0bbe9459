"""Account numbers and what this book calls the accounts instead: numbers are sealed, and found by a keyed digest.

Our own accounts belong to nobody and are called by their numbers. An erased account is called by its owner's key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, bindparam, select

from node.book.key_tables import subjects
from node.book.prepared import Hand, Prepared
from node.book.sealing import ERASED, Key, at_place
from node.book.tables import accounts
from node.book.vault import Vault

_ERASED_NUMBER: Final = f"{ERASED}-"
_WITH_KEY = select(accounts, subjects.c.key.label("subject_key")).outerjoin(
    subjects, subjects.c.subject == accounts.c.subject
)
_BY_INDEX = Prepared(_WITH_KEY.where(accounts.c.number_index == bindparam("wanted")))
_BY_REFERENCE = Prepared(_WITH_KEY.where(accounts.c.reference == bindparam("wanted")))
_BY_SUBJECT = Prepared(_WITH_KEY.where(accounts.c.subject == bindparam("wanted")))


@dataclass(frozen=True)
class NamedAccount:
    """An account by both its names; `subject` is its owner's, `key` None where that is erased or there is none."""

    reference: str
    number: str
    holder: str | None
    subject: str | None
    key: Key | None

    @property
    def is_erased(self) -> bool:
        """Whether its owner was erased."""
        return self.subject is not None and self.key is None


class AccountNames:
    """The names of a unit's accounts; each account is looked up once."""

    def __init__(self, connection: Hand, vault: Vault) -> None:
        """Made by Seals."""
        self._connection = connection
        self._vault = vault
        self._by_number: dict[str, NamedAccount] = {}
        self._by_reference: dict[str, NamedAccount] = {}

    def of_number(self, number: str) -> NamedAccount | None:
        """The account of this number, or of what an erased account is called."""
        if number not in self._by_number:
            row = self.row_of(number)
            return None if row is None else self.in_row(row)
        return self._by_number[number]

    def row_of(self, number: str) -> Any:
        """The account's row with its owner's key, or None."""
        if number.startswith(_ERASED_NUMBER):
            wanted = {"wanted": number.removeprefix(_ERASED_NUMBER)}
            found = self._connection.execute(_BY_SUBJECT, wanted).one_or_none()
            return found if found is not None and found.number_index is None else None
        return self._connection.execute(_BY_INDEX, {"wanted": self.index_of(number)}).one_or_none()

    def rows(self) -> Select[Any]:
        """All accounts with their owners' keys, in the order in which they were opened."""
        return _WITH_KEY.order_by(accounts.c.id)

    def number(self, reference: str) -> str:
        """The number of an account that the book calls so."""
        if reference not in self._by_reference:
            self.in_row(self._connection.execute(_BY_REFERENCE, {"wanted": reference}).one())
        return self._by_reference[reference].number

    def reference(self, number: str) -> str:
        """What the book calls the account of this number; an unknown one is called nothing."""
        found = self.of_number(number)
        return found.reference if found else ""

    def in_row(self, row: Any) -> NamedAccount:
        """The names in a row of the table, with the column `subject_key`; remembered for this unit."""
        found = self._named(row)
        self._by_number[found.number] = self._by_reference[found.reference] = found
        return found

    def index_of(self, number: str) -> bytes:
        """The digest by which a number is found."""
        return self._vault.index_of("account", number)

    def source_of(self, reference: str) -> str:
        """What an entry within the book comes from: a digest, for the reference may speak of somebody."""
        return f"book:{self._vault.index_of('source', reference).hex()}"

    def _named(self, row: Any) -> NamedAccount:
        if row.subject is None:
            return NamedAccount(row.reference, row.reference, None, None, None)
        key = self._vault.subject_key(row.subject, row.subject_key)
        plain = self._vault.open(key, row.sealed or b"", account_place(row.reference))
        if plain is None:
            return NamedAccount(row.reference, _ERASED_NUMBER + row.subject, ERASED, row.subject, None)
        said = json.loads(plain)
        return NamedAccount(row.reference, said["number"], said["holder"], row.subject, key)


def seal_account(key: Key, reference: str, number: str, holder: str | None) -> bytes:
    """Number and holder of a customer's account, sealed with its owner's key."""
    said = json.dumps({"number": number, "holder": holder}, ensure_ascii=False)
    return key.seal(said.encode(), account_place(reference))


def account_place(reference: str) -> bytes:
    """Where number and holder of an account stand."""
    return at_place("cash_accounts", "sealed", reference)
