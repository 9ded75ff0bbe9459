"""From a camt.056 or camt.029 to the recall in it; what is none is a problem."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from api.institution import Institution
from api.iso20022.camt056 import Recall as Asked
from api.iso20022.camt056 import read_recalls
from api.iso20022.parse import ParsedMessage
from api.iso20022.refusal import RefusalKind
from api.originals import uetr_of_original
from api.problems import Problem, problem_of
from api.scribe import Iso20022Scribe
from node.domain.payment import Side
from node.domain.reasons import Finding, Reason
from node.settlement.ports import Written
from node.settlement.recall_opening import Recall

RECALLS: Final = frozenset(f"camt.056.001.{version}" for version in ("08", "10", "11"))


def scribe_of(institution: Institution) -> Iso20022Scribe:
    """Who writes for this institution."""
    aftercare = institution.office.aftercare
    if aftercare is None or not isinstance(aftercare.scribe, Iso20022Scribe):
        raise LookupError(f"{institution.name} was opened without a scribe")
    return aftercare.scribe


def read_asked(message: ParsedMessage, ours: Institution | None = None) -> Asked:
    """The one request in a camt.056, which must name its payment; raises Problem.

    `ours` is given for a request of our own back office, which may name the payment by its message instead.
    """
    found = read_recalls(message)
    if len(found) != 1:
        text = f"One request a message; this has {len(found)} that name a payment."
        raise problem_of((_finding(Reason.NUMBER_OF_TRANSACTIONS_WRONG, text, "CtrlData/NbOfTxs"),))
    uetr = found[0].original.uetr
    if ours is not None:
        uetr = uetr_of_original(ours, found[0].original, Side.DEBTOR_AGENT)
    if not uetr:
        text = "OrgnlUETR must name the payment that is asked for."
        raise problem_of((_finding(Reason.UETR_MALFORMED, text, "Undrlyg/TxInf/OrgnlUETR"),))
    return replace(found[0], original=replace(found[0].original, uetr=uetr))


def recall_of(message: ParsedMessage, asked: Asked) -> Recall:
    """The request in settlement's words; without a case of its own it is called by its assignment."""
    reason = asked.reasons[0] if asked.reasons else None
    return Recall(
        case_id=asked.assignment.case_id or asked.assignment.assignment_id,
        uetr=asked.original.uetr or "",
        reason_code=reason.code if reason else None,
        reason_text=reason.text if reason else "",
        message=Written(message.identifier, asked.assignment.assignment_id, message.raw),
    )


def unsupported(message: ParsedMessage, taken: frozenset[str]) -> Problem:
    """This address takes other messages."""
    text = f"This address takes {', '.join(sorted(taken))}, not {message.identifier}."
    rule = "message.unsupported-message"
    finding = Finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, "Document", message.identifier, rule)
    return Problem(RefusalKind.UNSUPPORTED_MESSAGE, text, (finding,))


def _finding(reason: Reason, text: str, element: str) -> Finding:
    return Finding(reason, text, element=f"FIToFIPmtCxlReq/{element}", rule=f"recall.{reason.sentence}")
