"""Offering more for a transaction that its fees keep out of blocks: the same call and nonce, both fees raised.

The earlier bytes stay valid, so either may be included, never both; the cap bounds what may ever be offered.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from node.book.records import EvmTransactionRecord
from node.ledger.signed_bytes import unsigned_of
from node.ledger.values import Fees
from node.settlement.lane import keep_attempt, signed_record
from node.settlement.office import Office
from wallet.signer import Signer

_log = logging.getLogger(__name__)

FILL = "fill"


def raised(fee_wei: int) -> int:
    """The least that a replacement must offer: an eighth (12.5 %) more, rounded up, and at least one wei.

    Engines ask for 10 % on both fees (geth), and some for any raise at all; this satisfies them all.
    """
    return max(-(-fee_wei * 9 // 8), fee_wei + 1)


def next_offer(offered: Fees, usual: Fees, cap_wei: int | None) -> Fees | None:
    """What to offer after `offered`, where the chain's usual offer is `usual`; None where the cap forbids it."""
    tip = max(raised(offered.max_priority_fee_per_gas), usual.max_priority_fee_per_gas)
    most = max(raised(offered.max_fee_per_gas), usual.max_fee_per_gas, tip)
    if cap_wei is None or most <= cap_wei:
        return Fees(most, tip)
    least = Fees(raised(offered.max_fee_per_gas), raised(offered.max_priority_fee_per_gas))
    if max(least) > cap_wei:
        return None
    return Fees(cap_wei, min(tip, cap_wei))


def offer_of(kept: EvmTransactionRecord) -> Fees:
    """What a kept transaction offers."""
    signed = unsigned_of(kept.raw)
    return Fees(signed.max_fee_per_gas, signed.max_priority_fee_per_gas)


def offer_more(office: Office, signer: Signer, kept: EvmTransactionRecord, usual: Fees) -> str | None:
    """Keep a further attempt with raised fees, to be sent in the next pass; returns what is the matter at the cap.

    A filling transaction has no cap: until it is included, nothing behind it can be.
    """
    cap_wei = None if kept.purpose == FILL else office.terms.most_fee_per_gas_wei
    offered = offer_of(kept)
    offer = next_offer(offered, usual, cap_wei)
    if offer is None:
        return (
            f"nonce {kept.nonce} offers {offered.max_fee_per_gas} wei per gas, and the cap is {cap_wei}: its last"
            f" bytes are sent again until fees fall; raise most_fee_per_gas_wei to have it offer more"
        )
    unsigned = replace(
        unsigned_of(kept.raw),
        max_fee_per_gas=offer.max_fee_per_gas,
        max_priority_fee_per_gas=offer.max_priority_fee_per_gas,
    )
    attempt = signed_record(office, signer, unsigned, kept.purpose, kept.uetr)
    if keep_attempt(office, kept, attempt):
        _log.warning("nonce %d of %s: %s wei per gas instead of %s", kept.nonce, kept.lane, offer[0], offered[0])
    return None
