"""Payments across institutions, as the settlement contract settles them."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import Final

from node.ledger.bench.floor import Least
from node.ledger.bench.network import (
    AED,
    BANKS,
    CNY,
    CREDITOR,
    EXPIRY_S,
    PROVIDER,
    RELAY,
    BenchNetwork,
    Call,
    actor,
    digest,
    uetr,
)
from node.ledger.bench.operation import Operation
from wallet.typed_data import Acceptance, Instruction, Quote, struct_hash

DEBTOR_AGENT, CREDITOR_AGENT = BANKS[0], BANKS[1]
SOLD: Final = 1_000_00
BOUGHT: Final = 512_34
_BOUND_VERSION: Final = 8


@dataclass(frozen=True)
class Pair:
    """An instruction across two currencies and the quote that fits it."""

    instruction: Instruction
    quote: Quote


def pvp(network: BenchNetwork, number: int) -> Pair:
    """CNY of the first bank to AED for a customer of the second, by a quote bound to the payment."""
    instruction = Instruction(
        uetr=uetr(number),
        debtor_agent=actor(DEBTOR_AGENT).address,
        creditor_agent=actor(CREDITOR_AGENT).address,
        debtor_account=actor(DEBTOR_AGENT).address,
        creditor_account=actor(CREDITOR).address,
        debit_token=network.token(CNY),
        debit_amount=SOLD,
        credit_token=network.token(AED),
        credit_amount=BOUGHT,
        message_digest=digest("message"),
        return_of=bytes(16),
        sequence=0,
        expiry=EXPIRY_S,
    )
    quote = Quote(
        id=bound(instruction.uetr),
        provider=actor(PROVIDER).address,
        taker=instruction.debtor_agent,
        sell_token=instruction.debit_token,
        sell_amount=SOLD,
        buy_token=instruction.credit_token,
        buy_amount=BOUGHT,
        expiry=EXPIRY_S,
    )
    return Pair(instruction, quote)


def bound(payment: bytes) -> bytes:
    """The id of a quote for the one payment with this UETR: the same UUID with version 8."""
    return payment[:6] + bytes([_BOUND_VERSION << 4 | payment[6] & 0x0F]) + payment[7:]


def settle(network: BenchNetwork, pair: Pair) -> Call:
    """The call that settles it, with every signature it needs."""
    accepted = Acceptance(struct_hash(pair.instruction), EXPIRY_S)
    data = network.settlement.settle_call(
        pair.instruction,
        debtor_signature=network.sign(DEBTOR_AGENT, pair.instruction),
        acceptance_signature=network.sign(CREDITOR_AGENT, accepted),
        acceptance_expiry_s=EXPIRY_S,
        quote=pair.quote,
        quote_signature=network.sign(PROVIDER, pair.quote),
    )
    return Call(actor(RELAY), network.settlement.address, data)


def _strict_pvp(network: BenchNetwork) -> Call:
    network.send(settle(network, pvp(network, 10)))
    return settle(network, pvp(network, 11))


def _bulk_pvp(network: BenchNetwork) -> Call:
    network.send(settle(network, _in_sequence(network, 1)))
    return settle(network, _in_sequence(network, 2))


def _in_sequence(network: BenchNetwork, sequence: int) -> Pair:
    pair = pvp(network, 20 + sequence)
    instruction = replace(pair.instruction, sequence=sequence)
    quote_id = (_BOUND_VERSION << 76 | sequence).to_bytes(16, "big")
    return Pair(instruction, replace(pair.quote, id=quote_id))


def _quote_alone(network: BenchNetwork) -> Call:
    network.send(_exchange(network, 1))
    return _exchange(network, 2)


def _exchange(network: BenchNetwork, number: int) -> Call:
    """The taker itself takes a free quote; the provider's ids share their first 15 bytes."""
    quote = replace(pvp(network, 30).quote, id=digest("free quotes")[:6] + b"\x41" + bytes(8) + bytes([number]))
    call = network.settlement_call("exchange", astuple(quote), network.sign(PROVIDER, quote))
    return replace(call, signer=actor(DEBTOR_AGENT))


# Both tokens, the registry and the settlement contract itself: the last is the transaction's own address.
_TWO_LEGS: Final = Least(updated=4, read=2, recovered=3, contracts=3)

OPERATIONS = (
    Operation(
        "PvP with a signed quote",
        1,
        72_000,
        Least(updated=5, read=2, recovered=1, contracts=2),
        _quote_alone,
    ),
    Operation(
        "PvP with signed instruction, quote and acceptance, bulk grade",
        1,
        100_000,
        replace(_TWO_LEGS, updated=5),
        _bulk_pvp,
    ),
    Operation(
        "PvP with signed instruction, quote and acceptance, strict UETR",
        1,
        117_000,
        replace(_TWO_LEGS, fresh=1),
        _strict_pvp,
    ),
)
