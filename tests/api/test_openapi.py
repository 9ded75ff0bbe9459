"""The OpenAPI document is true: what an operation says it may answer is what it can be made to answer."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.institution import DESCRIPTION, Institution, open_institution
from api.iso20022.catalogue import Catalogue
from api.iso20022.pacs008 import CreditTransfer, read_credit_transfer
from api.iso20022.parse import ParsedMessage, parse
from api.limits import BodyLimits
from api.problems import MEDIA_TYPE
from api.reading import latest_today
from api.routes.examples import CREDIT_TRANSFER, STATUS_REPORT
from cli.atomic_file import replace_json
from cli.running_network import RunningNetwork
from node.chain.serving import BackgroundServer
from tests.api import after_answers, operator_answers
from tests.api.event_answers import EVENT_ANSWERS
from tests.api.expectations import suspended
from tests.api.hasty import endless_body, that_does_no_work
from tests.api.payee_answers import PAYEE_ANSWERS
from tests.api.test_credentials import admit, ask, assertion
from tests.api.test_interbank import ASKED, Asker, proposal
from tests.api.test_returns import Return
from tests.api.test_transfers import authorised
from tests.network import BANK_AE, BANK_CN, PROVIDER, XML, Bank, Transfer, bank
from tests.processes import free_ports

Answers = dict[tuple[str, int], "Callable[[Scene], httpx.Response]"]
UNKNOWN_UETR = "00000000-0000-4000-8000-000000000000"
UNKNOWN_TRANSFER = "0x" + "00" * 32
JSON = {"Content-Type": "application/json"}
WISH = {"sell_currency": "CNY", "buy_currency": "AED", "sell_amount": 1000}


@dataclass(frozen=True)
class Scene:
    """What answers are drawn from: a bank, the provider, and the same bank with a dead chain.

    The latter has a second door, `hasty_url`, which has no patience; the first gives a busy machine its time.
    """

    network: RunningNetwork
    bank: Bank
    stranded: Bank
    stranded_institution: Institution
    hasty_url: str
    settled_uetr: str

    def anonymous(self, method: str, path: str) -> httpx.Response:
        return httpx.request(method, self.bank.entry["api_url"] + path, trust_env=False, timeout=60)

    def interbank(self, path: str, body: Mapping[str, Any] | bytes, of: str, by: str = BANK_CN) -> httpx.Response:
        ask = Asker(self.network.institutions[of], self.network.institutions[by].signatory)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return ask.send(ask.head(path, content), content)

    def on_the_island(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        ask = Asker(self.stranded_institution, self.network.institutions[BANK_AE].signatory)
        content = json.dumps(body).encode()
        return ask.send(ask.head(path, content), content)

    def slow(self, path: str) -> httpx.Response:
        """A body that never ends, sent to the impatient one."""
        return endless_body(self.hasty_url, path, self.stranded.entry["credential"])


@pytest.fixture(scope="module")
def scene(network: RunningNetwork, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    ours = bank(network, BANK_CN)
    transfer = Transfer(amount="1.00")
    ours.post(transfer.body())
    ours.ended(transfer.uetr)
    folder = tmp_path_factory.mktemp("stranded") / BANK_CN
    shutil.copytree(network.data / "institutions" / BANK_CN, folder, ignore=shutil.ignore_patterns("book*"))
    address = f"http://127.0.0.1:{free_ports(1)}"
    _strand(folder, address)
    institution = open_institution(folder, limits=BodyLimits(max_bytes=20_000))
    hasty = create_app(replace(institution, limits=BodyLimits(max_bytes=20_000, timeout_s=0.3)))
    with (
        BackgroundServer(create_app(institution), port=int(address.rpartition(":")[2])) as server,
        BackgroundServer(that_does_no_work(hasty)) as hasty_door,
    ):
        http = httpx.Client(base_url=server.url, headers=ours.http.headers, trust_env=False, timeout=60)
        stranded = Bank(BANK_CN, http, institution.office, {**ours.entry, "api_url": server.url})
        yield Scene(network, ours, stranded, institution, hasty_door.url, transfer.uetr)
        http.close()
        ours.http.close()


def _strand(folder: Path, address: str) -> None:
    """Let the institution look for its chain where there is none."""
    description = json.loads((folder / DESCRIPTION).read_text("utf-8"))
    replace_json(folder / DESCRIPTION, {**description, "rpc_url": "http://127.0.0.1:9", "api_address": address})


def _message(body: bytes, headers: Mapping[str, str] = XML) -> Callable[[Scene], httpx.Response]:
    return lambda scene: scene.bank.http.post("/v1/iso20022/messages", content=body, headers=dict(headers))


def _one_too_many(ask: Callable[[], httpx.Response], scene: Scene) -> httpx.Response:
    """The answer of a provider that lets a taker hold no quote at all."""
    provider = scene.network.institutions[PROVIDER]
    prices = provider.office.prices
    assert prices is not None
    with pytest.MonkeyPatch.context() as patched:
        strict = replace(provider.office, prices=replace(prices, most_open_quotes=0))
        patched.setitem(provider.__dict__, "office", strict)
        return ask()


def _refused_message(scene: Scene) -> str:
    """Where a message is kept that was refused just now."""
    answer = scene.bank.post(STATUS_REPORT.encode())
    return answer.headers["link"].partition(">")[0].removeprefix("<")


def _conflicting(scene: Scene) -> httpx.Response:
    transfer = Transfer(amount="99999999.00")
    scene.bank.post(transfer.body())
    scene.bank.ended(transfer.uetr)
    return scene.bank.post(replace(transfer, amount="1.00").body())


def _suspended_asks(path: str, body: Mapping[str, Any]) -> Callable[[Scene], httpx.Response]:
    def ask(scene: Scene) -> httpx.Response:
        with suspended(scene.network, BANK_AE):
            return scene.interbank(path, body, PROVIDER, by=BANK_AE)

    return ask


def _duplicate_proposal(scene: Scene) -> httpx.Response:
    transfer = Transfer()
    scene.interbank(PAYMENTS, proposal(message=transfer.body().decode()), BANK_AE)
    other = replace(transfer, message_id=uuid.uuid4().hex, amount="3.00")
    return scene.interbank(PAYMENTS, proposal(message=other.body().decode()), BANK_AE)


def carried(scene: Scene) -> str:
    """The id of a transfer that the bank carries."""
    answer = scene.bank.http.post("/v1/transfers", json=authorised(scene.network))
    return str(answer.json()["id"])


MESSAGES = "/v1/iso20022/messages"
PAYMENTS, QUOTES = "/v1/interbank/payments", "/v1/interbank/quotes"
TOGETHER = PAYMENTS + "/together"
BIG = b" " * 1_500_000


def _token(scene: Scene) -> httpx.Response:
    client = admit(scene.bank).name.removeprefix("client:")
    return ask(scene.bank, assertion(scene.bank, client))


ANSWERS: Answers = {
    ("postMessage", 202): lambda scene: scene.bank.post(Transfer(amount="1.00").body()),
    ("postMessage", 400): _message(b"not XML"),
    ("postMessage", 401): lambda scene: scene.anonymous("POST", "/v1/iso20022/messages"),
    ("postMessage", 403): _message(Transfer(debtor_agent=BANK_AE).body()),
    ("postMessage", 404): _message(Return(UNKNOWN_UETR).body()),
    ("postMessage", 408): lambda scene: scene.slow("/v1/iso20022/messages"),
    ("postMessage", 409): _conflicting,
    ("postMessage", 413): _message(BIG),
    ("postMessage", 415): _message(b"{}", JSON),
    ("postMessage", 422): _message(STATUS_REPORT.encode()),
    ("postMessage", 503): lambda scene: scene.stranded.post(Transfer().body()),
    ("listMessages", 200): lambda scene: scene.bank.http.get(MESSAGES),
    ("listMessages", 401): lambda scene: scene.anonymous("GET", MESSAGES),
    ("listMessages", 422): lambda scene: scene.bank.http.get(MESSAGES, params={"limit": 0}),
    ("getMessage", 200): lambda scene: scene.bank.http.get(_refused_message(scene)),
    ("getMessage", 401): lambda scene: scene.anonymous("GET", f"{MESSAGES}/x"),
    ("getMessage", 404): lambda scene: scene.bank.http.get(f"{MESSAGES}/{UNKNOWN_UETR}"),
    ("getMessage", 422): lambda scene: scene.bank.http.get(f"{MESSAGES}/{'x' * 40}"),
    ("getMessageReport", 200): lambda scene: scene.bank.http.get(f"{_refused_message(scene)}/report"),
    ("getMessageReport", 401): lambda scene: scene.anonymous("GET", f"{MESSAGES}/x/report"),
    ("getMessageReport", 404): lambda scene: scene.bank.http.get(f"{MESSAGES}/{UNKNOWN_UETR}/report"),
    ("getMessageReport", 422): lambda scene: scene.bank.http.get(f"{MESSAGES}/{'x' * 40}/report"),
    ("listPayments", 200): lambda scene: scene.bank.http.get("/v1/payments"),
    ("listPayments", 401): lambda scene: scene.anonymous("GET", "/v1/payments"),
    ("listPayments", 422): lambda scene: scene.bank.http.get("/v1/payments", params={"limit": 0}),
    ("getPayment", 200): lambda scene: scene.bank.http.get(f"/v1/payments/{scene.settled_uetr}"),
    ("getPayment", 401): lambda scene: scene.anonymous("GET", f"/v1/payments/{scene.settled_uetr}"),
    ("getPayment", 404): lambda scene: scene.bank.http.get(f"/v1/payments/{UNKNOWN_UETR}"),
    ("getPayment", 422): lambda scene: scene.bank.http.get("/v1/payments/that-one"),
    ("getPaymentMessages", 200): lambda scene: scene.bank.http.get(f"/v1/payments/{scene.settled_uetr}/messages"),
    ("getPaymentMessages", 401): lambda scene: scene.anonymous("GET", f"/v1/payments/{UNKNOWN_UETR}/messages"),
    ("getPaymentMessages", 404): lambda scene: scene.bank.http.get(f"/v1/payments/{UNKNOWN_UETR}/messages"),
    ("getPaymentMessages", 422): lambda scene: scene.bank.http.get("/v1/payments/that-one/messages"),
    ("takeQuote", 201): lambda scene: scene.bank.http.post("/v1/quotes", json=WISH),
    ("takeQuote", 401): lambda scene: scene.anonymous("POST", "/v1/quotes"),
    ("takeQuote", 408): lambda scene: scene.slow("/v1/quotes"),
    ("takeQuote", 413): lambda scene: scene.bank.http.post("/v1/quotes", content=BIG, headers=JSON),
    ("takeQuote", 409): lambda scene: _one_too_many(lambda: scene.bank.http.post("/v1/quotes", json=WISH), scene),
    ("askQuote", 409): lambda scene: _one_too_many(lambda: scene.interbank(QUOTES, ASKED, PROVIDER), scene),
    ("takeQuote", 422): lambda scene: scene.bank.http.post("/v1/quotes", json={**WISH, "buy_currency": "EUR"}),
    ("takeQuote", 503): lambda scene: scene.stranded.http.post("/v1/quotes", json=WISH),
    ("relayTransfer", 202): lambda scene: scene.bank.http.post("/v1/transfers", json=authorised(scene.network)),
    ("listTransfers", 200): lambda scene: scene.bank.http.get("/v1/transfers"),
    ("listTransfers", 401): lambda scene: scene.anonymous("GET", "/v1/transfers"),
    ("listTransfers", 422): lambda scene: scene.bank.http.get("/v1/transfers", params={"limit": 0}),
    ("getTransfer", 200): lambda scene: scene.bank.http.get(f"/v1/transfers/{carried(scene)}"),
    ("getTransfer", 401): lambda scene: scene.anonymous("GET", f"/v1/transfers/{UNKNOWN_TRANSFER}"),
    ("getTransfer", 404): lambda scene: scene.bank.http.get(f"/v1/transfers/{UNKNOWN_TRANSFER}"),
    ("getTransfer", 422): lambda scene: scene.bank.http.get("/v1/transfers/that-one"),
    ("relayTransfer", 401): lambda scene: scene.anonymous("POST", "/v1/transfers"),
    ("relayTransfer", 408): lambda scene: scene.slow("/v1/transfers"),
    ("relayTransfer", 413): lambda scene: scene.bank.http.post("/v1/transfers", content=BIG, headers=JSON),
    ("relayTransfer", 422): lambda scene: scene.bank.http.post("/v1/transfers", json={}),
    ("relayTransfer", 503): lambda scene: scene.stranded.http.post(
        "/v1/transfers", json=authorised(scene.network)
    ),
    ("listParticipants", 200): lambda scene: scene.bank.http.get("/v1/participants"),
    ("listParticipants", 401): lambda scene: scene.anonymous("GET", "/v1/participants"),
    ("listParticipants", 503): lambda scene: scene.stranded.http.get("/v1/participants"),
    ("listAccounts", 200): lambda scene: scene.bank.http.get("/v1/accounts"),
    ("listAccounts", 401): lambda scene: scene.anonymous("GET", "/v1/accounts"),
    ("getHealth", 200): lambda scene: scene.anonymous("GET", "/healthz"),
    ("getReadiness", 200): lambda scene: scene.anonymous("GET", "/readyz"),
    ("getReadiness", 503): lambda scene: scene.stranded.http.get("/readyz"),
    ("proposePayment", 200): lambda scene: scene.interbank(PAYMENTS, proposal(), BANK_AE),
    ("proposePayment", 400): lambda scene: scene.interbank(PAYMENTS, proposal(message="?"), BANK_AE),
    ("proposePayment", 401): lambda scene: scene.anonymous("POST", PAYMENTS),
    ("proposePayment", 403): _suspended_asks(PAYMENTS, proposal()),
    ("proposePayment", 404): lambda scene: scene.interbank(
        PAYMENTS, proposal(message=Return(UNKNOWN_UETR).body().decode()), BANK_AE
    ),
    ("proposePayment", 408): lambda scene: scene.slow(PAYMENTS),
    ("proposePayment", 409): _duplicate_proposal,
    ("proposePayment", 413): lambda scene: scene.interbank(PAYMENTS, BIG, BANK_AE),
    ("proposePayment", 422): lambda scene: scene.interbank(PAYMENTS, b"{", BANK_AE),
    ("proposePayment", 503): lambda scene: scene.on_the_island(PAYMENTS, proposal()),
    ("proposePayments", 200): lambda scene: scene.interbank(TOGETHER, {"payments": [proposal()]}, BANK_AE),
    ("proposePayments", 401): lambda scene: scene.anonymous("POST", TOGETHER),
    ("proposePayments", 403): _suspended_asks(TOGETHER, {"payments": [proposal()]}),
    ("proposePayments", 408): lambda scene: scene.slow(TOGETHER),
    ("proposePayments", 413): lambda scene: scene.interbank(TOGETHER, BIG, BANK_AE),
    ("proposePayments", 422): lambda scene: scene.interbank(TOGETHER, {"payments": []}, BANK_AE),
    ("proposePayments", 503): lambda scene: scene.on_the_island(TOGETHER, {"payments": [proposal()]}),
    ("askQuote", 200): lambda scene: scene.interbank(QUOTES, ASKED, PROVIDER),
    ("askQuote", 401): lambda scene: scene.anonymous("POST", QUOTES),
    ("askQuote", 403): lambda scene: scene.interbank(QUOTES, {**ASKED, "taker_bic": BANK_AE}, PROVIDER),
    ("askQuote", 404): lambda scene: scene.interbank(QUOTES, ASKED, BANK_AE),
    ("askQuote", 408): lambda scene: scene.slow(QUOTES),
    ("askQuote", 413): lambda scene: scene.interbank(QUOTES, BIG, PROVIDER),
    ("askQuote", 422): lambda scene: scene.interbank(QUOTES, {**ASKED, "sell_currency": "EUR"}, PROVIDER),
    **EVENT_ANSWERS,
    **PAYEE_ANSWERS,
    ("issueToken", 200): _token,
    ("issueToken", 400): lambda scene: scene.anonymous("POST", "/oauth/token"),
    ("issueToken", 401): lambda scene: ask(scene.bank, "a.b.c"),
    ("askQuote", 503): lambda scene: scene.on_the_island(QUOTES, ASKED),
}

ANSWERS |= after_answers.ANSWERS | operator_answers.ANSWERS


@pytest.fixture(scope="module")
def document(scene: Scene) -> dict[str, Any]:
    found: dict[str, Any] = scene.anonymous("GET", "/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = [operation for methods in document["paths"].values() for operation in methods.values()]
    by_id = {operation["operationId"]: operation for operation in found}
    assert len(by_id) == len(found), "operation ids are unique"
    return by_id


def test_what_is_documented_is_what_is_tested(document: dict[str, Any]) -> None:
    documented = {
        (name, int(status))
        for name, operation in operations(document).items()
        for status in operation["responses"]
        if status not in operation.get("x-door", ())
    }
    assert documented == set(ANSWERS)


@pytest.mark.parametrize(("operation", "status"), ANSWERS, ids=str)
def test_an_operation_answers_as_documented(
    operation: str, status: int, scene: Scene, document: dict[str, Any]
) -> None:
    answer = ANSWERS[operation, status](scene)
    assert answer.status_code == status, answer.text
    content = operations(document)[operation]["responses"][str(status)].get("content")
    if content is None:
        assert answer.content == b""
        return
    assert answer.headers["content-type"] in content
    if status >= 400 and operation not in ("getReadiness", "issueToken"):
        assert list(content) == [MEDIA_TYPE]


def test_every_problem_example_is_a_problem_of_its_status(document: dict[str, Any]) -> None:
    members = set(document["components"]["schemas"]["ProblemDocument"]["properties"])
    for operation in operations(document).values():
        for status, response in operation["responses"].items():
            for example in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}).values():
                assert example["value"]["status"] == int(status)
                assert set(example["value"]) == members


def test_the_message_is_taken_as_xml_and_its_example_can_be_read(document: dict[str, Any], scene: Scene) -> None:
    body = operations(document)["postMessage"]["requestBody"]
    assert list(body["content"]) == ["application/xml", "text/plain"]
    assert body["content"]["application/xml"]["examples"]["pacs.008"]["value"] == CREDIT_TRANSFER
    message = parse(CREDIT_TRANSFER.encode(), Catalogue())
    assert isinstance(message, ParsedMessage)
    today = latest_today(scene.bank.office.clock)
    read = read_credit_transfer(message, today=today, minted_uetr="")
    assert isinstance(read, CreditTransfer)
    assert read.errors == ()
    assert isinstance(parse(STATUS_REPORT.encode(), Catalogue()), ParsedMessage)


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    text = json.dumps(document)
    named = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    assert named
    assert named <= known


OPEN = ("getHealth", "getReadiness", "issueToken", "logIn", "activateOperator")
SIGNED = {"askRate", "proposePayment", "proposePayments", "askQuote", "passMessage"}
SIGNED |= {"askPayeeSearch", "askPayeeVerification"}


def test_every_operation_but_health_says_what_it_needs(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        needs = {scheme for entry in operation.get("security", ()) for scheme in entry}
        if name in OPEN:
            assert needs == set()
        elif name in SIGNED:
            assert needs == {"MessageSignature"}
        elif name in operator_answers.OPERATED:
            assert needs == {"OperatorSession"}
        else:
            assert needs == {"Credential"}


def test_the_documentation_page_needs_nothing_from_elsewhere(scene: Scene) -> None:
    page = scene.anonymous("GET", "/docs")
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in page.text
    assert "https://" not in page.text.replace("https://bank.example/", "")
    assert "POST /v1/iso20022/messages" in page.text
    assert "id=uetr_already_used" in page.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/v1/nothing", 404, "nothing_here"), ("DELETE", "/healthz", 405, "method_not_allowed")],
)
def test_what_is_not_there_is_a_problem_too(scene: Scene, method: str, path: str, status: int, code: str) -> None:
    answer = scene.anonymous(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == MEDIA_TYPE


def test_a_fault_nobody_foresaw_is_a_problem_with_a_trace_id(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(scene.stranded_institution.office.book, "view", broken)
    answer = scene.stranded.http.get("/v1/accounts")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_fault")
    assert "secret" not in answer.text
    assert answer.json()["trace_id"] in answer.json()["detail"]
