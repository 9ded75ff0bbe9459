"""Gets kept transactions into blocks: broadcast, look, broadcast again; what does not get there is for `mending`.

It decides nothing about payments. A transaction that was included but reverted is marked so; what that means is
for the watcher.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import groupby

from node.book.records import EvmTransactionRecord, EvmTransactionStatus
from node.ledger.values import BroadcastOutcome, Receipt
from node.settlement.gaps import end_filled
from node.settlement.lane import LaneStopped, lane_signers
from node.settlement.mending import Sent, mend
from node.settlement.office import Office, now
from node.settlement.relay import TRANSFER
from node.settlement.replacement import FILL
from wallet.signer import SignatureRefused, Signer, SignerUnreachable

_log = logging.getLogger(__name__)

Status = EvmTransactionStatus
Mark = tuple[EvmTransactionRecord, Status, int | None]
_IN_ONE_BROADCAST = 50


@dataclass(frozen=True)
class _Place:
    """One nonce of a lane: every attempt at it whose fate is open, the first one first."""

    attempts: list[EvmTransactionRecord]

    @property
    def last(self) -> EvmTransactionRecord:
        """The attempt that is broadcast; the earlier ones it outbids."""
        return self.attempts[-1]


def send_pending(office: Office) -> bool:
    """Take every unfinished transaction of our lanes one look further, in nonce order; True if one moved."""
    moved = [_send_lane(office, signer) for signer in lane_signers(office)]
    return any(moved)


def _send_lane(office: Office, signer: Signer) -> bool:
    with office.book.view() as unit:
        unfinished = unit.lanes.unfinished(signer.address)
        lane = unit.lanes.find(signer.address)
        watched = unit.cursor.watched()
    if not unfinished or lane is None:
        return False
    places = [_Place(list(group)) for _, group in groupby(unfinished, key=lambda kept: kept.nonce)]
    places = _window(places, office.terms.lane_window)
    sends = lane.stopped is None
    fresh = [place for place in places if sends and place.last.last_broadcast_s is None]
    outcomes = dict(_broadcast(office, fresh))
    moved, waiting = _look(office, places, watched[0] if watched else -1)
    if not sends:
        return moved
    outcomes |= _broadcast(office, [place for place in waiting if _is_due(office, place)])
    sent = [Sent(place.attempts, outcomes.get(place.last.nonce)) for place in waiting]
    trouble = (
        _mended(office, signer, sent) if any(one.outcome for one in sent) else (lane.trouble if sent else None)
    )
    if trouble != lane.trouble:
        _note(office, signer.address, trouble)
    return moved


def _mended(office: Office, signer: Signer, sent: list[Sent]) -> str | None:
    """What is the matter after mending; where the lane's key does not sign, what was signed goes on being sent."""
    try:
        return mend(office, signer, sent)
    except (SignerUnreachable, SignatureRefused) as trouble:
        return f"nothing more can be offered, for the lane's key does not sign: {trouble}"


def _window(places: list[_Place], size: int) -> list[_Place]:
    """The places that may be in the engine's pool now: pools are bounded, and refuse what is too far ahead."""
    open_ones = [place.last.nonce for place in places if all(k.status is Status.SIGNED for k in place.attempts)]
    if len(open_ones) <= size:
        return places
    return [place for place in places if place.last.nonce < open_ones[size]]


def _is_due(office: Office, place: _Place) -> bool:
    at_s = place.last.last_broadcast_s
    return at_s is not None and office.clock.now_s() - at_s >= office.terms.rebroadcast_s


def _broadcast(office: Office, places: list[_Place]) -> dict[int, BroadcastOutcome]:
    """Broadcast, then note that we did; noting it later costs at most one more broadcast of the same bytes."""
    outcomes: dict[int, BroadcastOutcome] = {}
    for start in range(0, len(places), _IN_ONE_BROADCAST):
        some = [place.last for place in places[start : start + _IN_ONE_BROADCAST]]
        found = office.client.broadcast_many([kept.raw for kept in some])
        _cross(office, "sent", some)
        with office.book.unit() as unit:
            for kept in some:
                unit.lanes.touch_broadcast(kept.transaction_hash, office.clock.now_s())
        _cross(office, "broadcast", some)
        outcomes |= {kept.nonce: outcome for kept, outcome in zip(some, found, strict=True)}
    return outcomes


def _cross(office: Office, boundary: str, some: list[EvmTransactionRecord]) -> None:
    for kept in some:
        office.boundary(boundary, kept.uetr or "")


def _look(office: Office, places: list[_Place], final: int) -> tuple[bool, list[_Place]]:
    """Note where the chain has each transaction; what is in no block is returned, in nonce order."""
    every = [kept for place in places for kept in place.attempts]
    found = office.client.receipts([kept.transaction_hash for kept in every])
    receipts = {receipt.hash: receipt for receipt in found if receipt is not None}
    marks: list[Mark] = []
    waiting = []
    for place in places:
        included = next(
            (receipts[k.transaction_hash] for k in place.attempts if k.transaction_hash in receipts), None
        )
        if included is None:
            waiting.append(place)
        marks += _marks(office, place, included, final)
    if marks:
        with office.book.unit() as unit:
            for kept, status, block_number in marks:
                unit.lanes.mark(kept.transaction_hash, status, block_number)
                if kept.purpose == TRANSFER:
                    unit.events.transfer_moved(kept.transaction_hash, status.value, now(office))
    return bool(marks), waiting


def _marks(office: Office, place: _Place, included: Receipt | None, final: int) -> list[Mark]:
    """What has changed at one nonce; nothing yet, where a filling's consequences must wait for a lane or key."""
    filled = included is not None and any(k.purpose == FILL and _is_it(k, included) for k in place.attempts)
    if filled and included is not None and included.block_number <= final:
        try:
            end_filled(office, place.attempts)
        except (LaneStopped, SignerUnreachable, SignatureRefused):
            return []
    changed = [(kept, _status(kept, included, final)) for kept in place.attempts]
    return [
        (kept, status, included.block_number if included and _is_it(kept, included) else None)
        for kept, status in changed
        if status is not kept.status
    ]


def _is_it(kept: EvmTransactionRecord, included: Receipt | None) -> bool:
    return included is not None and included.hash == kept.transaction_hash


def _status(kept: EvmTransactionRecord, included: Receipt | None, final: int) -> Status:
    """Where the chain has the transaction now; a block that was reorganised away leaves it merely signed."""
    if included is None:
        return Status.SIGNED
    if not _is_it(kept, included):
        return Status.REPLACED if included.block_number <= final else Status.SIGNED
    if not included.succeeded:
        return Status.REVERTED
    return Status.FINAL if included.block_number <= final else Status.INCLUDED


def _note(office: Office, lane: str, trouble: str | None) -> None:
    if trouble is not None:
        _log.warning("lane %s: %s", lane, trouble)
    with office.book.unit() as unit:
        unit.lanes.note_trouble(lane, trouble)
