"""Gaps in a lane: a nonce whose transaction can never be included is used up by one that does nothing.

Everything behind a gap waits for ever, so a filling transaction (nothing, sent to ourselves) may cost more than
the cap. The payment that lost its nonce is withdrawn once the filling is final; it is never given another nonce.
"""

from __future__ import annotations

import logging

from node.book.records import EvmTransactionRecord
from node.domain.reasons import Finding, Reason
from node.ledger.values import Fees
from node.settlement.batching import SETTLE_BATCH, send_again_in_halves
from node.settlement.lane import keep_attempt, signed_record
from node.settlement.office import Office
from node.settlement.replacement import FILL, next_offer, offer_of
from node.settlement.submission import SETTLE, AlreadyDecided, withdraw_if_open
from wallet.signer import Signer
from wallet.transaction import UnsignedTransaction

_log = logging.getLogger(__name__)

_GAS_OF_A_TRANSFER = 21_000


def fill_instead(
    office: Office, signer: Signer, impossible: EvmTransactionRecord, usual: Fees, words: str
) -> None:
    """Use up the nonce of a transaction that the engine refuses for good.

    The filling outbids it, in case some pool has taken it after all; if it is included, it simply counts.
    """
    offer = next_offer(offer_of(impossible), usual, None)
    filling = _filling(office, signer, impossible.nonce, usual if usual.free or offer is None else offer)
    if keep_attempt(office, impossible, filling):
        _log.error("nonce %d of %s is filled: %s", impossible.nonce, impossible.lane, words)


def fill_lost(office: Office, signer: Signer, chain_nonce: int, usual: Fees) -> bool:
    """Use up every nonce from `chain_nonce` on that was allotted and carries nothing; True if there was one."""
    with office.book.view() as unit:
        if not unit.lanes.lost(signer.address, chain_nonce):
            return False
    with office.book.unit() as unit:
        unit.lanes.lock(signer.address)
        lost = unit.lanes.lost(signer.address, chain_nonce)
        for nonce in lost:
            unit.lanes.keep(_filling(office, signer, nonce, usual))
    _log.error("lane %s had lost the nonces %s; they are filled", signer.address, lost)
    return bool(lost)


def end_filled(office: Office, attempts: list[EvmTransactionRecord]) -> None:
    """A nonce's filling is final: withdraw the payment whose settlement it has taken the place of.

    A batch's payments are sent again instead: their instructions are still good, and used once at most.
    """
    for batch in [kept for kept in attempts if kept.purpose == SETTLE_BATCH][:1]:
        send_again_in_halves(office, batch)
    for uetr in {kept.uetr for kept in attempts if kept.purpose == SETTLE and kept.uetr}:
        try:
            withdraw_if_open(office, uetr, _impossible)
        except AlreadyDecided:
            continue  # settled or burnt some other way; the watcher will see it


def _filling(office: Office, signer: Signer, nonce: int, fees: Fees) -> EvmTransactionRecord:
    unsigned = UnsignedTransaction(
        chain_id=office.client.chain_id(),
        nonce=nonce,
        to=signer.address,
        value=0,
        data=b"",
        gas=_GAS_OF_A_TRANSFER,
        max_fee_per_gas=fees.max_fee_per_gas,
        max_priority_fee_per_gas=fees.max_priority_fee_per_gas,
    )
    return signed_record(office, signer, unsigned, FILL, None)


def _impossible() -> Finding:
    return Finding(
        Reason.SETTLEMENT_REFUSED_BY_CONTRACT,
        "The chain refused the payment's transaction for good; its place was used up and the payment withdrawn.",
        element="instruction",
        rule="chain.transaction",
    )
