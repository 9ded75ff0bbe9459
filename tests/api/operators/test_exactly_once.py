"""What two have agreed on happens once, wherever the process dies, and never otherwise than it was agreed."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.idempotency import LEASE_S, KeepAnswers
from api.institution import Institution, open_institution
from api.operators.approved import MARK
from api.operators.carrier import CHANGED, GIVE_UP_S, Carrier
from api.operators.desk import UNREADABLE, Proposal, ProposalDesk
from api.operators.sessions import Operator, Sessions
from cli.running_network import RunningNetwork
from node.book.records import BookUnreachable
from node.domain.proposal import Duty, Order, ProposalState
from tests.api.operator_people import CHECKER, MAKER, PASSWORD, person, staff_of
from tests.api.operators.people import Clock
from tests.network import BANK_CN

HOOK = Order("POST", "/v1/webhook-endpoints", "application/json", b'{"url": "http://127.0.0.1:9/"}')


class Died(BaseException):
    """The process is gone at this point."""


@dataclass(frozen=True)
class Quiet:
    """An institution that nobody serves: nothing is carried out but by the test."""

    institution: Institution
    app: FastAPI
    clock: Clock
    desk: ProposalDesk
    maker: Operator
    checker: Operator

    def approved(self, order: Order = HOOK) -> Proposal:
        one = self.desk.propose(order, 600.0, self.maker)
        return self.desk.approve(one.record.proposal_id, one.record.digest, self.checker)

    def carrier(self) -> Carrier:
        """As a process has it that has just started."""
        carrier = Carrier(self.desk, self.institution.api_address, self.clock.now_s)
        carrier.carry_into(self.app)
        return carrier

    def look(self) -> None:
        asyncio.run(self.carrier().look())

    def hooks(self) -> int:
        with self.institution.office.book.view() as view:
            return len(view.webhooks.list())

    def state(self, one: Proposal) -> tuple[ProposalState, int | None]:
        found = self.desk.find(one.record.proposal_id, self.maker)
        return found.record.state, found.record.answer_status


@pytest.fixture
def quiet(network: RunningNetwork, tmp_path: Path) -> Iterator[Quiet]:
    folder, clock = tmp_path / BANK_CN, Clock()
    shutil.copytree(network.data / "institutions" / BANK_CN, folder, ignore=shutil.ignore_patterns("book*"))
    institution = open_institution(folder, clock=clock)
    staff = staff_of(institution)
    desk = ProposalDesk(staff, lambda _method, _path: Duty.BUSINESS)
    maker, checker = (_at_work(institution, role) for role in (MAKER, CHECKER))
    yield Quiet(institution, create_app(institution), clock, desk, maker, checker)
    institution.close()


def _at_work(institution: Institution, role: Any) -> Operator:
    who = person(institution, role)
    return Sessions(staff_of(institution)).login(who.name, PASSWORD, who.recovery[0], "192.0.2.7")[1]


def dying(real: Callable[..., Any], after: bool) -> Callable[..., Any]:
    """The same, but the process dies before or after it."""

    def act(*arguments: Any) -> Any:
        if after:
            real(*arguments)
        raise Died

    return act


def test_a_death_after_the_approval_loses_nothing(quiet: Quiet) -> None:
    one = quiet.approved()
    assert quiet.hooks() == 0
    quiet.look()
    assert (quiet.hooks(), quiet.state(one)) == (1, (ProposalState.EXECUTED, 201))
    quiet.look()
    assert quiet.hooks() == 1


@pytest.mark.parametrize("after", [False, True])
def test_a_death_before_or_after_the_outcome_is_kept_does_nothing_twice(
    quiet: Quiet, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    one = quiet.approved()
    with monkeypatch.context() as patched:
        patched.setattr(quiet.desk, "conclude", dying(quiet.desk.conclude, after))
        with pytest.raises(Died):
            quiet.look()
    assert quiet.hooks() == 1
    quiet.look()
    assert (quiet.hooks(), quiet.state(one)) == (1, (ProposalState.EXECUTED, 201))


def test_a_death_in_the_middle_of_the_route_is_taken_over_after_its_lease(
    quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is claimed, nothing is done: the copy that comes next is told to wait, until the lease is over."""
    one = quiet.approved()
    with monkeypatch.context() as patched:
        patched.setattr("api.routes.webhooks.new_secret", dying(lambda: None, after=False))
        patched.setattr(KeepAnswers, "_release", lambda _self, _keyed: None)
        with pytest.raises(BaseException):  # noqa: B017  a death comes through task groups in a group
            quiet.look()
    quiet.look()
    assert (quiet.hooks(), quiet.state(one)) == (0, (ProposalState.APPROVED, None))
    quiet.clock.now += LEASE_S + 1
    quiet.look()
    assert (quiet.hooks(), quiet.state(one)) == (1, (ProposalState.EXECUTED, 201))


def test_several_processes_that_look_at_once_do_it_once(quiet: Quiet) -> None:
    one = quiet.approved()

    async def all_look() -> None:
        await asyncio.gather(*(quiet.carrier().look() for _ in range(4)))

    asyncio.run(all_look())
    assert (quiet.hooks(), quiet.state(one)) == (1, (ProposalState.EXECUTED, 201))


def test_what_can_be_tried_again_is_for_an_hour(quiet: Quiet, monkeypatch: pytest.MonkeyPatch) -> None:
    one = quiet.approved()

    def lost(*_arguments: Any) -> Any:
        raise BookUnreachable("gone")

    with monkeypatch.context() as patched:
        patched.setattr("api.routes.webhooks.new_secret", lost)
        quiet.look()
        assert quiet.state(one) == (ProposalState.APPROVED, None)
        quiet.clock.now += GIVE_UP_S
        quiet.look()
    assert (quiet.hooks(), quiet.state(one)) == (0, (ProposalState.FAILED, 503))


def test_what_was_changed_in_the_book_after_it_was_approved_is_not_done(quiet: Quiet) -> None:
    """By somebody who owns the database and its triggers: another method, or another proposal's body."""
    first, second = (
        quiet.approved(),
        quiet.approved(Order("POST", HOOK.path, HOOK.media_type, b'{"url": "http://x/"}')),
    )
    writer = quiet.institution.office.book._writer
    with writer.begin() as connection:
        for trigger in ("proposals_unchanged", "proposals_only_emptied"):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.exec_driver_sql(
            f"UPDATE proposals SET method = 'DELETE' WHERE proposal_id = '{first.record.proposal_id}'"
        )
        connection.exec_driver_sql(
            "UPDATE proposals SET body = (SELECT p.body FROM proposals p WHERE p.proposal_id = "
            f"'{first.record.proposal_id}') WHERE proposal_id = '{second.record.proposal_id}'"
        )
    quiet.look()
    assert quiet.hooks() == 0
    found = quiet.desk.find(first.record.proposal_id, quiet.maker)
    assert (found.record.state, found.answer) == (ProposalState.FAILED, CHANGED)
    assert quiet.state(second) == (ProposalState.FAILED, None)
    shown, _ = quiet.desk.list(None, None, 10, quiet.maker)
    assert [one.order.body for one in shown] == [UNREADABLE, HOOK.body]


def test_a_request_from_outside_cannot_say_that_it_was_agreed(quiet: Quiet) -> None:
    """The mark is no header, and the route that was agreed on for business does not open to staff's."""
    wish = json.dumps({"name": "mallory", "roles": ["maker"]}).encode()
    one = quiet.approved(Order("POST", "/v1/operators", "application/json", wish))
    quiet.look()
    assert quiet.state(one) == (ProposalState.FAILED, 403)
    headers = {MARK: "true", "X-Corridor-Approved": one.record.proposal_id}
    assert asyncio.run(_asked(quiet.app, wish, headers)) == 403
    with quiet.institution.office.book.view() as view:
        assert view.operators.by_name("mallory") is None


async def _asked(app: FastAPI, content: bytes, headers: dict[str, str]) -> int:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://outside") as http:
        return (await http.post("/v1/operators", content=content, headers=headers)).status_code
