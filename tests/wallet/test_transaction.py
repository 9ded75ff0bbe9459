"""Transactions: eth-account's bytes for every good one, a refusal where eth-account would sign a bad one."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wallet.strategies import addresses, secrets
from wallet.address import checksum_address
from wallet.signer import LocalSigner
from wallet.transaction import BadTransaction, UnsignedTransaction, sign_transaction
from wallet.transfer import transfer_call_data

CREDITOR = checksum_address(b"\xb0" * 20)
GOOD: dict[str, Any] = {
    "chain_id": 20022,
    "nonce": 0,
    "to": CREDITOR,
    "value": 0,
    "data": b"",
    "gas": 21_000,
    "max_fee_per_gas": 2,
    "max_priority_fee_per_gas": 1,
}


@st.composite
def unsigned_transactions(draw: st.DrawFn) -> UnsignedTransaction:
    deploys = draw(st.booleans())
    cap = draw(st.integers(0, 2**256 - 1))
    return UnsignedTransaction(
        chain_id=draw(st.integers(1, 2**256 - 1)),
        nonce=draw(st.integers(0, 2**64 - 2)),
        to=None if deploys else draw(addresses),
        value=draw(st.integers(0, 2**256 - 1)),
        data=draw(st.binary(max_size=300)),
        gas=draw(st.integers(1, 2**64 - 1)),
        max_fee_per_gas=cap,
        max_priority_fee_per_gas=draw(st.integers(0, cap)),
        deploys=deploys,
    )


@given(unsigned_transactions(), secrets)
@settings(deadline=None)
def test_the_bytes_equal_eth_accounts(unsigned: UnsignedTransaction, secret: bytes) -> None:
    signed = sign_transaction(unsigned, LocalSigner(secret))
    theirs = Account.sign_transaction(
        {
            "type": 2,
            "chainId": unsigned.chain_id,
            "nonce": unsigned.nonce,
            "to": unsigned.to or b"",
            "value": unsigned.value,
            "data": unsigned.data,
            "gas": unsigned.gas,
            "maxFeePerGas": unsigned.max_fee_per_gas,
            "maxPriorityFeePerGas": unsigned.max_priority_fee_per_gas,
        },
        secret,
    )
    assert signed.raw == bytes(theirs.raw_transaction)
    assert signed.hash == bytes(theirs.hash)
    assert signed.sender == Account.recover_transaction(signed.raw)


@pytest.mark.parametrize(
    "fault",
    [
        {"chain_id": 0},
        {"chain_id": None},
        {"nonce": -1},
        {"nonce": 2**64 - 1},
        {"value": 2**256},
        {"value": -1},
        {"value": 1.0},
        {"value": True},
        {"gas": 0},
        {"gas": 2**64},
        {"max_fee_per_gas": 2**256},
        {"max_priority_fee_per_gas": 3},
        {"data": "0x"},
        {"to": None},
        {"to": ""},
        {"to": b""},
        {"to": CREDITOR.lower()},
    ],
)
def test_a_bad_transaction_is_never_built(fault: dict[str, Any]) -> None:
    (name,) = fault
    with pytest.raises(BadTransaction, match=rf"^{name}: "):
        UnsignedTransaction(**(GOOD | fault))


def test_a_deployment_is_said_and_has_no_recipient() -> None:
    assert UnsignedTransaction(**(GOOD | {"to": None, "deploys": True})).to is None
    with pytest.raises(BadTransaction, match="deploys a contract"):
        UnsignedTransaction(**(GOOD | {"deploys": True}))


def test_transfer_call_data_is_the_erc_20_call() -> None:
    data = transfer_call_data(CREDITOR, 1234)
    assert data.hex() == "a9059cbb" + "00" * 12 + "b0" * 20 + f"{1234:064x}"
    for amount in (0, -1, 2**256):
        with pytest.raises(ValueError, match="amount"):
            transfer_call_data(CREDITOR, amount)
