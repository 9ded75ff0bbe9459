"""Proves that book and chain say the same: every currency to the last unit, every settled payment settled there.

It reads the two separately, at the same block, and changes neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from node.book.records import EndedPayment
from node.domain.lifecycle import State
from node.settlement.office import Office
from node.settlement.typed import read_instruction

_PAGE = 200


@dataclass(frozen=True)
class Row:
    """One currency: the sum of our accounts in the book, and our settlement account on chain, in minor units.

    What is on hold is still ours until it is paid, so both sides count it.
    """

    currency: str
    book_minor: int
    chain_minor: int


@dataclass(frozen=True)
class Reconciliation:
    """The comparison at one block; `problems` are sentences, and there are none when all is well."""

    block_number: int | None
    rows: tuple[Row, ...]
    problems: tuple[str, ...]


def reconcile(office: Office) -> Reconciliation:
    """Compare this institution's book with the chain at the block the book has read up to."""
    with office.book.view() as unit:
        watched = unit.cursor.watched()
        booked = unit.accounts.booked_totals()
    if watched is None:
        return Reconciliation(None, (), ())
    rows = tuple(
        Row(code, booked.get(code, 0), office.client.owned_by(info.address, office.account, watched[0]))
        for code, info in sorted(office.directory.tokens().items())
    )
    problems = [
        f"{row.currency}: the book holds {row.book_minor}, the chain {row.chain_minor}, at block {watched[0]}"
        for row in rows
        if row.book_minor != row.chain_minor
    ]
    for page in _pages(office):
        problems += _contradictions(office, page)
    return Reconciliation(watched[0], rows, tuple(problems))


def _pages(office: Office) -> Iterator[list[EndedPayment]]:
    """All ended payments that had an instruction, a page at a time: a long history is never held whole."""
    after = 0
    while True:
        with office.book.view() as unit:
            page = unit.payments.ended(after, _PAGE)
        if not page:
            return
        yield page
        after = page[-1].number


def _contradictions(office: Office, page: list[EndedPayment]) -> list[str]:
    """What book and chain say differently of these payments, asked of the chain in one round trip."""
    instructions = [read_instruction(payment.instruction) for payment in page]
    problems = []
    for payment, settled in zip(page, office.contract.have_settled(instructions), strict=True):
        if payment.state is State.SETTLED and not settled:
            problems.append(f"{payment.uetr}: settled here, not on chain")
        elif payment.state is not State.SETTLED and settled:
            problems.append(f"{payment.uetr}: {payment.state.value} here, settled on chain")
    return problems
