"""Cuts sentences to the 105 characters that an AddtlInf line may have (Max105Text)."""

from __future__ import annotations

import textwrap

PIECE_LENGTH = 105
REMARK = "warning"
"""The first piece of what is only remarked, and refuses nothing."""


def pieces(text: str) -> tuple[str, ...]:
    """A text in pieces, cut between words where there are any; names with hyphens stay whole."""
    return tuple(textwrap.wrap(text, PIECE_LENGTH, break_on_hyphens=False))
