"""Gets kept transactions into blocks: broadcast, look, broadcast again; always the very same bytes.

It decides nothing about payments. A transaction that was included but reverted is marked so; what that means is
for the watcher.
"""

from __future__ import annotations

import logging

from node.book.records import EvmTransactionRecord, EvmTransactionStatus
from node.settlement.office import Office

_log = logging.getLogger(__name__)


def send_pending(office: Office) -> bool:
    """Take every unfinished transaction of our lane one look further, in nonce order; True if one moved."""
    with office.book.view() as unit:
        unfinished = unit.lanes.unfinished(office.lane_signer.address)
    moved = False
    for kept in unfinished:
        if kept.status is EvmTransactionStatus.SIGNED:
            moved = _take_further(office, kept) or moved
    return moved


def _take_further(office: Office, kept: EvmTransactionRecord) -> bool:
    if kept.last_broadcast_s is None:
        _broadcast(office, kept)
    receipt = office.client.receipt(kept.transaction_hash)
    if receipt is not None:
        status = EvmTransactionStatus.INCLUDED if receipt.succeeded else EvmTransactionStatus.REVERTED
        with office.book.unit() as unit:
            unit.lanes.mark(kept.transaction_hash, status, receipt.block_number)
        return True
    waited_s = office.clock.now_s() - (kept.last_broadcast_s or office.clock.now_s())
    if waited_s >= office.terms.rebroadcast_s:
        _broadcast(office, kept)
    return False


def _broadcast(office: Office, kept: EvmTransactionRecord) -> None:
    """Broadcast, then note that we did; noting it later costs at most one more broadcast of the same bytes."""
    outcome = office.client.broadcast(kept.raw)
    with office.book.unit() as unit:
        unit.lanes.touch_broadcast(kept.transaction_hash, office.clock.now_s())
    office.boundary("broadcast", kept.uetr or "")
    if not outcome.on_its_way:
        _log.warning("transaction %s (nonce %d): %s", kept.transaction_hash, kept.nonce, outcome.text)
