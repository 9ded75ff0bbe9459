"""What became of a broadcast: where the engine's answer leaves it open, the chain is looked at.

"Already known", "nonce too low" and a lost answer say little by themselves. Nothing here ever suggests signing
again: the same bytes are sent again, or another transaction has used the nonce.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from node.ledger.errors import EngineRefused, LedgerUnreachable
from node.ledger.transport import Connection, result_of
from node.ledger.values import BroadcastOutcome
from wallet.keccak import keccak


def broadcast(connection: Connection, raw: bytes) -> BroadcastOutcome:
    """Send signed bytes; safe to repeat, for the same bytes are the same transaction.

    Raises LedgerUnreachable when it cannot be told whether the engine has them: send the same bytes again later.
    """
    transaction_hash = "0x" + keccak(raw).hex()
    try:
        connection.call("eth_sendRawTransaction", "0x" + raw.hex())
    except EngineRefused as refusal:
        return _after_refusal(connection, raw, transaction_hash, refusal.message)
    except LedgerUnreachable:
        if is_known(connection, transaction_hash):  # the answer was lost, not the transaction
            return BroadcastOutcome.ACCEPTED
        raise
    return BroadcastOutcome.ACCEPTED


def broadcast_many(connection: Connection, raws: Sequence[bytes]) -> list[BroadcastOutcome]:
    """Send many in one round trip, in order; what the engine objects to is looked up one by one, as above."""
    answers = connection.answers([("eth_sendRawTransaction", ("0x" + raw.hex(),)) for raw in raws])
    return [_outcome(connection, raw, answer) for raw, answer in zip(raws, answers, strict=True)]


def _outcome(connection: Connection, raw: bytes, answer: Any) -> BroadcastOutcome:
    try:
        result_of("eth_sendRawTransaction", answer)
    except EngineRefused as refusal:
        return _after_refusal(connection, raw, "0x" + keccak(raw).hex(), refusal.message)
    return BroadcastOutcome.ACCEPTED


def is_known(connection: Connection, transaction_hash: str) -> bool:
    """Whether the engine has the transaction, pending or in a block."""
    return connection.call("eth_getTransactionByHash", transaction_hash) is not None


def _after_refusal(connection: Connection, raw: bytes, transaction_hash: str, text: str) -> BroadcastOutcome:
    """Nonce and transaction are asked in one breath, nonce first: so one engine answers both, and a transaction
    that gets into a block in between is found."""
    sender, nonce = sender_and_nonce(raw)
    used, found = connection.batch(
        [
            ("eth_getTransactionCount", (sender, "latest")),
            ("eth_getTransactionByHash", (transaction_hash,)),
        ]
    )
    if found is not None:
        return BroadcastOutcome.ALREADY_KNOWN.saying(text)
    if int(used, 16) > nonce:
        return BroadcastOutcome.NONCE_TOO_LOW.saying(text)
    return BroadcastOutcome.REFUSED.saying(text)


def sender_and_nonce(raw: bytes) -> tuple[str, int]:
    """Who signed a typed transaction (EIP-2718), and its nonce."""
    nonce = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()["nonce"]
    return str(Account.recover_transaction(raw)), int(nonce)
