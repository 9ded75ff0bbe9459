"""Many payments in one transaction of the settlement contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from node.ledger.bench.floor import Least
from node.ledger.bench.network import BANKS, CNY, EXPIRY_S, BenchNetwork, Call, actor, digest, uetr
from node.ledger.bench.operation import Operation
from node.ledger.bench.token_operations import compact
from wallet.typed_data import Acceptance, Instruction, struct_hash

MANY: Final = 100
MEMBERS: Final = BANKS[:8]
AMOUNT: Final = 1_23
# A word of sequences of its own: other operations use the first.
_FIRST_SEQUENCE: Final = 256

# A payment of a batch: debtor, creditor, sequence.
Bulk = tuple[str, str, int]


def _batch_of_settlements(network: BenchNetwork) -> Call:
    network.send(_settle_batch(network, [_bulk(number, 0) for number in range(len(MEMBERS))]))
    rounds = [divmod(number, len(MEMBERS)) for number in range(MANY)]
    return _settle_batch(network, [_bulk(place, 1 + turn) for turn, place in rounds])


def _bulk(place: int, turn: int) -> Bulk:
    """Bank number `place` pays the next bank but `turn`, never itself."""
    step = 1 + turn % (len(MEMBERS) - 1)
    return MEMBERS[place], MEMBERS[(place + step) % len(MEMBERS)], _FIRST_SEQUENCE + turn


def _settle_batch(network: BenchNetwork, payments: Sequence[Bulk]) -> Call:
    accounts = [actor(role).address for role in MEMBERS]
    items = [_packed(network, number, payment) for number, payment in enumerate(payments)]
    return network.settlement_call("settle_batch", network.token(CNY), accounts, items, [])


def _packed(network: BenchNetwork, number: int, payment: Bulk) -> tuple[Any, ...]:
    debtor, creditor, sequence = payment
    instruction = Instruction(
        uetr=uetr(1_000 + number),
        debtor_agent=actor(debtor).address,
        creditor_agent=actor(creditor).address,
        debtor_account=actor(debtor).address,
        creditor_account=actor(creditor).address,
        debit_token=network.token(CNY),
        debit_amount=AMOUNT,
        credit_token=network.token(CNY),
        credit_amount=AMOUNT,
        message_digest=digest("message"),
        return_of=bytes(16),
        sequence=sequence,
        expiry=EXPIRY_S,
    )
    accepted = Acceptance(struct_hash(instruction), EXPIRY_S)
    return (
        int.from_bytes(instruction.uetr, "big") << 128 | MEMBERS.index(debtor) | MEMBERS.index(creditor) << 8,
        AMOUNT,
        instruction.message_digest,
        sequence | EXPIRY_S << 64 | EXPIRY_S << 128,
        *compact(network.sign(debtor, instruction)),
        *compact(network.sign(creditor, accepted)),
    )


OPERATIONS = (
    Operation(
        "settle_batch of 100, instruction and acceptance each, one currency, 8 banks",
        MANY,
        20_000,
        # An account word and a word of sequences for each bank; its standing, and that of the token.
        Least(read=len(MEMBERS) + 2, updated=2 * len(MEMBERS), recovered=2 * MANY, contracts=2),
        _batch_of_settlements,
    ),
)
