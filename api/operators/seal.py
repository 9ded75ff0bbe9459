"""Closes what operators entrust to the book: their one-time secrets, and what they propose about customers.

With the book's own key (AES-256-GCM under the master key), bound to what it belongs to: a sealed value that is
moved to another row does not open.
"""

from __future__ import annotations

import base64

from node.book.proposals import content_place, path_place
from node.book.sealing import ERASED, Unreadable
from node.book.vault import PROPOSAL, Vault


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
        return self._vault.seal(None, plain, content_place(about))

    def open(self, sealed: bytes, about: str) -> bytes:
        """The value that was sealed for this place; raises SealBroken."""
        return self._opened(sealed, content_place(about), about)

    def open_kept(self, sealed: bytes | None, about: str) -> bytes:
        """The same of what may be absent, or erased: then it is empty, or says so."""
        if sealed is None:
            return b""
        return self.open(sealed, about) if sealed else ERASED.encode()

    def mark(self, digest: bytes) -> bytes:
        """The digest of a proposal as it is kept and shown: nobody without the key can try out guesses."""
        return self._vault.marked(digest, PROPOSAL)

    def close_path(self, path: str, proposal_id: str) -> str:
        """Seal a proposal's path, which may have somebody's telephone number in it."""
        return base64.b64encode(self._vault.seal(None, path.encode(), path_place(proposal_id))).decode()

    def open_path(self, sealed: str, proposal_id: str) -> str:
        """The path that was sealed for this proposal, or that it is erased; raises SealBroken."""
        if not sealed:
            return ERASED
        try:
            kept = base64.b64decode(sealed, validate=True)
        except ValueError as error:
            raise SealBroken(f"the path kept for {proposal_id} was never sealed") from error
        return self._opened(kept, path_place(proposal_id), proposal_id).decode()

    def _opened(self, sealed: bytes, place: bytes, about: str) -> bytes:
        try:
            opened = self._vault.open(None, sealed, place)
        except Unreadable as error:
            raise SealBroken(f"what was sealed for {about} does not open") from error
        if opened is None:
            raise SealBroken(f"what was kept for {about} was never sealed")
        return opened
