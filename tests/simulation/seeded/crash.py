"""A crash: the process is gone at this very point, and no `except Exception` on the way may notice."""

from __future__ import annotations


class Crash(BaseException):
    """Raised where the simulated process dies; only the simulation catches it."""
