"""A transaction that used our nonce and is not in our book: the lane stops at once, and a person resumes it.

The payment that lost its nonce is never signed again by itself: who else signs with this key must be known first.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from node.book.records import EvmTransactionStatus
from node.ledger.nonce_search import nonces_used, transaction_at, used_by_none_of
from node.settlement.office import Office

_log = logging.getLogger(__name__)

_WHAT_TO_DO = (
    "Something else holds this key, or the book was restored from an older copy. Take the key from it, look at"
    " what it sent, then resume the lane. Payments that lost their nonce end by themselves and are not sent again."
)


class LaneStopped(Exception):
    """No lane may take a transaction now; the text says why and what to do. Nothing was allotted or signed."""


def stop_for_stranger(office: Office, lane: str, nonce: int, ours: Sequence[str]) -> bool:
    """Stop the lane if a final block has its nonce used by a transaction that is none of `ours`; True if so.

    Answers may come from engines that are not equally far: nonce and receipts are asked of one of them, and a
    transaction that is found to be ours after all settles it.
    """
    final = office.client.final()
    if not used_by_none_of(office.client, lane, nonce, ours, final):
        return False
    culprit = transaction_at(office.client, lane, nonce, final)
    if culprit in ours:
        return False
    what = f"transaction {culprit}" if culprit else "a transaction"
    why = f"Lane {lane} is stopped: its nonce {nonce} was used by {what} that is not in this book. {_WHAT_TO_DO}"
    with office.book.unit() as unit:
        unit.lanes.stop(lane, why)
    _log.error(why)
    return True


def resume_lane(office: Office, lane: str) -> int:
    """Let a stopped lane run again, for a person who knows why it stopped; returns how many places it had lost.

    What the book keeps for nonces that are used up is marked replaced, and the lane goes on behind them.
    """
    final = office.client.final()
    used = nonces_used(office.client, lane, final)
    with office.book.view() as unit:
        overtaken = [kept for kept in unit.lanes.unfinished(lane) if kept.nonce < used]
    receipts = office.client.receipts([kept.transaction_hash for kept in overtaken])
    lost = [kept for kept, receipt in zip(overtaken, receipts, strict=True) if receipt is None]
    with office.book.unit() as unit:
        for kept in lost:
            unit.lanes.mark(kept.transaction_hash, EvmTransactionStatus.REPLACED, None)
        unit.lanes.begin(lane, used)
        unit.lanes.stop(lane, None)
    _log.warning("lane %s runs again from nonce %d; %d transactions had lost their place", lane, used, len(lost))
    return len(lost)
