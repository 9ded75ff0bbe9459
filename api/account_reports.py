"""Finds or makes what is asked about an account: a closed day's statement, or a report on the running day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from api.institution import Institution
from api.iso20022.camt060 import ReportRequest, read_report_requests
from api.iso20022.parse import ParsedMessage
from api.problems import Kind, Problem, problem_of
from api.refusals import Refusal
from node.book.records import MessageRecord
from node.book.statements import StatementRecord
from node.domain.reasons import Finding, Reason
from node.settlement.reporting import Reporter
from node.settlement.statements import close_days, report

REPORT_REQUESTS: Final = frozenset({"camt.060.001.05"})
NO_REPORT: Final[tuple[Kind, ...]] = (
    Refusal.ACCOUNT_NOT_FOUND,
    Refusal.STATEMENT_NOT_FOUND,
    Reason.NUMBER_OF_TRANSACTIONS_WRONG,
    Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA,
)


def reporter_of(institution: Institution) -> Reporter:
    """Who writes this institution's statements."""
    if institution.office.aftercare is None:
        raise LookupError(f"{institution.name} was opened without a reporter")
    return institution.office.aftercare.reporter


def statement(
    institution: Institution, account: str, day: date, page: int
) -> tuple[StatementRecord, MessageRecord]:
    """One page of a closed day's statement, made now where nobody has asked before; raises Problem."""
    office = institution.office
    with office.book.view() as unit:
        known, kept = unit.accounts.find(account), unit.statements.page(account, day, page)
    if known is None:
        raise Problem(Refusal.ACCOUNT_NOT_FOUND, f"This institution keeps no account {account}.")
    if kept is None:
        close_days(office, reporter_of(institution), account, day)
    with office.book.view() as unit:
        kept = unit.statements.page(account, day, page)
        message = unit.statements.message(kept.digest) if kept else None
    if kept is None or message is None:
        raise Problem(Refusal.STATEMENT_NOT_FOUND, _why_not(institution, account, day, page))
    return kept, message


def _why_not(institution: Institution, account: str, day: date, page: int) -> str:
    today = datetime.fromtimestamp(institution.office.clock.now_s(), UTC).date()
    if day >= today:
        return f"{day} is not closed yet (days end at midnight UTC); ask for a camt.052 by a camt.060 instead."
    return f"Account {account} has no page {page} of a statement for {day}; its first entry may be later."


def reported(institution: Institution, message: ParsedMessage) -> bytes:
    """The answer to a camt.060; raises Problem where it asks for something else, or for more than one."""
    requests = read_report_requests(message)
    if len(requests) != 1:
        text = f"One report a request; this asks for {len(requests)}."
        raise problem_of((_finding(Reason.NUMBER_OF_TRANSACTIONS_WRONG, text, "RptgReq", None),))
    asked = requests[0]
    if asked.account is None:
        text = "Acct must name the account that is asked about."
        raise problem_of((_finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, "RptgReq/Acct", None),))
    if asked.message_name.startswith("camt.053") and asked.first_day is not None:
        return statement(institution, asked.account.number, _one_day(asked, asked.first_day), 1)[1].body
    if asked.message_name.startswith("camt.052"):
        written = report(institution.office, reporter_of(institution), asked.account.number)
        if written is None:
            raise Problem(Refusal.ACCOUNT_NOT_FOUND, f"This institution keeps no account {asked.account.number}.")
        return written.body
    text = "A camt.052 is asked for as it is, a camt.053 for one closed day in RptgPrd/FrToDt."
    element = "RptgReq/ReqdMsgNmId"
    raise problem_of((_finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, element, asked.message_name),))


def _one_day(asked: ReportRequest, first: date) -> date:
    if asked.last_day in (None, first):
        return first
    text = "One day a request; each day has a statement of its own."
    element, value = "RptgReq/RptgPrd/FrToDt/ToDt", str(asked.last_day)
    raise problem_of((_finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, element, value),))


def _finding(reason: Reason, text: str, element: str, value: str | None) -> Finding:
    return Finding(reason, text, element=f"AcctRptgReq/{element}", value=value, rule="report.one-account-one-day")
