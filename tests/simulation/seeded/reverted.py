"""What a contract's refusal is to the simulation."""

from __future__ import annotations


class Reverted(Exception):
    """A call that the contracts refuse; the text is the sentence."""
