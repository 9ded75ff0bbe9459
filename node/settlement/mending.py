"""What is done about a sent transaction that is in no block: offer more, use up its nonce, or look who used it.

"Already known" and "nonce too low" are resolved by looking; nothing here gives a payment another nonce.
"""

from __future__ import annotations

from dataclasses import dataclass

from node.book.records import EvmTransactionRecord
from node.ledger.refusals import Refusal, refusal_of
from node.ledger.values import BroadcastOutcome, BroadcastStatus, Fees
from node.settlement.gaps import fill_instead, fill_lost
from node.settlement.office import Office
from node.settlement.replacement import FILL, offer_more, offer_of
from node.settlement.stranger import stop_for_stranger
from wallet.signer import Signer


@dataclass(frozen=True)
class Sent:
    """A nonce in no block: every attempt at it, and what the last one's broadcast came to if it was just sent."""

    attempts: list[EvmTransactionRecord]
    outcome: BroadcastOutcome | None


def mend(office: Office, signer: Signer, waiting: list[Sent]) -> str | None:
    """Do something about a lane's transactions in no block, the lowest nonce first; returns what is the matter.

    Raises LedgerUnreachable.
    """
    usual, used = office.client.fees(), office.client.next_nonce(signer.address)
    fill_lost(office, signer, used, usual)
    first = waiting[0].attempts[-1]
    if used > first.nonce:
        ours = [attempt.transaction_hash for attempt in waiting[0].attempts]
        stop_for_stranger(office, signer.address, first.nonce, ours)
        return None
    troubles = [
        _mend(office, signer, sent.attempts[-1], sent.outcome, usual, first=sent is waiting[0])
        for sent in waiting
        if sent.outcome is not None
    ]
    return next((trouble for trouble in troubles if trouble), None)


def _mend(
    office: Office,
    signer: Signer,
    kept: EvmTransactionRecord,
    outcome: BroadcastOutcome,
    usual: Fees,
    *,
    first: bool,
) -> str | None:
    refusal = refusal_of(outcome.text) if outcome.status is BroadcastStatus.REFUSED else None
    if refusal is Refusal.IMPOSSIBLE and kept.purpose != FILL:
        fill_instead(office, signer, kept, usual, outcome.text)
        return None
    if not usual.free:
        too_low = refusal is Refusal.FEE_TOO_LOW or offer_of(kept).max_fee_per_gas < usual.base_fee_per_gas
        if too_low or (first and refusal is None and _is_stuck(office, kept)):
            return offer_more(office, signer, kept, usual)
    if refusal is None:
        return None
    return f"nonce {kept.nonce} is refused ({refusal.value}): {outcome.text}"


def _is_stuck(office: Office, kept: EvmTransactionRecord) -> bool:
    """Whether blocks were made for long enough, and none took it: where none are made, a fee is not the reason."""
    since_s = kept.created_at.timestamp()
    if office.clock.now_s() - since_s < office.terms.stuck_s or kept.broadcast_count < 1:
        return False
    return office.client.head().timestamp_s > since_s
