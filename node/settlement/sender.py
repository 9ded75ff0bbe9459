"""Gets kept transactions into blocks: broadcast, look, broadcast again; always the very same bytes.

It decides nothing about payments. A transaction that was included but reverted is marked so; what that means is
for the watcher.
"""

from __future__ import annotations

import logging

from node.book.records import EvmTransactionRecord, EvmTransactionStatus
from node.ledger.values import Receipt
from node.settlement.office import Office

_log = logging.getLogger(__name__)


def send_pending(office: Office) -> bool:
    """Take every unfinished transaction of our lane one look further, in nonce order; True if one moved."""
    with office.book.view() as unit:
        unfinished = unit.lanes.unfinished(office.lane_signer.address)
        watched = unit.cursor.watched()
    final = watched[0] if watched else -1
    moved = [_take_further(office, kept, final) for kept in unfinished]
    return any(moved)


def _take_further(office: Office, kept: EvmTransactionRecord, final: int) -> bool:
    if kept.last_broadcast_s is None:
        _broadcast(office, kept)
    receipt = office.client.receipt(kept.transaction_hash)
    status = _status(receipt, final)
    if status is not kept.status:
        with office.book.unit() as unit:
            unit.lanes.mark(kept.transaction_hash, status, receipt.block_number if receipt else None)
        return True
    waited_s = office.clock.now_s() - (kept.last_broadcast_s or office.clock.now_s())
    if receipt is None and waited_s >= office.terms.rebroadcast_s:
        _broadcast(office, kept)
    return False


def _status(receipt: Receipt | None, final: int) -> EvmTransactionStatus:
    """Where the chain has the transaction now; a block that was reorganised away leaves it merely signed."""
    if receipt is None:
        return EvmTransactionStatus.SIGNED
    if not receipt.succeeded:
        return EvmTransactionStatus.REVERTED
    return EvmTransactionStatus.FINAL if receipt.block_number <= final else EvmTransactionStatus.INCLUDED


def _broadcast(office: Office, kept: EvmTransactionRecord) -> None:
    """Broadcast, then note that we did; noting it later costs at most one more broadcast of the same bytes."""
    outcome = office.client.broadcast(kept.raw)
    with office.book.unit() as unit:
        unit.lanes.touch_broadcast(kept.transaction_hash, office.clock.now_s())
    office.boundary("broadcast", kept.uetr or "")
    if not outcome.on_its_way:
        _log.warning("transaction %s (nonce %d): %s", kept.transaction_hash, kept.nonce, outcome.text)
