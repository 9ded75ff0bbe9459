"""Every way in which a line can fail is LedgerUnreachable, and nothing else is."""

from __future__ import annotations

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from node.ledger.client import LedgerBehind, LedgerClient, LedgerUnreachable
from node.ledger.errors import EngineRefused
from node.ledger.transport import Connection
from tests.node.ledger.engines import Engine
from tests.node.ledger.proxies import Answer, always, faulty, late, scripted, serving

NOWHERE = "http://127.0.0.1:1"
NESTED = b"[" * 2_000_000


def test_nobody_there() -> None:
    with pytest.raises(LedgerUnreachable, match="Connection refused"):
        LedgerClient(NOWHERE).head()
    with pytest.raises(LedgerUnreachable):
        LedgerClient(NOWHERE).receipts(["0x" + "00" * 32])
    with pytest.raises(LedgerUnreachable):
        LedgerClient(NOWHERE).broadcast(b"\x02\xc0")


@pytest.mark.parametrize(
    "answer",
    [
        429,
        500,
        502,
        503,
        404,
        None,
        b"",
        b"<html>Bad gateway</html>",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'"text"',
        b'{"jsonrpc":"2.0","id":1}',
        NESTED,
        b'{"jsonrpc":"2.0","id":1,"result":' + NESTED,
        b'{"jsonrpc":"2.0","id":1,"error":"busy"}',
        b'{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"limit exceeded"}}',
    ],
    ids=lambda answer: repr(answer)[:40],
)
def test_unusable_answers(answer: Answer) -> None:
    with faulty(NOWHERE, always(answer)) as url:
        client = LedgerClient(url, timeout_s=5)
        for ask in (client.head, client.fees, client.finality, lambda: client.next_nonce("0x" + "00" * 20)):
            with pytest.raises(LedgerUnreachable) as trouble:
                ask()
            assert type(trouble.value) is LedgerUnreachable


def test_an_answer_that_takes_too_long(engine: Engine) -> None:
    nobody_waits = threading.Event()
    with faulty(engine.url, late("eth_chainId", nobody_waits)) as url:
        with pytest.raises(LedgerUnreachable, match="ReadTimeout"):
            LedgerClient(url, timeout_s=0.3).chain_id()
        nobody_waits.set()


def test_a_batch_that_is_not_answered_one_for_one() -> None:
    one = json.dumps([{"jsonrpc": "2.0", "id": 0, "result": "0x1"}]).encode()
    with faulty(NOWHERE, always(one)) as url, pytest.raises(LedgerUnreachable, match="one for one"):
        Connection(url, timeout_s=5).batch([("eth_chainId", ()), ("eth_gasPrice", ())])


def test_a_batch_answered_in_another_order() -> None:
    def shuffled(body: bytes) -> bytes:
        asked = json.loads(body)
        return json.dumps(
            [{"jsonrpc": "2.0", "id": item["id"], "result": item["method"]} for item in asked][::-1]
        ).encode()

    with serving(shuffled) as url:
        assert Connection(url, timeout_s=5).batch([("one", ()), ("two", ()), ("three", ())]) == [
            "one",
            "two",
            "three",
        ]


def test_a_rejected_request_is_not_a_broken_line(engine: Engine) -> None:
    with pytest.raises(EngineRefused) as refusal:
        LedgerClient(engine.url).connection.call("eth_noSuchMethod")
    assert refusal.value.code == -32601
    assert not isinstance(refusal.value, LedgerUnreachable)


@pytest.mark.parametrize(
    "message",
    ["header not found", "Unknown block", "finalized block not found", "BlockOutOfRangeError: block height is 3"],
)
def test_an_engine_that_lacks_a_block_is_behind(message: str) -> None:
    error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": message}}
    with faulty(NOWHERE, always(json.dumps(error).encode())) as url, pytest.raises(LedgerBehind):
        LedgerClient(url).block(9)


def test_a_closed_connection_is_opened_again_once() -> None:
    answers: list[Answer] = [None, json.dumps({"jsonrpc": "2.0", "id": 1, "result": "0x7"}).encode()]
    with serving(lambda body: answers.pop(0)) as url:
        assert LedgerClient(url).chain_id() == 7


def test_threads_share_one_client(engine: Engine) -> None:
    client = LedgerClient(engine.url)

    def read(_: int) -> int:
        assert client.connection.batch([("eth_chainId", ())] * 3) == [hex(client.chain_id())] * 3
        return client.block(0).number

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(read, range(200))) == [0] * 200


def test_nothing_of_the_environment_decides_where_requests_go(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOWHERE)
    monkeypatch.setenv("http_proxy", NOWHERE)
    assert LedgerClient(engine.url).chain_id() > 0


def test_an_engine_without_pending_blocks_tells_its_newest_time() -> None:
    block = {"number": "0x5", "hash": "0x" + "ab" * 32, "timestamp": "0x64"}
    answers = {"eth_getBlockByNumber latest": block, "eth_getBlockByNumber pending": None, "eth_call": -32000}
    with scripted(answers) as url:
        assert LedgerClient(url).pending_time_s() == 100


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/", "http://", "http://[::1", "http://256.0.0.1.:9"])
def test_an_address_that_is_none_is_unreachable(address: str) -> None:
    with pytest.raises(LedgerUnreachable):
        LedgerClient(address, timeout_s=1).chain_id()


def test_a_name_and_password_in_the_address_are_shown_and_a_redirect_is_not_followed() -> None:
    asked: list[str | None] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.headers["Authorization"])
            self.send_response(308)
            self.send_header("Location", NOWHERE)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://node:p%40ss@127.0.0.1:{server.server_address[1]}"
        with pytest.raises(LedgerUnreachable, match="HTTP 308"):
            LedgerClient(url).chain_id()
        server.shutdown()
    assert asked == ["Basic " + base64.b64encode(b"node:p@ss").decode()]
