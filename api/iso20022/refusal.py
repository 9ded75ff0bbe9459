"""What makes bytes no message that we read: each way is a value with findings, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from node.domain.reasons import Finding, Reason


class RefusalKind(Enum):
    """The ways in which bytes fail to be a message; the values are stable names for the API's problems."""

    EMPTY = "message_empty"
    TOO_LARGE = "message_too_large"
    NOT_UTF8 = "message_not_utf8"
    NOT_XML = "message_not_xml"
    DOCUMENT_TYPE = "message_has_document_type"
    NO_MESSAGE = "no_message_found"
    SEVERAL_MESSAGES = "several_messages_found"
    WRONG_NAMESPACE = "wrong_namespace"
    UNSUPPORTED_MESSAGE = "unsupported_message"
    SCHEMA_INVALID = "schema_invalid"
    NOT_FIN = "message_not_fin"
    FIELD_INVALID = "field_invalid"


@dataclass(frozen=True)
class Refusal:
    """Why bytes were not taken for a message; `findings` is never empty.

    `identifier` is the message's, such as `pacs.008.001.08`, as far as it could be read.
    """

    kind: RefusalKind
    findings: tuple[Finding, ...]
    identifier: str | None = None


def refuse(kind: RefusalKind, text: str, *, element: str | None = None, value: str | None = None) -> Refusal:
    """A refusal with one finding; the rule it broke is named after its kind."""
    rule = "message." + kind.value.replace("_", "-")
    return Refusal(kind, (Finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, element, value, rule),))
