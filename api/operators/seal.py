"""Closes what operators entrust to the book: their one-time secrets, and what they propose about customers.

With the book's own key (AES-256-GCM under the master key), bound to what it belongs to: a sealed value that is
moved to another row does not open.
"""

from __future__ import annotations

from node.book.sealing import Unreadable, at_place
from node.book.vault import Vault


class SealBroken(ValueError):
    """What was sealed does not open: it was changed, moved, or sealed with another key."""


class Seal:
    """Closes and opens values of one institution."""

    __slots__ = ("_vault",)

    def __init__(self, vault: Vault) -> None:
        """With the keys of an open book."""
        self._vault = vault

    def close(self, plain: bytes, about: str) -> bytes:
        """Seal a value for the place named by `about`."""
        return self._vault.seal(None, plain, _place(about))

    def open(self, sealed: bytes, about: str) -> bytes:
        """The value that was sealed for this place; raises SealBroken."""
        try:
            opened = self._vault.open(None, sealed, _place(about))
        except Unreadable as error:
            raise SealBroken(f"what was sealed for {about} does not open") from error
        if opened is None:
            raise SealBroken(f"what was kept for {about} was never sealed")
        return opened


def _place(about: str) -> bytes:
    return at_place("operators", "sealed", about)
