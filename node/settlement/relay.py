"""Carrying a wallet holder's signed transfer to the chain: we pay for it and cannot change it.

It goes down our lanes like a payment's transaction. Carrying one twice moves money once: the token uses up the
number that the holder signed, and terms that we have under way already are not signed for again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from contracts import artifact
from node.book.book import Unit
from node.book.records import EvmTransactionRecord, EvmTransactionStatus, TransferRecord
from node.domain.reasons import Finding, Reason
from node.ledger.abi import call_data
from node.ledger.values import CallRefused
from node.settlement.lane import Call, keep_signed, open_slot
from node.settlement.office import Office, now
from wallet.authorisation import Authorisation

TRANSFER: Final = "transfer"
_GAS_HEADROOM_PERCENT: Final = 130
_LOST: Final = "The lane lost the transfer's place; it may be posted again, and moves once."


class TransferState(Enum):
    """How far a carried transfer is. Settled and refused are ends; refused terms may be posted again."""

    SIGNED = "signed"
    INCLUDED = "included"
    SETTLED = "settled"
    REFUSED = "refused"


@dataclass(frozen=True)
class CarriedTransfer:
    """A transfer with the transaction that carries it (the last attempt, or the one in a block) and its state."""

    record: TransferRecord
    state: TransferState
    sent: EvmTransactionRecord


@dataclass(frozen=True)
class NotRelayed:
    """It was not sent, for this reason."""

    finding: Finding


Within = Callable[[Unit, CarriedTransfer], None]
"""Told of the transfer inside the unit that keeps it."""


def alone(_unit: Unit, _kept: CarriedTransfer) -> None:
    """Nothing else is kept with the transfer."""


def relay(office: Office, authorisation: Authorisation, within: Within = alone) -> CarriedTransfer | NotRelayed:
    """Keep the transaction that carries an authorisation, for the sender to broadcast; only our own customers'.

    The authorisation must have been verified. Raises LedgerUnreachable, LaneStopped.
    """
    refused = _not_ours(office, authorisation)
    if refused is not None:
        return NotRelayed(refused)
    with office.book.view() as unit:
        under_way = _under_way(unit, authorisation)
    if under_way is not None:
        return under_way
    data = call_data(artifact("CurrencyToken").abi, "transfer_signed", authorisation.parts())
    gas = office.client.simulate(office.lane_signer.address, authorisation.token, data)
    if isinstance(gas, CallRefused):
        text = f"The currency token refuses: {gas.reason}."
        return NotRelayed(Finding(Reason.SETTLEMENT_REFUSED_BY_CONTRACT, text, "transfer", rule=gas.reason))
    slot = open_slot(office)
    with office.book.unit() as unit:
        under_way = _under_way(unit, authorisation)
        if under_way is None:
            call = Call(TRANSFER, authorisation.token, data, gas * _GAS_HEADROOM_PERCENT // 100)
            sent = keep_signed(office, unit, slot, call, None)
            record = _record(office, authorisation, sent)
            unit.transfers.keep(record)
            unit.events.transfer_moved(sent.transaction_hash, sent.status.value, now(office))
            under_way = CarriedTransfer(record, TransferState.SIGNED, sent)
        within(unit, under_way)
    office.boundary("relayed", "")
    return under_way


def carried(unit: Unit, record: TransferRecord) -> CarriedTransfer:
    """Where a kept transfer is, by the book."""
    attempts = unit.lanes.at(record.lane, record.nonce)
    ours = [kept for kept in attempts if kept.purpose == TRANSFER]
    shown = next((kept for kept in ours if kept.block_number is not None), ours[-1])
    if record.failure is not None or all(kept.status is EvmTransactionStatus.REPLACED for kept in ours):
        state = TransferState.REFUSED
    elif shown.status is EvmTransactionStatus.FINAL:
        state = TransferState.SETTLED
    else:
        in_block = shown.status in (EvmTransactionStatus.INCLUDED, EvmTransactionStatus.REVERTED)
        state = TransferState.INCLUDED if in_block else TransferState.SIGNED
    return CarriedTransfer(record, state, shown)


def failure_of(transfer: CarriedTransfer) -> str | None:
    """Why a refused transfer was refused, as a sentence; None for any other."""
    return (transfer.record.failure or _LOST) if transfer.state is TransferState.REFUSED else None


def transfer_id_of(authorisation: Authorisation) -> str:
    """What a transfer is known by: 0x and 64 hexadecimal digits."""
    return "0x" + authorisation.id().hex()


def _record(office: Office, authorisation: Authorisation, sent: EvmTransactionRecord) -> TransferRecord:
    return TransferRecord(
        transfer_id=transfer_id_of(authorisation),
        currency=authorisation.currency,
        debtor=authorisation.terms.debtor,
        creditor=authorisation.terms.creditor,
        amount=authorisation.terms.amount,
        lane=sent.lane,
        nonce=sent.nonce,
        failure=None,
        created_at=now(office),
    )


def _under_way(unit: Unit, authorisation: Authorisation) -> CarriedTransfer | None:
    """These very terms, if they are being carried already and have come to no end."""
    record = unit.transfers.find(transfer_id_of(authorisation))
    found = None if record is None else carried(unit, record)
    return found if found is not None and found.state in (TransferState.SIGNED, TransferState.INCLUDED) else None


def _not_ours(office: Office, authorisation: Authorisation) -> Finding | None:
    debtor = authorisation.terms.debtor
    with office.book.view() as unit:
        if any(account.wallet_address == debtor for account in unit.accounts.list()):
            return None
    text = f"{debtor} is no wallet of a customer of {office.bic}; its own institution relays its transfers."
    return Finding(Reason.DEBTOR_ACCOUNT_UNKNOWN, text, "transfer.debtor", debtor, "relay.own-customer")
