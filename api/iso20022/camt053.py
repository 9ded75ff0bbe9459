"""Writes account statements: camt.053 for a closed day, camt.052 for a report while the day is running.

Opening plus entries is the closing balance, because that is how it is computed here; a statement cannot be made
whose sums do not agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from api.iso20022.camt054 import Direction, Notice, write_entry
from api.iso20022.institutions import write_agent
from api.iso20022.parties import write_account
from api.iso20022.writing import add, new_root, serialise, timestamp
from node.domain.money import Money, total
from node.domain.party import Agent, CashAccount
from node.domain.payment import Payment


@dataclass(frozen=True)
class BookedEntry:
    """One entry with the payment behind it."""

    notice: Notice
    payment: Payment | None


@dataclass(frozen=True)
class Statement:
    """An account between two moments; entries are in booking order and of the account's one currency.

    `sequence_number` counts the account's statements. A negative balance is a debit balance. A long statement has
    pages, each of which opens with the closing balance of the one before.
    """

    message_id: str
    created_at: datetime
    sequence_number: int
    account: CashAccount
    servicer: Agent
    opened_at: datetime
    closed_at: datetime
    opening: Money
    entries: tuple[BookedEntry, ...]
    page: int = 1
    is_last: bool = True


def closing_balance(statement: Statement) -> Money:
    """Opening plus credits less debits; raises CurrencyMismatch for an entry in another currency."""
    result = statement.opening
    for entry in statement.entries:
        is_credit = entry.notice.direction is Direction.CREDIT
        result = result + entry.notice.amount if is_credit else result - entry.notice.amount
    return result


def write_statement(statement: Statement) -> bytes:
    """The camt.053 for a day that is closed: booked opening and closing balance (OPBD, CLBD)."""
    return _written(statement, "camt.053.001.08", "BkToCstmrStmt", "Stmt", "CLBD")


def write_interim_report(statement: Statement) -> bytes:
    """The camt.052 for a day that is running: booked opening and interim balance (OPBD, ITBD)."""
    return _written(statement, "camt.052.001.08", "BkToCstmrAcctRpt", "Rpt", "ITBD")


def _written(statement: Statement, identifier: str, body_tag: str, report_tag: str, last_balance: str) -> bytes:
    document = new_root(identifier)
    body = add(document, body_tag)
    group = add(body, "GrpHdr")
    add(group, "MsgId", statement.message_id)
    add(group, "CreDtTm", timestamp(statement.created_at))
    report = add(body, report_tag)
    add(report, "Id", statement.message_id)
    pages = add(report, f"{report_tag}Pgntn")
    add(pages, "PgNb", str(statement.page))
    add(pages, "LastPgInd", "true" if statement.is_last else "false")
    add(report, "ElctrncSeqNb", str(statement.sequence_number))
    add(report, "CreDtTm", timestamp(statement.created_at))
    period = add(report, "FrToDt")
    add(period, "FrDtTm", timestamp(statement.opened_at))
    add(period, "ToDtTm", timestamp(statement.closed_at))
    write_agent(write_account(report, "Acct", statement.account), "Svcr", statement.servicer)
    first, last = statement.opened_at.date(), statement.closed_at.date()
    _write_balance(report, "OPBD", statement.opening, first, interim=statement.page > 1)
    _write_balance(report, last_balance, closing_balance(statement), last, interim=not statement.is_last)
    _write_summary(report, statement)
    for entry in statement.entries:
        write_entry(report, entry.notice, entry.payment)
    return serialise(document)


def _write_balance(report: etree._Element, kind: str, balance: Money, day: date, *, interim: bool) -> None:
    node = add(report, "Bal")
    add(node, "Tp/CdOrPrtry/Cd", kind)
    if interim:
        add(node[0], "SubTp/Cd", "INTM")
    amount = Money(abs(balance.minor), balance.currency)
    add(node, "Amt", amount.plain()).set("Ccy", amount.currency.code)
    direction = Direction.DEBIT if balance.minor < 0 else Direction.CREDIT
    add(node, "CdtDbtInd", direction.value)
    add(node, "Dt/Dt", day.isoformat())


def _write_summary(report: etree._Element, statement: Statement) -> None:
    """Number and sum of the entries, and of credits and debits by themselves."""
    summary = add(report, "TxsSummry")
    kinds = {
        "TtlNtries": tuple(Direction),
        "TtlCdtNtries": (Direction.CREDIT,),
        "TtlDbtNtries": (Direction.DEBIT,),
    }
    for tag, directions in kinds.items():
        amounts = [entry.notice.amount for entry in statement.entries if entry.notice.direction in directions]
        node = add(summary, tag)
        add(node, "NbOfNtries", str(len(amounts)))
        add(node, "Sum", total(amounts, statement.opening.currency).plain())
