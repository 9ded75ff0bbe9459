"""An institution's book as commands open it: by the folder, with its settings and its master key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.institution import open_book
from node.book.book import Book
from node.settings import read_settings

FolderOption = Annotated[
    Path, typer.Option("--institution", help="The institution's folder: DIR/institutions/<BIC> of a network.")
]

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@contextmanager
def book_of(folder: Path) -> Iterator[Book]:
    """The book, open until the block ends; its API may have it open too."""
    settings = read_settings()
    book = open_book(folder, settings.database, settings.master_key)
    try:
        yield book
    finally:
        book.close()
