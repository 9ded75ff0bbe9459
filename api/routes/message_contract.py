"""What the OpenAPI document says of posting messages: what may come, what is answered, what is refused."""

from __future__ import annotations

from typing import Any, Final

from api.access import BACK_OFFICE_REFUSALS
from api.account_reports import NO_REPORT
from api.idempotency import REPLAYED
from api.reading import NO_PAYMENT
from api.refusals import Refusal
from api.returning import NO_RETURN
from api.routes.examples import CREDIT_TRANSFER, STATUS_REPORT
from api.routes.message_examples import CUSTOMER_ORDERS, MT103
from node.domain.reasons import Reason

XML: Final = "application/xml"
REFUSALS: Final = (
    *BACK_OFFICE_REFUSALS,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Refusal.MEDIA_TYPE_NOT_SUPPORTED,
    Refusal.CHAIN_UNREACHABLE,
    Refusal.BOOK_BUSY,
    *dict.fromkeys((*NO_PAYMENT, *NO_RETURN, *NO_REPORT)),
    Reason.UETR_ALREADY_USED,
    Reason.MESSAGE_ID_ALREADY_USED,
    Reason.COVER_DIFFERS,
)
ACCEPTED: Final[dict[str, Any]] = {
    "description": "Recorded. A pacs.002 answers credit transfers, returns and questions, a pain.002 a customer's "
    "orders: RCVD, RJCT with the reasons, or PART where some of several are refused; a camt.029 answers a recall, "
    "a camt.052 or camt.053 a camt.060. The same message again gets the same bytes.",
    "content": {XML: {"schema": {"type": "string"}, "example": STATUS_REPORT}},
    "headers": {
        "Location": {
            "description": "where the payment is found, or the message where it holds several",
            "schema": {"type": "string"},
        },
        REPLAYED: {
            "description": "`true` when this very message was here before",
            "schema": {"type": "string", "enum": ["true"]},
        },
    },
}
REQUEST_BODY: Final[dict[str, Any]] = {
    "required": True,
    "description": "One message in UTF-8, with or without its business header, bare or in an envelope. To pay: "
    "pacs.008.001.08 (.09 to .13) or pacs.009.001.08 (.09 to .11, also cover) of one or more transactions, "
    "pain.001.001.09 (.03, .10 to .12). To return: pacs.004.001.09 (.10, .11, .13). To recall: camt.056.001.08 "
    "(.10, .11). To ask: "
    "pacs.028.001.03, camt.060.001.05. Or as FIN text MT103 (also STP and REMIT), MT202 and MT205 (also COV), all "
    "three also with /RETN/, and MT192 and MT292.",
    "content": {
        XML: {
            "schema": {"type": "string"},
            "examples": {
                "pacs.008": {"summary": "a credit transfer", "value": CREDIT_TRANSFER},
                "pain.001": {"summary": "a customer's two orders", "value": CUSTOMER_ORDERS},
            },
        },
        "text/plain": {"schema": {"type": "string"}, "example": MT103},
    },
}
