"""A person's say in what waits for several people: signed with that person's own key, so the log can prove it.

The request's id is the hash of its entry in the audit log, which holds the intent whole; so consent to an id is
consent to exactly that act, asked by exactly that person, under exactly that policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wallet.network import Network
from wallet.signer import Signer
from wallet.typed_data import BadTypedData, TypedStruct, domain_separator, signing_digest

REQUESTS_NAME: Final = "Corridor Requests"


@dataclass(frozen=True)
class Approval(TypedStruct):
    """Agreement to a waiting request."""

    TYPE = "Approval(bytes32 request)"

    request: bytes


@dataclass(frozen=True)
class Refusal(TypedStruct):
    """A waiting request turned down."""

    TYPE = "Refusal(bytes32 request)"

    request: bytes


def consent_digest(consent: Approval | Refusal, account: str, network: Network) -> bytes:
    """Return what a person signs about a request to `account`'s key: its domain is that account on this chain."""
    return signing_digest(domain_separator(network.chain_id, account, REQUESTS_NAME), consent)


def sign_consent(consent: Approval | Refusal, account: str, network: Network, person: Signer) -> str:
    """Return a person's signature as 0x and hexadecimal digits. Raises SignatureRefused, SignerUnreachable."""
    return "0x" + person.sign_digest(consent_digest(consent, account, network)).to_bytes().hex()


def request_bytes(request_id: str) -> bytes:
    """Return a request's id as bytes. Raises BadTypedData for what is none."""
    try:
        found = bytes.fromhex(request_id.removeprefix("0x"))
    except ValueError as error:
        raise BadTypedData("request: not an id, which is 64 hexadecimal digits") from error
    if len(found) != 32:
        raise BadTypedData("request: not an id, which is 64 hexadecimal digits")
    return found
