"""The network in parts with a load on it: what dies is noted, and what remains is audited."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tests.audit import audit
from tests.audit.books import TERMINAL, read_book
from tests.simulation.load import Load
from tests.simulation.parts import Part, Parts

DEATH_WITHIN_S, END_WITHIN_S = 180, 300


@dataclass
class Simulation:
    """The network, the load on it, and the seed of all decisions."""

    parts: Parts
    load: Load
    seed: int

    @property
    def debtor_agent(self) -> Part:
        """Who takes the orders in."""
        return self.parts.part("bank", "CNY")

    @property
    def creditor_agent(self) -> Part:
        """Who accepts them."""
        return self.parts.part("bank", "AED")

    def die(self, part: Part, outside: Callable[[Part, Random], None], boundaries: Sequence[str]) -> None:
        """Kill a running part from outside, start it for each boundary so that it dies there, then for good."""
        dice = Random(f"{self.seed} {part.name} {len(part.kills)}")
        outside(part, dice)
        for boundary in boundaries:
            part.start_mortal(boundary, dice.randint(1, 3))
            self.await_death(part, boundary)
        time.sleep(dice.uniform(0, 1))
        part.start()

    def die_in_turn(self, part: Part, boundaries: Sequence[str]) -> None:
        """Stop a running part, start it for each boundary so that it dies at its first crossing, then for good."""
        part.kill("at rest")
        for boundary in boundaries:
            part.start_mortal(boundary, 1)
            self.await_death(part, boundary)
        part.start()

    def await_death(self, part: Part, boundary: str) -> None:
        """Wait until a mortal part has met its fate."""
        give_up = time.monotonic() + DEATH_WITHIN_S
        while not part.is_dead():
            if time.monotonic() > give_up:
                unended = "; ".join(self.under_way()) or "nothing is under way"
                raise AssertionError(f"seed {self.seed}: {part.name} never came to {boundary}: {unended}")
            time.sleep(0.01)
        part.note(boundary)

    def after_the_answer(self, part: Part, _dice: Random) -> None:
        """Kill the debtor agent when a 202 of its has just arrived."""
        self.load.just_answered.clear()
        assert self.load.just_answered.wait(DEATH_WITHIN_S), "nothing was answered"
        part.kill("after 202")

    def any_time(self, part: Part, dice: Random) -> None:
        """Kill a part at a moment of no meaning."""
        time.sleep(dice.uniform(0.1, 1))
        part.kill("any time")

    def under_way(self) -> list[str]:
        """Every payment that has not ended, in any book."""
        books = [read_book(bic, "0x", path) for bic, path in self.parts.books().items()]
        return [
            f"{uetr} is {row['state']} at {book.bic} after {row['attempts']} attempts"
            for book in books
            for uetr, row in book.payments.items()
            if row["state"] not in TERMINAL
        ]

    def await_ends(self) -> Counter[str]:
        """Wait until every payment has ended, in every book; the debtor agent's ends, counted."""
        give_up = time.monotonic() + END_WITHIN_S
        while under_way := self.under_way():
            assert time.monotonic() < give_up, f"seed {self.seed}, after {END_WITHIN_S} s: {under_way}"
            time.sleep(0.2)
        book = read_book(self.debtor_agent.name, "0x", self.debtor_agent.folder / "book.sqlite")
        return Counter(row["state"] for row in book.payments.values())

    def faults(self, **also_answered: str) -> list[str]:
        """What the auditor finds, once all who were answered should have ended; more UETRs, each with its BIC."""
        return audit(self.parts.network, self.parts.books(), self.load.answered | also_answered)
