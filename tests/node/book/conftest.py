"""A fresh book for every test, on each of the two databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.book.book import Book
from tests.databases import POSTGRESQL, SQLITE, databases_asked_for
from tests.keys import MASTER
from tests.postgresql import PostgresServer


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        metafunc.parametrize("database", databases_asked_for(metafunc.config), scope="session")


@pytest.fixture
def book_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a book may lie that is not there yet."""
    if database == SQLITE:
        return f"sqlite:///{tmp_path / 'book.sqlite'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_url()


@pytest.fixture
def book(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Book]:
    """An open book."""
    url = f"sqlite:///{tmp_path / 'book.sqlite'}"
    if database == POSTGRESQL:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.emptied_url()
    opened = Book.open(url, MASTER)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_book(tmp_path: Path) -> Iterator[Book]:
    """An open book that is a file, for what is particular to SQLite."""
    opened = Book.open_file(tmp_path / "book.sqlite", MASTER)
    yield opened
    opened.close()
