"""A fresh book on disk for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.book.book import Book


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    opened = Book.open_file(tmp_path / "book.sqlite")
    yield opened
    opened.close()
