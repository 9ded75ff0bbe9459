"""The table of problems is complete, its codes are stable names, and its ISO reasons exist."""

from __future__ import annotations

import re

import pytest

from api.iso20022.reference_data import status_reasons
from api.iso20022.refusal import RefusalKind
from api.problems import LONGEST_VALUE, STATUSES, Kind, Problem, all_kinds, document, problem_of, row
from api.refusals import Refusal
from node.domain.reasons import Actor, Finding, Reason


def test_every_refusal_and_every_reason_is_in_the_table_once() -> None:
    listed = [kind for kinds in STATUSES.values() for kind in kinds]
    assert len(set(listed)) == len(listed)
    assert set(listed) | set(RefusalKind) == {*Refusal, *RefusalKind, *Reason}


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)
def test_a_row_says_everything(kind: Kind) -> None:
    said = row(kind)
    assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", said.code)
    assert 400 <= said.status < 600
    assert said.responsible_party in {actor.value for actor in Actor}
    assert said.iso_reason is None or said.iso_reason in status_reasons()


def test_codes_are_unique() -> None:
    codes = [row(kind).code for kind in all_kinds()]
    assert len(set(codes)) == len(codes)


NEVER_WILL = (
    Refusal.NOT_YOUR_PAYMENT,
    Refusal.CASE_DECIDED_ALREADY,
    Refusal.SCOPE_MISSING,
    Refusal.ALIAS_TAKEN,
    Refusal.CROSS_SITE_REQUEST,
    Refusal.CERTIFICATE_NOT_OF_SIGNER,
    Refusal.ROLE_MISSING,
    Refusal.APPROVAL_NEEDED,
    Refusal.OWN_PROPOSAL,
    Refusal.PROPOSAL_DECIDED_ALREADY,
    Refusal.PROPOSAL_DIFFERS,
    Refusal.OPERATOR_NOT_IN_STATE,
    Refusal.CREDENTIAL_NAME_TAKEN,
)


def test_what_the_server_could_not_do_may_be_tried_again_and_nothing_else_from_the_door() -> None:
    for refusal in Refusal:
        may_pass = row(refusal).status >= 500 or row(refusal).status in (403, 408, 409, 429)
        assert row(refusal).retryable == may_pass or refusal in NEVER_WILL


def test_the_most_important_finding_gives_the_problem_its_code() -> None:
    findings = (
        Finding(Reason.BALANCE_TOO_LOW, "too low"),
        Finding(Reason.UETR_ALREADY_USED, "used"),
        Finding(Reason.CURRENCY_UNKNOWN, "unknown"),
    )
    problem = problem_of(findings)
    assert (problem.kind, problem.status_code) == (Reason.UETR_ALREADY_USED, 409)
    assert len(document(problem.kind, problem.text, findings=findings)["errors"]) == 3


def test_a_long_value_is_cut() -> None:
    finding = Finding(Reason.CURRENCY_UNKNOWN, "unknown", value="x" * 10_000)
    (error,) = document(Reason.CURRENCY_UNKNOWN, "unknown", findings=(finding,))["errors"]
    assert len(error["value"]) == LONGEST_VALUE


def test_a_problem_is_an_exception_with_its_status() -> None:
    assert Problem(Refusal.BODY_TOO_LARGE, "no").status_code == 413
