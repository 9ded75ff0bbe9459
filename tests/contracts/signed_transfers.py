"""Signed transfers of one currency, as the token takes them."""

from typing import Any

from tests.contracts.chain import Actor
from tests.contracts.network import Network
from tests.contracts.signing import domain, sign_typed

TRANSFER = [
    {"name": "debtor", "type": "address"},
    {"name": "creditor", "type": "address"},
    {"name": "amount", "type": "uint256"},
    {"name": "nonce", "type": "uint64"},
    {"name": "expiry", "type": "uint64"},
]


def parts(signature: bytes) -> tuple[int, int, int]:
    """(v, r, s) of a 65-byte signature."""
    return signature[64], int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")


def packed(signed: tuple[Any, ...]) -> tuple[int, int, int, int, int]:
    """A SignedTransfer in the five words of a batch."""
    (debtor, creditor, amount, nonce, expiry), r, vs = signed
    return nonce << 192 | int(debtor, 16), expiry << 192 | int(creditor, 16), amount, r, vs


def sign_transfer(
    network: Network,
    debtor: Actor,
    creditor: Actor,
    amount: int,
    *,
    nonce: int,
    expiry: int = 2_000_000_000,
    signer: Actor | None = None,
) -> tuple[Any, ...]:
    """A SignedTransfer of the yuan, signed by the debtor or by whoever is named."""
    terms = {
        "debtor": debtor.address,
        "creditor": creditor.address,
        "amount": amount,
        "nonce": nonce,
        "expiry": expiry,
    }
    at = domain(network.cny, "Digital yuan")
    signature = sign_typed(signer or debtor, at, "Transfer", TRANSFER, terms)
    v, r, s = parts(signature)
    return (tuple(terms.values()), r, s | (v - 27) << 255)
