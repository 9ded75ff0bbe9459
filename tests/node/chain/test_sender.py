"""Our recovery of a transaction's sender against py-evm's, for every type and for signatures that fit no key."""

from typing import Any

import pytest
from eth.abc import SignedTransactionAPI
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_account import Account
from eth_keys.exceptions import BadSignature
from eth_typing import Address
from eth_utils.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from node.chain.sender import recovered_sender

KEYS = st.integers(1, 2**250).map(lambda number: number.to_bytes(32, "big"))
CALLEE = "0x" + "11" * 20
AUTHORIZED = Account.from_key(b"\x05" * 32).sign_authorization({"chainId": 1, "address": CALLEE, "nonce": 0})
BODIES: dict[int, dict[str, Any]] = {
    0: {"gasPrice": 3},
    1: {"gasPrice": 3, "accessList": [{"address": CALLEE, "storageKeys": [1, 2]}], "type": 1},
    2: {"maxFeePerGas": 3, "maxPriorityFeePerGas": 1, "type": 2},
    4: {"maxFeePerGas": 3, "maxPriorityFeePerGas": 1, "type": 4, "authorizationList": [AUTHORIZED]},
}


def decoded(raw: bytes) -> SignedTransactionAPI:
    return PragueTransactionBuilder.decode(raw)


@settings(deadline=None)
@given(KEYS, st.sampled_from(sorted(BODIES)), st.integers(0, 2**64 - 2), st.binary(max_size=300))
def test_the_sender_is_py_evms(key: bytes, kind: int, nonce: int, data: bytes) -> None:
    fields = {"chainId": 1, "nonce": nonce, "gas": 90_000, "to": CALLEE, "value": 7, "data": data, **BODIES[kind]}
    signer = Account.from_key(key)
    raw = bytes(signer.sign_transaction(fields).raw_transaction)
    sender = recovered_sender(decoded(raw), raw)
    assert sender == decoded(raw).sender
    assert sender == bytes.fromhex(signer.address[2:])


@settings(deadline=None)
@given(st.integers(1, 2**255), st.integers(1, 2**254), st.integers(0, 1))
def test_any_signature_recovers_to_the_same_or_to_nobody(r: int, s: int, parity: int) -> None:
    transaction = PragueTransactionBuilder.new_dynamic_fee_transaction(
        1, 0, 1, 2, 21_000, Address(b"\x11" * 20), 0, b"", (), parity, r, s
    )
    raw = transaction.encode()
    try:
        expected = decoded(raw).sender
    except (BadSignature, ValidationError):
        with pytest.raises(ValueError, match="no key fits"):
            recovered_sender(decoded(raw), raw)
    else:
        assert recovered_sender(decoded(raw), raw) == expected
