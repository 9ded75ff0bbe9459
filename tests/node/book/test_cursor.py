"""The watched block only ever goes forward."""

from __future__ import annotations

import pytest

from node.book.book import Book


def test_the_cursor_goes_forward_and_never_back(book: Book) -> None:
    with book.unit() as unit:
        assert unit.cursor.watched() is None
        unit.cursor.advance(0, "0xzero")
        unit.cursor.advance(5, "0xfive")
        unit.cursor.advance(5, "0xfive")
        with pytest.raises(ValueError, match="cannot go back to 4"):
            unit.cursor.advance(4, "0xfour")
    with book.view() as view:
        assert view.cursor.watched() == (5, "0xfive")
