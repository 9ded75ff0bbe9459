"""Reads a request for an account report (camt.060): which message, of which account, for which day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from api.iso20022.parse import ParsedMessage
from api.iso20022.parties import read_account
from api.iso20022.party_rules import date_of
from api.iso20022.tree import find, find_all, required, text_at
from node.domain.party import CashAccount


@dataclass(frozen=True)
class ReportRequest:
    """One report that is asked for; without days it is the running one's, without an account everybody's."""

    request_id: str | None
    message_name: str
    account: CashAccount | None
    first_day: date | None
    last_day: date | None


def read_report_requests(message: ParsedMessage) -> tuple[ReportRequest, ...]:
    """Every report that a camt.060 asks for."""
    found = []
    for node in find_all(message.body, "RptgReq"):
        first, last = find(node, "RptgPrd/FrToDt/FrDt"), find(node, "RptgPrd/FrToDt/ToDt")
        found.append(
            ReportRequest(
                request_id=text_at(node, "Id"),
                message_name=required(node, "ReqdMsgNmId").text or "",
                account=read_account(find(node, "Acct")),
                first_day=None if first is None else date_of(first),
                last_day=None if last is None else date_of(last),
            )
        )
    return tuple(found)
