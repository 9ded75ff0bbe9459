"""Who signed a transaction: the recovery that py-evm does through four layers, straight to libsecp256k1.

The unsigned form of a typed transaction is its signed form without the last three items: nothing is encoded anew.
"""

from typing import Any

from coincurve import PublicKey
from eth.abc import SignedTransactionAPI
from eth_typing import Address

from node.chain.account import encode_integer
from node.chain.dynamic_fee import DynamicFeeCall
from node.chain.keccak import keccak
from node.chain.trie_node import rlp_list

FIRST_LEGACY_BYTE = 0xC0  # EIP-2718: what begins lower is a type
LONG_LIST = 0xF7


def recovered_sender(transaction: SignedTransactionAPI, raw: bytes) -> Address:
    """The account whose key signed the transaction with these bytes, which must be its canonical form.

    Raises ValueError, or what py-evm raises for a legacy transaction, when no key fits the signature.
    """
    if raw[0] >= FIRST_LEGACY_BYTE:
        return transaction.sender
    digest = keccak(raw[:1] + rlp_list(_unsigned(transaction, raw)))
    compact = (
        transaction.r.to_bytes(32, "big") + transaction.s.to_bytes(32, "big") + bytes((transaction.y_parity,))
    )
    try:
        key = PublicKey.from_signature_and_message(compact, digest, hasher=None)
    except Exception as error:
        raise ValueError("no key fits the signature") from error
    return Address(keccak(key.format(compressed=False)[1:])[12:])


def _unsigned(transaction: SignedTransactionAPI, raw: bytes) -> bytes:
    """The items that are signed, in a row."""
    known: Any = transaction
    if isinstance(known, DynamicFeeCall):
        return known.unsigned
    signature = (
        encode_integer(transaction.y_parity) + encode_integer(transaction.r) + encode_integer(transaction.s)
    )
    start = 2 if raw[1] <= LONG_LIST else 2 + raw[1] - LONG_LIST
    return raw[start : len(raw) - len(signature)]
