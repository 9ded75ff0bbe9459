"""Where in a message the facts stand that settlement speaks of: its words, and the paths for them, by message.

Settlement knows no message format, so it names the element at fault in the domain's words; a bank's engineer looks
for it in the message that was sent, whatever that became here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from api.iso20022.fin_places import field_of
from node.domain.reasons import Finding

CREDIT_TRANSFER: Final = "pacs.008"
_TRANSACTION: Final = "FIToFICstmrCdtTrf/CdtTrfTxInf"
PATHS: Final = {
    "message_id": "FIToFICstmrCdtTrf/GrpHdr/MsgId",
    "uetr": f"{_TRANSACTION}/PmtId/UETR",
    "interbank_settlement_amount": f"{_TRANSACTION}/IntrBkSttlmAmt",
    "instructed_amount": f"{_TRANSACTION}/InstdAmt",
    "currency": f"{_TRANSACTION}/IntrBkSttlmAmt/@Ccy",
    "debtor_account": f"{_TRANSACTION}/DbtrAcct/Id",
    "debtor_agent": f"{_TRANSACTION}/DbtrAgt/FinInstnId",
    "creditor_agent": f"{_TRANSACTION}/CdtrAgt/FinInstnId",
    "creditor": f"{_TRANSACTION}/Cdtr/Nm",
    "settlement_date": f"{_TRANSACTION}/IntrBkSttlmDt",
    "creditor_account": f"{_TRANSACTION}/CdtrAcct/Id",
    "quote_id": f"{_TRANSACTION}/InstrForNxtAgt/InstrInf",
}


_RETURN: Final = "PmtRtr/TxInf"
RETURN_PATHS: Final = {
    "message_id": "PmtRtr/GrpHdr/MsgId",
    "uetr": f"{_RETURN}/RtrId",
    "return_of": f"{_RETURN}/OrgnlUETR",
    "interbank_settlement_amount": f"{_RETURN}/RtrdIntrBkSttlmAmt",
    "instructed_amount": f"{_RETURN}/RtrdInstdAmt",
    "currency": f"{_RETURN}/RtrdIntrBkSttlmAmt/@Ccy",
    "debtor_account": f"{_RETURN}/RtrChain/Dbtr",
    "debtor_agent": f"{_RETURN}/InstgAgt/FinInstnId",
    "creditor_agent": f"{_RETURN}/InstdAgt/FinInstnId",
    "creditor_account": f"{_RETURN}/RtrChain/Cdtr",
    "quote_id": f"{_RETURN}/RtrRsnInf/AddtlInf",
}
RECALL_PATHS: Final = {
    "message_id": "FIToFIPmtCxlReq/Assgnmt/Id",
    "case_id": "FIToFIPmtCxlReq/Case/Id",
    "uetr": "FIToFIPmtCxlReq/Undrlyg/TxInf/OrgnlUETR",
}

_WHOLE: Final = "FIToFICstmrCdtTrf"
_INFORMATION: Final = "CstmrCdtTrfInitn/PmtInf"
_ORDER: Final = f"{_INFORMATION}/CdtTrfTxInf"
INSTITUTION_NAMES: Final = {
    f"{_TRANSACTION}/Cdtr/Nm": "FICdtTrf/CdtTrfTxInf/Cdtr/FinInstnId/Nm",
    f"{_TRANSACTION}/InstdAmt": "FICdtTrf/CdtTrfTxInf/IntrBkSttlmAmt",
    _WHOLE: "FICdtTrf",
}
"""A pacs.009 calls its elements as a pacs.008 does, but for these; it has one amount."""
ORDER_NAMES: Final = {
    f"{_TRANSACTION}/IntrBkSttlmAmt": f"{_ORDER}/Amt/InstdAmt",
    f"{_TRANSACTION}/InstdAmt": f"{_ORDER}/Amt/InstdAmt",
    f"{_TRANSACTION}/XchgRate": f"{_ORDER}/XchgRateInf/XchgRate",
    f"{_TRANSACTION}/InstrForNxtAgt": f"{_ORDER}/XchgRateInf/CtrctId",
    f"{_TRANSACTION}/InstrForNxtAgt/InstrInf": f"{_ORDER}/XchgRateInf/CtrctId",
    f"{_TRANSACTION}/IntrBkSttlmDt": f"{_INFORMATION}/ReqdExctnDt",
    f"{_TRANSACTION}/InstgAgt": f"{_INFORMATION}/DbtrAgt",
    f"{_TRANSACTION}/PmtTpInf": f"{_INFORMATION}/PmtTpInf",
    **{
        f"{_TRANSACTION}/{element}": f"{_INFORMATION}/{element}"
        for element in ("Dbtr", "DbtrAcct", "DbtrAgt", "DbtrAgtAcct")
    },
    _TRANSACTION: _ORDER,
    _WHOLE: "CstmrCdtTrfInitn",
}
"""Where an element of the pacs.008 that a customer's order becomes was in the pain.001."""

_SPOKEN: Final[Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]] = {
    CREDIT_TRANSFER: (PATHS, {}),
    "pacs.009": (PATHS, INSTITUTION_NAMES),
    "pacs.004": (RETURN_PATHS, {}),
    "pain.001": (PATHS, ORDER_NAMES),
    "camt.056": (RECALL_PATHS, {}),
}
_TRANSLATED: Final = {
    "MT202": "pacs.009",
    "MT205": "pacs.009",
    "MT192": "camt.056",
    "MT292": "camt.056",
}


_ASKED: Final = {
    "interbank_settlement_amount": "body.buy_amount",
    "instructed_amount": "body.sell_amount",
    "currency": "body.buy_currency",
}


def in_request_words(finding: Finding) -> Finding:
    """The finding about a quote that was asked for by JSON: there is no message whose element could be at fault.

    A provider answers in the words of messages, as for a payment that it is asked to price.
    """
    asked = _ASKED | {PATHS[name]: element for name, element in _ASKED.items()}
    return replace(finding, element=asked.get(finding.element or "", finding.element))


_WISHED: Final = {
    "message_id": "body.return_id",
    "uetr": "body.return_id",
    "return_of": "path.uetr",
    "amount": "body.amount",
    "interbank_settlement_amount": "body.amount",
    "currency": "body.currency",
}


def in_wish_words(finding: Finding) -> Finding:
    """The finding about a return that was wished for by JSON."""
    return replace(finding, element=_WISHED.get(finding.element or "", finding.element))


def in_message_words(finding: Finding, came_as: str = CREDIT_TRANSFER, is_return: bool = False) -> Finding:
    """The finding with its element as a path in the message of this name; what is in no message stays as it is.

    Beside an element that was translated from FIN stands the field of the MT that came. Done twice, it is as done
    once.

    >>> from node.domain.reasons import Reason
    >>> again = Finding(Reason.UETR_ALREADY_USED, "again", element="uetr")
    >>> in_message_words(again, "pacs.009.001.08").element
    'FICdtTrf/CdtTrfTxInf/PmtId/UETR'
    >>> in_message_words(again, "MT103").element
    'FIToFICstmrCdtTrf/CdtTrfTxInf/PmtId/UETR (MT103 :121:)'
    """
    kind = "pacs.004" if is_return else _TRANSLATED.get(came_as, came_as[:8])
    paths, names = _SPOKEN.get(kind, _SPOKEN[CREDIT_TRANSFER])
    element = finding.element or ""
    path = _renamed(paths.get(element, element), names)
    field = None if path.endswith(":)") else field_of(path, came_as)
    told = f"{path} ({came_as} :{field}:)" if field else path
    return replace(finding, element=told or None)


def all_in_message_words(
    findings: Iterable[Finding], came_as: str = CREDIT_TRANSFER, is_return: bool = False
) -> tuple[Finding, ...]:
    """Each of these findings in the words of that message."""
    return tuple(in_message_words(one, came_as, is_return) for one in findings)


def _renamed(path: str, names: Mapping[str, str]) -> str:
    """The path with its longest known beginning under the name that it has elsewhere."""
    steps = path.split("/")
    for end in range(len(steps), 0, -1):
        known = names.get("/".join(steps[:end]))
        if known is not None:
            return "/".join((known, *steps[end:]))
    return path
