"""Reading signed bytes back: who signed them, and what was signed; so that only the bytes need be kept."""

from __future__ import annotations

import rlp  # type: ignore[import-untyped]

from wallet.address import to_checksum
from wallet.signature import Signature
from wallet.transaction import UnsignedTransaction, transaction_digest
from wallet.verification import recover

_TYPE_1559 = b"\x02"
_FIELDS_OF_1559 = 12
_UNSIGNED_FIELDS = 9


def sender_and_nonce(raw: bytes) -> tuple[str, int]:
    """Who signed a transaction of type 2 (EIP-1559), and its nonce. Raises ValueError for any other bytes."""
    unsigned = unsigned_of(raw)
    y_parity, r, s = (int.from_bytes(field, "big") for field in _fields_of(raw)[_UNSIGNED_FIELDS:])
    return recover(transaction_digest(unsigned), Signature(r, s, y_parity)), unsigned.nonce


def unsigned_of(raw: bytes) -> UnsignedTransaction:
    """What was signed, without the signature. Raises ValueError for what is no transaction of type 2."""
    fields = _fields_of(raw)
    chain_id, nonce, tip, most, gas = (int.from_bytes(field, "big") for field in fields[:5])
    to = to_checksum("0x" + fields[5].hex()) if fields[5] else None
    return UnsignedTransaction(
        chain_id=chain_id,
        nonce=nonce,
        to=to,
        value=int.from_bytes(fields[6], "big"),
        data=fields[7],
        gas=gas,
        max_fee_per_gas=most,
        max_priority_fee_per_gas=tip,
        deploys=to is None,
    )


def _fields_of(raw: bytes) -> list[bytes]:
    """All twelve fields, the signature's three last."""
    if raw[:1] != _TYPE_1559:
        raise ValueError("not a transaction of type 2 (EIP-1559)")
    try:
        fields = rlp.decode(raw[1:])
    except rlp.DecodingError as error:
        raise ValueError(f"not a transaction: {error}") from error
    if not isinstance(fields, list) or len(fields) != _FIELDS_OF_1559 or fields[8]:
        raise ValueError("not a transaction as this house signs it: twelve fields, no access list")
    return fields
