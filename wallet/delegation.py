"""A delegation (EIP-7702): an account lends its name to a contract's code, on one chain and for one nonce.

For wallet holders only: an engine admits a single pending transaction of a delegated account, so an operator's
lane must never be one. Chain 0 would mean every chain, now and later, and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import rlp  # type: ignore[import-untyped]

from wallet.address import address_bytes
from wallet.keccak import keccak
from wallet.signer import Signature, Signer
from wallet.transaction import check_range

_MAGIC = b"\x05"


@dataclass(frozen=True)
class Delegation:
    """`contract` is whose code the account will run; `nonce` is the account's own. Raises BadTransaction."""

    chain_id: int
    contract: str
    nonce: int

    def __post_init__(self) -> None:
        check_range("chain_id", self.chain_id, 1, 2**256 - 1)
        check_range("nonce", self.nonce, 0, 2**64 - 2)
        address_bytes(self.contract)

    def digest(self) -> bytes:
        """Return the 32 bytes to sign."""
        fields = [self.chain_id, address_bytes(self.contract), self.nonce]
        return keccak(_MAGIC + rlp.encode(fields))


def sign_delegation(delegation: Delegation, signer: Signer) -> Signature:
    """Sign a delegation. Raises SignatureRefused when the signer does."""
    return signer.sign_digest(delegation.digest())
