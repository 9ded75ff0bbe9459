"""However long the history, what a payment costs stays the same: no query on its way reads a whole table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from node.book.book import Book
from node.domain.lifecycle import State
from node.settlement.batching import submit_batch
from node.settlement.engine import claim_due
from node.settlement.follow_up import FollowUp
from node.settlement.together import carry_together
from tests.node.settlement.town import Town, payment

GROWING = {
    "entries",
    "events",
    "evm_transactions",
    "inbox",
    "inbox_lines",
    "message_nonces",
    "messages",
    "payment_remarks",
    "payment_steps",
    "payment_waits",
    "payments",
    "quotes",
    "reservations",
}
MANY = 6


@contextmanager
def traced(book: Book) -> Iterator[set[str]]:
    """Every statement that reaches the book's file, with its parameters in it."""
    seen: set[str] = set()
    raws: list[sqlite3.Connection] = []

    def trace(raw: Any) -> None:
        raw.set_trace_callback(seen.add)
        raws.append(raw)

    def begun(connection: Any) -> None:
        trace(connection.connection.driver_connection)

    engines = (book._writer, book._reader)
    for engine in engines:
        event.listen(engine, "begin", begun)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "begin", begun)
        for raw in raws:
            raw.set_trace_callback(None)


def plans(book: Book, statements: set[str]) -> dict[str, list[str]]:
    """How SQLite would carry each statement out."""
    found: dict[str, list[str]] = {}
    with book._reader.connect() as connection:
        raw: Any = connection.connection.driver_connection
        for statement in sorted(statements):
            if statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
                found[statement] = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}")]
    return found


def test_no_query_on_a_payments_way_reads_a_whole_table(town: Town) -> None:
    debtor_agent, creditor_agent = town.debtor_agent, town.creditor_agent
    if not debtor_agent.book.url.startswith("sqlite"):
        pytest.skip(
            "SQLite tells how it will carry out a statement whose tables are small; PostgreSQL reads them whole"
        )
    with traced(debtor_agent.book) as ours, traced(creditor_agent.book) as theirs:
        single = town.post(payment(900))
        town.run(single.uetr, lambda seen: seen.state is State.SETTLED)
        records = [town.post(payment(1_000 + index)) for index in range(MANY)]
        claim_due(debtor_agent, "worker")
        carry_together(debtor_agent, records)
        submit_batch(debtor_agent, [record.uetr for record in records])
        for record in records:
            town.run(record.uetr, lambda seen: seen.state is State.SETTLED)
        for office in (debtor_agent, creditor_agent):
            FollowUp(office, lambda: True)()
    for book, statements in ((debtor_agent.book, ours), (creditor_agent.book, theirs)):
        found = plans(book, statements)
        assert len(found) > 40, "the statements were seen"
        scans = {
            statement: plan
            for statement, plan in found.items()
            if any(line.split()[0] == "SCAN" and line.split()[1] in GROWING for line in plan)
        }
        assert not scans, scans
