"""Where the sandbox listens, and what is said when somebody else does already."""

from __future__ import annotations

import errno
from typing import Final

HOST: Final = "127.0.0.1"


class PortTaken(Exception):
    """A port that the network needs is in use; the text says which, and by what option to choose others."""


def not_listening(host: str, port: int, option: str, error: OSError) -> PortTaken:
    """What is said of a port that could not be listened on: it is taken, or the address is none of ours."""
    if error.errno == errno.EADDRINUSE:
        return PortTaken(f"port {port} is taken ({error.strerror}); choose another with {option}")
    return PortTaken(f"cannot listen on {host}:{port}: {error.strerror}")
