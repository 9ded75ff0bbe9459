"""Writes and reads the answer to a recall (camt.029): it will be returned, it will not, or we do not know yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from lxml import etree

from api.iso20022.camt056 import Assignment, Recall, read_assignment, write_assignment
from api.iso20022.institutions import write_agent
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
from api.iso20022.writing import add, add_if, new_root, serialise
from node.domain.party import Agent

IDENTIFIER = "camt.029.001.09"


class Answer(Enum):
    """What becomes of a recall: (status of the investigation, status of the transaction)."""

    ACCEPTED = ("CNCL", "ACCR")
    REFUSED = ("RJCR", "RJCR")
    PENDING = ("PDCR", "PDCR")

    def __init__(self, confirmation: str, status: str) -> None:
        """Unpack the codes of ExternalInvestigationExecutionConfirmation1 and CancellationIndividualStatus1."""
        self.confirmation = confirmation
        self.status = status


@dataclass(frozen=True)
class Resolution:
    """An answer as read. `status` is None where only the whole investigation has one, in `confirmation`.

    `return_uetr` is the payment that gives back, where the answer names it (RsltnRltdInf).
    """

    assignment: Assignment
    confirmation: str | None
    status: str | None
    original: OriginalPayment
    reasons: tuple[StatedReason, ...]
    return_uetr: str | None = None


def write_resolution(
    recall: Recall,
    answer: Answer,
    *,
    assignment_id: str,
    created_at: datetime,
    assigner: Agent,
    assignee: Agent,
    reasons: tuple[StatedReason, ...] = (),
    return_uetr: str | None = None,
) -> bytes:
    """The camt.029 that answers one recall; it repeats the case, which stays its creator's.

    `return_uetr` names the return that an acceptance has led to.
    """
    document = new_root(IDENTIFIER)
    body = add(document, "RsltnOfInvstgtn")
    write_assignment(body, assignment_id, assigner, assignee, created_at)
    case = recall.assignment
    if case.case_id and case.case_creator:
        resolved = add(body, "RslvdCase")
        add(resolved, "Id", case.case_id)
        write_agent(add(resolved, "Cretr"), "Agt", case.case_creator)
    add(body, "Sts/Conf", answer.confirmation)
    node = add(body, "CxlDtls/TxInfAndSts")
    add_if(node, "CxlStsId", assignment_id)
    write_references(node, recall.original)
    add(node, "TxCxlSts", answer.status)
    write_reasons(node, "CxlStsRsnInf", reasons)
    if return_uetr is not None:
        add(node, "RsltnRltdInf/UETR", return_uetr)
    write_settled(node, recall.original)
    return serialise(document)


def read_resolutions(message: ParsedMessage) -> tuple[Resolution, ...]:
    """Every answer in a camt.029: one per transaction, or one for the case where no transaction is told."""
    confirmation = text_at(message.body, "Sts/Conf")
    found: list[Resolution] = []
    for details in find_all(message.body, "CxlDtls"):
        group = find(details, "OrgnlGrpInfAndSts")
        found += [_read(message, node, group, confirmation) for node in find_all(details, "TxInfAndSts")]
    if found:
        return tuple(found)
    assignment = read_assignment(required(message.body, "Assgnmt"), find(message.body, "RslvdCase"))
    return (Resolution(assignment, confirmation, None, OriginalPayment(), (), _return_uetr(message, None)),)


def _read(
    message: ParsedMessage, node: etree._Element, group: etree._Element | None, confirmation: str | None
) -> Resolution:
    cases = (find(node, "RslvdCase"), find(message.body, "RslvdCase"))
    case = next((found for found in cases if found is not None), None)
    return Resolution(
        assignment=read_assignment(required(message.body, "Assgnmt"), case),
        confirmation=confirmation,
        status=text_at(node, "TxCxlSts"),
        original=read_original(node, group),
        reasons=read_reasons(node, "CxlStsRsnInf"),
        return_uetr=_return_uetr(message, node),
    )


def _return_uetr(message: ParsedMessage, node: etree._Element | None) -> str | None:
    """The return that is told of this transaction, or else of the whole case."""
    own = None if node is None else text_at(node, "RsltnRltdInf/UETR")
    return own or text_at(message.body, "RsltnRltdInf/UETR")
