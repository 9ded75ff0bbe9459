"""The two ways in which a chain engine fails us: it did not answer usably, or it rejected the request itself.

A contract's refusal is neither; it is a value (`CallRefused`, a receipt that did not succeed).
"""

from __future__ import annotations


class LedgerUnreachable(Exception):
    """No usable answer came from the chain's engine: down, timed out, busy, or not speaking JSON-RPC.

    Nothing is known about what the engine did with the request, so asking again with the same bytes is right.
    """


class LedgerBehind(LedgerUnreachable):
    """The engine answers, but has not yet seen a block that we know of (a lagging node behind one address)."""


class EngineRefused(Exception):
    """The engine rejected the request as such (JSON-RPC error): a method it lacks, a parameter it does not take.

    `code` and `data` are the error's own; the text of the exception is its message.
    """

    def __init__(self, code: int, message: str, data: object = None) -> None:
        """Keep the JSON-RPC error's three parts."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
