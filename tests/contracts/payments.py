"""Payments to settle: a complete, fitting set of signatures, and every way to spoil one part of it."""

from dataclasses import astuple, dataclass, field, replace
from typing import Any

from web3.contract.contract import ContractFunction

from tests.contracts.chain import ZERO_ADDRESS, Actor
from tests.contracts.network import (
    CREDITOR,
    CREDITOR_AGENT,
    DEBTOR_AGENT,
    PROVIDER,
    Network,
)
from tests.contracts.signing import sign
from wallet.typed_data import Acceptance, Instruction, Quote

UETR = bytes.fromhex("7f9d1c2ab3e44f6a8b0c1d2e3f405162")
QUOTE_ID = bytes.fromhex("5a0e1b2c3d4e4f60918273645566a701")
DIGEST = bytes.fromhex("c3" * 32)
NO_QUOTE = Quote(bytes(16), ZERO_ADDRESS, ZERO_ADDRESS, ZERO_ADDRESS, 0, ZERO_ADDRESS, 0, 0)
HOUR_S = 3600


@dataclass(frozen=True)
class Draft:
    """Everything that goes into one settlement, before it is signed. Who signs what can be changed too."""

    instruction: Instruction
    quote: Quote
    acceptance_expiry: int
    debtor: Actor = DEBTOR_AGENT
    agent: Actor | None = None
    acceptor: Actor | None = CREDITOR_AGENT
    provider: Actor | None = PROVIDER
    replaced: dict[str, bytes] = field(default_factory=dict)  # signatures given instead of made

    def with_instruction(self, **changes: Any) -> "Draft":
        return replace(self, instruction=replace(self.instruction, **changes))

    def with_quote(self, **changes: Any) -> "Draft":
        return replace(self, quote=replace(self.quote, **changes))

    def with_signature(self, part: str, signature: bytes) -> "Draft":
        return replace(self, replaced={**self.replaced, part: signature})


def pvp(network: Network) -> Draft:
    """1,000.00 CNY of Bank A to 512.34 AED for Bank B's customer, through the FX provider."""
    expiry = network.chain.now() + HOUR_S
    instruction = Instruction(
        uetr=UETR,
        debtor_agent=DEBTOR_AGENT.address,
        creditor_agent=CREDITOR_AGENT.address,
        debtor_account=DEBTOR_AGENT.address,
        creditor_account=CREDITOR.address,
        debit_token=network.cny.address,
        debit_amount=1_000_00,
        credit_token=network.aed.address,
        credit_amount=512_34,
        message_digest=DIGEST,
        return_of=bytes(16),
        sequence=0,
        expiry=expiry,
    )
    quote = Quote(
        id=QUOTE_ID,
        provider=PROVIDER.address,
        taker=DEBTOR_AGENT.address,
        sell_token=network.cny.address,
        sell_amount=1_000_00,
        buy_token=network.aed.address,
        buy_amount=512_34,
        expiry=expiry,
    )
    return Draft(instruction, quote, expiry)


def single_currency(network: Network) -> Draft:
    """1,000.00 CNY of Bank A to Bank B, no quote."""
    draft = pvp(network).with_instruction(
        credit_token=network.cny.address, credit_amount=1_000_00, creditor_account=CREDITOR_AGENT.address
    )
    return replace(draft, quote=NO_QUOTE, provider=None)


def arguments(network: Network, draft: Draft) -> tuple[Any, ...]:
    """The arguments of settle: what is signed, by whom the draft says."""
    at = network.settlement
    instruction_hash = at.functions.hash_instruction(astuple(draft.instruction)).call()
    accepted = Acceptance(instruction_hash, draft.acceptance_expiry)
    parts = {
        "debtor": sign(draft.debtor, at, draft.instruction),
        "agent": sign(draft.agent, at, draft.instruction) if draft.agent else b"",
        "acceptance": sign(draft.acceptor, at, accepted) if draft.acceptor else b"",
        "quote": sign(draft.provider, at, draft.quote) if draft.provider else b"",
        **draft.replaced,
    }
    signatures = (parts["debtor"], parts["agent"], parts["acceptance"], draft.acceptance_expiry)
    return astuple(draft.instruction), signatures, astuple(draft.quote), parts["quote"]


def settle(network: Network, draft: Draft) -> ContractFunction:
    return network.settlement.functions.settle(*arguments(network, draft))
