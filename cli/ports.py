"""Where the sandbox listens, and what is said when somebody else does already."""

from __future__ import annotations

from typing import Final

HOST: Final = "127.0.0.1"


class PortTaken(Exception):
    """A port that the network needs is in use; the text says which, and by what option to choose others."""
