"""One network in parts for all tests of this room; each leaves everybody alive and every payment ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from random import Random

import pytest

from tests.outsider import Account, BackOffice
from tests.simulation.load import Load
from tests.simulation.parts import Part, Parts, found
from tests.simulation.simulation import Simulation

TERMS = {
    "retry_first_s": 0.1,
    "retry_most_s": 1.0,
    "rebroadcast_s": 1.0,
    "idle_poll_s": 0.3,
    "instruction_s": 90,
}


@pytest.fixture(scope="package")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    """The network in parts, all running."""
    seed = int(os.environ.get("SIMULATION_SEED", "20022"))
    parts = found(tmp_path_factory.mktemp("simulation"), TERMS)
    try:
        parts.chain.start()
        with ThreadPoolExecutor() as pool:
            list(pool.map(Part.start, parts.institutions.values()))
        book = parts.part("bank", "CNY").folder / "book.sqlite"
        load = Load(parts.network, book, _account_abroad(parts), Random(seed))
        with closing(load):
            yield Simulation(parts, load, seed)
    finally:
        parts.end()


def _account_abroad(parts: Parts) -> Account:
    """An account for the debtor's currency at the creditor agent."""
    bank = parts.part("bank", "AED").name
    with closing(BackOffice(parts.network, bank)) as office:
        accounts = office.http.get("/v1/accounts").json()["accounts"]
    kept = next(one for one in accounts if one["currency"] == "CNY" and one["kind"] == "customer")
    return Account(bank, kept["holder"], kept["account"])
