"""Writes the notification (camt.054) by which an account's owner learns that it was credited or debited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from lxml import etree

from api.iso20022.institutions import write_agent
from api.iso20022.pacs002 import SETTLEMENT_NAMESPACE
from api.iso20022.parties import write_account, write_party
from api.iso20022.writing import add, add_if, new_root, serialise, timestamp
from node.domain.money import Money
from node.domain.party import Agent, CashAccount
from node.domain.payment import Payment, credit_leg, debit_leg, is_cross_currency

IDENTIFIER = "camt.054.001.08"


class Direction(Enum):
    """Which way money went, seen from the account (CreditDebitCode)."""

    CREDIT = "CRDT"
    DEBIT = "DBIT"


@dataclass(frozen=True)
class Notice:
    """One booked entry to tell an account's owner about.

    `servicer_reference` is our own for the entry, such as the hash of the settling transaction; it is cut to
    the 35 characters that a reference has. `booked_on` is the day of finality, `event` the chain's event behind
    the entry, None for what moved within this book. `text` says in words what it is.
    """

    message_id: str
    created_at: datetime
    account: CashAccount
    servicer: Agent
    direction: Direction
    amount: Money
    booked_on: date
    servicer_reference: str
    event: ChainEvent | None = None
    text: str | None = None


@dataclass(frozen=True)
class ChainEvent:
    """Where the chain says what an entry says: a transaction (0x and 64 digits), its block, and the log in it."""

    transaction_hash: str
    block_number: int
    log_index: int


def write_notification(notice: Notice, payment: Payment | None) -> bytes:
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


def write_entry(parent: etree._Element, notice: Notice, payment: Payment | None) -> None:
    """Append one booked entry with the payment as its only transaction; statements list the same.

    Without a payment it is a movement of the institution's own: issue, redemption, an exchange.
    """
    entry = add(parent, "Ntry")
    _write_amount(entry, notice)
    add(entry, "Sts/Cd", "BOOK")
    add(entry, "BookgDt/Dt", notice.booked_on.isoformat())
    add(entry, "ValDt/Dt", notice.booked_on.isoformat())
    add(entry, "AcctSvcrRef", notice.servicer_reference[:35])
    _write_code(entry, notice, payment)
    details = add(entry, "NtryDtls/TxDtls")
    if payment is None:
        _write_amount(details, notice)
    else:
        _write_transaction(details, notice, payment)
    if notice.event is not None:
        _write_event(details, notice.event)
    add_if(entry, "AddtlNtryInf", notice.text)


def _write_amount(node: etree._Element, notice: Notice) -> None:
    add(node, "Amt", notice.amount.plain()).set("Ccy", notice.amount.currency.code)
    add(node, "CdtDbtInd", notice.direction.value)


def _write_event(details: etree._Element, event: ChainEvent) -> None:
    """The chain's event; its hash is longer than any reference may be, so it goes into supplementary data."""
    envelope = add(details, "SplmtryData/Envlp")
    settlement = etree.SubElement(
        envelope, f"{{{SETTLEMENT_NAMESPACE}}}Settlement", nsmap={None: SETTLEMENT_NAMESPACE}
    )
    parts = (("Transaction", event.transaction_hash), ("Block", event.block_number), ("Log", event.log_index))
    for tag, value in parts:
        etree.SubElement(settlement, f"{{{SETTLEMENT_NAMESPACE}}}{tag}").text = str(value)


def _write_code(entry: etree._Element, notice: Notice, payment: Payment | None) -> None:
    """What kind of entry it is (ISO 20022 bank transaction codes): a transfer abroad, here, a return, or other."""
    received = notice.direction is Direction.CREDIT
    domain, family, kind = "PMNT", "RCDT" if received else "ICDT", "XBCT" if notice.event else "BOOK"
    if payment is None:
        domain, family, kind = "ACMT", "MCOP" if received else "MDOP", "OTHR"
    elif payment.return_of is not None:
        kind = "RRTN"
    node = add(entry, "BkTxCd/Domn")
    add(node, "Cd", domain)
    structure = add(node, "Fmly")
    add(structure, "Cd", family)
    add(structure, "SubFmlyCd", kind)


def _write_exchange(node: etree._Element, sold: Money, bought: Money) -> None:
    """What was exchanged for what, and how much of the second one unit of the first is."""
    details = add(node, "AmtDtls")
    ordered = add(details, "InstdAmt")
    add(ordered, "Amt", sold.plain()).set("Ccy", sold.currency.code)
    rate = rate_text(Fraction(Decimal(bought.plain())) / Fraction(Decimal(sold.plain())))
    if rate is not None:
        exchange = add(ordered, "CcyXchg")
        add(exchange, "SrcCcy", sold.currency.code)
        add(exchange, "TrgtCcy", bought.currency.code)
        add(exchange, "UnitCcy", sold.currency.code)
        add(exchange, "XchgRate", rate)
    add(add(details, "TxAmt"), "Amt", bought.plain()).set("Ccy", bought.currency.code)


def rate_text(rate: Fraction) -> str | None:
    """A rate in the eleven digits that BaseOneRate has, cut; None where nothing of it is left, or no room.

    >>> rate_text(Fraction(2, 3)), rate_text(Fraction(123456, 7)), rate_text(Fraction(1, 10**11))
    ('0.6666666666', '17636.571428', None)
    """
    places = min(10, 11 - len(str(int(rate))))
    scaled = int(rate * 10**places) if places >= 0 else 0
    return format(Decimal(scaled).scaleb(-places), "f") if scaled else None


def _write_transaction(node: etree._Element, notice: Notice, payment: Payment) -> None:
    references = add(node, "Refs")
    add_if(references, "MsgId", payment.message_id)
    add_if(references, "InstrId", payment.instruction_id)
    add(references, "EndToEndId", payment.end_to_end_id)
    add(references, "UETR", payment.return_of or payment.uetr)
    add_if(references, "TxId", payment.transaction_id)
    _write_amount(node, notice)
    if is_cross_currency(payment):
        _write_exchange(node, debit_leg(payment), credit_leg(payment))
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
