"""Writes the notification (camt.054) by which an account's owner learns that it was credited or debited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from lxml import etree

from api.iso20022.institutions import write_agent
from api.iso20022.parties import write_account, write_party
from api.iso20022.writing import add, add_if, new_root, serialise, timestamp
from node.domain.money import Money
from node.domain.party import Agent, CashAccount
from node.domain.payment import Payment

IDENTIFIER = "camt.054.001.08"


class Direction(Enum):
    """Which way money went, seen from the account (CreditDebitCode)."""

    CREDIT = "CRDT"
    DEBIT = "DBIT"


@dataclass(frozen=True)
class Notice:
    """One booked entry to tell an account's owner about.

    `servicer_reference` is our own for the entry, such as the hash of the settling transaction; it is cut to
    the 35 characters that a reference has. `booked_on` is the day of finality.
    """

    message_id: str
    created_at: datetime
    account: CashAccount
    servicer: Agent
    direction: Direction
    amount: Money
    booked_on: date
    servicer_reference: str


def write_notification(notice: Notice, payment: Payment) -> bytes:
    """The camt.054 for one entry, with the identifiers, parties and remittance of the payment behind it."""
    document = new_root(IDENTIFIER)
    body = add(document, "BkToCstmrDbtCdtNtfctn")
    group = add(body, "GrpHdr")
    add(group, "MsgId", notice.message_id)
    add(group, "CreDtTm", timestamp(notice.created_at))
    notification = add(body, "Ntfctn")
    add(notification, "Id", notice.message_id)
    add(notification, "CreDtTm", timestamp(notice.created_at))
    account = write_account(notification, "Acct", notice.account)
    write_agent(account, "Svcr", notice.servicer)
    write_entry(notification, notice, payment)
    return serialise(document)


def write_entry(parent: etree._Element, notice: Notice, payment: Payment) -> None:
    """Append one booked entry with the payment as its only transaction; statements list the same."""
    entry = add(parent, "Ntry")
    _write_amount(entry, notice)
    add(entry, "Sts/Cd", "BOOK")
    add(entry, "BookgDt/Dt", notice.booked_on.isoformat())
    add(entry, "ValDt/Dt", notice.booked_on.isoformat())
    add(entry, "AcctSvcrRef", notice.servicer_reference[:35])
    _write_code(entry, notice.direction)
    _write_transaction(add(entry, "NtryDtls/TxDtls"), notice, payment)


def _write_amount(node: etree._Element, notice: Notice) -> None:
    add(node, "Amt", notice.amount.plain()).set("Ccy", notice.amount.currency.code)
    add(node, "CdtDbtInd", notice.direction.value)


def _write_code(entry: etree._Element, direction: Direction) -> None:
    """Payments, received or issued cross-border credit transfer (ISO 20022 bank transaction codes)."""
    family = "RCDT" if direction is Direction.CREDIT else "ICDT"
    domain = add(entry, "BkTxCd/Domn")
    add(domain, "Cd", "PMNT")
    structure = add(domain, "Fmly")
    add(structure, "Cd", family)
    add(structure, "SubFmlyCd", "XBCT")


def _write_transaction(node: etree._Element, notice: Notice, payment: Payment) -> None:
    references = add(node, "Refs")
    add_if(references, "MsgId", payment.message_id)
    add_if(references, "InstrId", payment.instruction_id)
    add(references, "EndToEndId", payment.end_to_end_id)
    add(references, "UETR", payment.uetr)
    add_if(references, "TxId", payment.transaction_id)
    _write_amount(node, notice)
    parties = add(node, "RltdPties")
    write_party(add(parties, "Dbtr"), "Pty", payment.debtor)
    if payment.debtor_account is not None:
        write_account(parties, "DbtrAcct", payment.debtor_account)
    write_party(add(parties, "Cdtr"), "Pty", payment.creditor)
    if payment.creditor_account is not None:
        write_account(parties, "CdtrAcct", payment.creditor_account)
    agents = add(node, "RltdAgts")
    write_agent(agents, "DbtrAgt", payment.debtor_agent)
    write_agent(agents, "CdtrAgt", payment.creditor_agent)
    if payment.remittance:
        remittance = add(node, "RmtInf")
        for line in payment.remittance:
            add(remittance, "Ustrd", line[:140])
