"""Carrying a wallet holder's signed transfer to the chain: we pay for it and cannot change it.

It goes down our lanes like a payment's transaction. Carrying one twice moves money once: the token uses up the
number that the holder signed, and what we have under way already is not signed again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from contracts import artifact
from node.book.book import Unit
from node.book.records import EvmTransactionRecord
from node.domain.reasons import Finding, Reason
from node.ledger.abi import call_data
from node.ledger.values import CallRefused
from node.settlement.lane import Call, keep_signed, lane_signers, open_slot
from node.settlement.office import Office, now
from wallet.authorisation import Authorisation

TRANSFER: Final = "transfer"
_GAS_HEADROOM_PERCENT: Final = 130


@dataclass(frozen=True)
class NotRelayed:
    """It was not sent, for this reason."""

    finding: Finding


Within = Callable[[Unit, EvmTransactionRecord], None]
"""Told of the transaction inside the unit that keeps it."""


def alone(_unit: Unit, _kept: EvmTransactionRecord) -> None:
    """Nothing else is kept with the transaction."""


def relay(
    office: Office, authorisation: Authorisation, within: Within = alone
) -> EvmTransactionRecord | NotRelayed:
    """Keep the transaction that carries an authorisation, for the sender to broadcast; only our own customers'.

    The authorisation must have been verified. Raises LedgerUnreachable, LaneStopped.
    """
    refused = _not_ours(office, authorisation)
    if refused is not None:
        return NotRelayed(refused)
    data = call_data(artifact("CurrencyToken").abi, "transfer_signed", authorisation.parts())
    with office.book.view() as unit:
        under_way = _under_way(office, unit, data)
    if under_way is not None:
        return under_way
    gas = office.client.simulate(office.lane_signer.address, authorisation.token, data)
    if isinstance(gas, CallRefused):
        text = f"The currency token refuses: {gas.reason}."
        return NotRelayed(Finding(Reason.SETTLEMENT_REFUSED_BY_CONTRACT, text, "transfer", rule=gas.reason))
    slot = open_slot(office)
    with office.book.unit() as unit:
        call = Call(TRANSFER, authorisation.token, data, gas * _GAS_HEADROOM_PERCENT // 100)
        under_way = _under_way(office, unit, data)
        kept = under_way or keep_signed(office, unit, slot, call, None)
        if under_way is None:
            unit.events.transfer_moved(kept.transaction_hash, kept.status.value, now(office))
        within(unit, kept)
    return kept


def _under_way(office: Office, unit: Unit, data: bytes) -> EvmTransactionRecord | None:
    """The transaction that carries these very terms and signature already, if it is not final yet."""
    for signer in lane_signers(office):
        for kept in unit.lanes.unfinished(signer.address):
            if kept.purpose == TRANSFER and data in kept.raw:
                return kept
    return None


def _not_ours(office: Office, authorisation: Authorisation) -> Finding | None:
    debtor = authorisation.terms.debtor
    with office.book.view() as unit:
        if any(account.wallet_address == debtor for account in unit.accounts.list()):
            return None
    text = f"{debtor} is no wallet of a customer of {office.bic}; its own institution relays its transfers."
    return Finding(Reason.DEBTOR_ACCOUNT_UNKNOWN, text, "transfer.debtor", debtor, "relay.own-customer")
