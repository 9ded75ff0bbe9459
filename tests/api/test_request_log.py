"""No log of any part of the process says who pays whom, also when something breaks with a payment in hand."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from api.request_log import ASKS_OTHERS, JsonLines, log_as_json
from node.book.book import Book
from node.book.messages import Messages
from tests.keys import MASTER
from tests.network import PATIENCE_S, Bank, Transfer
from tests.node.book.making import message_record

MARK = "Euphemia"


@contextmanager
def whole_log() -> Iterator[io.StringIO]:
    """Everything that any logger writes from INFO up, in the very form in which it is written."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    handler.addFilter(lambda record: record.name not in ASKS_OTHERS)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield written
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def marked(transfer: Transfer) -> bytes:
    body = (
        replace(transfer, remittance=f"For my dear aunt {MARK}")
        .body()
        .replace(b"A Creditor", f"{MARK} Creditor".encode())
    )
    return body.replace(b"Jiangnan Textile", f"{MARK} Textile".encode())


def test_a_payment_with_marked_names_leaves_no_mark_in_any_log(debtor_agent: Bank) -> None:
    transfer = Transfer(amount="99999999.00")
    with whole_log() as written:
        debtor_agent.post(marked(transfer))
        debtor_agent.ended(transfer.uetr)
        debtor_agent.post(marked(Transfer(amount="9.999")))
        debtor_agent.post(marked(replace(Transfer(), creditor_account=f"{MARK}0042")))
        debtor_agent.post(marked(Transfer()).replace(b"</Document>", b""))
        debtor_agent.http.get("/v1/payments", params={"state": MARK})
        debtor_agent.http.get(f"/v1/{MARK}")
    assert transfer.uetr in written.getvalue()
    assert MARK not in written.getvalue()


def test_a_fault_is_logged_by_its_kind_and_place(debtor_agent: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: Messages, _record: object) -> None:
        raise RuntimeError(f"cannot keep the message of {MARK}") from KeyError(MARK)

    monkeypatch.setattr(Messages, "add", broken)
    with whole_log() as written:
        answer = debtor_agent.post(marked(Transfer()))
        deadline = time.monotonic() + PATIENCE_S
        while "uvicorn.error" not in written.getvalue():  # the server writes after it has answered
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert answer.status_code == 500
    assert MARK not in written.getvalue()
    faults = [line for line in map(json.loads, written.getvalue().splitlines()) if "frames" in line]
    assert {line["logger"] for line in faults} >= {
        "corridor.api",
        "uvicorn.error",
    }  # the node's own passes may fail too
    for fault in faults:
        assert fault["fault"] == "RuntimeError from KeyError"
        assert any("broken" in frame for frame in fault["frames"])


def test_what_a_database_says_of_a_refused_row_is_not_the_row(book: Book) -> None:
    record = message_record("00000000-0000-4000-8000-000000000000", body=MARK.encode(), counterparty=MARK)
    with pytest.raises(Exception, match=r"IntegrityError|constraint") as refused, book.unit() as unit:
        unit.messages.add(record)
    assert MARK not in str(refused.value)


def test_what_asks_others_does_not_log_whom() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        log_as_json("DEBUG")
        assert not any(logging.getLogger(name).isEnabledFor(logging.INFO) for name in ASKS_OTHERS)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name in ASKS_OTHERS:
            logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    opened = Book.open_file(tmp_path_factory.mktemp("book") / "book.sqlite", MASTER)
    yield opened
    opened.close()
