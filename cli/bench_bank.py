"""The bench's institutions as they are run: each in processes of its own, which end with the bench.

`python -m cli.bench_bank` reads one Post from its standard input's first line, serves, and ends with its input.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Response

from api.app import create_app
from api.institution import open_book, open_institution
from api.request_log import log_as_json
from cli.ports import HOST
from cli.running_network import RunningNetwork
from cli.worker import listening
from node.book.book import Book
from node.chain.serving import BackgroundServer
from wallet.signer import assert_native_curve

EMPTY: Final = "/bench/empty"
_READY: Final = "ready"


class Form(Enum):
    """How an institution runs: API and worker in one process, or each in one."""

    WHOLE = "whole"
    APART = "apart"


@dataclass(frozen=True)
class Post:
    """What one process does for the institution in `folder`; `database` keeps its book where that is no file."""

    folder: str
    serves: bool
    works: bool
    database: str | None


@contextmanager
def running_banks(network: RunningNetwork, bics: Sequence[str], form: Form) -> Iterator[dict[str, Book]]:
    """Run these institutions of a network that leaves them to others; gives their books.

    Raises RuntimeError where one does not start.
    """
    with ExitStack() as undo:
        books = {}
        for bic in bics:
            folder, database = network.data / "institutions" / bic, network.options.database
            whole = form is Form.WHOLE
            undo.enter_context(_process(Post(str(folder), serves=True, works=whole, database=database)))
            if not whole:
                undo.enter_context(_process(Post(str(folder), serves=False, works=True, database=database)))
            books[bic] = undo.enter_context(closing(open_book(folder, database)))
        yield books


@contextmanager
def _process(post: Post) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.bench_bank"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None  # noqa: S101  both are pipes, as asked
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdin.write(json.dumps(asdict(post)) + "\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != _READY:
            raise RuntimeError(f"an institution of the bench did not start: {post.folder}")
        yield
        process.stdin.close()
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait()


def open_door(app: FastAPI) -> None:
    """Give an institution's server the empty POST that its messages are compared with."""

    def empty() -> Response:
        return Response()

    app.add_api_route(EMPTY, empty, methods=["POST"], include_in_schema=False)


def _take_post(post: Post) -> None:
    folder = Path(post.folder)
    worker = "worker" if post.works else None
    institution = open_institution(folder, database=post.database, worker=worker)
    with ExitStack() as undo:
        if post.serves:
            app = create_app(institution)
            open_door(app)
            port = urlsplit(institution.api_address).port or 0
            undo.enter_context(listening(folder, institution))
            undo.enter_context(BackgroundServer(app, HOST, port))
        else:
            undo.enter_context(closing(institution))
            undo.enter_context(listening(folder, institution))
            institution.start_work()
        print(_READY, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    log_as_json("ERROR")
    assert_native_curve()
    _take_post(Post(**json.loads(sys.stdin.readline())))
