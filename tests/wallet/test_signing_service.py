"""The signing service: intents judged, recorded and signed; and everything that must not be."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tests.wallet.actors import network_document
from tests.wallet.test_policy import DOCUMENT, NOON, SANCTIONED
from tests.wallet.test_typed_data import INSTRUCTION
from wallet.address import checksum_address
from wallet.audit import FileAudit, MemoryAudit
from wallet.intent import AcceptanceIntent, Gas, Intent, ParticipantChange, TransferIntent
from wallet.keccak import keccak
from wallet.network import Network, parse_network
from wallet.policy_document import parse_policy
from wallet.signer import LocalSigner, Signature, SignatureRefused
from wallet.signing_service import Denied, Outcome, Pending, Signed, SigningService
from wallet.transaction import SignedTransaction
from wallet.typed_data import (
    Acceptance,
    Cancellation,
    Instruction,
    Position,
    Quote,
    domain_separator,
    signing_digest,
    struct_hash,
)
from wallet.verification import recover

KEY = LocalSigner(keccak(b"bank"))
OTHER = checksum_address(b"\x0f" * 20)
TOKEN, SETTLEMENT = checksum_address(b"\xc1" * 20), checksum_address(b"\xc2" * 20)
REGISTRY = checksum_address(b"\xc3" * 20)
NETWORK: Network = parse_network(network_document("http://127.0.0.1:1", 20022, REGISTRY, SETTLEMENT, TOKEN))
TYPED = {
    "id": "typed",
    "then": "allow",
    "kinds": ["instruction", "acceptance", "quote", "cancellation", "position"],
}
RULES: dict[str, Any] = DOCUMENT | {"rules": [*DOCUMENT["rules"], TYPED]}
OURS = replace(
    INSTRUCTION,
    debtor_agent=KEY.address,
    debtor_account=KEY.address,
    debit_token=TOKEN,
    credit_token=TOKEN,
    expiry=NOON + 60,
)
DOMAIN = domain_separator(20022, SETTLEMENT)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = float(NOON)

    def __call__(self) -> float:
        return self.now_s


def service(audit: MemoryAudit | FileAudit | None = None, clock: Clock | None = None) -> SigningService:
    return SigningService(
        NETWORK, [KEY], parse_policy(RULES), MemoryAudit() if audit is None else audit, clock or Clock()
    )


def pay(amount: int, nonce: int = 0, creditor: str = OTHER) -> TransferIntent:
    return TransferIntent("CNY", creditor, amount, Gas(nonce))


def signature_of(outcome: Outcome) -> Signature:
    assert isinstance(outcome, Signed)
    assert isinstance(outcome.result, Signature)
    return outcome.result


def test_a_small_transfer_is_built_and_signed() -> None:
    outcome = service().request(pay(10_000), KEY.address, "clerk")
    assert isinstance(outcome, Signed)
    assert isinstance(outcome.result, SignedTransaction)
    assert Account.recover_transaction(outcome.result.raw) == KEY.address
    assert outcome.words.title == f"Send 100.00 CNY to UNKNOWN {OTHER}"


def test_typed_data_is_signed_for_this_networks_settlement_only() -> None:
    signing = service()
    accepted = replace(OURS, creditor_agent=KEY.address, debtor_agent=OTHER)
    quote = Quote(b"\1" * 16, KEY.address, OTHER, TOKEN, 100, TOKEN, 7, NOON + 60)
    cancellation = Cancellation(b"\1" * 16, KEY.address)
    acceptance = Acceptance(struct_hash(accepted), NOON + 30)
    position = Position(b"\1" * 32, b"\2" * 32, TOKEN, -100, NOON + 60)
    cases: list[tuple[Intent, Instruction | Acceptance | Quote | Cancellation | Position]] = [
        (OURS, OURS),
        (AcceptanceIntent(accepted, NOON + 30), acceptance),
        (quote, quote),
        (cancellation, cancellation),
        (position, position),
    ]
    for intent, value in cases:
        signature = signature_of(signing.request(intent, KEY.address, "engine"))
        assert recover(signing_digest(DOMAIN, value), signature) == KEY.address


@pytest.mark.parametrize(
    ("intent", "reason"),
    [
        (replace(OURS, debtor_agent=OTHER, debtor_account=OTHER), "is not who signs this"),
        (AcceptanceIntent(OURS, NOON + 60), "is not who signs this"),
        (Quote(b"\1" * 16, OTHER, KEY.address, TOKEN, 1, TOKEN, 1, NOON + 60), "is not who signs this"),
        (Cancellation(b"\1" * 16, OTHER), "is not who signs this"),
        (replace(OURS, debit_token=OTHER), "is no currency token"),
        (replace(OURS, credit_token=OTHER), "is no currency token"),
        (replace(OURS, expiry=NOON - 1), "has expired"),
        (Position(b"\1" * 32, b"\2" * 32, OTHER, -1, NOON + 60), "is no currency token"),
        (Position(b"\1" * 32, b"\2" * 32, TOKEN, -1, NOON - 1), "has expired"),
        (TransferIntent("EUR", OTHER, 1, Gas(0)), "nobody issues"),
        (pay(1, creditor=SANCTIONED), "rule sanctioned"),
        (pay(0), "amount: 0"),
        (replace(pay(1), gas=Gas(-1)), "nonce: "),
        (replace(pay(1), creditor=OTHER.lower()), "checksum"),
        (ParticipantChange(OTHER, "promoted", Gas(0)), "status"),
    ],
)
def test_what_must_not_be_signed_is_denied_with_its_reason(intent: Intent, reason: str) -> None:
    audit = MemoryAudit()
    outcome = service(audit).request(intent, KEY.address, "clerk")
    assert isinstance(outcome, Denied)
    assert reason in " ".join(outcome.reasons)
    assert [entry.event for entry in audit.entries()] == ["policy", "requested", "denied"]


def test_what_a_position_pays_is_limited_and_what_it_receives_is_not() -> None:
    limit = {"id": "net", "currency": "CNY", "amount": "100", "kinds": ["position"]}
    policy = parse_policy(RULES | {"limits": [limit]})
    signing = SigningService(NETWORK, [KEY], policy, MemoryAudit(), Clock())
    position = Position(b"\1" * 32, b"\2" * 32, TOKEN, -101, NOON + 60)
    denied = signing.request(position, KEY.address, "engine")
    assert isinstance(denied, Denied)
    assert "limit net" in denied.reasons[0]
    for net in (10**9, -100):
        assert isinstance(signing.request(replace(position, net_amount=net), KEY.address, "engine"), Signed)


def test_a_key_that_is_not_here_signs_nothing() -> None:
    outcome = service().request(pay(1), OTHER, "clerk")
    assert isinstance(outcome, Denied)
    assert "no key" in outcome.reasons[0]


def test_two_others_agree_to_a_large_transfer() -> None:
    audit = MemoryAudit()
    signing = service(audit)
    asked = signing.request(pay(20_000), KEY.address, "p1")
    assert isinstance(asked, Pending)
    assert (asked.missing, asked.roles) == (2, frozenset({"treasurer"}))
    for person, words in (("p1", "never the first"), ("p3", "none of the roles"), ("outsider", "none of")):
        refused = signing.approve(asked.request, person)
        assert isinstance(refused, Denied)
        assert words in refused.reasons[0]
    still = signing.approve(asked.request, "p2")
    assert isinstance(still, Pending)
    assert still.missing == 1
    again = signing.approve(asked.request, "p2")
    assert isinstance(again, Denied)
    assert "already" in again.reasons[0]
    assert "signed" not in [entry.event for entry in audit.entries()]


def test_the_last_of_those_who_must_agree_gets_the_signature() -> None:
    signing = service()
    asked = signing.request(pay(20_000), KEY.address, "clerk")
    assert isinstance(asked, Pending)
    assert isinstance(signing.approve(asked.request, "p1"), Pending)
    done = signing.approve(asked.request, "p2")
    assert isinstance(done, Signed)
    assert done.words == asked.words


def test_a_participant_change_takes_a_second_person() -> None:
    signing = service()
    asked = signing.request(ParticipantChange(OTHER, "suspended", Gas(3)), KEY.address, "p1")
    assert isinstance(asked, Pending)
    done = signing.approve(asked.request, "p3")
    assert isinstance(done, Signed)
    assert isinstance(done.result, SignedTransaction)
    expected = keccak(b"set_status(address,uint256)")[:4] + bytes(12) + b"\x0f" * 20 + (3).to_bytes(32, "big")
    assert expected in done.result.raw
    with pytest.raises(KeyError):
        signing.approve(asked.request, "p3")


def test_an_approval_under_an_older_policy_is_void() -> None:
    signing = service()
    asked = signing.request(ParticipantChange(OTHER, "suspended", Gas(0)), KEY.address, "p1")
    assert isinstance(asked, Pending)
    signing.use(parse_policy(RULES | {"version": 2}))
    outcome = signing.approve(asked.request, "p3")
    assert isinstance(outcome, Denied)
    assert "policy has changed" in outcome.reasons[0]
    with pytest.raises(ValueError, match="not newer"):
        signing.use(parse_policy(RULES))


def test_what_waited_into_the_night_is_denied() -> None:
    clock = Clock()
    signing = service(clock=clock)
    asked = signing.request(ParticipantChange(OTHER, "active", Gas(0)), KEY.address, "p1")
    assert isinstance(asked, Pending)
    clock.now_s += 4 * 3600
    assert signing.approve(asked.request, "outsider") == Denied(
        asked.request, ("outsider has none of the roles chief",)
    )
    outcome = signing.approve(asked.request, "p3")
    assert outcome == Denied(asked.request, ("quiet hours night",))


def test_who_may_turn_down_what_waits() -> None:
    signing = service()
    asked = signing.request(pay(20_000), KEY.address, "clerk")
    assert isinstance(asked, Pending)
    assert "no say" in signing.reject(asked.request, "outsider").reasons[0]
    assert "turned down by p2" in signing.reject(asked.request, "p2").reasons[0]
    with pytest.raises(KeyError):
        signing.approve(asked.request, "p2")


def test_the_daily_limit_holds_over_restarts_and_turns_at_midnight(tmp_path: Path) -> None:
    clock = Clock()
    for nonce in range(2):
        audit = FileAudit(tmp_path / "log", 0)
        outcome = service(audit, clock).request(pay(10_000, nonce), KEY.address, "clerk")
        assert isinstance(outcome, Signed)
        audit.close()
    audit = FileAudit(tmp_path / "log", 0)
    signing = service(audit, clock)
    assert isinstance(signing.request(pay(5_001, 2), KEY.address, "clerk"), Denied)
    assert isinstance(signing.request(pay(5_000, 2), KEY.address, "clerk"), Signed)
    assert isinstance(signing.request(pay(1, 3), KEY.address, "clerk"), Denied)
    clock.now_s -= 86_400  # a clock set back opens nothing
    assert isinstance(signing.request(pay(1, 3), KEY.address, "clerk"), Denied)
    clock.now_s += 2 * 86_400
    assert isinstance(signing.request(pay(10_000, 3), KEY.address, "clerk"), Signed)
    audit.close()


def test_asking_again_for_the_same_act_counts_once() -> None:
    signing = service()
    first = signing.request(pay(10_000), KEY.address, "clerk")
    for _ in range(3):
        again = signing.request(pay(10_000), KEY.address, "clerk")
        assert isinstance(again, Signed)
        assert isinstance(first, Signed)
        assert again.result == first.result
    assert isinstance(signing.request(pay(10_000, 1), KEY.address, "clerk"), Signed)


def test_threads_at_the_edge_of_a_limit_get_no_more_than_it() -> None:
    signing, outcomes = service(), []
    threads = [
        threading.Thread(
            target=lambda nonce=nonce: outcomes.append(signing.request(pay(1_000, nonce), KEY.address, "clerk"))
        )
        for nonce in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(outcome, Signed) for outcome in outcomes) == 25


def test_the_request_is_on_record_before_the_key_is_touched() -> None:
    audit = MemoryAudit()
    seen: list[list[str]] = []

    class Watched:
        """The key, noting what the log says at the moment of signing."""

        address = KEY.address

        def sign_digest(self, digest: bytes) -> Signature:
            seen.append([entry.event for entry in audit.entries()])
            return KEY.sign_digest(digest)

    signing = SigningService(NETWORK, [Watched()], parse_policy(RULES), audit, Clock())
    signing.request(pay(1), KEY.address, "clerk")
    assert seen == [["policy", "requested", "allowed"]]
    signed = list(audit.entries())[-1]
    assert signed.event == "signed"
    assert signed.body["raw"].startswith("0x02")


def test_a_signer_that_fails_is_on_record_and_a_slow_one_holds_up_nobody() -> None:
    audit, asked, go_on = MemoryAudit(), threading.Event(), threading.Event()

    class Slow:
        """A signer elsewhere that answers late, and with a failure."""

        address = OTHER

        def sign_digest(self, digest: bytes) -> Signature:
            asked.set()
            assert go_on.wait(60)
            raise SignatureRefused("the module was removed")

    signing = SigningService(NETWORK, [Slow(), KEY], parse_policy(RULES), audit, Clock())
    outcomes: list[Outcome] = []
    slow = threading.Thread(target=lambda: outcomes.append(signing.request(pay(1), OTHER, "clerk")))
    slow.start()
    assert asked.wait(60)
    assert isinstance(signing.request(pay(1), KEY.address, "clerk"), Signed)
    go_on.set()
    slow.join()
    (failed,) = outcomes
    assert isinstance(failed, Denied)
    assert "module was removed" in failed.reasons[0]
    events = [entry.event for entry in audit.entries()]
    assert events == ["policy", "requested", "allowed", "requested", "allowed", "signed", "failed"]


def test_without_a_record_nothing_is_signed() -> None:
    class Full(MemoryAudit):
        """A log on a disk that becomes full."""

        def append(self, time_ms: int, event: str, body: Mapping[str, Any]) -> str:
            if event == "allowed":
                raise OSError("no space left on device")
            return super().append(time_ms, event, body)

    touched = []

    class Watched:
        """A key that must not be touched."""

        address = KEY.address

        def sign_digest(self, digest: bytes) -> Signature:
            touched.append(digest)
            return KEY.sign_digest(digest)

    signing = SigningService(NETWORK, [Watched()], parse_policy(RULES), Full(), Clock())
    with pytest.raises(OSError, match="no space"):
        signing.request(pay(1), KEY.address, "clerk")
    assert touched == []
