"""What banks ask of each other after settlement, sent again until it is answered, whoever dies meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx

from tests.api.test_recalls import Recall
from tests.api.test_returns import Return
from tests.audit.books import Book, Row, read_book
from tests.outsider import BackOffice
from tests.simulation.parts import Part
from tests.simulation.simulation import Simulation

PATIENCE_S = 120
PAUSE_S = 0.05


@dataclass(frozen=True)
class Aftermath:
    """One settled payment of the simulation, and what is asked about it."""

    simulation: Simulation
    uetr: str

    def insist(self, part: Part, path: str, **request: Any) -> httpx.Response:
        """Send a POST until it is answered by 2xx; the answer."""
        return self._until(part, lambda http: http.post(path, **request))

    def give_back(self, part: Part, order: Return) -> str:
        """Order a return; its UETR."""
        answer = self._message(part, order.body())
        return answer.headers["location"].rpartition("/")[2]

    def recall(self, part: Part, recall: Recall) -> str:
        """Ask for the payment back; the case's reference."""
        return self._message(part, recall.body()).headers["location"].rpartition("/")[2]

    def case(self, part: Part, side: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The case about the payment at a bank, once it is as wanted."""

        def look(http: httpx.Client) -> httpx.Response | None:
            answer = http.get("/v1/cases", params={"limit": 200})
            mine = [one for one in _cases(answer) if (one["uetr"], one["side"]) == (self.uetr, side)]
            return answer if any(wanted(one) for one in mine) else None

        answer = self._until(part, look)
        return next(
            one for one in _cases(answer) if (one["uetr"], one["side"]) == (self.uetr, side) and wanted(one)
        )

    def returns(self, part: Part) -> dict[str, str]:
        """The returns of the payment that a bank's book has, each with its state."""
        return {uetr: str(row["state"]) for uetr, row in self._returns(part)}

    def given_back_minor(self, part: Part) -> int:
        """What a bank's book moved by settled returns of the payment, by its own customers' entries."""
        book, returns = self._book(part), {uetr for uetr, _ in self._returns(part)}
        customers = {number for number, account in book.accounts.items() if account["kind"] == "customer"}
        moved = [one for one in book.entries if one["uetr"] in returns and one["account"] in customers]
        return sum(abs(int(one["amount"])) for one in moved)

    def _returns(self, part: Part) -> list[tuple[str, Row]]:
        payments = self._book(part).payments.items()
        return [(uetr, row) for uetr, row in payments if row["return_of"] == self.uetr]

    def _book(self, part: Part) -> Book:
        return read_book(part.name, "0x", part.folder / "book.sqlite")

    def _message(self, part: Part, body: bytes) -> httpx.Response:
        headers = {"Content-Type": "application/xml"}
        return self.insist(part, "/v1/iso20022/messages", content=body, headers=headers)

    def _until(self, part: Part, ask: Callable[[httpx.Client], httpx.Response | None]) -> httpx.Response:
        give_up = time.monotonic() + PATIENCE_S
        with closing(BackOffice(self.simulation.parts.network, part.name)) as office:
            while True:
                try:
                    answer = ask(office.http)
                except httpx.HTTPError:
                    answer = None
                if answer is not None and answer.status_code < 300:
                    return answer
                told = answer.text if answer is not None else "no answer"
                assert answer is None or answer.status_code == 503, told
                assert time.monotonic() < give_up, f"{part.name} for {self.uetr}: {told}"
                time.sleep(PAUSE_S)


def _cases(answer: httpx.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.json()["cases"]
    return found
