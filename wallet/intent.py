"""What somebody wants signed, as data that can be judged: never bytes, always a known act with its amounts.

Each intent knows what it costs and whom it concerns (its facts, for the policy), how it reads (its words, for the
person), and only then what is signed for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wallet.address import address_bytes
from wallet.hold import (
    Confirmation,
    Hold,
    Premium,
    describe_confirmation,
    describe_hold,
    describe_premium,
    holds_domain,
)
from wallet.keccak import keccak
from wallet.network import Network
from wallet.proposal import COUNCIL_NAME, Proposal, council_of, describe_proposal
from wallet.transaction import UnsignedTransaction
from wallet.transfer import TRANSFER_GAS, transfer
from wallet.typed_data import (
    Acceptance,
    Cancellation,
    Instruction,
    Position,
    Quote,
    domain_separator,
    signing_digest,
    struct_hash,
)
from wallet.words import Description, amount_in_words, describe, party_in_words, time_in_words

STATUSES: Final = ("none", "applied", "active", "suspended", "terminating", "terminated")
_SET_STATUS = keccak(b"set_status(address,uint256)")[:4]


class BadIntent(ValueError):
    """An intent that cannot be what its signer means: not theirs to sign, or of something unknown."""


@dataclass(frozen=True)
class Gas:
    """What a transaction needs beside its purpose; fees in wei."""

    nonce: int
    gas: int = TRANSFER_GAS
    max_fee_per_gas: int = 0
    max_priority_fee_per_gas: int = 0


@dataclass(frozen=True)
class TransferIntent:
    """Send `amount` minor units of a currency from the signer's account."""

    currency: str
    creditor: str
    amount: int
    gas: Gas


@dataclass(frozen=True)
class AcceptanceIntent:
    """Accept this instruction until `expiry`; it is given whole, for a hash says nothing to anybody."""

    instruction: Instruction
    expiry: int


@dataclass(frozen=True)
class ParticipantChange:
    """Give a participant another status in the registry (one of STATUSES)."""

    account: str
    status: str
    gas: Gas


@dataclass(frozen=True)
class PremiumIntent:
    """Pay the premium that these terms say, as their creditor; the contract gets a hash, a person the terms."""

    hold: Hold


@dataclass(frozen=True)
class ConfirmationIntent:
    """Say, as their confirmer, that what these terms hold is due."""

    hold: Hold


Intent = (
    TransferIntent
    | Instruction
    | AcceptanceIntent
    | Quote
    | Cancellation
    | Position
    | ParticipantChange
    | Hold
    | PremiumIntent
    | ConfirmationIntent
    | Proposal
)
KINDS: Final[dict[type, str]] = {
    TransferIntent: "transfer",
    Instruction: "instruction",
    AcceptanceIntent: "acceptance",
    Quote: "quote",
    Cancellation: "cancellation",
    Position: "position",
    ParticipantChange: "participant change",
    Hold: "hold",
    PremiumIntent: "premium",
    ConfirmationIntent: "confirmation",
    Proposal: "proposal",
}


@dataclass(frozen=True)
class Facts:
    """What a policy judges: the kind, the counterparty, and the minor units that leave or are accepted."""

    kind: str
    counterparty: str
    currency: str | None = None
    amount: int | None = None
    expiry_s: int | None = None


def facts_of(intent: Intent, signer: str, network: Network) -> Facts:
    """Return an intent's facts. Raises BadIntent if it is not `signer`'s to sign, or of an unknown token."""
    if isinstance(intent, TransferIntent):
        network.token(intent.currency)
        return Facts("transfer", intent.creditor, intent.currency, intent.amount)
    if isinstance(intent, Instruction):
        _only(signer, intent.debtor_account, intent.debtor_agent)
        currency = _currency(intent.debit_token, network)
        _currency(intent.credit_token, network)
        return Facts("instruction", intent.creditor_account, currency, intent.debit_amount, intent.expiry)
    if isinstance(intent, AcceptanceIntent):
        _only(signer, intent.instruction.creditor_agent)
        currency = _currency(intent.instruction.credit_token, network)
        amount = intent.instruction.credit_amount
        return Facts("acceptance", intent.instruction.debtor_agent, currency, amount, intent.expiry)
    if isinstance(intent, Quote):
        _only(signer, intent.provider)
        _currency(intent.sell_token, network)
        currency = _currency(intent.buy_token, network)
        return Facts("quote", intent.taker, currency, intent.buy_amount, intent.expiry)
    if isinstance(intent, Cancellation):
        _only(signer, intent.debtor_agent)
        return Facts("cancellation", intent.debtor_agent)
    if isinstance(intent, Position):  # many-sided: the counterparty is the contract, the amount what is paid
        paid = max(0, -intent.net_amount)
        return Facts("position", network.settlement, _currency(intent.token, network), paid, intent.expiry)
    if isinstance(intent, ParticipantChange):
        _status(intent.status)
        return Facts("participant change", intent.account)
    if isinstance(intent, Proposal):  # the counterparty is the council, whatever its calls are about
        return Facts("proposal", council_of(network), expiry_s=intent.expiry)
    return _hold_facts(intent, signer, network)


def _hold_facts(intent: Hold | PremiumIntent | ConfirmationIntent, signer: str, network: Network) -> Facts:
    """What leaves the signer's free balance, or with a confirmation the debtor's account, and to whom."""
    hold = intent if isinstance(intent, Hold) else intent.hold
    currency = _currency(hold.token, network)
    if isinstance(intent, Hold):
        _only(signer, hold.debtor)
        return Facts("hold", hold.creditor, currency, hold.amount, hold.expiry)
    if isinstance(intent, PremiumIntent):
        _only(signer, hold.creditor)
        return Facts("premium", hold.debtor, currency, hold.premium, hold.expiry)
    _only(signer, hold.confirmer)
    return Facts("confirmation", hold.creditor, currency, hold.amount, hold.expiry)


def words_of(intent: Intent, signer: str, network: Network) -> Description:
    """Return an intent as a person reads it before agreeing."""
    if isinstance(intent, TransferIntent):
        amount = amount_in_words(intent.amount, network.token(intent.currency).address, network)
        creditor = party_in_words(intent.creditor, network)
        lines = (("From", party_in_words(signer, network)), ("To", creditor), ("Amount", amount))
        return Description(f"Send {amount} to {creditor}", lines)
    if isinstance(intent, AcceptanceIntent):
        inner = describe(intent.instruction, network)
        credit = amount_in_words(intent.instruction.credit_amount, intent.instruction.credit_token, network)
        until = ("Acceptance valid until", time_in_words(intent.expiry))
        return Description(f"Accept to credit {credit}", (*inner.lines, until))
    if isinstance(intent, ParticipantChange):
        account = party_in_words(intent.account, network)
        lines = (("Participant", account), ("New status", intent.status), ("Registry", network.registry))
        return Description(f"Make {account} {intent.status}", lines)
    if isinstance(intent, Hold):
        return describe_hold(intent, network)
    if isinstance(intent, PremiumIntent):
        return describe_premium(intent.hold, network)
    if isinstance(intent, ConfirmationIntent):
        return describe_confirmation(intent.hold, network)
    if isinstance(intent, Proposal):
        return describe_proposal(intent, network)
    return describe(intent, network)


def signed_thing(intent: Intent, network: Network) -> UnsignedTransaction | bytes:
    """Return the transaction to sign for an intent, or the digest of its typed data for the contract it is for."""
    if isinstance(intent, TransferIntent):
        token = network.token(intent.currency)
        return transfer(network, token, intent.creditor, intent.amount, **vars(intent.gas))
    if isinstance(intent, ParticipantChange):
        return _status_change(intent, network)
    if isinstance(intent, Hold):
        return signing_digest(holds_domain(network), intent)
    if isinstance(intent, PremiumIntent):
        return signing_digest(holds_domain(network), Premium(intent.hold.id(), intent.hold.premium))
    if isinstance(intent, ConfirmationIntent):
        return signing_digest(holds_domain(network), Confirmation(intent.hold.id()))
    if isinstance(intent, Proposal):
        return signing_digest(domain_separator(network.chain_id, council_of(network), COUNCIL_NAME), intent)
    value = intent
    domain = domain_separator(network.chain_id, network.settlement)
    if isinstance(value, AcceptanceIntent):
        return signing_digest(domain, Acceptance(struct_hash(value.instruction), value.expiry))
    return signing_digest(domain, value)


def _status_change(intent: ParticipantChange, network: Network) -> UnsignedTransaction:
    status = _status(intent.status).to_bytes(32, "big")
    data = _SET_STATUS + bytes(12) + address_bytes(intent.account) + status
    return UnsignedTransaction(
        chain_id=network.chain_id, to=network.registry, value=0, data=data, **vars(intent.gas)
    )


def _status(name: str) -> int:
    if name not in STATUSES[1:]:
        raise BadIntent(f"status: {name!r} is not one of {', '.join(STATUSES[1:])}")
    return STATUSES.index(name)


def _only(signer: str, *entitled: str) -> None:
    if signer not in entitled:
        raise BadIntent(f"{signer} is not who signs this; {' or '.join(dict.fromkeys(entitled))} does")


def _currency(token_address: str, network: Network) -> str:
    token = network.token_at(token_address)
    if token is None:
        raise BadIntent(f"{token_address} is no currency token of this network")
    return token.currency
