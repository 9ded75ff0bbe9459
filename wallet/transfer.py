"""A transfer of currency tokens from one wallet to another: the call the token contract understands."""

from __future__ import annotations

from wallet.address import address_bytes
from wallet.keccak import keccak

_SELECTOR = keccak(b"transfer(address,uint256)")[:4]


def transfer_call_data(creditor: str, amount: int) -> bytes:
    """Return the call data of ERC-20 `transfer`; `amount` in the token's minor units. Raises ValueError."""
    if not 0 < amount < 1 << 256:
        raise ValueError(f"amount: {amount} is not within 1 .. 2**256 - 1")
    return _SELECTOR + bytes(12) + address_bytes(creditor) + amount.to_bytes(32, "big")
