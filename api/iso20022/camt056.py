"""Writes and reads the request to cancel or return a payment (camt.056): it asks, it never takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from api.iso20022.institutions import read_agent, write_agent
from api.iso20022.original import (
    OriginalPayment,
    read_original,
    read_reasons,
    write_reasons,
    write_references,
    write_settled,
)
from api.iso20022.parse import ParsedMessage
from api.iso20022.status_report import StatedReason
from api.iso20022.tree import find, find_all, required, text_at
from api.iso20022.writing import add, new_root, serialise, timestamp
from node.domain.party import Agent

IDENTIFIER = "camt.056.001.08"


@dataclass(frozen=True)
class Assignment:
    """Who hands a case to whom; an agent without a BIC is None. `case_id` is the case's, the same on every leg."""

    assignment_id: str
    assigner: Agent | None
    assignee: Agent | None
    created_at: str
    case_id: str | None
    case_creator: Agent | None


@dataclass(frozen=True)
class Recall:
    """A request about one payment."""

    assignment: Assignment
    cancellation_id: str | None
    original: OriginalPayment
    reasons: tuple[StatedReason, ...]


def write_recall(
    *,
    assignment_id: str,
    case_id: str,
    created_at: datetime,
    assigner: Agent,
    assignee: Agent,
    original: OriginalPayment,
    reasons: tuple[StatedReason, ...],
) -> bytes:
    """The camt.056 that opens a case of the assigner's about one payment, as a bare Document."""
    document = new_root(IDENTIFIER)
    body = add(document, "FIToFIPmtCxlReq")
    write_assignment(body, assignment_id, assigner, assignee, created_at)
    case = add(body, "Case")
    add(case, "Id", case_id)
    write_agent(add(case, "Cretr"), "Agt", assigner)
    add(body, "CtrlData/NbOfTxs", "1")
    node = add(body, "Undrlyg/TxInf")
    add(node, "CxlId", assignment_id)
    write_references(node, original)
    write_settled(node, original)
    write_reasons(node, "CxlRsnInf", reasons)
    return serialise(document)


def write_assignment(
    body: etree._Element, assignment_id: str, assigner: Agent, assignee: Agent, created_at: datetime
) -> None:
    """Append who hands the case to whom."""
    assignment = add(body, "Assgnmt")
    add(assignment, "Id", assignment_id)
    write_agent(add(assignment, "Assgnr"), "Agt", assigner)
    write_agent(add(assignment, "Assgne"), "Agt", assignee)
    add(assignment, "CreDtTm", timestamp(created_at))


def read_recalls(message: ParsedMessage) -> tuple[Recall, ...]:
    """Every request in a camt.056; a request about whole groups has no transactions and yields none."""
    recalls: list[Recall] = []
    for underlying in find_all(message.body, "Undrlyg"):
        group = find(underlying, "OrgnlGrpInfAndCxl")
        for node in find_all(underlying, "TxInf"):
            case = next(
                (found for found in (find(node, "Case"), find(message.body, "Case")) if found is not None), None
            )
            assignment = read_assignment(required(message.body, "Assgnmt"), case)
            reasons = read_reasons(node, "CxlRsnInf")
            original = read_original(node, group)
            recalls.append(Recall(assignment, text_at(node, "CxlId"), original, reasons))
    return tuple(recalls)


def read_assignment(node: etree._Element, case: etree._Element | None) -> Assignment:
    """An assignment with its case."""
    return Assignment(
        assignment_id=text_at(node, "Id") or "",
        assigner=read_agent(find(node, "Assgnr/Agt"), {}),
        assignee=read_agent(find(node, "Assgne/Agt"), {}),
        created_at=text_at(node, "CreDtTm") or "",
        case_id=None if case is None else text_at(case, "Id"),
        case_creator=None if case is None else read_agent(find(case, "Cretr/Agt"), {}),
    )
