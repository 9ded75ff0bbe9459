"""The 32 bytes that are signed, remembering what they were made of.

A key in this process needs the bytes alone. A signer elsewhere must be told the transaction or the typed data
itself, so that it can judge and hash it: it is never asked to sign bytes that it cannot read.
"""

from __future__ import annotations


class Digest(bytes):
    """A digest with its `subject`: the unsigned transaction, or the domain separator and struct of typed data."""

    subject: object

    def __new__(cls, value: bytes, subject: object) -> Digest:
        """Return `value` as a digest of `subject`; as bytes it equals `value`."""
        digest = super().__new__(cls, value)
        digest.subject = subject
        return digest
