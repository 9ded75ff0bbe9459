"""The version of this distribution, as installed."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


@cache
def version() -> str:
    """The installed version; `0+checkout` where the distribution is run without having been installed."""
    try:
        return installed("corridor")
    except PackageNotFoundError:
        return "0+checkout"
