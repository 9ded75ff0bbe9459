"""What became of a broadcast: where the engine's answer leaves it open, the chain is looked at.

"Already known", "nonce too low" and a lost answer say little by themselves. Nothing here ever suggests signing
again: the same bytes are sent again, or another transaction has used the nonce.
"""

from __future__ import annotations

from collections.abc import Sequence

from node.ledger.errors import EngineRefused, LedgerUnreachable
from node.ledger.signed_bytes import sender_and_nonce
from node.ledger.transport import Call, Connection, result_of
from node.ledger.values import BroadcastOutcome
from wallet.keccak import keccak

__all__ = ["broadcast", "broadcast_many", "is_known", "sender_and_nonce"]


def broadcast(connection: Connection, raw: bytes) -> BroadcastOutcome:
    """Send signed bytes; safe to repeat, for the same bytes are the same transaction.

    Raises LedgerUnreachable when it cannot be told whether the engine has them: send the same bytes again later.
    """
    try:
        connection.call("eth_sendRawTransaction", "0x" + raw.hex())
    except EngineRefused as refusal:
        return _after_refusals(connection, [(raw, refusal.message)])[0]
    except LedgerUnreachable:
        if is_known(connection, _hash_of(raw)):  # the answer was lost, not the transaction
            return BroadcastOutcome.ACCEPTED
        raise
    return BroadcastOutcome.ACCEPTED


def broadcast_many(connection: Connection, raws: Sequence[bytes]) -> list[BroadcastOutcome]:
    """Send many in one round trip, in order; what the engine objects to is looked up, in one more.

    Raises LedgerUnreachable where it cannot be told what became of one of them; the others may have arrived.
    """
    answers = connection.answers([("eth_sendRawTransaction", ("0x" + raw.hex(),)) for raw in raws])
    refused: dict[int, str] = {}
    for index, answer in enumerate(answers):
        try:
            result_of("eth_sendRawTransaction", answer)
        except EngineRefused as refusal:
            refused[index] = refusal.message
    looked_up = iter(_after_refusals(connection, [(raws[index], text) for index, text in refused.items()]))
    return [next(looked_up) if index in refused else BroadcastOutcome.ACCEPTED for index in range(len(raws))]


def is_known(connection: Connection, transaction_hash: str) -> bool:
    """Whether the engine has the transaction, pending or in a block."""
    return connection.call("eth_getTransactionByHash", transaction_hash) is not None


def _after_refusals(connection: Connection, refused: Sequence[tuple[bytes, str]]) -> list[BroadcastOutcome]:
    """Nonce and transaction are asked in one breath, nonce first: so one engine answers both, and a transaction
    that gets into a block in between is found."""
    signed = [sender_and_nonce(raw) for raw, _ in refused]
    questions: list[Call] = []
    for (sender, _), (raw, _) in zip(signed, refused, strict=True):
        questions.append(("eth_getTransactionCount", (sender, "latest")))
        questions.append(("eth_getTransactionByHash", (_hash_of(raw),)))
    answers = connection.batch(questions)
    return [
        _outcome(int(used, 16), nonce, found, text)
        for (_, nonce), (_, text), used, found in zip(signed, refused, answers[::2], answers[1::2], strict=True)
    ]


def _outcome(used: int, nonce: int, found: object, text: str) -> BroadcastOutcome:
    if found is not None:
        return BroadcastOutcome.ALREADY_KNOWN.saying(text)
    if used > nonce:
        return BroadcastOutcome.NONCE_TOO_LOW.saying(text)
    return BroadcastOutcome.REFUSED.saying(text)


def _hash_of(raw: bytes) -> str:
    return "0x" + keccak(raw).hex()
