"""An EIP-1559 transaction, built by us and signed by any signer: the same bytes whatever holds the key.

What eth-account signs without asking is refused here: no chain, no recipient, a fee above its own cap.
"""

from __future__ import annotations

from dataclasses import dataclass

import rlp  # type: ignore[import-untyped]

from wallet.address import BadAddress, address_bytes
from wallet.digest import Digest
from wallet.keccak import keccak
from wallet.signer import Signer

_TYPE_1559 = b"\x02"
_UINT64 = 2**64 - 1
_UINT256 = 2**256 - 1


class BadTransaction(ValueError):
    """A transaction that must not be signed; the message names the field and the rule."""


@dataclass(frozen=True)
class UnsignedTransaction:
    """A type-2 transaction: `value` and fees in wei, `gas` in units, `to` a checksummed address.

    `to` is None only together with `deploys=True`: an empty recipient creates a contract, and money sent there by
    mistake is gone. Raises BadTransaction.
    """

    chain_id: int
    nonce: int
    to: str | None
    value: int
    data: bytes
    gas: int
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    deploys: bool = False

    def __post_init__(self) -> None:
        check_range("chain_id", self.chain_id, 1, _UINT256)
        check_range("nonce", self.nonce, 0, _UINT64 - 1)  # EIP-2681
        check_range("value", self.value, 0, _UINT256)
        check_range("gas", self.gas, 1, _UINT64)
        check_range("max_fee_per_gas", self.max_fee_per_gas, 0, _UINT256)
        check_range("max_priority_fee_per_gas", self.max_priority_fee_per_gas, 0, _UINT256)
        if self.max_priority_fee_per_gas > self.max_fee_per_gas:
            raise BadTransaction("max_priority_fee_per_gas: above max_fee_per_gas (EIP-1559)")
        if not isinstance(self.data, bytes):
            raise BadTransaction(f"data: not bytes but {type(self.data).__name__}")
        _check_recipient(self.to, self.deploys)


@dataclass(frozen=True)
class SignedTransaction:
    """The bytes to broadcast, their 32-byte hash, and the checksummed address that signed them.

    Keep `raw` before broadcasting and send the same bytes again on every retry: signing anew with hardware gives
    another hash for the same payment.
    """

    raw: bytes
    hash: bytes
    sender: str


def check_range(name: str, number: int, least: int, most: int) -> None:
    """Refuse a number outside least .. most, and what is no integer. Raises BadTransaction naming the field."""
    if type(number) is not int:
        raise BadTransaction(f"{name}: not an integer but {type(number).__name__}")
    if not least <= number <= most:
        raise BadTransaction(f"{name}: {number} is not within {least} .. {most}")


def _check_recipient(to: str | None, deploys: bool) -> None:
    if to is None:
        if not deploys:
            raise BadTransaction("to: empty, and the transaction does not say that it deploys a contract")
        return
    if deploys:
        raise BadTransaction("to: a recipient, and the transaction says that it deploys a contract")
    try:
        address_bytes(to)
    except (BadAddress, TypeError) as error:
        raise BadTransaction(f"to: {error}") from error


def _fields(unsigned: UnsignedTransaction) -> list[object]:
    return [
        unsigned.chain_id,
        unsigned.nonce,
        unsigned.max_priority_fee_per_gas,
        unsigned.max_fee_per_gas,
        unsigned.gas,
        b"" if unsigned.to is None else address_bytes(unsigned.to),
        unsigned.value,
        unsigned.data,
        [],  # no access list
    ]


def transaction_digest(unsigned: UnsignedTransaction) -> Digest:
    """Return the 32 bytes that are signed for a transaction (EIP-1559)."""
    return Digest(keccak(_TYPE_1559 + rlp.encode(_fields(unsigned))), unsigned)


def sign_transaction(unsigned: UnsignedTransaction, signer: Signer) -> SignedTransaction:
    """Sign a transaction (EIP-1559, EIP-2718 envelope). Raises SignatureRefused when the signer does."""
    signature = signer.sign_digest(transaction_digest(unsigned))
    raw: bytes = _TYPE_1559 + rlp.encode([*_fields(unsigned), signature.y_parity, signature.r, signature.s])
    return SignedTransaction(raw, keccak(raw), signer.address)
