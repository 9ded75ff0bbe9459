"""Proves that book and chain say the same: every currency to the last unit, every settled payment settled there.

It reads the two separately, at the same block, and changes neither.
"""

from __future__ import annotations

from dataclasses import dataclass

from node.book.records import PaymentRecord
from node.domain.lifecycle import State
from node.settlement.office import Office
from node.settlement.typed import instruction_of
from wallet.typed_data import struct_hash


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
        settled = unit.payments.in_state(State.SETTLED)
        failed = [
            record
            for state in (State.REJECTED, State.FAILED, State.CANCELLED, State.EXPIRED)
            for record in unit.payments.in_state(state)
        ]
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
    problems += [
        f"{record.uetr}: settled here, not on chain" for record in settled if not _on_chain(office, record)
    ]
    problems += [
        f"{record.uetr}: {record.state.value} here, settled on chain"
        for record in failed
        if _on_chain(office, record)
    ]
    return Reconciliation(watched[0], rows, tuple(problems))


def _on_chain(office: Office, record: PaymentRecord) -> bool:
    """Whether the contract has settled exactly the instruction this record signed or accepted."""
    if record.instruction is None:
        return False
    instruction = instruction_of(record)
    return office.contract.settled(instruction.debtor_agent, instruction.uetr) == struct_hash(instruction)
