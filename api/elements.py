"""Where in a pacs.008 or pacs.004 the facts stand that settlement speaks of: its words, and the paths for them.

Settlement knows no message format, so it names the element at fault in the domain's words; a bank's engineer looks
for it in the message.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from node.domain.reasons import Finding

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


_CUSTOMERS: Final = "FIToFICstmrCdtTrf/"
_INSTITUTIONS: Final = "FICdtTrf/"


def between_institutions(finding: Finding) -> Finding:
    """The finding about a pacs.009, whose elements are called as in a pacs.008 but for the outermost."""
    if not (finding.element or "").startswith(_CUSTOMERS):
        return finding
    return replace(finding, element=_INSTITUTIONS + (finding.element or "").removeprefix(_CUSTOMERS))


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


def in_message_words(finding: Finding, is_return: bool = False) -> Finding:
    """The finding with its element as a path in the message; one that is in no message stays as it is.

    >>> from node.domain.reasons import Reason
    >>> in_message_words(Finding(Reason.UETR_ALREADY_USED, "again", element="uetr")).element
    'FIToFICstmrCdtTrf/CdtTrfTxInf/PmtId/UETR'
    """
    return replace(
        finding, element=(RETURN_PATHS if is_return else PATHS).get(finding.element or "", finding.element)
    )
