"""What a unit of work seals and opens, and with whose key: a payment's file, an account owner's, or the house's.

What a unit has found out is remembered until it ends; a unit sees one moment, so it cannot be out of date.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, insert, select

from node.book.account_names import AccountNames
from node.book.key_tables import subjects
from node.book.prepared import Hand, Prepared
from node.book.sealing import ERASED, Key, at_place
from node.book.tables import payments
from node.book.vault import Vault
from node.domain.payment import Payment, Side

ERASED_BODY: Final = f"<{ERASED}/>".encode()  # of a message; readers of XML stay readers
PAYMENTS: Final = "payments"

_FILE = Prepared(
    select(payments.c.uetr, payments.c.file_key, payments.c.subject, subjects.c.key.label("subject_key"))
    .outerjoin(subjects, subjects.c.subject == payments.c.subject)
    .where(payments.c.uetr == bindparam("wanted"))
)
_SUBJECT = Prepared(select(subjects.c.key).where(subjects.c.subject == bindparam("wanted")))


@dataclass(frozen=True)
class Owner:
    """Who owns an account here, by the name of the key; `key` is None once it is erased."""

    subject: str
    key: Key | None


class Seals:
    """Opens and seals for one unit."""

    def __init__(self, connection: Hand, vault: Vault) -> None:
        """Made by Unit."""
        self.vault = vault
        self.accounts = AccountNames(connection, vault)
        self._connection = connection
        self._files: dict[str, Key | None] = {}

    def new_subject(self) -> tuple[str, Key]:
        """A customer with a key of its own. Raises WrongMasterKey where the master key was changed meanwhile."""
        self.vault.assert_current(self._connection)
        subject = secrets.token_hex(8)
        key, wrapped = self.vault.new_subject_key(subject)
        self._connection.execute(insert(subjects), {"subject": subject, "key": wrapped})
        return subject, key

    def owner_of(self, number: str) -> Owner | None:
        """Who owns the account of this number; None for our own accounts and unknown ones."""
        account = self.accounts.of_number(number)
        return Owner(account.subject, account.key) if account and account.subject else None

    def owner(self, subject: str) -> Owner:
        """A customer by the name of the key."""
        wrapped = self._connection.scalar(_SUBJECT, {"wanted": subject})
        return Owner(subject, self.vault.subject_key(subject, wrapped))

    def begin_file(self, uetr: str, payment: Payment, side: Side) -> tuple[Key, dict[str, Any]]:
        """A new payment's key with the columns that keep it; `opened` is told once they are in the book."""
        owner, other = self._concerned(payment, side)
        key, wrapped = self.vault.new_file_key(PAYMENTS, uetr, owner.key if owner else None)
        return key, _file_columns(wrapped, owner, other)

    def hand_over(self, payment: Payment, side: Side) -> tuple[Key, dict[str, Any]]:
        """A payment's file with the columns that keep it, where it now is about other people than it was."""
        key = self.file(payment.uetr)
        if key is None:
            return self.begin_file(payment.uetr, payment, side)
        owner, other = self._concerned(payment, side)
        wrapped = self.vault.wrap_file_key(PAYMENTS, payment.uetr, key, owner.key if owner else None)
        return key, _file_columns(wrapped, owner, other)

    def opened(self, uetr: str, key: Key) -> None:
        """Remember a file's key for this unit."""
        self._files[uetr] = key

    def file(self, uetr: str) -> Key | None:
        """The key of a payment's file; None where it is erased, or where there is no such payment."""
        if uetr not in self._files:
            row = self._connection.execute(_FILE, {"wanted": uetr}).one_or_none()
            return None if row is None else self.file_in(row)
        return self._files[uetr]

    def file_in(self, row: Any) -> Key | None:
        """The same, of a row that has the columns `uetr`, `file_key`, `subject` and `subject_key`."""
        if row.uetr not in self._files:
            over = None if row.subject is None else self.vault.subject_key(row.subject, row.subject_key)
            lost = row.subject is not None and over is None
            wrapped = None if lost else row.file_key
            self._files[row.uetr] = self.vault.file_key(PAYMENTS, row.uetr, wrapped, over)
        return self._files[row.uetr]

    def seal_text(self, key: Key | None, text: str, table: str, column: str, row: str) -> str:
        """A text sealed into a column of text; an empty one stays empty."""
        if not text:
            return text
        return base64.b64encode(self.vault.seal(key, text.encode(), at_place(table, column, row))).decode()

    def open_text(self, key: Key | None, sealed: str, table: str, column: str, row: str) -> str:
        """What `seal_text` sealed, or the word that says that it is erased."""
        if not sealed:
            return sealed
        plain = self.vault.open(key, base64.b64decode(sealed), at_place(table, column, row))
        return ERASED if plain is None else plain.decode()

    def open_body(self, key: Key | None, sealed: bytes, place: bytes) -> bytes:
        """Bytes that were sealed, or in their stead the word that says that they are erased."""
        plain = self.vault.open(key, sealed, place)
        return ERASED_BODY if plain is None else plain

    def _concerned(self, payment: Payment, side: Side) -> tuple[Owner | None, Owner | None]:
        """Our customer in a payment; and the other party, where it stays within this institution."""
        parties = [payment.debtor_account, payment.creditor_account]
        if side is Side.CREDITOR_AGENT:
            parties.reverse()
        within = payment.debtor_agent.bic[:8] == payment.creditor_agent.bic[:8]
        ours, theirs = parties[0], parties[1] if within else None
        return self.owner_of(ours.number) if ours else None, self.owner_of(theirs.number) if theirs else None


def _file_columns(wrapped: bytes, owner: Owner | None, other: Owner | None) -> dict[str, Any]:
    return {
        "file_key": wrapped,
        "subject": owner.subject if owner else None,
        "other_subject": other.subject if other else None,
    }
