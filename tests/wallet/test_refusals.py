"""What eth-account signs or accepts without a word, and this wallet refuses: one test for each, showing both."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wallet.strategies import addresses, secrets
from tests.wallet.test_typed_data import CONTRACT, INSTRUCTION
from wallet.address import checksum_address
from wallet.delegation import Delegation, sign_delegation
from wallet.signature import CURVE_ORDER
from wallet.signer import LocalSigner, Signature, SignatureRefused
from wallet.transaction import BadTransaction, UnsignedTransaction
from wallet.typed_data import BadTypedData
from wallet.typed_document import TypedDocument, read_document, write_document

SECRET = b"\x11" * 32
CREDITOR = checksum_address(b"\xb0" * 20)
OURS: dict[str, Any] = {
    "chain_id": 20022,
    "nonce": 0,
    "to": CREDITOR,
    "value": 0,
    "data": b"",
    "gas": 21_000,
    "max_fee_per_gas": 2,
    "max_priority_fee_per_gas": 1,
}
THEIRS: dict[str, Any] = {
    "type": 2,
    "chainId": 20022,
    "nonce": 0,
    "to": CREDITOR,
    "value": 0,
    "gas": 21_000,
    "maxFeePerGas": 2,
    "maxPriorityFeePerGas": 1,
}


def eth_account_signs(**changes: Any) -> bool:
    """Whether eth-account signs a transaction with these changes."""
    try:
        Account.sign_transaction(THEIRS | changes, SECRET)
    except (ValueError, TypeError):
        return False
    return True


def test_no_chain_id() -> None:
    legacy = {"nonce": 0, "to": CREDITOR, "value": 0, "gas": 21_000, "gasPrice": 1}
    assert Account.sign_transaction(legacy, SECRET).v in (27, 28)  # valid on every chain
    for nothing in (None, 0, -1):
        with pytest.raises(BadTransaction, match=r"^chain_id: "):
            UnsignedTransaction(**OURS | {"chain_id": nothing})


def test_value_beyond_256_bits() -> None:
    assert eth_account_signs(value=2**256)
    with pytest.raises(BadTransaction, match=r"^value: "):
        UnsignedTransaction(**OURS | {"value": 2**256})


def test_nonce_beyond_64_bits() -> None:
    assert eth_account_signs(nonce=2**64)
    with pytest.raises(BadTransaction, match=r"^nonce: "):
        UnsignedTransaction(**OURS | {"nonce": 2**64})


def test_priority_fee_above_the_cap() -> None:
    assert eth_account_signs(maxPriorityFeePerGas=3)
    with pytest.raises(BadTransaction, match=r"^max_priority_fee_per_gas: "):
        UnsignedTransaction(**OURS | {"max_priority_fee_per_gas": 3})


def test_empty_recipient() -> None:
    assert eth_account_signs(to=b"")
    for nobody in (None, "", b"", "0x"):
        with pytest.raises(BadTransaction, match=r"^to: "):
            UnsignedTransaction(**OURS | {"to": nobody})


def test_delegation_for_every_chain() -> None:
    theirs = Account.sign_authorization({"chainId": 0, "address": CREDITOR, "nonce": 0}, SECRET)
    assert theirs.chain_id == 0
    with pytest.raises(BadTransaction, match=r"^chain_id: "):
        Delegation(0, CREDITOR, 0)


@given(st.integers(1, 2**256 - 1), addresses, st.integers(0, 2**64 - 2), secrets)
@settings(deadline=None)
def test_a_delegation_for_one_chain_equals_eth_accounts(
    chain_id: int, contract: str, nonce: int, secret: bytes
) -> None:
    ours = sign_delegation(Delegation(chain_id, contract, nonce), LocalSigner(secret))
    theirs = Account.sign_authorization({"chainId": chain_id, "address": contract, "nonce": nonce}, secret)
    assert (ours.y_parity, ours.r, ours.s) == (theirs.y_parity, theirs.r, theirs.s)


def test_high_s() -> None:
    digest = b"\x5a" * 32
    raw = LocalSigner(SECRET).sign_digest(digest).to_bytes()
    high = raw[:32] + (CURVE_ORDER - int.from_bytes(raw[32:64], "big")).to_bytes(32, "big")
    twin = high + bytes((55 - raw[64],))
    assert Account._recover_hash(digest, signature=twin) == LocalSigner(SECRET).address
    with pytest.raises(SignatureRefused, match="EIP-2"):
        Signature.from_bytes(twin)


def test_extra_fields_in_typed_data() -> None:
    good = TypedDocument(20022, CONTRACT, INSTRUCTION)
    members = [{"name": name, "type": kind} for name, kind in INSTRUCTION.FIELDS]
    domain = {"name": "Corridor Settlement", "version": "1", "chainId": 20022, "verifyingContract": CONTRACT}
    fields = {name: getattr(INSTRUCTION, name) for name, _ in INSTRUCTION.FIELDS}
    theirs = encode_typed_data(domain, {"Instruction": members}, fields | {"memo": "please"})
    assert keccak(b"\x19" + theirs.version + theirs.header + theirs.body) == good.digest()
    document: Any = write_document(good)
    document["message"]["memo"] = "please"
    with pytest.raises(BadTypedData, match=r"^Instruction\.memo: unknown field$"):
        read_document(json.dumps(document).encode())
