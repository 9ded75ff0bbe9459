"""How each answer to operators is drawn from the scene of `test_openapi`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.institution import Institution
from node.book.records import BookBusy
from node.domain.operator import Role
from node.domain.proposal import Duty
from tests.api.operator_people import (
    AUDITOR,
    CHECKER,
    JSON,
    MAKER,
    OFFICER,
    PASSWORD,
    agreed,
    bearing,
    invited,
    person,
    staff_of,
)
from tests.network import BANK_CN

if TYPE_CHECKING:
    from tests.api.test_openapi import Scene

Draw = Callable[["Scene"], httpx.Response]
Answers = dict[tuple[str, int], Draw]
SESSIONS, ACTIVATIONS = "/v1/operators/sessions", "/v1/operators/activations"
OPERATORS, PROPOSALS, CREDENTIALS = "/v1/operators", "/v1/proposals", "/v1/credentials"
NOBODY, NOTHING = f"{OPERATORS}/op_{'0' * 24}", f"{PROPOSALS}/pr_{'0' * 24}"
BIG = b" " * 1_500_000
WISH = {"method": "POST", "path": "/v1/quotes", "body": "{}"}
OPERATED = [
    "listSessions",
    "endSession",
    "listOperators",
    "getMyself",
    "readOperatorAudit",
    "inviteOperator",
    "disableOperator",
    "enrolOperator",
    "resetOperator",
    "propose",
    "listProposals",
    "getProposal",
    "withdrawProposal",
    "approveProposal",
    "refuseProposal",
    "addCredential",
    "revokeCredential",
]


def ours(scene: Scene) -> Institution:
    return scene.network.institutions[BANK_CN]


def ask(scene: Scene, method: str, path: str, *roles: Role, body: Any = None) -> httpx.Response:
    """Somebody new with these roles asks the bank."""
    headers = bearing(ours(scene), *roles)
    return httpx.request(
        method, scene.bank.entry["api_url"] + path, json=body, headers=headers, trust_env=False, timeout=60
    )


def busy(scene: Scene, method: str, path: str, *roles: Role, body: Any = None) -> httpx.Response:
    """The same at the stranded one, while another writer holds its book for longer than anybody waits."""
    headers = bearing(scene.stranded_institution, *roles) if roles else {}
    return asked_while_busy(scene, method, path, headers, body)


def asked_while_busy(
    scene: Scene, method: str, path: str, headers: dict[str, str], body: Any = None
) -> httpx.Response:
    def held() -> None:
        raise BookBusy("another process is writing")

    url = scene.stranded.entry["api_url"] + path
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scene.stranded_institution.office.book, "unit", held)
        return httpx.request(method, url, json=body, headers=headers, trust_env=False, timeout=60)


def slow(scene: Scene, path: str, *roles: Role) -> httpx.Response:
    credential = bearing(scene.stranded_institution, *roles)["Authorization"].removeprefix("Bearer ")
    entry = {**scene.stranded.entry, "credential": credential}
    return replace(scene, stranded=replace(scene.stranded, entry=entry)).slow(path)


def large(scene: Scene, path: str) -> httpx.Response:
    url, headers = scene.bank.entry["api_url"] + path, {**bearing(ours(scene), MAKER), **JSON}
    return httpx.post(url, content=BIG, headers=headers, trust_env=False, timeout=60)


def post(scene: Scene, path: str, body: Any) -> httpx.Response:
    return httpx.post(scene.bank.entry["api_url"] + path, json=body, trust_env=False, timeout=60)


def log_in(scene: Scene) -> httpx.Response:
    return post(scene, SESSIONS, person(ours(scene), MAKER).login())


def activation(institution: Institution) -> dict[str, str]:
    name, operator_id = invited(institution, MAKER)
    invitation = staff_of(institution).invite(operator_id, "machine", "")
    return {"name": name, "invitation": invitation, "password": PASSWORD}


def made(scene: Scene, institution: Institution | None = None, path: str = "") -> dict[str, Any]:
    """A proposal of somebody new, at the bank or at the stranded one, with the header that proposed it."""
    here = institution or ours(scene)
    url = scene.stranded.entry["api_url"] if institution else scene.bank.entry["api_url"]
    headers = bearing(here, MAKER)
    answer = httpx.post(
        url + PROPOSALS,
        json={**WISH, **({"path": path} if path else {})},
        headers=headers,
        trust_env=False,
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    return {**answer.json(), "headers": headers, "url": f"{PROPOSALS}/{answer.json()['proposal_id']}"}


def decided(scene: Scene, act: str, body: Any, times: int = 1) -> httpx.Response:
    """What a checker is answered, the first time or the second."""
    one = made(scene)
    content = {"digest": one["digest"]} if act == "approval" else body
    for _ in range(times):
        answer = ask(scene, "POST", f"{one['url']}/{act}", CHECKER, body=content)
    return answer


def withdrawn(scene: Scene, times: int = 1) -> httpx.Response:
    one = made(scene)
    for _ in range(times):
        url = f"{scene.bank.entry['api_url']}{one['url']}/withdrawal"
        answer = httpx.post(url, headers=one["headers"], trust_env=False, timeout=60)
    return answer


def held_up(scene: Scene, act: str, body: Any, own: bool = False) -> httpx.Response:
    """A decision while the book is busy."""
    one = made(scene, scene.stranded_institution)
    headers = one["headers"] if own else bearing(scene.stranded_institution, CHECKER)
    content = {"digest": one["digest"]} if act == "approval" else body
    return asked_while_busy(scene, "POST", f"{one['url']}/{act}", headers, content)


def together(scene: Scene, duty: Duty, method: str, path: str, body: Any = None) -> httpx.Response:
    return agreed(scene.network.applications[BANK_CN], duty, method, path, body)


def enrolled(scene: Scene, times: int = 1) -> httpx.Response:
    wish = {"name": f"n{hashlib.sha256(str(id(scene)).encode()).hexdigest()[:8]}{times}", "roles": ["maker"]}
    for _ in range(times):
        answer = together(scene, Duty.STAFF, "POST", OPERATORS, wish)
    return answer


def credential(name: str) -> dict[str, Any]:
    return {"name": f"key:{name}", "scopes": ["payments:read"], "key_sha256": hashlib.sha256(b"k").hexdigest()}


def added(scene: Scene, name: str, times: int = 1) -> httpx.Response:
    for _ in range(times):
        answer = together(scene, Duty.BUSINESS, "POST", CREDENTIALS, credential(name))
    return answer


def revoked(scene: Scene) -> httpx.Response:
    added(scene, "revoked")
    return together(scene, Duty.BUSINESS, "DELETE", f"{CREDENTIALS}/key:revoked")


def _of_a_form(operation: str, path: str, good: Draw, body: Callable[[Institution], Any]) -> Answers:
    """What logging in and activating may answer: they need no session."""
    wrong = {"name": "nobody", "password": PASSWORD, "code": "123456", "invitation": "AAAA-AAAA"}
    asked = ("name", "password", "code") if path == SESSIONS else ("name", "invitation", "password")
    return {
        (operation, 201): good,
        (operation, 400): lambda scene: httpx.post(
            scene.bank.entry["api_url"] + path, content=b"\xff", headers=JSON, trust_env=False, timeout=60
        ),
        (operation, 401): lambda scene: post(scene, path, {name: wrong[name] for name in asked}),
        (operation, 408): lambda scene: scene.slow(path),
        (operation, 413): lambda scene: large(scene, path),
        (operation, 422): lambda scene: post(scene, path, {}),
        (operation, 503): lambda scene: busy(scene, "POST", path, body=body(scene.stranded_institution)),
    }


def _of_a_decision(operation: str, act: str, body: Any) -> Answers:
    path = f"{NOTHING}/{act}"
    return {
        (operation, 200): lambda scene: decided(scene, act, body),
        (operation, 401): lambda scene: scene.anonymous("POST", path),
        (operation, 403): lambda scene: ask(scene, "POST", f"{made(scene)['url']}/{act}", MAKER, body=body),
        (operation, 404): lambda scene: ask(scene, "POST", path, CHECKER, body=body),
        (operation, 408): lambda scene: slow(scene, path, CHECKER),
        (operation, 409): lambda scene: decided(scene, act, body, times=2),
        (operation, 413): lambda scene: large(scene, path),
        (operation, 422): lambda scene: ask(scene, "POST", path, CHECKER, body={}),
        (operation, 503): lambda scene: held_up(scene, act, body),
    }


def _of_an_operator(operation: str, act: str, good: int) -> Answers:
    return {
        (operation, good): lambda scene: ask(
            scene, "POST", f"{OPERATORS}/{invited(ours(scene), MAKER)[1]}/{act}", OFFICER
        ),
        (operation, 401): lambda scene: scene.anonymous("POST", f"{NOBODY}/{act}"),
        (operation, 403): lambda scene: ask(scene, "POST", f"{NOBODY}/{act}", MAKER),
        (operation, 404): lambda scene: ask(scene, "POST", f"{NOBODY}/{act}", OFFICER),
        (operation, 422): lambda scene: ask(scene, "POST", f"{OPERATORS}/x/{act}", OFFICER),
        (operation, 503): lambda scene: busy(scene, "POST", f"{NOBODY}/{act}", OFFICER),
    }


ANSWERS: Answers = {
    **_of_a_form("logIn", SESSIONS, log_in, lambda bank: person(bank, MAKER).login()),
    **_of_a_form(
        "activateOperator",
        ACTIVATIONS,
        lambda scene: post(scene, ACTIVATIONS, activation(ours(scene))),
        activation,
    ),
    ("listSessions", 200): lambda scene: ask(scene, "GET", SESSIONS, MAKER),
    ("listSessions", 401): lambda scene: scene.anonymous("GET", SESSIONS),
    ("endSession", 204): lambda scene: ask(scene, "DELETE", f"{SESSIONS}/current", MAKER),
    ("endSession", 401): lambda scene: scene.anonymous("DELETE", f"{SESSIONS}/current"),
    ("endSession", 404): lambda scene: ask(scene, "DELETE", f"{SESSIONS}/se_{'0' * 24}", MAKER),
    ("endSession", 422): lambda scene: ask(scene, "DELETE", f"{SESSIONS}/x", MAKER),
    ("endSession", 503): lambda scene: busy(scene, "DELETE", f"{SESSIONS}/current", MAKER),
    ("listOperators", 200): lambda scene: ask(scene, "GET", OPERATORS, OFFICER),
    ("listOperators", 401): lambda scene: scene.anonymous("GET", OPERATORS),
    ("listOperators", 403): lambda scene: ask(scene, "GET", OPERATORS, MAKER),
    ("getMyself", 200): lambda scene: ask(scene, "GET", f"{OPERATORS}/me", MAKER),
    ("getMyself", 401): lambda scene: scene.anonymous("GET", f"{OPERATORS}/me"),
    ("readOperatorAudit", 200): lambda scene: ask(scene, "GET", f"{OPERATORS}/audit", AUDITOR),
    ("readOperatorAudit", 401): lambda scene: scene.anonymous("GET", f"{OPERATORS}/audit"),
    ("readOperatorAudit", 403): lambda scene: ask(scene, "GET", f"{OPERATORS}/audit", MAKER),
    ("readOperatorAudit", 422): lambda scene: ask(scene, "GET", f"{OPERATORS}/audit?limit=0", AUDITOR),
    **_of_an_operator("inviteOperator", "invitation", 201),
    ("inviteOperator", 409): lambda scene: ask(
        scene, "POST", f"{OPERATORS}/{person(ours(scene), MAKER).operator_id}/invitation", OFFICER
    ),
    **_of_an_operator("disableOperator", "disable", 200),
    ("enrolOperator", 201): enrolled,
    ("enrolOperator", 403): lambda scene: ask(scene, "POST", OPERATORS, OFFICER, body={}),
    ("enrolOperator", 409): lambda scene: enrolled(scene, times=2),
    ("enrolOperator", 422): lambda scene: together(scene, Duty.STAFF, "POST", OPERATORS, {}),
    ("resetOperator", 200): lambda scene: together(
        scene, Duty.STAFF, "POST", f"{OPERATORS}/{person(ours(scene), MAKER).operator_id}/reset"
    ),
    ("resetOperator", 403): lambda scene: ask(scene, "POST", f"{NOBODY}/reset", OFFICER),
    ("resetOperator", 404): lambda scene: together(scene, Duty.STAFF, "POST", f"{NOBODY}/reset"),
    ("resetOperator", 422): lambda scene: together(scene, Duty.STAFF, "POST", f"{OPERATORS}/x/reset"),
    ("propose", 201): lambda scene: ask(scene, "POST", PROPOSALS, MAKER, body=WISH),
    ("propose", 401): lambda scene: scene.anonymous("POST", PROPOSALS),
    ("propose", 403): lambda scene: ask(scene, "POST", PROPOSALS, CHECKER, body=WISH),
    ("propose", 408): lambda scene: slow(scene, PROPOSALS, MAKER),
    ("propose", 413): lambda scene: large(scene, PROPOSALS),
    ("propose", 422): lambda scene: ask(scene, "POST", PROPOSALS, MAKER, body={**WISH, "path": "/v1/nothing"}),
    ("propose", 503): lambda scene: busy(scene, "POST", PROPOSALS, MAKER, body=WISH),
    ("listProposals", 200): lambda scene: ask(scene, "GET", PROPOSALS, MAKER),
    ("listProposals", 401): lambda scene: scene.anonymous("GET", PROPOSALS),
    ("listProposals", 422): lambda scene: ask(scene, "GET", f"{PROPOSALS}?limit=0", MAKER),
    ("getProposal", 200): lambda scene: ask(scene, "GET", made(scene)["url"], CHECKER),
    ("getProposal", 401): lambda scene: scene.anonymous("GET", NOTHING),
    ("getProposal", 403): lambda scene: ask(scene, "GET", made(scene)["url"], OFFICER),
    ("getProposal", 404): lambda scene: ask(scene, "GET", NOTHING, MAKER),
    ("getProposal", 422): lambda scene: ask(scene, "GET", f"{PROPOSALS}/x", MAKER),
    ("withdrawProposal", 200): withdrawn,
    ("withdrawProposal", 401): lambda scene: scene.anonymous("POST", f"{NOTHING}/withdrawal"),
    ("withdrawProposal", 403): lambda scene: ask(scene, "POST", f"{made(scene)['url']}/withdrawal", CHECKER),
    ("withdrawProposal", 404): lambda scene: ask(scene, "POST", f"{NOTHING}/withdrawal", MAKER),
    ("withdrawProposal", 409): lambda scene: withdrawn(scene, times=2),
    ("withdrawProposal", 422): lambda scene: ask(scene, "POST", f"{PROPOSALS}/x/withdrawal", MAKER),
    ("withdrawProposal", 503): lambda scene: held_up(scene, "withdrawal", None, own=True),
    **_of_a_decision("approveProposal", "approval", {"digest": "00" * 32}),
    **_of_a_decision("refuseProposal", "refusal", {"reason": "Not this month."}),
    ("listCredentials", 200): lambda scene: scene.bank.http.get(CREDENTIALS),
    ("listCredentials", 401): lambda scene: scene.anonymous("GET", CREDENTIALS),
    ("addCredential", 201): lambda scene: added(scene, "once"),
    ("addCredential", 403): lambda scene: scene.bank.http.post(CREDENTIALS, content=json.dumps(credential("own"))),
    ("addCredential", 409): lambda scene: added(scene, "twice", times=2),
    ("addCredential", 422): lambda scene: together(scene, Duty.BUSINESS, "POST", CREDENTIALS, {}),
    ("revokeCredential", 204): revoked,
    ("revokeCredential", 403): lambda scene: scene.bank.http.delete(f"{CREDENTIALS}/key:own"),
    ("revokeCredential", 404): lambda scene: together(scene, Duty.BUSINESS, "DELETE", f"{CREDENTIALS}/key:none"),
    ("revokeCredential", 422): lambda scene: together(scene, Duty.BUSINESS, "DELETE", f"{CREDENTIALS}/none"),
}
