"""What waits for people waits on after a restart, with the approvals it has; and no longer than it may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wallet.strategies import addresses, instructions, positions, quotes
from tests.wallet.test_signing_service import KEY, NETWORK, OTHER, RULES, Clock, pay
from wallet.audit import FileAudit, MemoryAudit
from wallet.intent import STATUSES, AcceptanceIntent, BadIntent, Gas, Intent, ParticipantChange, TransferIntent
from wallet.intent_document import intent_json, read_intent
from wallet.policy_document import parse_policy
from wallet.signer import LocalSigner
from wallet.signing_service import Denied, Pending, Signed, SigningService
from wallet.waiting import waiting_in

LARGE = pay(20_000)
gases = st.builds(Gas, *[st.integers(0, 2**64)] * 4)
intents: st.SearchStrategy[Intent] = st.one_of(
    st.builds(TransferIntent, st.just("CNY"), addresses, st.integers(0, 2**256), gases),
    st.builds(ParticipantChange, addresses, st.sampled_from(STATUSES), gases),
    st.builds(AcceptanceIntent, instructions, st.integers(0, 2**64 - 1)),
    instructions,
    quotes,
    positions,
)


@contextmanager
def running(
    log: Path,
    policy: dict[str, object] = RULES,
    clock: Clock | None = None,
    keys: tuple[LocalSigner, ...] = (KEY,),
) -> Iterator[SigningService]:
    """One life of the service on this log."""
    audit = FileAudit(log, 0)
    yield SigningService(NETWORK, keys, parse_policy(policy), audit, clock or Clock())
    audit.close()


@given(intents)
def test_an_intent_is_read_back_from_its_json(intent: Intent) -> None:
    assert read_intent(intent_json(intent)) == intent


@pytest.mark.parametrize("document", [{}, {"kind": "bribe"}, {"kind": "transfer"}, {"kind": "acceptance"}])
def test_what_is_no_intent_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(BadIntent):
        read_intent(document)


def test_a_request_and_its_first_approval_survive(tmp_path: Path) -> None:
    with running(tmp_path / "log") as signing:
        asked = signing.request(LARGE, KEY.address, "clerk")
        assert isinstance(asked, Pending)
    with running(tmp_path / "log") as signing:
        assert signing.waiting() == (asked,)
        still = signing.approve(asked.request, "p1")
        assert isinstance(still, Pending)
        assert still.missing == 1
    with running(tmp_path / "log") as signing:
        (waits,) = signing.waiting()
        assert waits == still
        again = signing.approve(asked.request, "p1")
        assert isinstance(again, Denied)
        assert "already" in again.reasons[0]
        assert isinstance(signing.approve(asked.request, "p2"), Signed)
    with running(tmp_path / "log") as signing:
        assert signing.waiting() == ()
        with pytest.raises(KeyError):
            signing.approve(asked.request, "p2")


def test_who_asked_is_still_never_the_second_person(tmp_path: Path) -> None:
    with running(tmp_path / "log") as signing:
        asked = signing.request(LARGE, KEY.address, "p1")
    with running(tmp_path / "log") as signing:
        refused = signing.approve(asked.request, "p1")
        assert isinstance(refused, Denied)
        assert "never the first" in refused.reasons[0]


def test_what_was_turned_down_or_signed_does_not_come_back(tmp_path: Path) -> None:
    with running(tmp_path / "log") as signing:
        asked = signing.request(LARGE, KEY.address, "clerk")
        signing.reject(asked.request, "clerk")
        signing.request(pay(1), KEY.address, "clerk")
    with running(tmp_path / "log") as signing:
        assert signing.waiting() == ()


@pytest.mark.parametrize(
    ("policy", "keys", "reason"),
    [(RULES | {"version": 2}, (KEY,), "policy has changed"), (RULES, (), "no key")],
)
def test_what_could_not_be_asked_for_now_is_denied_at_the_restart(
    tmp_path: Path, policy: dict[str, object], keys: tuple[LocalSigner, ...], reason: str
) -> None:
    with running(tmp_path / "log") as signing:
        signing.request(LARGE, KEY.address, "clerk")
    with running(tmp_path / "log", policy, keys=keys) as signing:
        assert signing.waiting() == ()
    audit = FileAudit(tmp_path / "log", 0)
    last = list(audit.entries())[-1]
    audit.close()
    assert last.event == "denied"
    assert reason in last.body["reasons"][0]


def test_a_restart_at_night_denies_nothing(tmp_path: Path) -> None:
    clock = Clock()
    with running(tmp_path / "log", clock=clock) as signing:
        asked = signing.request(LARGE, KEY.address, "clerk")
    clock.now_s += 12 * 3600
    with running(tmp_path / "log", clock=clock) as signing:
        assert signing.waiting() == (asked,)


def test_an_approval_that_was_never_answered_is_given_again() -> None:
    audit = MemoryAudit()
    signing = SigningService(NETWORK, [KEY], parse_policy(RULES), audit, Clock())
    asked = signing.request(LARGE, KEY.address, "clerk")
    audit.append(0, "approved", {"request": asked.request, "by": "p1"})  # and there the process was killed
    (waits,) = waiting_in(audit.entries())
    assert (waits.id, waits.agreed, waits.missing) == (asked.request, (), 2)


def test_a_request_that_nobody_was_told_of_is_forgotten() -> None:
    audit = MemoryAudit()
    body = {"intent": intent_json(pay(1)), "signer": OTHER, "by": "clerk", "policy": ""}
    audit.append(0, "requested", body)
    assert waiting_in(audit.entries()) == []
