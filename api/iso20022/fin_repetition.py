"""What stands twice in a FIN payment and may stand there once: two amounts or two payees are no order to anybody.

Which of them counts is nothing that a reader may choose, so such a message is refused (MT103, MT202 and MT205 of
SWIFT's category volumes: 13C, 23E and 71F alone may be repeated).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from api.iso20022.fin import Field, FinMessage
from api.iso20022.refusal import Refusal, RefusalKind, refuse

_REPEATABLE: Final = frozenset({"13C", "23E", "71F"})
# Numbers of which every option letter says the same in another form.
_OF_ANY_OPTION: Final = frozenset({"50", "52", "53", "54", "55", "56", "57", "58", "59"})


def repeated_field(message: FinMessage, sequences: Iterable[tuple[Field, ...]]) -> Refusal | None:
    """The refusal for the first field that its sequence has twice, or None; options of a number are one field."""
    for fields in sequences:
        seen: set[str] = set()
        for field in fields:
            name = f"{field.tag[:2]}a" if field.tag[:2] in _OF_ANY_OPTION else field.tag
            if name in seen:
                text = f"Field {name} may stand once and is there again; send one payment a message."
                place = f"MT{message.type}/{name}"
                return refuse(RefusalKind.FIELD_INVALID, text, element=place, value=field.value[:100])
            if name not in _REPEATABLE:
                seen.add(name)
    return None
