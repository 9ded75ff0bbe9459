"""The line between a town's institutions: a switchboard in this process that a test can cut, delay or spoil."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from node.domain.party import Participant
from node.domain.payment import Payment
from node.domain.quote import SignedQuote
from node.settlement.creditor_desk import Proposal, consider, consider_all
from node.settlement.office import Office
from node.settlement.ports import AcceptanceRequest, Accepted, QuoteRequest, Refused, Unreachable, Written
from node.settlement.quote_desk import give


class Switchboard:
    """The line between the institutions; `fault` decides what becomes of a request for an acceptance."""

    def __init__(self) -> None:
        self.offices: dict[str, Office] = {}
        self.payments: dict[bytes, Payment] = {}
        self.fault: str | None = None
        self.asked = 0
        self.under_way: list[Callable[[], object]] = []

    def line_of(self, bic: str) -> Line:
        return Line(self, bic)

    def deliver_late(self) -> None:
        """What was under way arrives; whoever asked has stopped waiting."""
        arrived, self.under_way = self.under_way, []
        for consideration in arrived:
            consideration()


@dataclass(frozen=True)
class Line:
    """One institution's end of the switchboard (a Correspondent)."""

    board: Switchboard
    bic: str

    def _office(self, participant: Participant) -> Office:
        return next(o for o in self.board.offices.values() if o.account == participant.settlement_account)

    def ask_acceptance(
        self, creditor_agent: Participant, request: AcceptanceRequest
    ) -> Accepted | Refused | Unreachable:
        self.board.asked += 1
        if self.board.fault == "down":
            return Unreachable("the line is cut")
        office = self._office(creditor_agent)
        ourselves = office.directory.by_bic(self.bic)
        assert ourselves is not None
        proposal = self._proposal(request)
        if self.board.fault == "late":
            self.board.under_way.append(partial(consider, office, ourselves, proposal))
            return Unreachable("nothing came in time")
        answer = consider(office, ourselves, proposal)
        if self.board.fault == "twice":
            assert consider(office, ourselves, proposal) == answer
        if self.board.fault == "reply lost":
            return Unreachable("the answer was lost")
        if self.board.fault == "ill signed" and isinstance(answer, Accepted):
            return replace(answer, signature=self.board.offices[self.bic].signer.sign_digest(bytes(32)).to_bytes())
        return answer

    def _proposal(self, request: AcceptanceRequest) -> Proposal:
        payment = self.board.payments[request.message.removeprefix(b"forward of ")]
        written = Written("pacs.008.001.08", f"forward-{payment.uetr}", request.message)
        return Proposal(payment, (), written, request)

    def ask_acceptances(
        self, creditor_agent: Participant, requests: Sequence[AcceptanceRequest]
    ) -> Sequence[Accepted | Refused | Unreachable]:
        if self.board.fault is not None:
            return [self.ask_acceptance(creditor_agent, request) for request in requests]
        self.board.asked += 1
        office = self._office(creditor_agent)
        ourselves = office.directory.by_bic(self.bic)
        assert ourselves is not None
        return consider_all(office, ourselves, [self._proposal(request) for request in requests])

    def ask_quote(self, provider: Participant, request: QuoteRequest) -> SignedQuote | Refused | Unreachable:
        office = self._office(provider)
        taker = office.directory.by_bic(request.taker_bic)
        assert taker is not None
        return give(office, taker, request)
