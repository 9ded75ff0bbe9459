"""Where published test vectors are: beside the checkout, not in it."""

from __future__ import annotations

from pathlib import Path

import pytest


def vectors() -> Path:
    """Return the directory of the vectors; skip the test where it is absent."""
    directory = Path(__file__).parents[3] / "shared" / "vectors"
    if not directory.is_dir():
        pytest.skip("the published vectors are not beside this checkout (../shared/vectors)")
    return directory
