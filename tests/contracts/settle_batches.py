"""Batches to settle: bulk payments between banks, signed by eth-account and packed as the contract takes them."""

from dataclasses import astuple, dataclass, replace
from typing import Any

from web3.contract.contract import ContractFunction

from contracts.roles import ParticipantRole
from tests.contracts.chain import Actor, actor
from tests.contracts.network import ISSUER, REFERENCE, Network, register
from tests.contracts.signing import sign
from wallet.typed_data import Acceptance, Instruction

FAR = 2_000_000_000


def banks(network: Network, count: int) -> list[Actor]:
    """Registers banks with 1,000.00 yuan each."""
    found = [actor(f"bank {n}") for n in range(count)]
    for n, bank in enumerate(found):
        network.chain.fund(bank)
        register(network.chain, network.registry, bank, f"BANK{n:02}CN"[:8].ljust(8, "X"), ParticipantRole.BANK)
        network.chain.send(ISSUER, network.cny.functions.issue(bank.address, 1_000_00, REFERENCE))
    return found


@dataclass(frozen=True)
class BulkPayment:
    """One payment of a batch before it is packed, with who signs what."""

    instruction: Instruction
    debtor: Actor
    agent: Actor | None
    acceptor: Actor | None
    acceptance_expiry: int = FAR


def payment(network: Network, debtor: Actor, creditor: Actor, sequence: int, amount: int = 1_23) -> BulkPayment:
    """From one bank's own account to another's."""
    instruction = Instruction(
        uetr=(0x7F9D1C2AB3E44F6A8B0C << 48 | sequence).to_bytes(16, "big"),
        debtor_agent=debtor.address,
        creditor_agent=creditor.address,
        debtor_account=debtor.address,
        creditor_account=creditor.address,
        debit_token=network.cny.address,
        debit_amount=amount,
        credit_token=network.cny.address,
        credit_amount=amount,
        message_digest=bytes.fromhex("c3" * 32),
        return_of=bytes(16),
        sequence=sequence,
        expiry=FAR,
    )
    return BulkPayment(instruction, debtor, None, creditor)


def changed(bulk: BulkPayment, **terms: Any) -> BulkPayment:
    return replace(bulk, instruction=replace(bulk.instruction, **terms))


def compact(signature: bytes) -> tuple[int, int]:
    """(r, vs) of a 65-byte signature, EIP-2098."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return r, s | (signature[64] - 27) << 255


def packed(network: Network, bulk: BulkPayment, accounts: list[str]) -> tuple[Any, ...]:
    terms = bulk.instruction
    for account in (terms.debtor_agent, terms.creditor_agent, terms.debtor_account, terms.creditor_account):
        if account not in accounts:
            accounts.append(account)
    places = accounts.index(terms.debtor_agent) | accounts.index(terms.creditor_agent) << 8
    if terms.debtor_account != terms.debtor_agent:
        places |= accounts.index(terms.debtor_account) + 1 << 16
    if terms.creditor_account != terms.creditor_agent:
        places |= accounts.index(terms.creditor_account) + 1 << 24
    expiries = terms.sequence | terms.expiry << 64 | bulk.acceptance_expiry << 128
    at = network.settlement
    signatures = [*compact(sign(bulk.debtor, at, terms))]
    if bulk.acceptor:
        instruction_hash = at.functions.hash_instruction(astuple(terms)).call()
        signatures += compact(sign(bulk.acceptor, at, Acceptance(instruction_hash, bulk.acceptance_expiry)))
    else:
        signatures += (0, 0)
    uetr_and_places = int.from_bytes(terms.uetr, "big") << 128 | places
    return (uetr_and_places, terms.debit_amount, terms.message_digest, expiries, *signatures)


def settle_batch(network: Network, payments: list[BulkPayment], token: str | None = None) -> ContractFunction:
    accounts: list[str] = []
    items = [packed(network, bulk, accounts) for bulk in payments]
    at = network.settlement
    agents = [compact(sign(bulk.agent, at, bulk.instruction)) for bulk in payments if bulk.agent]
    return at.functions.settle_batch(token or network.cny.address, accounts, items, agents)
