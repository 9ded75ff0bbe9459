"""Transactions as eth-tester hands them over (fields, sometimes with a signature), turned into py-evm's."""

from typing import Any

from eth.abc import SignedTransactionAPI
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_keys.datatypes import PrivateKey

Fields = dict[str, Any]

LEGACY = ("nonce", "gas_price", "gas", "to", "value", "data")
ACCESS_LIST = ("chain_id", *LEGACY, "access_list")
DYNAMIC_FEE = (
    "chain_id",
    "nonce",
    "max_priority_fee_per_gas",
    "max_fee_per_gas",
    "gas",
    "to",
    "value",
    "data",
    "access_list",
)
SET_CODE = (*DYNAMIC_FEE, "authorization_list")


def decode_any(raw: bytes) -> SignedTransactionAPI:
    """A raw transaction, with py-evm's own exceptions when it is none, which eth-tester's users expect."""
    return PragueTransactionBuilder.decode(raw)


def sign(fields: Fields, key: PrivateKey) -> SignedTransactionAPI:
    """Sign complete fields; the kind follows from which fields there are.

    Legacy ones are signed for no chain in particular: eth-tester accepts no other `v` when it sends them again.
    """
    builder = PragueTransactionBuilder
    if "max_fee_per_gas" not in fields and "access_list" not in fields:
        return builder.create_unsigned_transaction(**_only(fields, LEGACY)).as_signed_transaction(key)
    if "authorization_list" in fields:
        return builder.new_unsigned_set_code_transaction(**_only(fields, SET_CODE)).as_signed_transaction(key)
    if "max_fee_per_gas" in fields:
        return builder.new_unsigned_dynamic_fee_transaction(**_only(fields, DYNAMIC_FEE)).as_signed_transaction(
            key
        )
    return builder.new_unsigned_access_list_transaction(**_only(fields, ACCESS_LIST)).as_signed_transaction(key)


def signed_from_fields(fields: Fields) -> SignedTransactionAPI:
    """Complete fields that carry v, r and s."""
    builder, v = PragueTransactionBuilder, fields["v"]
    if "max_fee_per_gas" not in fields and "access_list" not in fields:
        return builder.new_transaction(**_only(fields, LEGACY), v=v, r=fields["r"], s=fields["s"])
    signature = {"y_parity": v, "r": fields["r"], "s": fields["s"]}
    if "authorization_list" in fields:
        return builder.new_set_code_transaction(**_only(fields, SET_CODE), **signature)
    if "max_fee_per_gas" in fields:
        return builder.new_dynamic_fee_transaction(**_only(fields, DYNAMIC_FEE), **signature)
    return builder.new_access_list_transaction(**_only(fields, ACCESS_LIST), **signature)


def _only(fields: Fields, names: tuple[str, ...]) -> Fields:
    return {name: fields[name] for name in names}
