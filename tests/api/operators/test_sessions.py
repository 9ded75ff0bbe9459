"""Logging in, and everything that does not: wrong, used, late and too many proofs; and how sessions end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from api.operators.one_time import code_at
from api.operators.sessions import IDLE_S, LONGEST_S, LoginRefused
from api.operators.staff import InvitationRefused, NoOperator, NotPossible
from node.domain.operator import OperatorStatus
from tests.api.operators.people import HERE, PASSWORD, Office


def refused(office: Office, name: str = "mei", password: str = PASSWORD, code: str | None = None) -> None:
    with pytest.raises(LoginRefused):
        office.login(name, password, code)


def test_password_and_code_open_a_session_and_neither_does_alone(office: Office) -> None:
    refused(office, password="Wrong horse 99")
    refused(office, code="000000" if office.code("mei") != "000000" else "111111")
    refused(office, code=office.code("omar"))
    refused(office, name="nobody", code="123456")
    token, operator = office.login("mei")
    assert office.sessions.find(token, HERE) == operator
    assert office.sessions.find(token + "x", HERE) is None
    with office.book.view() as view:
        kept = view.operator_sessions.find(operator.session.session_id)
    assert kept is not None
    assert token.encode() not in kept.digest


def test_a_code_is_good_once_and_so_is_every_earlier_one(office: Office) -> None:
    earlier = code_at(office.proofs["mei"].secret, office.clock.now - 30)
    office.login("mei")
    refused(office)
    refused(office, code=earlier)
    office.clock.now += 30
    office.login("mei")


@pytest.mark.parametrize(("skew_s", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off(office: Office, skew_s: int, good: bool) -> None:
    code = code_at(office.proofs["mei"].secret, office.clock.now + skew_s)
    if good:
        office.login("mei", code=code)
    else:
        refused(office, code=code)


def test_a_code_used_by_two_at_once_lets_one_in(office: Office) -> None:
    code = office.code("mei")

    def attempt(_number: int) -> bool:
        try:
            office.login("mei", code=code)
        except LoginRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_five_failures_lock_for_half_a_minute_and_each_further_one_doubles_it(office: Office) -> None:
    for _ in range(5):
        refused(office, password="Wrong horse 99")
    refused(office)  # right, and too early
    office.clock.now += 29
    refused(office)
    office.clock.now += 1
    refused(office, password="Wrong horse 99")
    office.clock.now += 59
    refused(office)
    office.clock.now += 1
    office.login("mei")
    refused(office, password="Wrong horse 99")  # the count began anew
    office.clock.now += 30
    office.login("mei")
    assert office.events().count("operator.locked") == 2


def test_who_tries_during_a_lock_does_not_prolong_it(office: Office) -> None:
    for _ in range(5):
        refused(office, password="Wrong horse 99")
    for _ in range(20):
        refused(office, password="Wrong horse 99")
    office.clock.now += 30
    office.login("mei")


def test_a_right_password_with_a_wrong_code_counts_as_a_failure(office: Office) -> None:
    wrong = "000000" if office.code("mei") != "000000" else "111111"
    for _ in range(5):
        refused(office, code=wrong)
    refused(office)


def test_many_guesses_at_once_are_no_more_than_one_after_the_other(office: Office) -> None:
    compared = []
    match = office.staff.passwords.match

    def watched(kept: str | None, password: str) -> bool:
        compared.append(kept)
        return match(kept, password)

    office.staff.passwords.match = watched  # type: ignore[method-assign]

    def guess(number: int) -> None:
        refused(office, password=f"Wrong horse {number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(guess, range(40)))
    assert sum(kept is not None for kept in compared) == 5


def test_a_recovery_code_stands_in_for_a_lost_telephone_once(office: Office) -> None:
    code = office.proofs["mei"].recovery[3]
    office.login("mei", code=code.lower().replace("-", " "))
    refused(office, code=code)
    refused(office, name="omar", code=office.proofs["mei"].recovery[4])
    with office.book.view() as view:
        assert view.operators.codes_left(office.proofs["mei"].operator.operator_id) == 9


def test_a_session_ends_by_itself_unused_or_old(office: Office) -> None:
    token, _ = office.login("mei")
    for _ in range(int(LONGEST_S / (IDLE_S - 1))):
        office.clock.now += IDLE_S - 1
        assert office.sessions.find(token, HERE) is not None
    office.clock.now += LONGEST_S % (IDLE_S - 1)
    assert office.sessions.find(token, HERE) is None
    token, _ = office.login("mei")
    office.clock.now += IDLE_S
    assert office.sessions.find(token, HERE) is None


def test_a_session_that_was_ended_is_over(office: Office) -> None:
    token, operator = office.login("mei")
    assert office.sessions.end(operator.session.session_id, operator)
    assert not office.sessions.end(operator.session.session_id, operator)
    assert office.sessions.find(token, HERE) is None


def test_who_is_disabled_is_out_at_once_and_comes_back_by_invitation_only(office: Office) -> None:
    token, operator = office.login("mei")
    with office.book.unit() as unit:
        office.staff.disable(unit, operator.operator_id, "op_x", HERE)
    assert office.sessions.find(token, HERE) is None
    office.clock.now += 30
    refused(office)
    refused(office, code=office.proofs["mei"].recovery[0])
    with pytest.raises(NotPossible):
        office.staff.invite(operator.operator_id, "op_x", HERE)
    with office.book.unit() as unit:
        office.staff.reset(unit, operator.operator_id, "op_x", HERE)
    invitation = office.staff.invite(operator.operator_id, "op_x", HERE)
    made = office.staff.activate("mei", invitation, "Another horse 8", HERE)
    assert made.operator.status is OperatorStatus.ACTIVE
    assert made.secret != office.proofs["mei"].secret
    refused(office)
    office.login("mei", "Another horse 8", code_at(made.secret, office.clock.now))


def test_an_invitation_is_good_once_for_a_day_and_the_newest_only(office: Office) -> None:
    who = office.proofs["mei"].operator.operator_id
    with office.book.unit() as unit:
        office.staff.reset(unit, who, "op_x", HERE)
    first, second = office.staff.invite(who, "op_x", HERE), office.staff.invite(who, "op_x", HERE)
    for name, code in (("mei", first), ("omar", second), ("nobody", second), ("mei", "AAAA-AAAA")):
        with pytest.raises(InvitationRefused):
            office.staff.activate(name, code, "Another horse 8", HERE)
    office.clock.now += 86400
    with pytest.raises(InvitationRefused):
        office.staff.activate("mei", second, "Another horse 8", HERE)
    third = office.staff.invite(who, "op_x", HERE)
    office.staff.activate("mei", third, "Another horse 8", HERE)
    with pytest.raises(InvitationRefused):
        office.staff.activate("mei", third, "Another horse 8", HERE)
    with pytest.raises(NoOperator):
        office.staff.invite("op_nobody", "op_x", HERE)


def test_a_secret_moved_to_another_operator_does_not_open(office: Office) -> None:
    with office.book.unit() as unit:
        mei, omar = (unit.operators.by_name(name) for name in ("mei", "omar"))
        assert mei is not None
        assert omar is not None
        unit.operators.save(replace(omar, one_time_secret=mei.one_time_secret))
    refused(office, name="omar", code=office.code("mei"))


def test_the_record_knows_who_came_and_went_without_a_name(office: Office) -> None:
    refused(office, password="Wrong horse 99")
    _, operator = office.login("mei")
    office.sessions.end(operator.session.session_id, operator)
    with office.book.view() as view:
        lines = view.operator_audit.read(limit=1000)[-3:]
        assert view.operator_audit.broken_at() is None
    assert [line.act for line in lines] == ["operator.login_failed", "operator.logged_in", "operator.logged_out"]
    assert {(line.actor, line.address) for line in lines} == {(operator.operator_id, HERE)}
    assert "mei" not in str(lines)
