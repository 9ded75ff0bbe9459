"""The worker by itself: posted payments settle without anybody turning a handle, and a stop loses nothing."""

from __future__ import annotations

import time

from node.domain.lifecycle import State
from node.domain.money import Money
from node.settlement.ports import QuoteRequest
from node.settlement.quote_taking import Taken, take
from node.settlement.worker import Worker, tidy
from tests.node.settlement.town import CNY, DEBTOR_BIC, Town, payment

PATIENCE_S = 120.0


def await_state(town: Town, uetrs: list[str], state: State) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        states = {town.record(uetr).state for uetr in uetrs}
        if states == {state}:
            return
        time.sleep(0.05)
    raise AssertionError([(uetr, town.record(uetr).state) for uetr in uetrs])


def test_workers_settle_what_is_posted(town: Town) -> None:
    workers = [Worker(office) for office in town.offices()]
    for worker in workers:
        worker.start()
    try:
        posted = [town.post(payment(1_000 + index, credit_minor=510 + index // 2)) for index in range(6)]
        workers[0].wake()
        await_state(town, [record.uetr for record in posted], State.SETTLED)
        assert all(worker.status().alive for worker in workers)
    finally:
        for worker in workers:
            worker.stop()
    assert not any(worker.status().alive for worker in workers)


def test_a_worker_started_later_takes_up_what_waits(town: Town) -> None:
    posted = town.post(payment(77))
    for _ in range(2):
        worker = Worker(town.debtor_agent)
        worker.start()
        worker.stop()
    worker = Worker(town.debtor_agent)
    worker.start()
    try:
        await_state(town, [posted.uetr], State.SETTLED)
    finally:
        worker.stop()


def test_tidying_frees_the_inventory_behind_quotes_that_ran_out(town: Town) -> None:
    taken = take(town.debtor_agent, QuoteRequest(DEBTOR_BIC, "CNY", "AED", Money(10_000, CNY), None))
    assert isinstance(taken, Taken)
    town.forward_both(town.provider.terms.quote_s + 1)
    tidy(town.provider)
    with town.provider.book.view() as unit:
        kept = unit.quotes.find(taken.signed.quote.quote_id)
        assert kept is not None
        assert kept.status.name == "EXPIRED"
        assert unit.quotes.reserved_inventory("AED", town.clock.now_s()) == 0
