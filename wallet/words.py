"""Typed data as a person reads it before agreeing: who pays whom, how much of which currency, until when.

What is not known by name is shown in full and said to be unknown; nothing is left out and nothing is rounded.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from wallet.amount import format_amount
from wallet.network import Network
from wallet.typed_data import (
    ZERO_UUID,
    Acceptance,
    Cancellation,
    Instruction,
    Position,
    Quote,
    SequenceCancellation,
    Struct,
    Transfer,
)

_LAST_SECOND_OF_9999 = 253_402_300_799


@dataclass(frozen=True)
class Description:
    """A sentence that says what is agreed to, and labelled lines with every field of it."""

    title: str
    lines: tuple[tuple[str, str], ...]


def describe(value: Struct, network: Network) -> Description:
    """Return what signing `value` on `network` means."""
    if isinstance(value, Instruction):
        return _instruction(value, network)
    if isinstance(value, Acceptance):
        return _acceptance(value)
    if isinstance(value, Quote):
        return _quote(value, network)
    if isinstance(value, Cancellation):
        return _cancellation(value, network)
    if isinstance(value, SequenceCancellation):
        agent = party_in_words(value.debtor_agent, network)
        facts = (("Sequence", str(value.sequence)), ("Debtor agent", agent))
        return Description(f"Cancel sequence {value.sequence} for ever", facts)
    if isinstance(value, Position):
        return _position(value, network)
    if isinstance(value, Transfer):
        return _transfer(value, network)
    assert_never(value)


def amount_in_words(minor: int, token_address: str, network: Network) -> str:
    """Return an amount with its currency, or in minor units of a token that is said to be unknown."""
    token = network.token_at(token_address)
    if token is None:
        return f"{minor} minor units of an UNKNOWN token at {token_address}"
    return f"{format_amount(minor, token.decimals)} {token.currency}"


def party_in_words(address: str, network: Network) -> str:
    """Return the name known for an address with the address itself, or the address as unknown."""
    name = network.name(address)
    return f"{name} {address}" if name else f"UNKNOWN {address}"


def time_in_words(unix_s: int) -> str:
    """Return a moment in UTC, to the second, with its date."""
    if unix_s > _LAST_SECOND_OF_9999:
        return f"for ever (unix second {unix_s})"
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _instruction(value: Instruction, network: Network) -> Description:
    debit = amount_in_words(value.debit_amount, value.debit_token, network)
    credit = amount_in_words(value.credit_amount, value.credit_token, network)
    same = value.debit_token == value.credit_token and value.debit_amount == value.credit_amount
    lines = [
        ("Debtor account", party_in_words(value.debtor_account, network)),
        ("Debtor agent", party_in_words(value.debtor_agent, network)),
        ("Creditor account", party_in_words(value.creditor_account, network)),
        ("Creditor agent", party_in_words(value.creditor_agent, network)),
        ("Debited", debit),
        ("Credited", credit),
        ("UETR", str(uuid.UUID(bytes=value.uetr))),
        ("Message digest", "0x" + value.message_digest.hex()),
        ("Uniqueness", "by UETR" if value.sequence == 0 else f"by sequence number {value.sequence}"),
        ("Valid until", time_in_words(value.expiry)),
    ]
    if value.return_of != ZERO_UUID:
        lines.insert(7, ("Return of", str(uuid.UUID(bytes=value.return_of))))
    title = f"Pay {debit}" if same else f"Pay {debit}, of which {credit} arrive"
    return Description(title, tuple(lines))


def _acceptance(value: Acceptance) -> Description:
    return Description(
        "Accept to credit a payment",
        (
            ("Instruction (struct hash)", "0x" + value.instruction.hex()),
            ("Valid until", time_in_words(value.expiry)),
        ),
    )


def _quote(value: Quote, network: Network) -> Description:
    sell = amount_in_words(value.sell_amount, value.sell_token, network)
    buy = amount_in_words(value.buy_amount, value.buy_token, network)
    return Description(
        f"Promise to take {sell} and give {buy}, once",
        (
            ("Quote", str(uuid.UUID(bytes=value.id))),
            ("Provider", party_in_words(value.provider, network)),
            ("Taker", party_in_words(value.taker, network)),
            ("Taken from the taker", sell),
            ("Given to the taker", buy),
            ("Valid until", time_in_words(value.expiry)),
        ),
    )


def _position(value: Position, network: Network) -> Description:
    amount = amount_in_words(abs(value.net_amount), value.token, network)
    verb = "pay" if value.net_amount < 0 else "receive"
    return Description(
        f"Agree to {verb} {amount}, net, in one cycle of netting",
        (
            ("Cycle", "0x" + value.cycle.hex()),
            ("Obligations (root)", "0x" + value.root.hex()),
            ("Net paid" if value.net_amount < 0 else "Net received", amount),
            ("Valid until", time_in_words(value.expiry)),
        ),
    )


def _transfer(value: Transfer, network: Network) -> Description:
    creditor = party_in_words(value.creditor, network)
    return Description(
        f"Authorise a transfer to {creditor}",
        (
            ("Debtor", party_in_words(value.debtor, network)),
            ("Creditor", creditor),
            ("Minor units", str(value.amount)),
            ("Nonce", str(value.nonce)),
            ("Valid until", time_in_words(value.expiry)),
        ),
    )


def _cancellation(value: Cancellation, network: Network) -> Description:
    uetr = str(uuid.UUID(bytes=value.uetr))
    agent = party_in_words(value.debtor_agent, network)
    return Description(f"Cancel payment {uetr} for ever", (("UETR", uetr), ("Debtor agent", agent)))
