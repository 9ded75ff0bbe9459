"""Signed transactions for tests: free of charge unless told otherwise."""

from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

NOBODY = "0x" + "de" * 20


def dynamic_fee(signer: LocalAccount, nonce: int, **fields: Any) -> bytes:
    """An EIP-1559 transaction, raw."""
    base = {
        "type": 2,
        "chainId": 20022,
        "nonce": nonce,
        "gas": 200_000,
        "maxFeePerGas": 0,
        "maxPriorityFeePerGas": 0,
        "value": 0,
    }
    return bytes(signer.sign_transaction(_complete(base, fields)).raw_transaction)


def legacy(signer: LocalAccount, nonce: int, **fields: Any) -> bytes:
    """A legacy transaction with replay protection, raw."""
    base = {"chainId": 20022, "nonce": nonce, "gas": 200_000, "gasPrice": 0, "value": 0}
    return bytes(signer.sign_transaction(_complete(base, fields)).raw_transaction)


def _complete(base: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Without `to` and `data` it pays nobody; with `data` alone it creates a contract."""
    whole = {**base, **fields}
    if "to" not in whole and "data" not in whole:
        whole["to"] = NOBODY
    if "to" in whole:
        whole["to"] = to_checksum_address(whole["to"])
    return whole
