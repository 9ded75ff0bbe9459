"""Whether the name a payer states is that of an account's holder: the confirmation of payee.

Names are compared without case, accents, punctuation and legal forms, in any order of their words; a small slip
or a missing word makes a close match, for which the holder's real name may be shown.
"""

from __future__ import annotations

import unicodedata
from enum import Enum


class NameMatch(Enum):
    """How a stated name compares with the holder's; the values are those of the EPC's verification of payee."""

    MATCH = "MTCH"
    CLOSE_MATCH = "CMTC"
    NO_MATCH = "NMTC"
    NOT_POSSIBLE = "NOAP"


class NameCheck(Enum):
    """What a creditor agent does about a payment to another name than the account holder's."""

    TELL = "tell"
    REFUSE = "refuse"


_FORMS = frozenset(
    {"ltd", "limited", "llc", "llp", "plc", "inc", "incorporated", "corp", "corporation", "co", "company", "gmbh"}
    | {"ag", "kg", "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "ab", "oy", "as", "aps", "pte", "pty", "pjsc"}
    | {"fze", "fzco", "wll", "kk", "the", "and", "mr", "mrs", "ms", "dr"}
)
_CLOSE_PERCENT = 80
_LETTERS_APART = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "œ": "oe", "þ": "th"})


def compare_names(stated: str | None, kept: str | None) -> NameMatch:
    """How the stated name compares with the holder's; not possible where either is missing.

    >>> compare_names("FALCON MARINE SUPPLIES", "Falcon Marine Supplies LLC").name
    'MATCH'
    >>> compare_names("Falcon Marin Suplies", "Falcon Marine Supplies LLC").name
    'CLOSE_MATCH'
    """
    asked, held = _words(stated or ""), _words(kept or "")
    if not asked or not held:
        return NameMatch.NOT_POSSIBLE
    if sorted(asked) == sorted(held) or "".join(asked) == "".join(held):
        return NameMatch.MATCH
    likeness = max(
        _likeness(" ".join(asked), " ".join(held)), _likeness(" ".join(sorted(asked)), " ".join(sorted(held)))
    )
    shared = set(asked) & set(held)
    mostly = len(shared) >= 2 and (set(asked) <= set(held) or set(held) <= set(asked))
    return NameMatch.CLOSE_MATCH if likeness >= _CLOSE_PERCENT or mostly else NameMatch.NO_MATCH


def _words(name: str) -> list[str]:
    """The words that tell names apart; all of them, where there is nothing but legal forms."""
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS_APART))
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    separated = "".join(character if character.isalnum() else " " for character in plain.replace("'", ""))
    words = separated.split()
    return [word for word in words if word not in _FORMS] or words


def _likeness(one: str, other: str) -> int:
    """What share of the longer name stays as it is, in percent, by the least number of edits."""
    longest = max(len(one), len(other))
    return 100 * (longest - _edits(one, other)) // longest


def _edits(one: str, other: str) -> int:
    """Insertions, deletions and replacements that lead from one text to the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, start=1):
        before, row[0] = row[0], number
        for place, counterpart in enumerate(other, start=1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (letter != counterpart)),
            )
    return row[-1]
