"""A back office under way: sends orders of every kind, and sends each again until it has been answered 202.

A lost answer is the outsider's everyday: the same bytes again must be the same payment with the same answer.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import httpx

from tests.outsider import Account, BackOffice, Order, bank_of, customer_of

IN_FLIGHT = 8
PAUSE_S = 0.05
OPEN = "SELECT count(*) FROM payments WHERE state NOT IN ('SETTLED', 'REJECTED', 'FAILED', 'CANCELLED', 'EXPIRED')"


class Load:
    """Keeps some payments in flight while it runs; every decision comes from the dice."""

    def __init__(self, network: dict[str, Any], book: Path, abroad: Account, dice: Random) -> None:
        """`abroad` is an account for the debtor's own currency at the other bank; `book` the debtor agent's."""
        self._debtor = customer_of(network, bank_of(network, "CNY"))
        self._creditor = customer_of(network, bank_of(network, "AED"))
        self._abroad, self._book, self._dice = abroad, book, dice
        self._office = BackOffice(network, self._debtor.bic)
        self._office.http.timeout = httpx.Timeout(5)
        self._sent: list[Order] = []
        self._unanswered: list[Order] = []
        self.answers: dict[str, bytes] = {}
        self.resent = 0
        self.just_answered = threading.Event()
        self._fault: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to send, in a thread."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self, patience_s: float = 120) -> None:
        """Send nothing new, and go on until everything sent has been answered."""
        self._stop.set()
        self._thread.join(patience_s)
        assert not self._thread.is_alive(), f"{len(self._unanswered)} orders have not been answered"
        if self._fault is not None:
            raise self._fault

    def close(self) -> None:
        """Close the connections."""
        self._office.close()

    def send(self, order: Order, patience_s: float = 120) -> None:
        """Send one order until it has been answered."""
        self._sent.append(order)
        give_up = time.monotonic() + patience_s
        while not self._send(order):
            assert time.monotonic() < give_up, f"{order.uetr} is not answered"
            time.sleep(PAUSE_S)

    def send_again(self, count: int) -> None:
        """Send some answered orders once more; each must be answered with the same bytes."""
        for uetr in self._dice.sample(sorted(self.answers), min(count, len(self.answers))):
            sent = next(order for order in self._sent if order.uetr == uetr)
            assert self._office.send(sent.message()).content == self.answers[uetr], uetr
            self.resent += 1

    @property
    def answered(self) -> dict[str, str]:
        """The UETRs answered 202, each with the BIC that answered."""
        return dict.fromkeys(self.answers, self._debtor.bic)

    def domestic(self, amount: str = "10.00") -> Order:
        """An order in the debtor's own currency."""
        return Order(self._debtor, self._abroad, ("CNY", amount))

    def _run(self) -> None:
        try:
            self._keep_sending()
        except BaseException as fault:  # noqa: BLE001  raised again in the thread that stops us
            self._fault = fault

    def _keep_sending(self) -> None:
        while not self._stop.is_set() or self._unanswered:
            if not self._stop.is_set() and len(self._unanswered) + self._open() < IN_FLIGHT:
                self._unanswered.append(self._order())
                self._sent.append(self._unanswered[-1])
            for order in list(self._unanswered):
                if self._send(order):
                    self._unanswered.remove(order)
            time.sleep(PAUSE_S)

    def _send(self, order: Order) -> bool:
        try:
            answer = self._office.send(order.message())
        except httpx.HTTPError:
            return False
        if answer.status_code == 503:  # the chain is down, and it says so
            return False
        assert answer.status_code == 202, answer.text
        self.answers[order.uetr] = answer.content
        self.just_answered.set()
        return True

    def _open(self) -> int:
        """How many payments are under way; "enough" while the book of the dead waits to be recovered."""
        try:
            with closing(sqlite3.connect(f"{self._book.as_uri()}?mode=ro", uri=True, timeout=5)) as book:
                return int(book.execute(OPEN).fetchone()[0])
        except sqlite3.OperationalError:
            return IN_FLIGHT

    def _order(self) -> Order:
        """Two currencies, one currency, an account that nobody has, or more than the debtor has."""
        cents = self._dice.randrange(1_000, 9_000, 2)
        half = (f"{Decimal(cents) / 200:.2f}", f"{Decimal(cents) / 100:.2f}")
        crossing = Order(self._debtor, self._creditor, ("AED", half[0]), paid=("CNY", half[1]), rate="0.5")
        domestic = self.domestic(half[1])
        nobody = replace(domestic, creditor=replace(self._abroad, number="770077007700"))
        too_much = replace(domestic, settled=("CNY", "900000000.00"))
        kinds, weights = (crossing, domestic, nobody, too_much), (5, 4, 1, 1)
        return self._dice.choices(kinds, weights)[0]
