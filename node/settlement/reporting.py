"""What a statement is made of, and who writes it down: the API room does, in ISO 20022 or FIN."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from node.book.records import CashAccountRecord
from node.book.statements import NumberedEntry
from node.domain.money import Money, total
from node.domain.payment import Payment
from node.settlement.ports import Written


@dataclass(frozen=True)
class Line:
    """An entry with the payment behind it, if there is one."""

    numbered: NumberedEntry
    payment: Payment | None


@dataclass(frozen=True)
class StatementDraft:
    """One page of an account's statement, from `began_at` to `ended_at`."""

    account: CashAccountRecord
    message_id: str
    sequence_number: int
    began_at: datetime
    ended_at: datetime
    opening: Money
    lines: tuple[Line, ...]
    page: int = 1
    pages: int = 1

    @property
    def closing(self) -> Money:
        """Opening balance and entries."""
        return self.opening + total((line.numbered.entry.amount for line in self.lines), self.opening.currency)

    def on_page(self, page: int, pages: int, ended_at: datetime) -> StatementDraft:
        """The same as page so and so of so many."""
        return replace(self, page=page, pages=pages, ended_at=ended_at)


class Reporter(Protocol):
    """Writes what account owners are told; pure, so it may be called inside a unit of work."""

    def notification(self, account: CashAccountRecord, line: Line) -> Written:
        """That one entry was booked."""
        ...

    def statement(self, draft: StatementDraft) -> Written:
        """A closed day."""
        ...

    def interim(self, draft: StatementDraft) -> Written:
        """The running day."""
        ...
