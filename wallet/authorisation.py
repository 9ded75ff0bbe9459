"""A transfer that its holder signs and somebody else carries to the chain and pays for.

The carrier can withhold it and cannot change it: debtor, creditor, amount, number and time limit are all signed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wallet.address import address_bytes
from wallet.keccak import keccak
from wallet.network import Network, Token
from wallet.signature import Signature, SignatureRefused
from wallet.signer import Signer
from wallet.typed_data import (
    BadTypedData,
    Transfer,
    domain_separator,
    from_json,
    signing_digest,
    struct_hash,
    to_json,
)
from wallet.verification import recover

_FIELDS: Final = {"currency", "chain_id", "token", "transfer", "signature"}
_SIGNATURE = re.compile(r"0x[0-9a-f]{130}")
_DOMAIN_VERSION: Final = "1"


@dataclass(frozen=True)
class Authorisation:
    """Terms with their debtor's signature, for one token on one chain."""

    currency: str
    chain_id: int
    token: str
    terms: Transfer
    signature: Signature

    def id(self) -> bytes:
        """Return what names these terms for this token on this chain, whoever's signature is under them."""
        return keccak(self.chain_id.to_bytes(32, "big") + address_bytes(self.token) + struct_hash(self.terms))

    def as_json(self) -> dict[str, object]:
        """Return what the carrier needs; `read_authorisation` gives back an equal value."""
        return {
            "currency": self.currency,
            "chain_id": self.chain_id,
            "token": self.token,
            "transfer": to_json(self.terms),
            "signature": "0x" + self.signature.to_bytes().hex(),
        }

    def parts(self) -> tuple[tuple[str, str, int, int, int], int, int]:
        """Return the argument of the token's `transfer_signed`: the terms, r, and s with the parity above it."""
        terms = self.terms
        fields = (terms.debtor, terms.creditor, terms.amount, terms.nonce, terms.expiry)
        return fields, self.signature.r, self.signature.y_parity << 255 | self.signature.s


def authorise(network: Network, token: Token, token_name: str, terms: Transfer, signer: Signer) -> Authorisation:
    """Sign the terms for a token whose contract is called `token_name`.

    Raises BadTypedData if the signer is not the debtor, SignatureRefused when the signer refuses.
    """
    if signer.address != terms.debtor:
        raise BadTypedData("Transfer.debtor: not the one who signs")
    signature = signer.sign_digest(_digest(network, token, token_name, terms))
    return Authorisation(token.currency, network.chain_id, token.address, terms, signature)


def read_authorisation(document: Mapping[str, object], network: Network, token_name: str) -> Authorisation:
    """Read and verify an authorisation for this network. Raises BadTypedData, BadNetwork, SignatureRefused."""
    if set(document) != _FIELDS:
        raise BadTypedData(f"authorisation: not exactly the fields {', '.join(sorted(_FIELDS))}")
    token = network.token(str(document["currency"]))
    if (document["chain_id"], document["token"]) != (network.chain_id, token.address):
        raise BadTypedData("authorisation: for another chain or another token")
    text, fields = document["signature"], document["transfer"]
    if not isinstance(text, str) or not _SIGNATURE.fullmatch(text):
        raise BadTypedData("authorisation.signature: not 0x and 130 lower-case hexadecimal digits")
    if not isinstance(fields, Mapping):
        raise BadTypedData("authorisation.transfer: not an object")
    terms, signature = from_json(Transfer, fields), Signature.from_bytes(bytes.fromhex(text[2:]))
    if recover(_digest(network, token, token_name, terms), signature) != terms.debtor:
        raise SignatureRefused("the authorisation is not signed by its debtor")
    return Authorisation(token.currency, network.chain_id, token.address, terms, signature)


def _digest(network: Network, token: Token, token_name: str, terms: Transfer) -> bytes:
    domain = domain_separator(network.chain_id, token.address, token_name, _DOMAIN_VERSION)
    return signing_digest(domain, terms)
