"""The lines between institutions: requests and answers get lost, come twice, come late, or come wrongly signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from node.domain.party import Participant
from node.domain.payment import Payment
from node.domain.quote import SignedQuote
from node.settlement.creditor_desk import Proposal, consider
from node.settlement.ports import AcceptanceRequest, Accepted, QuoteRequest, Refused, Unreachable, Written
from node.settlement.quote_desk import give
from tests.simulation.seeded.crash import Crash

if TYPE_CHECKING:
    from tests.simulation.seeded.institution import Institution

FORWARDED = b"forward of "


@dataclass
class NetworkWeather:
    """Shares of what goes wrong on an institution's line."""

    request_lost: float = 0.0
    answer_lost: float = 0.0
    twice: float = 0.0
    late: float = 0.0
    wrong: float = 0.0
    down: bool = False


@dataclass(frozen=True)
class _Late:
    """A request whose asker has given up, and which arrives all the same."""

    at: Institution
    asker_bic: str
    request: AcceptanceRequest


class FakeNetwork:
    """Every institution's line, and what is still under way on them."""

    def __init__(self, random: Random) -> None:
        self.institutions: dict[str, Institution] = {}
        self.payments: dict[bytes, Payment] = {}
        self.under_way: list[_Late] = []
        self.random = random

    def deliver_late(self) -> None:
        """What was under way arrives; nobody waits for the answer any more."""
        arrived, self.under_way = self.under_way, []
        for late in arrived:
            self.consider(late.at, late.asker_bic, late.request)

    def consider(
        self, at: Institution, asker_bic: str, request: AcceptanceRequest
    ) -> Accepted | Refused | Unreachable:
        """The creditor agent's own desk; should it crash over it, it starts again and the asker hears nothing."""
        payment = self.payments[request.message.removeprefix(FORWARDED)]
        written = Written("pacs.008.001.08", f"forward-{payment.uetr}", request.message)
        try:
            asker = at.office.directory.by_bic(asker_bic)
            assert asker is not None
            return consider(at.office, asker, Proposal(payment, (), written, request))
        except Crash:
            at.restart()
            return Unreachable("the connection was closed")
        except (at.busy, at.unreachable):
            return Unreachable("HTTP 503")


@dataclass(frozen=True)
class FakeLine:
    """One institution's end (a Correspondent)."""

    network: FakeNetwork
    bic: str
    weather: NetworkWeather

    def ask_acceptance(
        self, creditor_agent: Participant, request: AcceptanceRequest
    ) -> Accepted | Refused | Unreachable:
        """Ask, through the weather of both ends."""
        at = self.network.institutions[creditor_agent.bic]
        if self._lost(self.weather.request_lost) or at.line.weather.down:
            return Unreachable("timed out")
        if self._draw(self.weather.late):
            self.network.under_way.append(_Late(at, self.bic, request))
            return Unreachable("timed out")
        answer = self.network.consider(at, self.bic, request)
        if self._draw(self.weather.twice):
            answer = self.network.consider(at, self.bic, request)
        if self._lost(self.weather.answer_lost):
            return Unreachable("timed out")
        if isinstance(answer, Accepted) and self._draw(self.weather.wrong):
            wrongly = self.network.institutions[self.bic].office.signer.sign_digest(bytes(32))
            return replace(answer, signature=wrongly.to_bytes())
        return answer

    def ask_acceptances(
        self, creditor_agent: Participant, requests: Sequence[AcceptanceRequest]
    ) -> Sequence[Accepted | Refused | Unreachable]:
        """Ask each by itself, so that the weather may lose any of them."""
        return [self.ask_acceptance(creditor_agent, request) for request in requests]

    def ask_quote(self, provider: Participant, request: QuoteRequest) -> SignedQuote | Refused | Unreachable:
        """Ask for a price."""
        at = self.network.institutions[provider.bic]
        if self._lost(self.weather.request_lost) or at.line.weather.down:
            return Unreachable("timed out")
        try:
            taker = at.office.directory.by_bic(request.taker_bic)
            assert taker is not None
            answer = give(at.office, taker, request)
        except Crash:
            at.restart()
            return Unreachable("the connection was closed")
        except (at.busy, at.unreachable):
            return Unreachable("HTTP 503")
        return Unreachable("timed out") if self._lost(self.weather.answer_lost) else answer

    def _lost(self, share: float) -> bool:
        return self.weather.down or self._draw(share)

    def _draw(self, share: float) -> bool:
        return share > 0 and self.network.random.random() < share
