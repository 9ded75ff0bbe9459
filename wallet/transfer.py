"""A transfer of currency tokens between wallets, as the transaction that the token contract understands."""

from __future__ import annotations

from typing import Final

from wallet.address import address_bytes
from wallet.keccak import keccak
from wallet.network import Network, Token
from wallet.transaction import UnsignedTransaction

TRANSFER_GAS: Final = 150_000  # several times what a transfer takes; what is not used is not paid
_SELECTOR = keccak(b"transfer(address,uint256)")[:4]


def transfer_call_data(creditor: str, amount: int) -> bytes:
    """Return the call data of ERC-20 `transfer`; `amount` in the token's minor units. Raises ValueError."""
    if not 0 < amount < 1 << 256:
        raise ValueError(f"amount: {amount} is not within 1 .. 2**256 - 1")
    return _SELECTOR + bytes(12) + address_bytes(creditor) + amount.to_bytes(32, "big")


def transfer(
    network: Network,
    token: Token,
    creditor: str,
    amount: int,
    *,
    nonce: int,
    gas: int = TRANSFER_GAS,
    max_fee_per_gas: int = 0,
    max_priority_fee_per_gas: int = 0,
) -> UnsignedTransaction:
    """Return the transaction that pays `amount` minor units to `creditor`; fees in wei, none by default.

    Who pays is who signs it. Raises ValueError, BadAddress.
    """
    return UnsignedTransaction(
        chain_id=network.chain_id,
        nonce=nonce,
        to=token.address,
        value=0,
        data=transfer_call_data(creditor, amount),
        gas=gas,
        max_fee_per_gas=max_fee_per_gas,
        max_priority_fee_per_gas=max_priority_fee_per_gas,
    )
