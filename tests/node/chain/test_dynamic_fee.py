"""Our reading of plain transactions against py-evm's: the same fields, and nothing taken that it would refuse."""

from random import Random
from typing import Any

from eth.abc import SignedTransactionAPI
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_account import Account
from eth_typing import Address
from hypothesis import given, settings
from hypothesis import strategies as st

from node.chain.dynamic_fee import DynamicFeeCall, decode_dynamic_fee_call, gas_of_call
from node.chain.transaction import intrinsic_gas

FIELDS = (
    *("type_id", "chain_id", "nonce", "max_priority_fee_per_gas", "max_fee_per_gas", "gas", "to", "value"),
    *("data", "access_list", "y_parity", "r", "s", "hash", "intrinsic_gas"),
)
NUMBERS = st.one_of(st.integers(0, 300), st.integers(0, 2**256 - 1), st.integers(0, 2**264))


def fields_of(transaction: SignedTransactionAPI) -> dict[str, Any]:
    return {name: getattr(transaction, name) for name in FIELDS}


@settings(deadline=None)
@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.binary(max_size=300), st.sampled_from([0, 1, 2]))
def test_what_is_taken_is_what_py_evm_reads(
    nonce: int, tip: int, gas: int, value: int, r: int, data: bytes, parity: int
) -> None:
    raw = PragueTransactionBuilder.new_dynamic_fee_transaction(
        1, nonce, tip, tip + 1, gas, Address(b"\x11" * 20), value, data, (), parity, r, 7
    ).encode()
    found = decode_dynamic_fee_call(raw)
    if found is not None:
        stock = PragueTransactionBuilder.decode(raw)
        stock.validate()
        assert fields_of(found) == fields_of(stock)
        assert (found.encode(), intrinsic_gas(found)) == (raw, intrinsic_gas(stock))
    else:
        assert max(nonce, tip + 1, gas, value, r) > 2**64 - 2 or parity > 1


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32))
def test_bytes_that_were_tampered_with(seed: int) -> None:
    """What is still taken is canonical, and py-evm reads the same in it."""
    dice = Random(seed)
    raw = bytearray(
        PragueTransactionBuilder.new_dynamic_fee_transaction(
            1, dice.choice([0, 5, 200, 70_000]), 0, 9, 21_000, Address(dice.choice([b"", b"\x11" * 20])),
            dice.choice([0, 9]), dice.randbytes(dice.choice([0, 1, 40, 80])), (), 1, 5, 7,
        ).encode()
    )  # fmt: skip
    for _ in range(dice.randrange(4)):
        at = dice.randrange(len(raw))
        kind = dice.randrange(3)
        if kind == 0:
            raw[at] = dice.choice([0, 1, 0x7F, 0x80, 0x81, 0xB8, 0xC0, 0xC1, 0xF7, 0xF8, 0xFF])
        elif kind == 1:
            raw[at:at] = bytes([dice.choice([0, 0x80, 0x81, 0xC0])])
        else:
            del raw[at]
    found, gas = decode_dynamic_fee_call(bytes(raw)), gas_of_call(bytes(raw))
    if found is not None:
        assert gas == found.gas
        assert fields_of(found) == fields_of(PragueTransactionBuilder.decode(bytes(raw)))
        assert PragueTransactionBuilder.decode(bytes(raw)).encode() == bytes(raw)


def test_the_rest_comes_from_py_evms_object() -> None:
    signer = Account.from_key(b"\x07" * 32)
    callee = "0x" + "11" * 20
    common = {"chainId": 1, "nonce": 0, "gas": 90_000, "to": callee, "value": 7, "data": b"\1", "type": 2}
    raw = bytes(signer.sign_transaction({**common, "maxFeePerGas": 3, "maxPriorityFeePerGas": 1}).raw_transaction)
    found: Any = decode_dynamic_fee_call(raw)
    assert isinstance(found, DynamicFeeCall)
    assert found.sender == bytes.fromhex(signer.address[2:])
    assert found.get_message_for_signing() == PragueTransactionBuilder.decode(raw).get_message_for_signing()
    assert found == decode_dynamic_fee_call(raw)
    assert len({found, decode_dynamic_fee_call(raw)}) == 1
