"""Reads a SWIFT FIN message (MT) into its blocks and fields; what the fields mean is not known here.

Line ends may be CRLF or LF; acknowledgements in front of the message are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from api.iso20022.refusal import Refusal, RefusalKind, refuse

_BASIC = re.compile(r"\{1:F01(?P<terminal>[A-Z0-9]{12})(?:\d{10})?\}")
_INPUT = re.compile(r"\{2:I(?P<type>\d{3})(?P<terminal>[A-Z0-9]{12})[A-Z]?\w*\}")
_OUTPUT = re.compile(
    r"\{2:O(?P<type>\d{3})(?P<time>\d{4})(?P<date>\d{6})(?P<terminal>[A-Z0-9]{12})\d{10}\d{10}[A-Z]?\}"
)
_USER = re.compile(r"\{3:(?P<fields>(?:\{\w{3}:[^{}]*\})*)\}")
_USER_FIELD = re.compile(r"\{(\w{3}):([^{}]*)\}")
_TEXT = re.compile(r"\{4:\r?\n(?P<text>.*?)(?:\r?\n)?-\}", re.DOTALL)
_TRAILERS = re.compile(r"(?:\s*\{[5S]:(?:[^{}]|\{[^{}]*\})*\})*[\s}$\x03]*")
_START: Final = "{1:F01"
_TAG = re.compile(r":(?P<tag>\d{2}[A-Z]?):")


@dataclass(frozen=True)
class Field:
    """One field of block 4: its tag with its option letter, and its lines."""

    tag: str
    lines: tuple[str, ...]

    @property
    def value(self) -> str:
        """The lines as one text, with line feeds between them."""
        return "\n".join(self.lines)


@dataclass(frozen=True)
class FinMessage:
    """An MT; `sender` and `receiver` are 11-character BICs, `sent_at` is told by delivered messages only."""

    type: str
    sender: str
    receiver: str
    sent_at: datetime | None
    user_header: Mapping[str, str]
    fields: tuple[Field, ...]

    def all(self, number: str) -> tuple[Field, ...]:
        """Every field of this number, with any option letter or none, in order."""
        return tuple(field for field in self.fields if field.tag[:2] == number)

    def first(self, *tags: str) -> Field | None:
        """The first field with one of these tags, written with their option letters."""
        return next((field for field in self.fields if field.tag in tags), None)


def read_fin(raw: bytes) -> FinMessage | Refusal:
    """The blocks and fields of an MT, or why there are none; several messages are refused, for one may be lost."""
    text = raw.decode("latin-1")
    text = text[max(text.find(_START), 0) :]
    basic, body = _BASIC.match(text), _TEXT.search(text)
    head = text[: body.start()] if body else text
    user, application = _USER.search(head), _INPUT.search(head) or _OUTPUT.search(head)
    if basic is None or application is None or body is None:
        return _no_blocks(text, {1: basic, 2: application, 4: body})
    several = _several(text, text[body.end() :])
    if several is not None:
        return several
    own, other = _bic(basic["terminal"]), _bic(application["terminal"])
    is_input = application.re is _INPUT
    return FinMessage(
        type=application["type"],
        sender=own if is_input else other,
        receiver=other if is_input else own,
        sent_at=None if is_input else _moment(application["date"] + application["time"]),
        user_header=dict(_USER_FIELD.findall(user["fields"])) if user else {},
        fields=tuple(_fields(body["text"])),
    )


_FORMS: Final = {
    1: "{1:F01, a logical terminal of 12 characters, and session and sequence numbers}",
    2: "{2:I or {2:O, the type of three digits, and a logical terminal of 12 characters, as FIN writes them",
    4: "{4:, a new line, the fields, and -} at the beginning of a line",
}


def _no_blocks(text: str, blocks: Mapping[int, re.Match[str] | None]) -> Refusal:
    number = next(number for number, found in blocks.items() if found is None)
    fault = "malformed" if f"{{{number}:" in text else "missing"
    said = f"This is no FIN message: block {number} is {fault}; it is {_FORMS[number]}."
    return refuse(RefusalKind.NOT_FIN, said, element=f"block {number}")


def _several(text: str, rest: str) -> Refusal | None:
    """The refusal of what holds several messages, or goes on behind its text where only trailers may stand."""
    count = text.count(_START)
    if count > 1:
        said = f"There are {count} FIN messages in this; send one a request."
        return refuse(RefusalKind.SEVERAL_MESSAGES, said, element="block 1")
    if _TRAILERS.fullmatch(rest) is None:
        said = "Block 4 ends at -}, and what follows is no trailer (block 5 or S); a text holds neither { nor }."
        return refuse(RefusalKind.NOT_FIN, said, element="block 4", value=rest.strip()[:100])
    return None


def _bic(terminal: str) -> str:
    """The BIC of a logical terminal: its ninth character names the terminal, not the institution."""
    return terminal[:8] + terminal[9:]


def _moment(digits: str) -> datetime | None:
    try:
        return datetime.strptime("20" + digits, "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None


def _fields(text: str) -> list[Field]:
    fields: list[Field] = []
    for raw_line in text.split("\n"):
        line = raw_line.removesuffix("\r")
        match = _TAG.match(line)
        if match is not None:
            fields.append(Field(match["tag"], (line[match.end() :],)))
        elif fields:
            fields[-1] = Field(fields[-1].tag, (*fields[-1].lines, line))
    return fields
