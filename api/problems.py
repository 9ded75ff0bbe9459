"""Every error of the API as an RFC 9457 problem: one table gives each refusal and each reason its HTTP status.

A problem always says its stable code, the ISO reason, whether trying again can help and who must act; `errors`
names the element, the value and the rule where a message was at fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException

from api.elements import in_message_words
from api.iso20022.codes import REASON_CODE_OF, reason_code
from api.iso20022.refusal import RefusalKind
from api.refusals import Refusal
from node.domain.reasons import Actor, Finding, Reason, most_important

MEDIA_TYPE: Final = "application/problem+json"
LONGEST_VALUE: Final = 140
UNREADABLE_ISO_REASON: Final = "FF01"  # "InvalidFileFormat": what no schema of ours can read
Kind = Refusal | RefusalKind | Reason

STATUSES: Final[Mapping[int, tuple[Kind, ...]]] = {
    400: (Refusal.MALFORMED_REQUEST,),
    401: (
        Refusal.CREDENTIAL_MISSING,
        Refusal.CREDENTIAL_WRONG,
        Refusal.LOGIN_REFUSED,
        Refusal.MESSAGE_SIGNATURE_REFUSED,
        Reason.SIGNATURE_WRONG,
    ),
    403: (
        Refusal.SCOPE_MISSING,
        Refusal.CROSS_SITE_REQUEST,
        Refusal.ROLE_MISSING,
        Refusal.APPROVAL_NEEDED,
        Refusal.OWN_PROPOSAL,
        Refusal.PARTICIPANT_NOT_ACTIVE,
        Refusal.CERTIFICATE_NOT_OF_SIGNER,
        Refusal.NOT_YOUR_PAYMENT,
        Reason.AGENT_IN_CHAIN_IS_WRONG,
        Reason.DEBTOR_AGENT_NOT_ACTIVE,
        Reason.CREDITOR_AGENT_NOT_ACTIVE,
        Reason.CREDITOR_AGENT_REFUSED,
        Reason.ACCOUNT_FROZEN,
        Reason.CURRENCY_PAUSED,
    ),
    404: (
        Refusal.PAYMENT_NOT_FOUND,
        Refusal.TRANSFER_NOT_FOUND,
        Refusal.WEBHOOK_ENDPOINT_NOT_FOUND,
        Refusal.DELIVERY_NOT_FOUND,
        Refusal.MESSAGE_NOT_FOUND,
        Refusal.CASE_NOT_FOUND,
        Refusal.PROPOSAL_NOT_FOUND,
        Refusal.OPERATOR_NOT_FOUND,
        Refusal.SESSION_NOT_FOUND,
        Refusal.CREDENTIAL_NOT_FOUND,
        Refusal.ALIAS_NOT_FOUND,
        Refusal.STATEMENT_NOT_FOUND,
        Refusal.ACCOUNT_NOT_FOUND,
        Refusal.NOTHING_HERE,
        Refusal.NOT_AN_FX_PROVIDER,
        Reason.ORIGINAL_UNKNOWN,
    ),
    405: (Refusal.METHOD_NOT_ALLOWED,),
    408: (Refusal.BODY_TOO_SLOW,),
    409: (
        Refusal.CASE_DECIDED_ALREADY,
        Refusal.PROPOSAL_DECIDED_ALREADY,
        Refusal.PROPOSAL_DIFFERS,
        Refusal.OPERATOR_NOT_IN_STATE,
        Refusal.CREDENTIAL_NAME_TAKEN,
        Refusal.ALIAS_TAKEN,
        Refusal.REQUEST_UNDER_WAY,
        Reason.UETR_ALREADY_USED,
        Reason.MESSAGE_ID_ALREADY_USED,
        Reason.QUOTE_ALREADY_USED,
        Reason.COVER_DIFFERS,
        Reason.TOO_MANY_OPEN_QUOTES,
        Reason.CANCELLED_BY_DEBTOR_AGENT,
    ),
    413: (Refusal.BODY_TOO_LARGE, RefusalKind.TOO_LARGE),
    415: (Refusal.MEDIA_TYPE_NOT_SUPPORTED,),
    422: (
        Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
        Refusal.IDEMPOTENCY_KEY_REUSED,
        Refusal.NOT_TO_BE_PROPOSED,
        RefusalKind.UNSUPPORTED_MESSAGE,
        RefusalKind.SCHEMA_INVALID,
        Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA,
        Reason.UETR_MALFORMED,
        Reason.ORIGINAL_NOT_SETTLED,
        Reason.RETURN_CURRENCY_DIFFERS,
        Reason.RETURN_EXCEEDS_ORIGINAL,
        Reason.NUMBER_OF_TRANSACTIONS_WRONG,
        Reason.CONTROL_SUM_WRONG,
        Reason.HEADER_DOES_NOT_FIT_MESSAGE,
        Reason.BIC_MALFORMED,
        Reason.LEI_CHECK_DIGITS_WRONG,
        Reason.DEBTOR_AGENT_UNKNOWN,
        Reason.CREDITOR_AGENT_UNKNOWN,
        Reason.CREDITOR_AGENT_IS_DEBTOR_AGENT,
        Reason.SETTLEMENT_METHOD_NOT_SUPPORTED,
        Reason.SETTLEMENT_DATE_NOT_POSSIBLE,
        Reason.COVER_MISSING,
        Reason.AMOUNT_IS_ZERO,
        Reason.AMOUNT_HAS_TOO_MANY_DECIMALS,
        Reason.AMOUNT_TOO_LARGE,
        Reason.CURRENCY_UNKNOWN,
        Reason.CURRENCY_NOT_ISSUED,
        Reason.CHARGES_DO_NOT_ADD_UP,
        Reason.EXCHANGE_RATE_MISSING,
        Reason.EXCHANGE_RATE_DOES_NOT_FIT,
        Reason.DEBTOR_ACCOUNT_MISSING,
        Reason.DEBTOR_ACCOUNT_CHECK_DIGITS_WRONG,
        Reason.DEBTOR_ACCOUNT_UNKNOWN,
        Reason.DEBTOR_ACCOUNT_CLOSED,
        Reason.DEBTOR_ACCOUNT_BLOCKED,
        Reason.DEBTOR_ACCOUNT_CURRENCY_DIFFERS,
        Reason.CREDITOR_ACCOUNT_MISSING,
        Reason.CREDITOR_ACCOUNT_CHECK_DIGITS_WRONG,
        Reason.CREDITOR_ACCOUNT_UNKNOWN,
        Reason.CREDITOR_ACCOUNT_CLOSED,
        Reason.CREDITOR_ACCOUNT_BLOCKED,
        Reason.CREDITOR_ACCOUNT_IS_DEBTOR_ACCOUNT,
        Reason.CREDITOR_ACCOUNT_CURRENCY_DIFFERS,
        Reason.CREDITOR_NAME_DIFFERS,
        Reason.BALANCE_TOO_LOW,
        Reason.AGENT_LIQUIDITY_TOO_LOW,
        Reason.QUOTE_UNKNOWN,
        Reason.QUOTE_BELONGS_TO_ANOTHER_TAKER,
        Reason.QUOTE_EXPIRED,
        Reason.QUOTE_AMOUNTS_DIFFER,
        Reason.NO_PROVIDER_QUOTES_THIS_PAIR,
        Reason.RATE_NOT_OFFERED,
        Reason.PROVIDER_INVENTORY_TOO_LOW,
        Reason.INSTRUCTION_EXPIRED,
        Reason.SETTLEMENT_REFUSED_BY_CONTRACT,
    ),
    429: (Refusal.TOO_MANY_REQUESTS, Refusal.TOO_MANY_STREAMS),
    500: (Refusal.INTERNAL_FAULT,),
    502: (Reason.CREDITOR_AGENT_ANSWERED_WRONGLY,),
    503: (
        Refusal.PROVIDERS_UNREACHABLE,
        Refusal.INSTITUTION_UNREACHABLE,
        Refusal.CHAIN_UNREACHABLE,
        Refusal.BOOK_BUSY,
        Refusal.NOT_READY,
        Reason.CREDITOR_AGENT_UNREACHABLE,
    ),
}

# Bytes that are no message are 400 unless the table says otherwise, so that a reader may learn to say more.
_STATUS_OF: Final[Mapping[Kind, int]] = dict.fromkeys(RefusalKind, 400) | {
    kind: status for status, kinds in STATUSES.items() for kind in kinds
}


@dataclass(frozen=True)
class Row:
    """What the table says of one kind of problem."""

    code: str
    status: int
    title: str
    iso_reason: str | None
    retryable: bool
    responsible_party: str


def row(kind: Kind) -> Row:
    """The table's row for a refusal of the door, of the reader, or a reason of the domain."""
    status = _STATUS_OF[kind]
    if isinstance(kind, RefusalKind):
        return Row(kind.value, status, _title(kind.value), UNREADABLE_ISO_REASON, False, Actor.CALLER.value)
    if isinstance(kind, Refusal):
        return Row(kind.code, status, _title(kind.code), kind.iso_reason, kind.transient, kind.actor.value)
    name = kind.sentence
    return Row(name, status, _title(name), REASON_CODE_OF[kind], kind.transient, kind.actor.value)


def _title(code: str) -> str:
    return code.replace("_", " ").capitalize()


def all_kinds() -> Iterable[Kind]:
    """Every refusal and every reason."""
    return (*Refusal, *RefusalKind, *Reason)


class Problem(HTTPException):
    """Ends a request with a problem document; the handlers turn it into the response."""

    def __init__(
        self,
        kind: Kind,
        text: str,
        findings: tuple[Finding, ...] = (),
        headers: Mapping[str, str] | None = None,
        message: bytes | None = None,
    ) -> None:
        """`text` is for a person; `findings` become the document's `errors`.

        `message` says the same in ISO 20022: a reader that asks for XML gets it instead of the document.
        """
        super().__init__(_STATUS_OF[kind], detail=text, headers=headers)
        self.kind = kind
        self.text = text
        self.findings = findings
        self.message = message


def problem_of(findings: tuple[Finding, ...]) -> Problem:
    """The problem that these findings amount to: the most important gives status and code."""
    first = most_important(findings)
    if first is None:
        raise ValueError("a refusal without a finding")
    return Problem(first.reason, first.text, findings)


def document(
    kind: Kind,
    text: str,
    *,
    findings: tuple[Finding, ...] = (),
    instance: str | None = None,
    trace_id: str = "",
    message: bytes | None = None,
) -> dict[str, Any]:
    """The problem as RFC 9457 writes it, with our extension members."""
    said = row(kind)
    return {
        "type": f"/docs#{said.code}",
        "title": said.title,
        "status": said.status,
        "detail": text,
        "instance": instance,
        "code": said.code,
        "iso_reason": said.iso_reason,
        "retryable": said.retryable,
        "responsible_party": said.responsible_party,
        "errors": [error(finding) for finding in findings],
        "trace_id": trace_id,
        "message": None if message is None else message.decode(),
    }


def error(finding: Finding) -> dict[str, str | None]:
    """One finding as a member of `errors`; a long value is cut."""
    value = finding.value
    if value is not None and len(value) > LONGEST_VALUE:
        value = value[: LONGEST_VALUE - 1] + "…"
    return {
        "element": in_message_words(finding).element,
        "value": value,
        "rule": finding.rule,
        "text": finding.text,
        "code": finding.reason.sentence,
        "iso_reason": reason_code(finding),
    }


def documented(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """These problems as OpenAPI responses, grouped by status, each with an example."""
    responses: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        said = row(kind)
        entry = responses.setdefault(said.status, {"description": "", "content": {MEDIA_TYPE: _schema()}})
        entry["description"] = "; ".join(filter(None, (entry["description"], f"`{said.code}`")))
        examples = entry["content"][MEDIA_TYPE]["examples"]
        examples[said.code] = {"summary": said.title, "value": example(kind)}
    return responses


def example(kind: Kind) -> dict[str, Any]:
    """A problem of this kind, as the documentation shows it."""
    return document(kind, f"{row(kind).title}.", instance="/v1/…", trace_id="0f6d4c1ae3b24d6a9d6c9a4b4d0f2a11")


def _schema() -> dict[str, Any]:
    return {"schema": {"$ref": "#/components/schemas/ProblemDocument"}, "examples": {}}


def encode(problem: Mapping[str, Any]) -> bytes:
    """The document's bytes; half a character that somebody sent us, which UTF-8 cannot say, is shown as `?`."""
    return json.dumps(problem, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
