"""Cash accounts in the book: what is booked, what is reserved, and every entry that explains a balance.

Balances change only by entries, and an entry is booked once however often its source is read. Arithmetic is done
here, on integers of any size, under the unit's lock; SQL never adds money.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from node.book.account_names import seal_account
from node.book.events import Events
from node.book.prepared import Hand, Prepared
from node.book.records import (
    AccountKind,
    AccountStatus,
    CashAccountRecord,
    EntryConflict,
    EntryRecord,
    ReservationRecord,
    UnknownAccount,
)
from node.book.seals import Seals
from node.book.tables import accounts, entries, reservations
from node.domain.money import Currency, CurrencyMismatch, Money
from node.domain.own_account import own_account
from node.domain.party import AccountScheme

Records = list[CashAccountRecord]
Entries = list[EntryRecord]

_CHANGE = Prepared(update(accounts).where(accounts.c.reference == bindparam("wanted")))
_RESERVE = Prepared(insert(reservations))
_RESERVATION = Prepared(
    select(reservations, accounts.c.currency, accounts.c.minor_units)
    .join(accounts, accounts.c.reference == reservations.c.account)
    .where(reservations.c.uetr == bindparam("wanted"))
)
_RELEASE = Prepared(delete(reservations).where(reservations.c.uetr == bindparam("wanted")))
_BOOK = Prepared(insert(entries))
_BOOKED = Prepared(
    select(entries.c.amount).where(
        entries.c.source == bindparam("wanted_source"),
        entries.c.account == bindparam("wanted_account"),
        entries.c.text == bindparam("wanted_text"),
    )
)


class Accounts:
    """The cash accounts of a unit."""

    def __init__(self, connection: Hand, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._seals = seals
        self._names = seals.accounts
        self._events = Events(connection, seals)
        self._read: dict[str, CashAccountRecord] = {}  # nobody else changes one while the unit lasts

    def open(self, record: CashAccountRecord) -> bool:
        """Open an account, empty; False where the number is taken, and then nothing changes.

        Raises ValueError for an account that is not empty: money comes by entries only.
        """
        if record.balance.minor or record.reserved.minor or record.balance.currency != record.currency:
            raise ValueError(f"account {record.number} must be opened empty, in its own currency")
        if self.find(record.number) is not None:
            return False
        self._connection.execute(insert(accounts), {**_row(record), **self._names_of(record)})
        return True

    def own(self, currency: Currency) -> CashAccountRecord:
        """The institution's own account in this currency, opened on first use (which needs a unit, not a view)."""
        number = own_account(currency.code).number
        zero = Money(0, currency)
        self.open(
            CashAccountRecord(
                number,
                AccountScheme.OTHER,
                AccountKind.OWN,
                currency,
                holder=None,
                wallet_address=None,
                status=AccountStatus.OPEN,
                balance=zero,
                reserved=zero,
            )
        )
        return self._known(number)

    def find(self, number: str) -> CashAccountRecord | None:
        """The account of this number."""
        row = self._names.row_of(number)
        return None if row is None else self._record(row)

    def list(self) -> Records:
        """All accounts, in the order in which they were opened."""
        return [self._record(row) for row in self._connection.execute(self._names.rows())]

    def booked_totals(self) -> dict[str, int]:
        """The sum of all booked balances by currency code, in minor units."""
        totals: Counter[str] = Counter()
        for account in self.list():
            totals[account.currency.code] += account.balance.minor
        return dict(totals)

    def reserve(self, uetr: str, number: str, amount: Money) -> bool:
        """Set money aside for a payment; False where the available balance does not cover it.

        Reserving the same again changes nothing. Raises UnknownAccount, CurrencyMismatch, and ValueError for an
        amount that is not positive or differs from what this payment has reserved.
        """
        if amount.minor <= 0:
            raise ValueError(f"cannot reserve {amount}")
        wanted = ReservationRecord(uetr, number, amount)
        kept = self.reservation(uetr)
        if kept is not None:
            if kept != wanted:
                raise ValueError(f"payment {uetr} has reserved {kept.amount} on {kept.account}")
            return True
        account = self._known(number)
        if account.available < amount:
            return False
        row = {"uetr": uetr, "account": self._names.reference(number), "amount": amount.minor}
        self._connection.execute(_RESERVE, row)
        self._set(account, reserved=account.reserved + amount)
        return True

    def release(self, uetr: str) -> None:
        """Give back what a payment has reserved; nothing happens where it has reserved nothing."""
        kept = self.reservation(uetr)
        if kept is None:
            return
        account = self._known(kept.account)
        self._connection.execute(_RELEASE, {"wanted": uetr})
        self._set(account, reserved=account.reserved - kept.amount)

    def reservation(self, uetr: str) -> ReservationRecord | None:
        """What a payment has reserved, and where."""
        row = self._connection.execute(_RESERVATION, {"wanted": uetr}).one_or_none()
        if row is None:
            return None
        amount = Money(row.amount, Currency(row.currency, row.minor_units))
        return ReservationRecord(uetr, self._names.number(row.account), amount)

    def post(
        self,
        number: str,
        amount: Money,
        *,
        uetr: str | None,
        transaction_hash: str,
        block_number: int,
        log_index: int,
        text: str,
        at: datetime,
    ) -> bool:
        """Book what a log of the chain says, positive or negative; False where it is booked already.

        The chain is not asked for leave: a balance may become negative. An entry is known by its transaction,
        log index, account and text. Raises UnknownAccount, CurrencyMismatch, and EntryConflict where the same
        entry was booked with another amount.
        """
        entry = EntryRecord(number, amount, uetr, transaction_hash, block_number, log_index, text, at)
        return self._book(entry, f"{transaction_hash}:{log_index}")

    def post_within(self, number: str, amount: Money, *, uetr: str, text: str, at: datetime) -> bool:
        """Book one side of a payment between two accounts of this book; False where it is booked already.

        No chain sees it: whoever posts a payment's entries sees to it that they sum to nothing. Raises as `post`.
        """
        return self._book(EntryRecord(number, amount, uetr, None, None, None, text, at), f"payment:{uetr}")

    def transfer(
        self, debtor: str, creditor: str, amount: Money, *, reference: str, text: str, at: datetime
    ) -> bool:
        """Move money between two accounts of this book, which no chain sees; False where `debtor` has too little.

        The same reference again moves nothing and is True again. Raises as `post` does, and ValueError for an
        amount that is not positive.
        """
        if amount.minor <= 0:
            raise ValueError(f"cannot transfer {amount}")
        source = self._names.source_of(reference)
        debit = EntryRecord(debtor, Money(-amount.minor, amount.currency), None, None, None, None, text, at)
        if not self._is_booked(debit, source) and self._known(debtor).available < amount:
            return False
        self._book(debit, source)
        self._book(EntryRecord(creditor, amount, None, None, None, None, text, at), source)
        return True

    def set_status(self, number: str, status: AccountStatus) -> None:
        """Open, block or close an account; what is reserved on it stays reserved. Raises UnknownAccount."""
        self._known(number)
        self._read.pop(number)
        self._connection.execute(_CHANGE, {"status": status, "wanted": self._names.reference(number)})

    def entries(self, number: str, limit: int | None = None) -> Entries:
        """The account's entries, the newest first; raises UnknownAccount."""
        currency = self._known(number).currency
        mine = entries.c.account == self._names.reference(number)
        query = select(entries).where(mine).order_by(entries.c.id.desc()).limit(limit)
        return [_entry(row, number, currency) for row in self._connection.execute(query)]

    def _book(self, entry: EntryRecord, source: str) -> bool:
        account = self._known(entry.account)
        if entry.amount.currency != account.currency:
            raise CurrencyMismatch(
                f"{entry.amount} cannot be booked on {account.number} ({account.currency.code})"
            )
        if self._is_booked(entry, source):
            return False
        row = {**vars(entry), "amount": entry.amount.minor, "source": source}
        row["account"] = self._names.reference(entry.account)
        (kept,) = self._connection.execute(_BOOK, row).inserted_primary_key or (0,)
        self._events.entry_booked(entry.uetr, kept, entry.amount.minor, entry.at)
        self._set(account, balance=account.balance + entry.amount)
        return True

    def _is_booked(self, entry: EntryRecord, source: str) -> bool:
        reference = self._names.reference(entry.account)
        wanted = {"wanted_source": source, "wanted_account": reference, "wanted_text": entry.text}
        booked = self._connection.scalar(_BOOKED, wanted)
        if booked is not None and booked != entry.amount.minor:
            raise EntryConflict(f"{source} on {entry.account}: booked {booked}, now {entry.amount.minor}")
        return booked is not None

    def _known(self, number: str) -> CashAccountRecord:
        account = self._read.get(number) or self.find(number)
        if account is None:
            raise UnknownAccount(number)
        self._read[number] = account
        return account

    def _set(self, account: CashAccountRecord, **amounts: Money) -> None:
        values = {name: amount.minor for name, amount in amounts.items()}
        self._connection.execute(_CHANGE, {**values, "wanted": self._names.reference(account.number)})
        self._read[account.number] = replace(account, **amounts)  # type: ignore[arg-type]  # both are amounts

    def _names_of(self, record: CashAccountRecord) -> dict[str, Any]:
        """How a new account is called and found, with what is sealed of it: a customer's gets a key of its own."""
        index = self._names.index_of(record.number)
        if record.kind is AccountKind.OWN:
            return {"reference": record.number, "number_index": index}
        subject, key = self._seals.new_subject()
        reference = f"account-{subject}"
        sealed = seal_account(key, reference, record.number, record.holder)
        return {"reference": reference, "number_index": index, "subject": subject, "sealed": sealed}

    def _record(self, row: Any) -> CashAccountRecord:
        named, currency = self._names.in_row(row), Currency(row.currency, row.minor_units)
        return CashAccountRecord(
            number=named.number,
            scheme=row.scheme,
            kind=row.kind,
            currency=currency,
            holder=named.holder,
            wallet_address=row.wallet_address,
            status=row.status,
            balance=Money(row.balance, currency),
            reserved=Money(row.reserved, currency),
        )


def _row(record: CashAccountRecord) -> dict[str, Any]:
    return {
        "scheme": record.scheme,
        "kind": record.kind,
        "currency": record.currency.code,
        "minor_units": record.currency.minor_units,
        "wallet_address": record.wallet_address,
        "status": record.status,
        "balance": record.balance.minor,
        "reserved": record.reserved.minor,
    }


def _entry(row: Row[Any], number: str, currency: Currency) -> EntryRecord:
    return EntryRecord(
        account=number,
        amount=Money(row.amount, currency),
        uetr=row.uetr,
        transaction_hash=row.transaction_hash,
        block_number=row.block_number,
        log_index=row.log_index,
        text=row.text,
        at=row.at,
    )
