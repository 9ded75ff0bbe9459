"""Whatever is reserved, released, posted and transferred in whatever order, the accounts agree with a plain model.

The model is Python dicts. After every unit available money is not negative where only reservations and
transfers could have taken it, and the total changes by nothing but posts.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from node.book.book import Book
from node.domain.money import Money
from tests.keys import MASTER
from tests.node.book.making import NOON, account_record, payment_record
from tests.node.domain.payments import CNY

NUMBERS = ("A", "B", "OWN-CNY")
numbers = st.sampled_from(NUMBERS)
amounts = st.one_of(st.integers(1, 100), st.integers(1, 2**256 - 1))
dooms = st.booleans()


class _Undone(Exception):
    """Ends a unit so that nothing of it may stay."""


@dataclass
class _Model:
    """What the accounts must hold."""

    balances: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NUMBERS, 0))
    reservations: dict[str, tuple[str, int]] = field(default_factory=dict)
    posted: dict[int, tuple[str, int]] = field(default_factory=dict)
    transferred: dict[int, tuple[str, str, int]] = field(default_factory=dict)

    def reserved(self, number: str) -> int:
        return sum(minor for account, minor in self.reservations.values() if account == number)

    def available(self, number: str) -> int:
        return self.balances[number] - self.reserved(number)


class AccountsAgreeWithModel(RuleBasedStateMachine):
    """Random units against one book, each mirrored in the model."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.book = Book.open_file(Path(self.folder.name) / "book.sqlite", MASTER)
        self.model = _Model()

    def teardown(self) -> None:
        self.book.close()
        self.folder.cleanup()

    @initialize()
    def open_accounts(self) -> None:
        with self.book.unit() as unit:
            unit.accounts.open(account_record("A"))
            unit.accounts.open(account_record("B"))
            unit.accounts.own(CNY)

    @rule(number=numbers, minor=amounts, undone=dooms)
    def reserve(self, number: str, minor: int, undone: bool) -> None:
        record = payment_record()
        covered = self.model.available(number) >= minor
        with suppress(_Undone), self.book.unit() as unit:
            unit.payments.add(record)
            assert unit.accounts.reserve(record.uetr, number, Money(minor, CNY)) is covered
            if undone:
                raise _Undone
        if covered and not undone:
            self.model.reservations[record.uetr] = (number, minor)

    @precondition(lambda self: self.model.reservations)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        uetr = data.draw(st.sampled_from(sorted(self.model.reservations)))
        with self.book.unit() as unit:
            unit.accounts.release(uetr)
            unit.accounts.release(uetr)
        del self.model.reservations[uetr]

    @precondition(lambda self: self.model.reservations)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """What the watcher does with a settled payment: give the reservation back and book the debit."""
        uetr = data.draw(st.sampled_from(sorted(self.model.reservations)))
        number, minor = self.model.reservations.pop(uetr)
        with self.book.unit() as unit:
            unit.accounts.release(uetr)
        self._post(number, -minor)

    @rule(number=numbers, minor=amounts)
    def credit(self, number: str, minor: int) -> None:
        self._post(number, minor)

    @precondition(lambda self: self.model.posted)
    @rule(data=st.data())
    def post_again(self, data: st.DataObject) -> None:
        log_index = data.draw(st.sampled_from(sorted(self.model.posted)))
        number, minor = self.model.posted[log_index]
        assert self._booked(log_index, number, minor) is False

    @rule(debtor=numbers, creditor=numbers, minor=amounts)
    def transfer(self, debtor: str, creditor: str, minor: int) -> None:
        if debtor == creditor:
            return
        covered = self.model.available(debtor) >= minor
        reference = len(self.model.transferred)
        assert self._transferred(reference, debtor, creditor, minor) is covered
        if covered:
            self.model.transferred[reference] = (debtor, creditor, minor)
            self.model.balances[debtor] -= minor
            self.model.balances[creditor] += minor

    @precondition(lambda self: self.model.transferred)
    @rule(data=st.data())
    def transfer_again(self, data: st.DataObject) -> None:
        reference = data.draw(st.sampled_from(sorted(self.model.transferred)))
        assert self._transferred(reference, *self.model.transferred[reference]) is True

    def _post(self, number: str, minor: int) -> None:
        log_index = len(self.model.posted)
        assert self._booked(log_index, number, minor) is True
        self.model.posted[log_index] = (number, minor)
        self.model.balances[number] += minor

    def _booked(self, log_index: int, number: str, minor: int) -> bool:
        with self.book.unit() as unit:
            return unit.accounts.post(
                number,
                Money(minor, CNY),
                uetr=None,
                transaction_hash="0xhash",
                block_number=1,
                log_index=log_index,
                text="entry",
                at=NOON,
            )

    def _transferred(self, reference: int, debtor: str, creditor: str, minor: int) -> bool:
        with self.book.unit() as unit:
            return unit.accounts.transfer(
                debtor, creditor, Money(minor, CNY), reference=str(reference), text="transfer", at=NOON
            )

    @invariant()
    def the_book_agrees(self) -> None:
        with self.book.view() as view:
            accounts = {account.number: account for account in view.accounts.list()}
            entries = {number: view.accounts.entries(number) for number in accounts}
            total = view.accounts.booked_totals().get("CNY", 0)
        for number, account in accounts.items():
            assert account.balance.minor == self.model.balances[number]
            assert account.reserved.minor == self.model.reserved(number)
            assert account.available.minor >= 0
            assert sum(entry.amount.minor for entry in entries[number]) == account.balance.minor
        assert total == sum(minor for _, minor in self.model.posted.values())


AccountsAgreeWithModel.TestCase.settings = settings(
    max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestAccountsAgreeWithModel = AccountsAgreeWithModel.TestCase
