from __future__ import annotations

from api.iso20022.codes import REASON_CODE_OF, STATUS_OF, reason_code
from api.iso20022.reference_data import status_reasons
from node.domain.lifecycle import State
from node.domain.reasons import Finding, Reason


def test_every_state_has_a_status() -> None:
    assert set(STATUS_OF) == set(State)


def test_every_reason_has_a_code_from_our_list() -> None:
    assert set(REASON_CODE_OF) == set(Reason)
    assert set(REASON_CODE_OF.values()) <= set(status_reasons())


def test_only_settled_is_reported_as_settled() -> None:
    assert [state for state, code in STATUS_OF.items() if code == "ACSC"] == [State.SETTLED]


def test_code_that_another_institution_stated_is_passed_on() -> None:
    passed_on = Finding(Reason.CREDITOR_AGENT_REFUSED, "closed", stated_code="AC04")

    assert reason_code(passed_on) == "AC04"
    assert reason_code(Finding(Reason.BALANCE_TOO_LOW, "too low")) == "AM04"
