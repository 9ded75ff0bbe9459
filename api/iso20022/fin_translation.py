"""One door for FIN messages: finds out which MT it is and translates it into the ISO 20022 message it becomes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from api.iso20022.fin import Field, FinMessage, read_fin
from api.iso20022.fin_repetition import repeated_field
from api.iso20022.mt103 import translate_mt103
from api.iso20022.mt192 import translate_mt192
from api.iso20022.mt202 import sequences, translate_mt202
from api.iso20022.mt_return import is_return, translate_return
from api.iso20022.refusal import Refusal, RefusalKind, refuse

_TRANSLATORS: dict[str, Callable[[bytes, datetime], bytes | Refusal]] = {
    "103": translate_mt103,
    "192": translate_mt192,
    "202": translate_mt202,
    "205": translate_mt202,
    "292": translate_mt192,
}
_PAYMENTS = ("103", "202", "205")
_TAKEN = ", ".join(f"MT{number}" for number in _TRANSLATORS)


def is_fin(raw: bytes) -> bool:
    """Whether the bytes begin as a FIN message does; XML never begins so."""
    return raw.lstrip()[:3] == b"{1:"


def translate_fin(raw: bytes, now: datetime) -> bytes | Refusal:
    """The pacs.008, pacs.009, pacs.004 or camt.056 that says what this MT says, or why there is none.

    `now` is when a message that does not tell when it was sent is taken to be.
    """
    message = read_fin(raw)
    if isinstance(message, Refusal):
        return message
    if message.type in _PAYMENTS:
        repeated = repeated_field(message, _sequences(message))
        if repeated is not None:
            return repeated
        if is_return(message):
            return translate_return(raw, now)
    if message.type in _TRANSLATORS:
        return _TRANSLATORS[message.type](raw, now)
    text = f"MT{message.type} is not supported here; {_TAKEN} are."
    return refuse(RefusalKind.UNSUPPORTED_MESSAGE, text, value=message.type)


def _sequences(message: FinMessage) -> list[tuple[Field, ...]]:
    """The fields of a payment by sequence; only a cover has a second."""
    return [part.fields for part in sequences(message) if part is not None]
