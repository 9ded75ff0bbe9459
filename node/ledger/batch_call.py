"""A batch as the settlement contract wants it: every account named once, each payment in eight words.

The words are laid out in ISettlement.BatchPayment; the signatures are compact ones (EIP-2098).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts import artifact
from node.ledger.abi import call_data
from wallet.typed_data import Instruction

MOST_PAYMENTS: Final = 100
MOST_ACCOUNTS: Final = 64
# What a batch can use at most: a payment with three signatures, two fresh accounts and the longest refusal.
_GAS_OF_A_BATCH: Final = 300_000
_GAS_A_PAYMENT: Final = 110_000


@dataclass(frozen=True)
class BatchItem:
    """A payment of one currency in the bulk grade; signatures are r || s || v, the acceptance's may be empty."""

    instruction: Instruction
    debtor_signature: bytes
    acceptance_signature: bytes
    acceptance_expiry_s: int


def fits(instructions: Sequence[Instruction]) -> int:
    """How many of the payments, from the first on, one batch can take."""
    accounts: set[str] = set()
    for place, instruction in enumerate(instructions[:MOST_PAYMENTS]):
        accounts |= {instruction.debtor_agent, instruction.creditor_agent, instruction.creditor_account}
        if len(accounts) > MOST_ACCOUNTS:
            return place
    return min(len(instructions), MOST_PAYMENTS)


def gas_for(payments: int) -> int:
    """Gas that a batch of so many payments never exceeds; what it does not use is not charged."""
    return _GAS_OF_A_BATCH + _GAS_A_PAYMENT * payments


def batch_call(items: Sequence[BatchItem]) -> bytes:
    """The call that settles them, each by itself; debtor accounts must be the debtor agents' own."""
    accounts: list[str] = []
    packed = [_packed(item, accounts) for item in items]
    token = items[0].instruction.debit_token
    return call_data(artifact("Settlement").abi, "settle_batch", token, accounts, packed, [])


def _packed(item: BatchItem, accounts: list[str]) -> tuple[Any, ...]:
    terms = item.instruction
    if terms.debtor_account != terms.debtor_agent:
        raise ValueError("a batch of ours debits the debtor agents' own accounts")
    places = _place(accounts, terms.debtor_agent) | _place(accounts, terms.creditor_agent) << 8
    if terms.creditor_account != terms.creditor_agent:
        places |= _place(accounts, terms.creditor_account) + 1 << 24
    return (
        int.from_bytes(terms.uetr, "big") << 128 | places,
        terms.debit_amount,
        terms.message_digest,
        terms.sequence | terms.expiry << 64 | item.acceptance_expiry_s << 128,
        *_compact(item.debtor_signature),
        *_compact(item.acceptance_signature),
    )


def _place(accounts: list[str], account: str) -> int:
    if account not in accounts:
        accounts.append(account)
    return accounts.index(account)


def _compact(signature: bytes) -> tuple[int, int]:
    if not signature:
        return 0, 0
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return r, s | (signature[64] - 27) << 255
