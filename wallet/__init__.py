"""Keys and what is signed: keystores, signers, typed data and transactions.

It opens no socket (except in a remote signer) and knows no other room, so it can be used without a node.
"""

from __future__ import annotations

from wallet.amount import format_amount, parse_amount
from wallet.encryption import LIGHT_COST, STANDARD_COST, KeystoreRefused, ScryptCost
from wallet.keystore import Keystore, unlock_gate
from wallet.message_key import MessageKey, create_message_key, load_message_key
from wallet.network import Network, read_network
from wallet.secret import Secret
from wallet.signer import LocalSigner, Signature, SignatureRefused, Signer, assert_native_curve
from wallet.transaction import BadTransaction, SignedTransaction, UnsignedTransaction, sign_transaction
from wallet.transfer import transfer, transfer_call_data
from wallet.typed_data import (
    Acceptance,
    BadTypedData,
    Cancellation,
    Instruction,
    Position,
    Quote,
    Transfer,
    domain_separator,
    signing_digest,
    struct_hash,
)
from wallet.verification import recover

__all__ = [
    "LIGHT_COST",
    "STANDARD_COST",
    "Acceptance",
    "BadTransaction",
    "BadTypedData",
    "Cancellation",
    "Instruction",
    "Keystore",
    "KeystoreRefused",
    "LocalSigner",
    "MessageKey",
    "Network",
    "Position",
    "Quote",
    "ScryptCost",
    "Secret",
    "Signature",
    "SignatureRefused",
    "SignedTransaction",
    "Signer",
    "Transfer",
    "UnsignedTransaction",
    "assert_native_curve",
    "create_message_key",
    "domain_separator",
    "format_amount",
    "load_message_key",
    "parse_amount",
    "read_network",
    "recover",
    "sign_transaction",
    "signing_digest",
    "struct_hash",
    "transfer",
    "transfer_call_data",
    "unlock_gate",
]
