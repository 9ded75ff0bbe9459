"""What each operation costs: the table of docs and of the committed snapshot, measured on warm accounts.

`measure` runs every operation on a fresh network and gives gas per payment, beside what the EVM alone asks for:
intrinsic gas and calldata, storage and account access, logs, signature recovery.
"""

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, replace
from typing import Any

from web3.contract.contract import ContractFunction
from web3.types import TxReceipt

from tests.contracts.chain import MAX_TRANSACTION_GAS, Actor, actor
from tests.contracts.network import (
    CREDITOR,
    DEBTOR,
    DEBTOR_AGENT,
    ISSUER,
    PROVIDER,
    REFERENCE,
    RELAY,
    Network,
)
from tests.contracts.payments import DIGEST, UETR, Draft, pvp, settle
from tests.contracts.settle_batches import banks, payment, settle_batch
from tests.contracts.signed_transfers import packed, sign_transfer
from tests.contracts.signing import sign

AMOUNT = 12_345_67


@dataclass(frozen=True)
class Measured:
    """One row: gas per payment, and the limit it must keep."""

    operation: str
    payments: int
    gas_per_payment: int
    limit: int


@dataclass(frozen=True)
class Operation:
    """How to prepare an operation, so that every account is warm, and the call that is measured."""

    name: str
    payments: int
    limit: int
    run: Callable[[Network], tuple[Actor, ContractFunction]]


def many(count: int) -> list[Actor]:
    return [actor(f"holder {i}") for i in range(count)]


def warm(network: Network, holders: list[Actor]) -> None:
    """Gives every holder some money, so that its account slot is not new."""
    batch = [(who.address, AMOUNT, bytes(16)) for who in holders]
    network.chain.send(ISSUER, network.cny.functions.issue(ISSUER.address, AMOUNT * len(batch), REFERENCE))
    network.chain.send(ISSUER, network.cny.functions.pay_batch(batch, DIGEST), MAX_TRANSACTION_GAS)


def bound(uetr: bytes) -> bytes:
    """The id of a quote for the payment with this UETR: the same UUID with version 8."""
    return uetr[:6] + bytes([0x80 | uetr[6] & 0x0F]) + uetr[7:]


def fixed(draft: Draft) -> Draft:
    """With expiries that do not depend on the clock: a signature's zero bytes are cheaper than its others."""
    far = 2_000_000_000
    dated = draft.with_instruction(expiry=far)
    return replace(dated, acceptance_expiry=far, quote=replace(dated.quote, expiry=far))


def transfer(network: Network) -> tuple[Actor, ContractFunction]:
    warm(network, [CREDITOR])
    return DEBTOR, network.cny.functions.transfer(CREDITOR.address, AMOUNT)


def referenced(network: Network) -> tuple[Actor, ContractFunction]:
    warm(network, [CREDITOR])
    return DEBTOR, network.cny.functions.pay(CREDITOR.address, AMOUNT, UETR, DIGEST)


def referenced_once(network: Network) -> tuple[Actor, ContractFunction]:
    warm(network, [CREDITOR])
    return DEBTOR, network.cny.functions.pay_once(CREDITOR.address, AMOUNT, UETR, DIGEST)


def signed(network: Network) -> tuple[Actor, ContractFunction]:
    warm(network, [CREDITOR])
    first = sign_transfer(network, DEBTOR, CREDITOR, AMOUNT, nonce=0)
    network.chain.send(RELAY, network.cny.functions.transfer_signed(first))
    second = sign_transfer(network, DEBTOR, CREDITOR, AMOUNT, nonce=1)
    return RELAY, network.cny.functions.transfer_signed(second)


def batch_of_one_payer(network: Network) -> tuple[Actor, ContractFunction]:
    holders = many(100)
    warm(network, holders)
    payments = [(who.address, 1_234_56, who.address.encode()[-16:]) for who in holders]
    return DEBTOR, network.cny.functions.pay_batch(payments, DIGEST)


def batch_of_many_signers(network: Network) -> tuple[Actor, ContractFunction]:
    holders = many(100)
    creditors = [actor(f"creditor {i}") for i in range(100)]
    warm(network, holders)
    warm(network, creditors)
    firsts = [packed(sign_transfer(network, who, CREDITOR, 1, nonce=0)) for who in holders]
    network.chain.send(RELAY, network.cny.functions.transfer_batch_signed(firsts), MAX_TRANSACTION_GAS)
    transfers = [
        packed(sign_transfer(network, debtor, creditor, 1_234_56, nonce=1))
        for debtor, creditor in zip(holders, creditors, strict=True)
    ]
    return RELAY, network.cny.functions.transfer_batch_signed(transfers)


def pvp_with_a_quote(network: Network) -> tuple[Actor, ContractFunction]:
    def call(number: int) -> ContractFunction:
        quote = replace(fixed(pvp(network)).quote, id=bytes(15) + bytes([number]))
        return network.settlement.functions.exchange(astuple(quote), sign(PROVIDER, network.settlement, quote))

    network.chain.send(ISSUER, network.aed.functions.issue(DEBTOR_AGENT.address, AMOUNT, REFERENCE))
    network.chain.send(DEBTOR_AGENT, call(1))
    return DEBTOR_AGENT, call(2)


def strict_pvp(network: Network) -> tuple[Actor, ContractFunction]:
    network.chain.send(RELAY, settle(network, fixed(pvp(network))))
    uetr = bytes.fromhex("0b1c2d3e4f504a6b8c9dae0fb1c2d3e4")
    draft = pvp(network).with_instruction(uetr=uetr).with_quote(id=bound(uetr))
    return RELAY, settle(network, fixed(draft))


def bulk_pvp(network: Network) -> tuple[Actor, ContractFunction]:
    def draft(sequence: int, uetr: bytes) -> Draft:
        return (
            pvp(network)
            .with_instruction(uetr=uetr, sequence=sequence)
            .with_quote(id=(8 << 76 | sequence).to_bytes(16, "big"))
        )

    network.chain.send(RELAY, settle(network, fixed(draft(1, UETR))))
    return RELAY, settle(network, fixed(draft(2, bytes.fromhex("0b1c2d3e4f504a6b8c9dae0fb1c2d3e4"))))


def batch_of_settlements(network: Network) -> tuple[Actor, ContractFunction]:
    members = banks(network, 8)
    first = [payment(network, bank, members[n - 1], sequence=1) for n, bank in enumerate(members)]
    network.chain.send(RELAY, settle_batch(network, first), MAX_TRANSACTION_GAS)
    payments = [
        payment(network, members[n % 8], members[(n + 1 + n // 8) % 8], sequence=2 + n // 8)
        for n in range(100)
        if (1 + n // 8) % 8
    ]
    spare = [payment(network, members[n], members[n - 1], sequence=50) for n in range(100 - len(payments))]
    return RELAY, settle_batch(network, payments + spare)


OPERATIONS = (
    Operation("transfer, with pause, freeze and tier", 1, 36_500, transfer),
    Operation("referenced payment", 1, 39_000, referenced),
    Operation("referenced payment with a strict UETR", 1, 61_500, referenced_once),
    Operation("signed (authorisation)", 1, 48_000, signed),
    Operation("batch of 100, one payer", 100, 8_800, batch_of_one_payer),
    Operation("batch of 100, 100 signers", 100, 24_000, batch_of_many_signers),
    Operation("PvP with a signed quote", 1, 72_000, pvp_with_a_quote),
    Operation(
        "settle_batch of 100, instruction and acceptance each, one currency, 8 banks",
        100,
        20_000,
        batch_of_settlements,
    ),
    Operation("PvP with signed instruction, quote and acceptance, bulk grade", 1, 100_000, bulk_pvp),
    Operation("PvP with signed instruction, quote and acceptance, strict UETR", 1, 117_000, strict_pvp),
)


def run(network: Network, operation: Operation) -> TxReceipt:
    who, call = operation.run(network)
    return network.chain.send(who, call, MAX_TRANSACTION_GAS)


def measure(network: Network) -> Iterator[Measured]:
    for operation in OPERATIONS:
        before = network.chain.snapshot()
        gas = run(network, operation)["gasUsed"]
        network.chain.revert(before)
        yield Measured(operation.name, operation.payments, -(-gas // operation.payments), operation.limit)


def table(rows: list[Measured]) -> list[dict[str, Any]]:
    return [row.__dict__ for row in rows]
