"""Operators over HTTP: what one may do alone, what two do together, and that what they agree on happens once."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from api.institution import Institution
from api.operators.door import COOKIE
from api.operators.one_time import code_at
from cli.running_network import RunningNetwork
from node.domain.operator import Role
from tests.api.expectations import problem
from tests.api.operator_people import AUDITOR, CHECKER, MAKER, OFFICER, PASSWORD, bearing, person, token
from tests.network import BANK_CN, PATIENCE_S, Bank, Transfer

SESSIONS, PROPOSALS, HOOKS = "/v1/operators/sessions", "/v1/proposals", "/v1/webhook-endpoints"
ASKING = {"askRates", "searchPayee", "verifyPayee"}


@pytest.fixture(scope="module")
def institution(network: RunningNetwork) -> Institution:
    return network.institutions[BANK_CN]


class Desk:
    """Somebody at work: a client with a session."""

    def __init__(self, bank: Bank, institution: Institution, *roles: Role) -> None:
        self.url = bank.entry["api_url"]
        self.headers = bearing(institution, *roles)

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return httpx.request(method, self.url + path, json=body, headers=self.headers, trust_env=False, timeout=60)

    def propose(
        self, method: str, path: str, body: Any = None, media_type: str = "application/json"
    ) -> dict[str, Any]:
        content = body.decode() if isinstance(body, bytes) else "" if body is None else json.dumps(body)
        wish = {"method": method, "path": path, "media_type": media_type, "body": content}
        answer = self.ask("POST", PROPOSALS, wish)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def approve(self, one: dict[str, Any]) -> httpx.Response:
        return self.ask("POST", f"{PROPOSALS}/{one['proposal_id']}/approval", {"digest": one["digest"]})

    def done(self, one: dict[str, Any]) -> dict[str, Any]:
        """The proposal approved by this operator and carried out."""
        answer = self.approve(one)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        deadline = time.monotonic() + PATIENCE_S
        while told["state"] == "APPROVED":
            assert time.monotonic() < deadline, told
            time.sleep(0.1)
            told = self.ask("GET", f"{PROPOSALS}/{one['proposal_id']}").json()
        return told


@pytest.fixture(scope="module")
def maker(debtor_agent: Bank, institution: Institution) -> Desk:
    return Desk(debtor_agent, institution, MAKER)


@pytest.fixture(scope="module")
def checker(debtor_agent: Bank, institution: Institution) -> Desk:
    return Desk(debtor_agent, institution, CHECKER)


def changes(bank: Bank, scheme: str) -> list[tuple[str, str, str]]:
    """Every operation behind a door that changes something: its id, method and an example of its path."""
    document = bank.http.get("/openapi.json").json()
    values = {"uetr": str(uuid.uuid4()), "reference": str(uuid.uuid4()), "endpoint_id": "we_" + "0" * 24}
    values |= {"position": "1", "alias": "+8613800000000", "operator_id": "op_" + "0" * 24, "name": "key:none"}
    values |= {"session_id": "current", "proposal_id": "pr_" + "0" * 24}
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "get" and {scheme} in [set(entry) for entry in operation.get("security", ())]:
                found.append((operation["operationId"], method.upper(), path.format(**values)))
    assert len(found) > 3
    return found


def test_an_operator_changes_nothing_alone_whatever_the_route(
    maker: Desk, checker: Desk, debtor_agent: Bank, institution: Institution
) -> None:
    officer, auditor = Desk(debtor_agent, institution, OFFICER), Desk(debtor_agent, institution, AUDITOR)
    for name, method, path in changes(debtor_agent, "Credential"):
        for who in (officer, auditor, checker, maker):
            free = {*ASKING, "takeQuote"} if who is maker else ASKING if who is checker else set()
            if name not in free:
                problem(who.ask(method, path, {}), 403, "approval_needed")


def test_whatever_an_operator_may_not_do_alone_can_be_proposed(maker: Desk, debtor_agent: Bank) -> None:
    for _name, method, path in changes(debtor_agent, "Credential"):
        assert maker.propose(method, path, {})["duty"] == "business"
    for method, path in (
        ("POST", "/v1/interbank/payments"),
        ("POST", PROPOSALS),
        ("DELETE", f"{SESSIONS}/current"),
    ):
        answer = maker.ask("POST", PROPOSALS, {"method": method, "path": path})
        problem(answer, 422, "not_to_be_proposed")


@pytest.mark.parametrize(
    "path", ["/v1/../v1/payments", "/v1//payments", "/v1/%6fperators", "http://x/v1/quotes", "/v1"]
)
def test_a_path_says_one_thing_only(maker: Desk, path: str) -> None:
    wish = {"method": "POST", "path": path}
    assert maker.ask("POST", PROPOSALS, wish).json()["code"] == "request_does_not_fit_its_schema"


def test_roles_read_what_is_their_business(maker: Desk, debtor_agent: Bank, institution: Institution) -> None:
    officer = Desk(debtor_agent, institution, OFFICER)
    assert maker.ask("GET", "/v1/payments").status_code == 200
    problem(officer.ask("GET", "/v1/payments"), 403, "scope_missing")
    assert officer.ask("GET", "/v1/credentials").status_code == 200
    problem(maker.ask("GET", "/v1/operators/audit"), 403, "role_missing")
    assert maker.ask("GET", "/v1/operators/me").json()["roles"] == ["maker"]


def test_a_payment_is_sent_by_two_and_settles(maker: Desk, checker: Desk, debtor_agent: Bank) -> None:
    transfer = Transfer(amount="12.34")
    one = maker.propose("POST", "/v1/iso20022/messages", transfer.body(), "application/xml")
    assert debtor_agent.http.get(f"/v1/payments/{transfer.uetr}").status_code == 404
    told = checker.done(one)
    assert (told["state"], told["answer_status"]) == ("EXECUTED", 202)
    assert transfer.uetr in told["answer"]
    assert debtor_agent.ended(transfer.uetr)["state"] == "SETTLED"
    assert maker.ask("GET", f"{PROPOSALS}/{one['proposal_id']}").json()["answer"] == told["answer"]


def test_what_the_route_refuses_fails_and_changes_nothing(maker: Desk, checker: Desk, debtor_agent: Bank) -> None:
    told = checker.done(maker.propose("POST", "/v1/iso20022/messages", b"not XML", "application/xml"))
    assert (told["state"], told["answer_status"]) == ("FAILED", 400)
    told = checker.done(maker.propose("DELETE", f"{HOOKS}/we_{'0' * 24}"))
    assert (told["state"], told["answer_status"]) == ("FAILED", 404)


def test_many_approvals_at_once_are_one(maker: Desk, debtor_agent: Bank, institution: Institution) -> None:
    checkers = [Desk(debtor_agent, institution, CHECKER) for _ in range(4)]
    before = len(debtor_agent.http.get(HOOKS).json()["endpoints"])
    one = maker.propose("POST", HOOKS, {"url": "http://127.0.0.1:9/", "types": ["payment.expired"]})
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda who: who.approve(one).status_code, checkers))
    assert sorted(answers) == [200, 409, 409, 409]
    deadline = time.monotonic() + PATIENCE_S
    while maker.ask("GET", f"{PROPOSALS}/{one['proposal_id']}").json()["state"] == "APPROVED":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert len(debtor_agent.http.get(HOOKS).json()["endpoints"]) == before + 1


def test_only_who_proposed_or_decided_is_told_the_answer(
    maker: Desk, checker: Desk, debtor_agent: Bank, institution: Institution
) -> None:
    """The answer may hold a secret that is told once."""
    one = maker.propose("POST", HOOKS, {"url": "http://127.0.0.1:9/", "types": ["payment.expired"]})
    assert "whsec_" in checker.done(one)["answer"]
    assert "whsec_" in maker.ask("GET", f"{PROPOSALS}/{one['proposal_id']}").json()["answer"]
    other = Desk(debtor_agent, institution, AUDITOR).ask("GET", f"{PROPOSALS}/{one['proposal_id']}")
    assert (other.json()["state"], other.json()["answer"]) == ("EXECUTED", None)


def test_a_digest_that_is_not_the_proposals_approves_nothing(maker: Desk, checker: Desk) -> None:
    one, two = (maker.propose("POST", "/v1/quotes", {"sell_amount": amount}) for amount in (1, 2))
    problem(checker.approve({**one, "digest": two["digest"]}), 409, "proposal_differs")
    assert maker.ask("GET", f"{PROPOSALS}/{one['proposal_id']}").json()["state"] == "PROPOSED"


def test_events_tell_every_step_and_nothing_personal(maker: Desk, checker: Desk, debtor_agent: Bank) -> None:
    one = maker.propose("POST", "/v1/iso20022/messages", b"not XML", "application/xml")
    checker.done(one)
    kinds, after = [], 0
    while page := debtor_agent.http.get("/v1/events", params={"after": after, "limit": 200}).json()["events"]:
        kinds += [event["type"] for event in page if event["data"].get("proposal_id") == one["proposal_id"]]
        after = page[-1]["position"]
    assert kinds == ["proposal.proposed", "proposal.approved", "proposal.failed"]


def test_the_auditor_reads_a_record_that_holds_together(
    maker: Desk, checker: Desk, debtor_agent: Bank, institution: Institution
) -> None:
    one = maker.propose("POST", "/v1/iso20022/messages", b"not XML", "application/xml")
    checker.done(one)
    auditor, lines, after = Desk(debtor_agent, institution, AUDITOR), [], 0
    while page := auditor.ask("GET", f"/v1/operators/audit?after={after}&limit=500").json():
        assert page["broken_at"] is None
        if not page["lines"]:
            break
        lines += page["lines"]
        after = page["next"]
    about = [line for line in lines if line["subject"] == one["proposal_id"]]
    assert [line["act"] for line in about] == ["proposal.proposed", "proposal.approved", "proposal.failed"]
    assert [line["address"] for line in about] == ["127.0.0.1", "127.0.0.1", ""]
    assert about[0]["actor"] != about[1]["actor"]


def test_two_officers_enrol_somebody_who_then_logs_in(debtor_agent: Bank, institution: Institution) -> None:
    sol, uma = (Desk(debtor_agent, institution, OFFICER) for _ in range(2))
    name = f"n{uuid.uuid4().hex[:10]}"
    one = sol.propose("POST", "/v1/operators", {"name": name, "roles": ["maker"]})
    assert one["duty"] == "staff"
    problem(sol.approve(one), 403, "own_proposal")
    told = uma.done(one)
    assert told["answer_status"] == 201, told
    operator_id = json.loads(told["answer"])["operator_id"]
    code = sol.ask("POST", f"/v1/operators/{operator_id}/invitation").json()["invitation"]
    wish = {"name": name, "invitation": code, "password": PASSWORD}
    assert (
        httpx.post(
            sol.url + "/v1/operators/activations",
            json={**wish, "password": f"I am {name}!!"},
            trust_env=False,
            timeout=60,
        ).status_code
        == 422
    )
    made = httpx.post(sol.url + "/v1/operators/activations", json=wish, trust_env=False, timeout=60)
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    assert len(made.json()["recovery_codes"]) == 10
    secret = made.json()["otpauth"].partition("secret=")[2].partition("&")[0]
    login = {"name": name, "password": PASSWORD, "code": code_at(secret, time.time())}
    assert httpx.post(sol.url + SESSIONS, json=login, trust_env=False, timeout=60).status_code == 201
    problem(httpx.post(sol.url + SESSIONS, json=login, trust_env=False, timeout=60), 401, "login_refused")
    stopped = uma.ask("POST", f"/v1/operators/{operator_id}/disable")
    assert stopped.json()["status"] == "disabled"


def test_nobody_enrols_or_lets_in_without_two(maker: Desk, debtor_agent: Bank, institution: Institution) -> None:
    """Not the back office's own credential, which opens everything else, and not an officer alone."""
    for ask in (_by(debtor_agent), Desk(debtor_agent, institution, OFFICER).ask, maker.ask):
        for _name, method, path in changes(debtor_agent, "OperatorSession"):
            if path.startswith(("/v1/credentials",)) or path in (
                "/v1/operators",
                f"/v1/operators/op_{'0' * 24}/reset",
            ):
                problem(ask(method, path, {}), 403, "approval_needed")


def _by(bank: Bank) -> Callable[..., httpx.Response]:
    return lambda method, path, body: bank.http.request(method, path, json=body)


def test_a_key_is_let_in_and_out_by_two(maker: Desk, checker: Desk) -> None:
    name = f"k{uuid.uuid4().hex[:8]}"
    key = f"corridor_{name}_{secrets.token_urlsafe(32)}"
    wish = {
        "name": f"key:{name}",
        "scopes": ["payments:read"],
        "key_sha256": hashlib.sha256(key.encode()).hexdigest(),
    }

    def reads() -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.get(maker.url + "/v1/payments", headers=headers, trust_env=False, timeout=60).status_code

    assert reads() == 401
    assert checker.done(maker.propose("POST", "/v1/credentials", wish))["answer_status"] == 201
    assert reads() == 200
    assert checker.done(maker.propose("POST", "/v1/credentials", wish))["state"] == "FAILED"
    assert checker.done(maker.propose("DELETE", f"/v1/credentials/key:{name}"))["answer_status"] == 204
    assert reads() == 401
    both = {**wish, "name": "key:both", "public_key": "x"}
    assert checker.done(maker.propose("POST", "/v1/credentials", both))["answer_status"] == 422


class TestCookies:
    """A session in a browser: the cookie goes with every request, so its origin must be looked at."""

    def _cookie(self, bank: Bank, institution: Institution) -> str:
        login = {**person(institution, MAKER).login(), "as_cookie": True}
        answer = httpx.post(bank.entry["api_url"] + SESSIONS, json=login, trust_env=False, timeout=60)
        assert answer.json()["token"] is None
        told = answer.headers["set-cookie"]
        assert {part.strip().lower() for part in told.split(";")[1:]} == {
            "httponly",
            "path=/",
            "samesite=strict",
            "secure",
        }
        return told.partition(";")[0]

    def test_it_reads_and_changes_from_our_own_pages_only(
        self, debtor_agent: Bank, institution: Institution
    ) -> None:
        cookie, url = self._cookie(debtor_agent, institution), debtor_agent.entry["api_url"]
        wish = {"method": "POST", "path": "/v1/quotes", "body": "{}"}

        def ask(method: str, path: str, **headers: str) -> httpx.Response:
            return httpx.request(
                method, url + path, json=wish, headers={"Cookie": cookie, **headers}, trust_env=False, timeout=60
            )

        assert cookie.startswith(f"{COOKIE}=operator_")
        assert ask("GET", PROPOSALS).status_code == 200
        assert ask("POST", PROPOSALS, Origin=url).status_code == 201
        for headers in (
            {},
            {"Origin": "null"},
            {"Origin": "https://elsewhere.example"},
            {"Origin": url + ".example"},
        ):
            problem(ask("POST", PROPOSALS, **headers), 403, "cross_site_request")
            problem(ask("POST", HOOKS, **headers), 403, "cross_site_request")
        problem(ask("POST", HOOKS, Origin=url), 403, "approval_needed")
        ended = ask("DELETE", f"{SESSIONS}/current", Origin=url)
        assert ended.status_code == 204
        assert "Max-Age=0" in ended.headers["set-cookie"]
        problem(ask("GET", PROPOSALS), 401, "credential_wrong")

    def test_a_bearer_comes_before_a_cookie(self, debtor_agent: Bank, institution: Institution) -> None:
        headers = {"Cookie": self._cookie(debtor_agent, institution), "Authorization": "Bearer operator_x"}
        url = debtor_agent.entry["api_url"]
        problem(httpx.get(url + PROPOSALS, headers=headers, trust_env=False, timeout=60), 401, "credential_wrong")


def test_sessions_are_listed_and_ended_by_their_owner_or_an_officer(
    debtor_agent: Bank, institution: Institution
) -> None:
    mei, other, officer = (Desk(debtor_agent, institution, role) for role in (MAKER, MAKER, OFFICER))
    (mine,) = mei.ask("GET", SESSIONS).json()["sessions"]
    assert mine["session_id"] in {one["session_id"] for one in officer.ask("GET", SESSIONS).json()["sessions"]}
    problem(other.ask("DELETE", f"{SESSIONS}/{mine['session_id']}"), 404, "session_not_found")
    assert officer.ask("DELETE", f"{SESSIONS}/{mine['session_id']}").status_code == 204
    problem(mei.ask("GET", SESSIONS), 401, "credential_wrong")


def test_the_sandbox_has_operators_who_can_log_in(network: RunningNetwork, debtor_agent: Bank) -> None:
    file = network.data / "institutions" / BANK_CN / "operators.json"
    assert file.stat().st_mode & 0o777 == 0o600
    people = json.loads(file.read_text())
    ada = people["ada"]
    login = {"name": "ada", "password": ada["password"], "code": ada["recovery_codes"][0]}
    opened = httpx.post(debtor_agent.entry["api_url"] + SESSIONS, json=login, trust_env=False, timeout=60)
    assert opened.json()["roles"] == ["auditor"]
    assert opened.json()["recovery_codes_left"] == 9


def test_an_operators_secrets_are_in_no_log_and_not_in_the_book(
    institution: Institution, debtor_agent: Bank, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="corridor"):
        who = person(institution, MAKER)
        httpx.post(debtor_agent.entry["api_url"] + SESSIONS, json=who.login(), trust_env=False, timeout=60)
        held = token(institution, MAKER)
    written = " ".join(f"{record.getMessage()} {getattr(record, 'fields', '')}" for record in caplog.records)
    with institution.office.book.view() as view:
        kept = str(view.operators.by_name(who.name)) + str(view.operator_sessions.open())
    for secret in (PASSWORD, who.secret, who.recovery[0], held):
        assert secret not in written
        assert secret not in kept
