"""The exit codes of `corridor`, part of its interface: scripts may rely on them.

0 done; 1 it was done, and the answer is no (a payment that did not settle, a signature that does not verify);
2 arguments, settings or a file that cannot be used; 3 a key that cannot be opened; 4 chain or API did not answer;
5 not agreed; 6 a port is taken; 7 the folder is in use by another process.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    NO = 1
    BAD_INPUT = 2
    NO_KEY = 3
    UNREACHABLE = 4
    NOT_AGREED = 5
    PORT_TAKEN = 6
    FOLDER_IN_USE = 7


def epilog() -> str:
    """The exit codes as the last lines of a help text."""
    return "Exit codes: " + " ".join((__doc__ or "").split("\n\n")[1].split())
