"""Lanes: operator accounts that carry this office's transactions, each with its nonces in a row of the book.

Nonce and signed bytes are one commit, and only then may the sender broadcast; nothing here ever gives what was
signed a second nonce.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from node.book.book import Unit
from node.book.records import EvmTransactionRecord, EvmTransactionStatus
from node.ledger.values import Fees
from node.settlement.office import Office, now
from node.settlement.stranger import LaneStopped, stop_for_stranger
from wallet.signer import Signer
from wallet.transaction import UnsignedTransaction, sign_transaction

__all__ = [
    "Call",
    "LaneStatus",
    "LaneStopped",
    "Slot",
    "keep_attempt",
    "keep_signed",
    "lane_signers",
    "lane_statuses",
    "open_slot",
    "signed_record",
]


@dataclass(frozen=True)
class Call:
    """A contract call ready to be put into a transaction: why, to whom, what, and for how much gas."""

    purpose: str
    to: str
    data: bytes
    gas: int


@dataclass(frozen=True)
class Slot:
    """A lane chosen for the next transaction, with what the chain said of its nonce and its fees just before."""

    signer: Signer
    chain_nonce: int
    fees: Fees


@dataclass(frozen=True)
class LaneStatus:
    """How a lane is, for a readiness probe: what waits for a block, why it is stopped, what it last met."""

    lane: str
    waiting: int
    stopped: str | None
    trouble: str | None

    @property
    def healthy(self) -> bool:
        """Whether nobody needs to do anything."""
        return self.stopped is None and self.trouble is None


def lane_signers(office: Office) -> tuple[Signer, ...]:
    """The operator accounts of an office, the first one first."""
    return (office.lane_signer, *office.more_lane_signers)


def lane_statuses(office: Office) -> tuple[LaneStatus, ...]:
    """How each lane is now, by the book."""
    with office.book.view() as unit:
        kept = {lane.lane: lane for lane in unit.lanes.all()}
        waiting = unit.lanes.waiting()
    return tuple(
        LaneStatus(
            lane=signer.address,
            waiting=waiting.get(signer.address, 0),
            stopped=kept[signer.address].stopped if signer.address in kept else None,
            trouble=kept[signer.address].trouble if signer.address in kept else None,
        )
        for signer in lane_signers(office)
    )


def open_slot(office: Office) -> Slot:
    """Choose the lane with the least waiting, and ask the chain what its next transaction needs.

    Raises LedgerUnreachable, and LaneStopped where every lane is stopped or its nonces were used from elsewhere.
    """
    running = [status for status in lane_statuses(office) if status.stopped is None]
    if not running:
        raise LaneStopped(f"every lane of {office.bic} is stopped: {lane_statuses(office)[0].stopped}")
    address = min(running, key=lambda status: status.waiting).lane
    signer = next(signer for signer in lane_signers(office) if signer.address == address)
    # The chain is asked before the book: whatever of ours it has counted is in the book by then.
    slot = Slot(signer, office.client.next_nonce(address), office.client.fees())
    with office.book.view() as unit:
        kept = unit.lanes.find(address)
    if kept is not None and kept.next_nonce < slot.chain_nonce:
        stop_for_stranger(office, address, kept.next_nonce, ())
        raise LaneStopped(f"the chain has counted nonce {kept.next_nonce} of {address}, the book has not")
    return slot


def keep_signed(office: Office, unit: Unit, slot: Slot, call: Call, uetr: str | None) -> EvmTransactionRecord:
    """Allot the lane's next nonce, sign, and keep the bytes, all in the caller's unit.

    Raises LaneStopped where the lane was stopped meanwhile; the unit must then be left.
    """
    lane = slot.signer.address
    kept = unit.lanes.lock(lane)
    if kept is not None and kept.stopped is not None:
        raise LaneStopped(kept.stopped)
    unsigned = UnsignedTransaction(
        chain_id=office.client.chain_id(),
        nonce=unit.lanes.next_nonce(lane, slot.chain_nonce),
        to=call.to,
        value=0,
        data=call.data,
        gas=call.gas,
        max_fee_per_gas=slot.fees.max_fee_per_gas,
        max_priority_fee_per_gas=slot.fees.max_priority_fee_per_gas,
    )
    record = signed_record(office, slot.signer, unsigned, call.purpose, uetr)
    unit.lanes.keep(record)
    return record


def signed_record(
    office: Office, signer: Signer, unsigned: UnsignedTransaction, purpose: str, uetr: str | None, attempt: int = 0
) -> EvmTransactionRecord:
    """Sign, and write down what must be kept before it is sent. It is not kept yet."""
    signed = sign_transaction(unsigned, signer)
    return EvmTransactionRecord(
        transaction_hash="0x" + signed.hash.hex(),
        lane=signer.address,
        nonce=unsigned.nonce,
        attempt=attempt,
        purpose=purpose,
        uetr=uetr,
        raw=signed.raw,
        created_at=now(office),
        broadcast_count=0,
        last_broadcast_s=None,
        status=EvmTransactionStatus.SIGNED,
        block_number=None,
    )


def keep_attempt(office: Office, seen: EvmTransactionRecord, attempt: EvmTransactionRecord) -> bool:
    """Keep one more attempt at a nonce whose last attempt is still `seen`; False if somebody was quicker."""
    with office.book.unit() as unit:
        unit.lanes.lock(seen.lane)
        there = unit.lanes.at(seen.lane, seen.nonce)
        in_block = any(other.status is not EvmTransactionStatus.SIGNED for other in there)
        if in_block or there[-1].transaction_hash != seen.transaction_hash:
            return False
        unit.lanes.keep(replace(attempt, attempt=seen.attempt + 1))
    office.boundary("replaced", seen.uetr or "")
    return True
