"""An office with everybody in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.operators.people import Office, open_office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A fresh book, a clock at a whole step, six operators."""
    opened = open_office(tmp_path)
    yield opened
    opened.book.close()
