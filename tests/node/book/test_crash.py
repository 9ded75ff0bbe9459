"""A process that is killed in the middle of its units leaves a book that opens and holds whole units only."""

from __future__ import annotations

import random
import subprocess
import sys
import time

from node.book.book import Book
from node.domain.lifecycle import Event, State
from node.domain.money import Money
from tests.keys import MASTER
from tests.node.book.making import LANE, NOON, account_record, payment_record, transaction_record
from tests.node.domain.payments import CNY

KILLS = 6
ENDOWMENT = 10**30

_WORK = """
import sys
from node.book.book import Book
from tests.node.book.test_crash import work
from tests.keys import MASTER
work(Book.open(sys.argv[1], MASTER))
"""


def work(book: Book) -> None:
    """Settle one payment after the other, each in two units; every unit touches many tables."""
    while True:
        record = payment_record()
        with book.unit() as unit:
            unit.payments.add(record)
            assert unit.accounts.reserve(record.uetr, "A", Money(7, CNY))
            record = unit.payments.move(record, Event.VALIDATE, NOON)
            nonce = unit.lanes.next_nonce(LANE, 0)
            unit.lanes.keep(transaction_record(nonce, record.uetr))
        print(record.uetr, flush=True)
        with book.unit() as unit:
            for event in (Event.ACCEPT, Event.INCLUDE, Event.SETTLE):
                record = unit.payments.move(record, event, NOON)
            unit.accounts.release(record.uetr)
            for number, minor in (("A", -7), ("B", 7)):
                unit.accounts.post(
                    number,
                    Money(minor, CNY),
                    uetr=record.uetr,
                    transaction_hash=f"0x{nonce:064x}",
                    block_number=nonce,
                    log_index=0,
                    text="settled",
                    at=NOON,
                )
            unit.cursor.advance(nonce, f"0x{nonce:064x}")


def _run_and_kill(url: str, after_s: float) -> list[str]:
    """The UETRs whose commit the process had told us of when it was killed."""
    with subprocess.Popen([sys.executable, "-c", _WORK, url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = "".join(process.stdout.readline() for _ in range(2))  # so the first of them is settled
        time.sleep(after_s)
        process.kill()
        rest = process.stdout.read()
    return (first + rest).split()


def _assert_whole(book: Book, told: set[str]) -> int:
    """Check every unit for completeness; the number of payments settled."""
    with book.view() as view:
        validated, settled = (view.payments.in_state(state) for state in (State.VALIDATED, State.SETTLED))
        assert told <= {record.uetr for record in validated + settled}
        accounts = {account.number: account for account in view.accounts.list()}
        assert accounts["A"].balance.minor == ENDOWMENT - 7 * len(settled)
        assert accounts["B"].balance.minor == 7 * len(settled)
        assert accounts["A"].reserved.minor == 7 * len(validated)
        assert view.accounts.booked_totals() == {"CNY": ENDOWMENT}
        assert all(view.accounts.reservation(record.uetr) for record in validated)
        assert not any(view.accounts.reservation(record.uetr) for record in settled)
        for record in validated + settled:
            assert record.version == len(record.history)
            assert record.history[-1].state is record.state
        nonces = [kept.nonce for kept in view.lanes.unfinished(LANE)]
        assert nonces == list(range(len(validated) + len(settled)))
        assert sum(entry.amount.minor for entry in view.accounts.entries("B")) == 7 * len(settled)
    return len(settled)


def test_a_book_holds_whole_units_only_after_every_kill(book_url: str) -> None:
    chance = random.Random(20022)
    book = Book.open(book_url, MASTER)
    with book.unit() as unit:
        for number in ("A", "B"):
            unit.accounts.open(account_record(number))
        unit.accounts.post(
            "A",
            Money(ENDOWMENT, CNY),
            uetr=None,
            transaction_hash="0xissue",
            block_number=0,
            log_index=0,
            text="issue",
            at=NOON,
        )
    book.close()
    told: set[str] = set()
    settled = 0
    for _ in range(KILLS):
        told.update(_run_and_kill(book_url, chance.uniform(0, 0.12)))
        book = Book.open(book_url, MASTER)
        settled = _assert_whole(book, told)
        if book_url.startswith("sqlite"):
            with book._writer.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
                assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        book.close()
    assert settled >= KILLS
