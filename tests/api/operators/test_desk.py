"""Proposals one by one and in any order: who may do what, when, and what the book says afterwards."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from typing_extensions import override

from api.operators.desk import Proposal
from api.operators.sessions import Operator
from api.problems import Problem
from api.refusals import Refusal
from node.book.vault import PROPOSAL
from node.domain.proposal import Order, ProposalState, digest_of
from tests.api.operators.people import Office, open_office

ORDER = Order("POST", "/v1/iso20022/messages", "application/xml", b"<Document>10000.00</Document>")
ENROL = Order("POST", "/v1/operators", "application/json", b"{}")
HOUR_S = 3600.0


def proposed(office: Office, name: str = "mei", order: Order = ORDER) -> Proposal:
    return office.desk.propose(order, HOUR_S, office.enter(name))


def refusal(ask: object, *arguments: object) -> object:
    assert callable(ask)
    with pytest.raises(Problem) as caught:
        ask(*arguments)
    return caught.value.kind


def test_a_maker_proposes_and_a_checker_approves_these_very_words(office: Office) -> None:
    one = proposed(office)
    omar = office.enter("omar")
    assert one.order == ORDER
    assert office.desk.find(one.record.proposal_id, omar).order == ORDER
    approved = office.desk.approve(one.record.proposal_id, one.record.digest, omar)
    assert approved.record.state is ProposalState.APPROVED
    assert approved.record.decided_by == omar.operator_id
    assert [found.proposal_id for found in office.desk.approved()] == [one.record.proposal_id]
    assert office.events()[-2:] == ["proposal.proposed", "proposal.approved"]


def test_what_customers_pay_is_not_readable_in_the_book(office: Office) -> None:
    one = proposed(office)
    with office.book.view() as view:
        kept = view.proposals.find(one.record.proposal_id)
    assert kept is not None
    assert b"Document" not in kept.body
    assert "iso20022" not in kept.path
    plain = digest_of(kept.proposal_id, ORDER, kept.proposed_by, kept.expires_s)
    assert kept.digest not in {plain, hashlib.sha256(plain).digest()}, "else a guess could be tried against it"
    assert kept.digest == office.book.vault.marked(plain, PROPOSAL)


@pytest.mark.parametrize("name", ["omar", "ada", "sol"])
def test_only_a_maker_proposes_business(office: Office, name: str) -> None:
    assert refusal(office.desk.propose, ORDER, HOUR_S, office.enter(name)) is Refusal.ROLE_MISSING


@pytest.mark.parametrize("name", ["mei", "bea", "omar", "ada"])
def test_only_an_officer_proposes_operators(office: Office, name: str) -> None:
    assert refusal(office.desk.propose, ENROL, HOUR_S, office.enter(name)) is Refusal.ROLE_MISSING


@pytest.mark.parametrize("name", ["mei", "ada", "sol"])
def test_only_a_checker_decides_business(office: Office, name: str) -> None:
    one, who = proposed(office, "bea"), office.enter(name)
    assert refusal(office.desk.approve, one.record.proposal_id, one.record.digest, who) is Refusal.ROLE_MISSING
    assert refusal(office.desk.refuse, one.record.proposal_id, "no", who) is Refusal.ROLE_MISSING


def test_who_is_both_maker_and_checker_never_decides_their_own(office: Office) -> None:
    one, bea = proposed(office, "bea"), office.enter("bea")
    assert refusal(office.desk.approve, one.record.proposal_id, one.record.digest, bea) is Refusal.OWN_PROPOSAL
    assert refusal(office.desk.refuse, one.record.proposal_id, "no", bea) is Refusal.OWN_PROPOSAL
    sol = office.enter("sol")
    staff = office.desk.propose(ENROL, HOUR_S, sol)
    assert refusal(office.desk.approve, staff.record.proposal_id, staff.record.digest, sol) is Refusal.OWN_PROPOSAL


def test_what_is_wrong_is_told_in_one_order(office: Office) -> None:
    """Unknown, then the role, then one's own, then decided, then the digest."""
    one, omar, mei, bea = proposed(office, "bea"), *(office.enter(name) for name in ("omar", "mei", "bea"))
    this, other = one.record.proposal_id, bytes(32)
    assert refusal(office.desk.approve, "pr_none", other, mei) is Refusal.PROPOSAL_NOT_FOUND
    assert refusal(office.desk.approve, this, other, mei) is Refusal.ROLE_MISSING
    assert refusal(office.desk.approve, this, other, bea) is Refusal.OWN_PROPOSAL
    assert refusal(office.desk.approve, this, other, omar) is Refusal.PROPOSAL_DIFFERS
    office.desk.refuse(this, "not this month", omar)
    assert refusal(office.desk.approve, this, other, mei) is Refusal.ROLE_MISSING
    assert refusal(office.desk.approve, this, other, bea) is Refusal.OWN_PROPOSAL
    assert refusal(office.desk.approve, this, other, omar) is Refusal.PROPOSAL_DECIDED_ALREADY


def test_what_was_erased_of_a_proposal_says_so_and_hides_no_other(office: Office) -> None:
    one, other, omar = proposed(office), proposed(office), office.enter("omar")
    office.desk.refuse(one.record.proposal_id, "not this month", omar)
    with office.book._writer.begin() as connection:
        this = f"proposal_id = '{one.record.proposal_id}'"
        connection.exec_driver_sql(f"UPDATE proposals SET path = '', body = x'', decision_text = x'' WHERE {this}")
    found = office.desk.find(one.record.proposal_id, omar)
    assert (found.order.path, found.order.body, found.decision_text) == ("erased", b"erased", "erased")
    shown, _ = office.desk.list(None, None, 10, omar)
    assert [each.order.body for each in shown] == [other.order.body, b"erased"]


def test_a_refusal_says_why_and_a_withdrawal_is_the_proposers(office: Office) -> None:
    one, two, omar, mei = proposed(office), proposed(office), office.enter("omar"), office.enter("mei")
    refused = office.desk.refuse(one.record.proposal_id, "The invoice is paid.", omar)
    assert (refused.record.state, refused.decision_text) == (ProposalState.REFUSED, "The invoice is paid.")
    assert refusal(office.desk.withdraw, two.record.proposal_id, omar) is Refusal.ROLE_MISSING
    assert office.desk.withdraw(two.record.proposal_id, mei).record.state is ProposalState.WITHDRAWN
    assert refusal(office.desk.withdraw, two.record.proposal_id, mei) is Refusal.PROPOSAL_DECIDED_ALREADY
    assert office.desk.approved() == []


def test_a_proposal_expires_at_its_second(office: Office) -> None:
    mei, omar = office.enter("mei"), office.enter("omar")
    one, two = (office.desk.propose(ORDER, HOUR_S, mei) for _ in range(2))
    office.clock.now += HOUR_S - 1
    office.desk.approve(one.record.proposal_id, one.record.digest, omar)
    office.clock.now += 1
    decide = (office.desk.approve, two.record.proposal_id, two.record.digest, omar)
    assert refusal(*decide) is Refusal.PROPOSAL_DECIDED_ALREADY
    assert office.desk.find(two.record.proposal_id, mei).record.state is ProposalState.EXPIRED
    assert office.events()[-1] == "proposal.expired"
    assert [found.proposal_id for found in office.desk.approved()] == [one.record.proposal_id]


def test_of_two_who_decide_at_once_one_does(office: Office) -> None:
    checkers = [office.enter("omar"), office.enter("bea")]
    for _ in range(5):
        one = proposed(office)

        def approve(who: Operator, one: Proposal = one) -> bool:
            try:
                office.desk.approve(one.record.proposal_id, one.record.digest, who)
            except Problem as problem:
                return problem.kind is not Refusal.PROPOSAL_DECIDED_ALREADY
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(approve, [*checkers, *checkers])) == 1
    assert office.acts().count("proposal.approved") == 5


def test_each_sees_what_concerns_their_role(office: Office) -> None:
    business = proposed(office)
    staff = proposed(office, "sol", ENROL)
    seen = {}
    for name in ("mei", "omar", "ada", "sol"):
        who = office.enter(name)
        seen[name] = [one.record.proposal_id for one in office.desk.list(None, None, 10, who)[0]]
    both = [staff.record.proposal_id, business.record.proposal_id]
    assert seen == {"mei": both[1:], "omar": both[1:], "ada": both, "sol": both[:1]}
    assert refusal(office.desk.find, business.record.proposal_id, office.enter("sol")) is Refusal.ROLE_MISSING


def test_what_is_concluded_twice_is_concluded_once(office: Office) -> None:
    one = proposed(office)
    approved = office.desk.approve(one.record.proposal_id, one.record.digest, office.enter("omar")).record
    office.desk.conclude(approved, 202, b"taken")
    office.desk.conclude(approved, 503, b"late")
    found = office.desk.find(one.record.proposal_id, office.enter("mei"))
    assert (found.record.state, found.record.answer_status, found.answer) == (
        ProposalState.EXECUTED,
        202,
        b"taken",
    )
    assert office.acts().count("proposal.executed") == 1


@dataclass
class Expected:
    """What the model knows of a proposal."""

    proposal: Proposal
    by: str
    until: float
    state: ProposalState = ProposalState.PROPOSED


class ProposalMachine(RuleBasedStateMachine):
    """Makers, checkers and the clock in any order, against a model in memory."""

    proposals: Bundle[Expected] = Bundle("proposals")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.office = open_office(self.folder)
        self.people = {name: self.office.enter(name) for name in ("mei", "bea", "omar")}
        self.known: list[Expected] = []

    @override
    def teardown(self) -> None:
        self.office.book.close()
        shutil.rmtree(self.folder)

    @rule(target=proposals, by=st.sampled_from(["mei", "bea"]), lasts=st.sampled_from([60.0, HOUR_S]))
    def propose(self, by: str, lasts: float) -> Expected:
        made = self.office.desk.propose(ORDER, lasts, self.people[by])
        self.known.append(Expected(made, by, self.office.clock.now + lasts))
        return self.known[-1]

    @rule(one=proposals, by=st.sampled_from(["mei", "bea", "omar"]), approve=st.booleans())
    def decide(self, one: Expected, by: str, approve: bool) -> None:
        may = by not in ("mei", one.by) and one.state is ProposalState.PROPOSED
        this, desk = one.proposal.record, self.office.desk
        try:
            if approve:
                desk.approve(this.proposal_id, this.digest, self.people[by])
            else:
                desk.refuse(this.proposal_id, "no", self.people[by])
        except Problem:
            assert not may
        else:
            assert may
            one.state = ProposalState.APPROVED if approve else ProposalState.REFUSED

    @rule(one=proposals, by=st.sampled_from(["mei", "bea"]))
    def withdraw(self, one: Expected, by: str) -> None:
        may = by == one.by and one.state is ProposalState.PROPOSED
        try:
            self.office.desk.withdraw(one.proposal.record.proposal_id, self.people[by])
        except Problem:
            assert not may
        else:
            assert may
            one.state = ProposalState.WITHDRAWN

    @rule(one=consumes(proposals), status=st.sampled_from([200, 202, 409, 500, None]))
    def conclude(self, one: Expected, status: int | None) -> None:
        if one.state is not ProposalState.APPROVED:
            return
        found = next(r for r in self.office.desk.approved() if r.proposal_id == one.proposal.record.proposal_id)
        self.office.desk.conclude(found, status, b"answer")
        one.state = ProposalState.EXECUTED if status in (200, 202) else ProposalState.FAILED

    @rule(seconds=st.sampled_from([1.0, 59.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.office.clock.now += seconds
        for one in self.known:
            if one.state is ProposalState.PROPOSED and one.until <= self.office.clock.now:
                one.state = ProposalState.EXPIRED

    @invariant()
    def book_and_model_agree(self) -> None:
        found, _ = self.office.desk.list(None, None, 1000, self.people["mei"])
        states = {one.record.proposal_id: one.record.state for one in found}
        assert states == {one.proposal.record.proposal_id: one.state for one in self.known}
        for one in found:
            assert one.record.decided_by != one.record.proposed_by
            assert one.order == ORDER

    @invariant()
    def the_record_tells_every_step_once(self) -> None:
        moves = [act for act in self.office.acts() if act.startswith("proposal.")]
        steps = {ProposalState.PROPOSED: 1, ProposalState.EXECUTED: 3, ProposalState.FAILED: 3}
        assert len(moves) == sum(steps.get(one.state, 2) for one in self.known)
        assert moves == [kind for kind in self.office.events() if kind.startswith("proposal.")]


ProposalMachine.TestCase.settings = settings(
    max_examples=6, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestProposalMachine = ProposalMachine.TestCase
