"""Payments inside one currency, as the token makes them."""

from __future__ import annotations

from typing import Final

from node.ledger.bench.floor import Least
from node.ledger.bench.network import (
    CNY,
    CREDITOR,
    EXPIRY_S,
    HOLDER,
    RELAY,
    BenchNetwork,
    Call,
    actor,
    digest,
    uetr,
)
from node.ledger.bench.operation import Operation
from wallet.typed_data import Transfer

AMOUNT: Final = 1_234_56
MANY: Final = 100
SIGNERS = tuple(f"signer {number}" for number in range(MANY))
CREDITORS = tuple(f"creditor {number}" for number in range(MANY))


def _transfer(network: BenchNetwork) -> Call:
    return network.token_call(HOLDER, "transfer", actor(CREDITOR).address, AMOUNT)


def _referenced(network: BenchNetwork) -> Call:
    return network.token_call(HOLDER, "pay", actor(CREDITOR).address, AMOUNT, uetr(1), digest("message"))


def _referenced_once(network: BenchNetwork) -> Call:
    return network.token_call(HOLDER, "pay_once", actor(CREDITOR).address, AMOUNT, uetr(2), digest("message"))


def _signed(network: BenchNetwork) -> Call:
    network.send(_transfer_signed(network, 0))
    return _transfer_signed(network, 1)


def _transfer_signed(network: BenchNetwork, nonce: int) -> Call:
    terms = Transfer(actor(HOLDER).address, actor(CREDITOR).address, AMOUNT, nonce, EXPIRY_S)
    r, vs = compact(network.sign_for_token(HOLDER, terms))
    return network.token_call(RELAY, "transfer_signed", (_fields(terms), r, vs))


def _batch_of_one_payer(network: BenchNetwork) -> Call:
    network.warm(CNY, CREDITORS)
    payments = [(actor(role).address, AMOUNT, uetr(number)) for number, role in enumerate(CREDITORS)]
    return network.token_call(HOLDER, "pay_batch", payments, digest("message"))


def _batch_of_many_signers(network: BenchNetwork) -> Call:
    network.warm(CNY, SIGNERS)
    network.send(_batch_signed(network, 0))
    return _batch_signed(network, 1)


def _batch_signed(network: BenchNetwork, nonce: int) -> Call:
    packed = []
    for debtor, creditor in zip(SIGNERS, CREDITORS, strict=True):
        terms = Transfer(actor(debtor).address, actor(creditor).address, AMOUNT, nonce, EXPIRY_S)
        r, vs = compact(network.sign_for_token(debtor, terms))
        first = nonce << 192 | int(terms.debtor, 16)
        second = EXPIRY_S << 192 | int(terms.creditor, 16)
        packed.append((first, second, AMOUNT, r, vs))
    return network.token_call(RELAY, "transfer_batch_signed", packed)


def _fields(terms: Transfer) -> tuple[str, str, int, int, int]:
    return terms.debtor, terms.creditor, terms.amount, terms.nonce, terms.expiry


def compact(signature: bytes) -> tuple[int, int]:
    """r, and s with the parity above it (EIP-2098)."""
    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:64]))
    return r, s | (signature[64] - 27) << 255


OPERATIONS = (
    Operation("transfer, with pause, freeze and tier", 1, 36_500, Least(read=1, updated=2), _transfer),
    Operation("referenced payment", 1, 39_000, Least(read=1, updated=2), _referenced),
    Operation(
        "referenced payment with a strict UETR", 1, 61_500, Least(read=1, updated=2, fresh=1), _referenced_once
    ),
    Operation("signed (authorisation)", 1, 48_000, Least(read=1, updated=3, recovered=1), _signed),
    Operation("batch of 100, one payer", MANY, 8_800, Least(read=1, updated=MANY + 1), _batch_of_one_payer),
    Operation(
        "batch of 100, 100 signers",
        MANY,
        24_000,
        Least(read=1, updated=3 * MANY, recovered=MANY),
        _batch_of_many_signers,
    ),
)
