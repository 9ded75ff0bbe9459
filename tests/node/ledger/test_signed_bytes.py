"""What was signed is read back from the bytes, whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from node.ledger.signed_bytes import sender_and_nonce, unsigned_of
from tests.node.ledger.actors import actor
from wallet.transaction import UnsignedTransaction, sign_transaction

UINT64 = st.integers(min_value=0, max_value=2**64 - 2)
UINT256 = st.integers(min_value=0, max_value=2**256 - 1)
PLAIN = UnsignedTransaction(20022, 0, actor("creditor").address, 0, b"", 21_000, 0, 0)


@given(UINT64, UINT256, st.binary(max_size=200), UINT256, UINT256)
def test_whatever_was_signed_comes_back(nonce: int, value: int, data: bytes, one: int, other: int) -> None:
    unsigned = replace(
        PLAIN,
        nonce=nonce,
        value=value,
        data=data,
        max_fee_per_gas=max(one, other),
        max_priority_fee_per_gas=min(one, other),
    )
    raw = sign_transaction(unsigned, actor("operator")).raw
    assert unsigned_of(raw) == unsigned
    assert sender_and_nonce(raw) == (actor("operator").address, nonce)


def test_a_deployment_comes_back() -> None:
    unsigned = replace(PLAIN, to=None, deploys=True, data=b"\x00")
    assert unsigned_of(sign_transaction(unsigned, actor("operator")).raw) == unsigned


def test_other_bytes_are_refused() -> None:
    raw = sign_transaction(PLAIN, actor("operator")).raw
    legacy = Account.sign_transaction(
        {"nonce": 0, "gas": 21_000, "gasPrice": 1, "to": PLAIN.to, "value": 0, "chainId": 1}, "0x" + "11" * 32
    ).raw_transaction
    for wrong in (b"", b"\x02", b"\x02\xc0", raw[:-1], raw + b"\x00", b"\x01" + raw[1:], bytes(legacy)):
        with pytest.raises(ValueError, match="not a transaction"):
            unsigned_of(wrong)
