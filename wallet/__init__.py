"""Keys and what is signed: keystores, signers, typed data and transactions.

It opens no socket (except in a remote signer) and knows no other room, so it can be used without a node.
"""

from __future__ import annotations

from wallet.signer import LocalSigner, Signature, SignatureRefused, Signer, assert_native_curve
from wallet.typed_data import (
    Acceptance,
    Cancellation,
    Instruction,
    Quote,
    domain_separator,
    signing_digest,
    struct_hash,
)
from wallet.verification import recover

__all__ = [
    "Acceptance",
    "Cancellation",
    "Instruction",
    "LocalSigner",
    "Quote",
    "Signature",
    "SignatureRefused",
    "Signer",
    "assert_native_curve",
    "domain_separator",
    "recover",
    "signing_digest",
    "struct_hash",
]
