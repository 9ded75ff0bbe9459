"""The stream of a running institution: listed, listened to, resumed, and pushed to a signed webhook."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from api.credentials import new_key
from api.routes.events import MOST_OF_ONE
from cli.running_network import RunningNetwork
from node.book.callers import CallerRecord
from node.chain.serving import BackgroundServer
from tests.api.expectations import problem
from tests.api.test_transfers import authorised
from tests.network import PATIENCE_S, Bank, Transfer, settled


def all_events(bank: Bank, after: int = 0, limit: int = 500) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := bank.http.get("/v1/events", params={"after": after, "limit": limit}).json()["events"]:
        found += page
        after = page[-1]["position"]
    return found


def newest(bank: Bank) -> int:
    with bank.office.book.view() as unit:
        return unit.events.newest()


def until(found: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    deadline = time.monotonic() + patience_s
    while not (result := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return result


def test_a_payment_is_told_from_receipt_to_settlement(debtor_agent: Bank, creditor_agent: Bank) -> None:
    before = newest(debtor_agent), newest(creditor_agent)
    transfer = Transfer(amount="7.00")
    settled(debtor_agent, transfer.body(), transfer.uetr)
    ours = [one for one in all_events(debtor_agent, before[0]) if one["data"].get("uetr") == transfer.uetr]
    states = [one["data"]["state"] for one in ours if one["type"].startswith("payment.")]
    assert states == ["RECEIVED", "VALIDATED", "ACCEPTED", "SUBMITTED", "INCLUDED", "SETTLED"]
    versions = [one["data"]["version"] for one in ours if one["type"].startswith("payment.")]
    assert versions == sorted(set(versions))
    (debit,) = [one["data"] for one in ours if one["type"] == "account.debited"]
    masked = "***" + transfer.debtor_account[-4:]
    assert (debit["account"], debit["amount"], debit["currency"]) == (masked, -700, "CNY")
    written = [one["data"]["name"] for one in ours if one["type"] == "message.written"]
    assert written == ["pacs.002.001.10", "pacs.008.001.08", "pacs.002.001.10"]

    def credit() -> list[dict[str, Any]]:
        return [one for one in all_events(creditor_agent, before[1]) if one["type"] == "account.credited"]

    (credited,) = [one["data"] for one in until(credit) if one["data"].get("uetr") == transfer.uetr]
    assert (credited["account"], credited["amount"]) == ("***" + transfer.creditor_account[-4:], 700)
    assert not any(transfer.creditor_account in str(one) for one in all_events(creditor_agent, before[1]))

    def notice() -> bytes | None:
        """The notification of the very entry, which alone tells the account."""
        kept = creditor_agent.http.get("/v1/messages", params={"name": "camt.054.001.08", "limit": "50"}).json()
        bodies = [creditor_agent.http.get(f"/v1/messages/{one['digest']}").content for one in kept["messages"]]
        return next((body for body in bodies if f">{credited['entry']}<".encode() in body), None)

    assert transfer.creditor_account.encode() in until(notice)


def test_a_relayed_transfer_is_told(network: RunningNetwork, debtor_agent: Bank) -> None:
    before = newest(debtor_agent)
    sent = debtor_agent.http.post("/v1/transfers", json=authorised(network)).json()["transaction_hash"]

    def told() -> list[str]:
        found = all_events(debtor_agent, before)
        return [one["data"]["status"] for one in found if one["data"].get("transaction_hash") == sent]

    assert until(lambda: told() if told()[-1:] == ["final"] else None)[0] == "signed"


def test_pages_follow_each_other_without_gap_or_repetition(debtor_agent: Bank) -> None:
    positions = [one["position"] for one in all_events(debtor_agent, limit=3)]
    assert positions == list(range(1, len(positions) + 1))
    empty = debtor_agent.http.get("/v1/events", params={"after": 10**9}).json()
    assert empty == {"events": [], "next": 10**9}


def listen(bank: Bank, wanted: int, **headers: str) -> list[dict[str, str]]:
    """So many events off the stream, as fields."""
    found: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    with bank.http.stream("GET", "/v1/events/stream", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "id" in fields:
                found.append(fields)
                fields = {}
            if len(found) == wanted:
                return found
    raise AssertionError(found)


def test_the_stream_tells_the_same_and_resumes_after_the_last_event_received(debtor_agent: Bank) -> None:
    transfer = Transfer(amount="99999999.00")
    debtor_agent.post(transfer.body())
    debtor_agent.ended(transfer.uetr)
    listed = all_events(debtor_agent)
    first = listen(debtor_agent, 3)
    assert [int(one["id"]) for one in first] == [1, 2, 3]
    assert [json.loads(one["data"]) for one in first] == listed[:3]
    assert [one["event"] for one in first] == [one["type"] for one in listed[:3]]
    (fourth,) = listen(debtor_agent, 1, **{"Last-Event-ID": "3"})
    assert json.loads(fourth["data"]) == listed[3]


def test_the_stream_tells_what_happens_while_it_is_open(debtor_agent: Bank) -> None:
    begin = newest(debtor_agent)
    transfer = Transfer(amount="99999999.00")
    with debtor_agent.http.stream("GET", "/v1/events/stream", params={"after": begin}) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("retry")
        debtor_agent.post(transfer.body())
        for line in lines:
            if line.startswith("data: ") and json.loads(line[6:])["data"].get("uetr") == transfer.uetr:
                return
    raise AssertionError("the stream ended")


def test_one_listener_with_many_streams_leaves_room_for_others(debtor_agent: Bank) -> None:
    name = f"listener-{uuid.uuid4().hex[:8]}"
    key, digest = new_key(name)
    record = CallerRecord(f"key:{name}", digest, None, frozenset({"events:read"}), None, False, datetime.now(UTC))
    with debtor_agent.office.book.unit() as unit:
        unit.callers.add(record)
    partner = {"Authorization": f"Bearer {key}"}
    for _ in range(2):  # places that are left are free again
        with contextlib.ExitStack() as held:
            readers = []
            for _ in range(MOST_OF_ONE):
                stream = debtor_agent.http.stream("GET", "/v1/events/stream", headers=partner)
                readers.append(held.enter_context(stream).iter_lines())
                next(readers[-1])
            problem(debtor_agent.http.get("/v1/events/stream", headers=partner), 429, "too_many_streams")
            assert int(listen(debtor_agent, 1)[0]["id"]) == 1
        until(lambda: _is_open(debtor_agent, partner))


def _is_open(bank: Bank, headers: dict[str, str]) -> bool:
    with bank.http.stream("GET", "/v1/events/stream", headers=headers) as answer:
        return answer.status_code == 200


@pytest.mark.parametrize("last", ["-1", "x", "1.5"])
def test_a_last_event_id_that_is_none_is_refused(debtor_agent: Bank, last: str) -> None:
    answer = debtor_agent.http.get("/v1/events/stream", headers={"Last-Event-ID": last})
    problem(answer, 422, "request_does_not_fit_its_schema")


@dataclass
class Receiver:
    """A webhook's receiver that remembers what came."""

    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            body = (await receive()).get("body", b"")
            self.got.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
            await send({"type": "http.response.start", "status": self.status, "headers": []})
            await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def endpoint(debtor_agent: Bank, receiver: Receiver) -> Iterator[dict[str, Any]]:
    with BackgroundServer(receiver) as server:
        wish = {"url": server.url + "/hook", "types": ["payment.rejected"]}
        answer = debtor_agent.http.post("/v1/webhook-endpoints", json=wish)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        yield made
        debtor_agent.http.delete(f"/v1/webhook-endpoints/{made['endpoint']['endpoint_id']}")


def _rejected(bank: Bank) -> str:
    transfer = Transfer(amount="99999999.00")
    bank.post(transfer.body())
    assert bank.ended(transfer.uetr)["state"] == "REJECTED"
    return transfer.uetr


def _signed_by(secret: str, headers: dict[str, str], body: bytes) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected in headers["webhook-signature"].split(" ")


def test_a_webhook_gets_what_it_asked_for_signed(
    debtor_agent: Bank, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    uetr = _rejected(debtor_agent)
    ((headers, body),) = until(lambda: receiver.got)
    told = json.loads(body)
    assert told == all_events(debtor_agent, told["position"] - 1, 1)[0]
    assert (told["type"], told["data"]["uetr"]) == ("payment.rejected", uetr)
    assert headers["webhook-id"] == f"evt_{told['position']}"
    assert _signed_by(endpoint["secret"], headers, body)
    assert not _signed_by(endpoint["secret"][:-4] + "AAA=", headers, body)


def test_a_rotated_secret_signs_beside_the_old_one(
    debtor_agent: Bank, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    path = f"/v1/webhook-endpoints/{endpoint['endpoint']['endpoint_id']}"
    fresh = debtor_agent.http.post(f"{path}/rotate-secret").json()["secret"]
    assert fresh != endpoint["secret"]
    _rejected(debtor_agent)
    ((headers, body),) = until(lambda: receiver.got)
    assert _signed_by(fresh, headers, body)
    assert _signed_by(endpoint["secret"], headers, body)


def test_a_failed_delivery_is_listed_and_delivered_again_on_request(
    debtor_agent: Bank, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    receiver.status = 503
    path = f"/v1/webhook-endpoints/{endpoint['endpoint']['endpoint_id']}"
    _rejected(debtor_agent)

    def tried() -> Any:
        found = debtor_agent.http.get(f"{path}/deliveries").json()["deliveries"]
        return found if found and found[0]["attempts"] else None

    (failed,) = until(tried)
    assert (failed["status"], failed["last_status"], failed["last_fault"]) == ("waiting", 503, "Answered 503.")
    receiver.status = 200
    answer = debtor_agent.http.post(f"{path}/deliveries/{failed['position']}/redeliver")
    assert answer.status_code == 200, answer.text
    until(lambda: len(receiver.got) == 2)
    until(lambda: debtor_agent.http.get(f"{path}/deliveries").json()["deliveries"][0]["status"] == "delivered")
    assert receiver.got[0][1] == receiver.got[1][1]
    assert receiver.got[0][0]["webhook-id"] == receiver.got[1][0]["webhook-id"]
    assert debtor_agent.http.get(f"{path}/deliveries", params={"status": "dead"}).json()["deliveries"] == []
    assert debtor_agent.http.post(f"{path}/redeliver-dead").json() == {"revived": 0}


def test_a_disabled_endpoint_gets_what_it_missed_once_it_is_enabled(
    debtor_agent: Bank, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    path = f"/v1/webhook-endpoints/{endpoint['endpoint']['endpoint_id']}"
    assert debtor_agent.http.post(f"{path}/disable").json()["disabled"] == "Disabled by its owner."
    uetr = _rejected(debtor_agent)
    assert debtor_agent.http.post(f"{path}/enable").json()["disabled"] is None
    ((_, body),) = until(lambda: receiver.got)
    assert json.loads(body)["data"]["uetr"] == uetr


def test_secrets_are_told_once(debtor_agent: Bank, endpoint: dict[str, Any]) -> None:
    listed = debtor_agent.http.get("/v1/webhook-endpoints")
    assert endpoint["endpoint"]["endpoint_id"] in listed.text
    assert "whsec_" not in listed.text


@pytest.mark.parametrize(
    "wish",
    [
        {"url": "ftp://bank.example/"},
        {"url": "https://user:secret@bank.example/"},
        {"url": "https://bank.example/", "types": ["payment.exploded"]},
        {"url": "https://bank.example/", "secret": "mine"},
        {},
    ],
)
def test_an_endpoint_that_cannot_be_served_is_refused(debtor_agent: Bank, wish: dict[str, Any]) -> None:
    answer: httpx.Response = debtor_agent.http.post("/v1/webhook-endpoints", json=wish)
    problem(answer, 422, "request_does_not_fit_its_schema")
