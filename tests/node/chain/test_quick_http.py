"""The short way of HTTP: the same answers however the bytes arrive, and everything unusual is uvicorn's."""

import json
import socket
import threading
from random import Random
from typing import Any
from urllib.parse import urlsplit

import h11
import pytest
from eth_account.signers.local import LocalAccount
from hypothesis import given, settings
from hypothesis import strategies as st

from node.chain.chain import LocalChain
from node.chain.methods.transactions import MODEST_GAS, is_modest
from node.chain.quick_http import MAX_QUICK_BYTES, MOST_KNOWN, Incomplete, plain_body
from node.chain.rpc import JsonRpc
from tests.node.chain.assembly import creation, keeper
from tests.node.chain.signing import dynamic_fee

BODY = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % len(BODY)


def asked(method: str, *params: Any, key: Any = 1) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": key, "method": method, "params": params}).encode()


def request(body: bytes, *lines: bytes, first: bytes = b"POST / HTTP/1.1") -> bytes:
    length = b"content-length: %d" % len(body)
    return b"\r\n".join((first, b"host: here", *lines, length, b"", body))


class Caller:
    """A connection on which one writes bytes and reads whole responses."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._parser = h11.Connection(h11.CLIENT)

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self._socket.sendall(part)

    def answer(self) -> tuple[int, bytes]:
        """The status and body of the next response."""
        if self._parser.our_state is h11.IDLE:  # the parser must know that something was asked
            self._parser.send(h11.Request(method="POST", target="/", headers=[("host", "here")]))
            self._parser.send(h11.EndOfMessage())
        status, body = 0, b""
        while True:
            event = self._parser.next_event()
            if event is h11.NEED_DATA:
                self._parser.receive_data(self._socket.recv(65_536))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                if self._parser.their_state is h11.DONE:
                    self._parser.start_next_cycle()
                return status, body

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def caller(rpc_url: str) -> Any:
    opened = Caller(rpc_url)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "other",
    [
        HEAD.replace(b"POST", b"GET"),
        HEAD.replace(b"1.1", b"1.0"),
        HEAD.replace(b"Host: here\r\n", b""),
        HEAD.replace(b"Host", b"Origin: https://wallet.example\r\nHost"),
        HEAD.replace(b"Host", b"Transfer-Encoding: chunked\r\nHost"),
        HEAD.replace(b"Host", b"Expect: 100-continue\r\nHost"),
        HEAD.replace(b"Host", b"Upgrade: websocket\r\nHost"),
        HEAD.replace(b"Host", b"Connection: close\r\nHost"),
        HEAD.replace(b"Host", b"Content-Length: 3\r\nHost"),
        HEAD.replace(b"Host: here", b"Host: here\r\n there"),
        HEAD.replace(b"Host: here", b"Host : here"),
        HEAD.replace(b"here", b"he\0re"),
        HEAD.replace(b"here", b"he\nre"),
        HEAD.replace(b"/ ", b"/\xff "),
        HEAD.replace(b"Length: 4", b"Length: +4"),
        HEAD.replace(b"47", b"999999"),
        HEAD.replace(b"47", b"46"),
        b"x" * (MAX_QUICK_BYTES + 1),
        b"PUT",
    ],
)
def test_what_is_not_plain_is_handed_over(other: bytes) -> None:
    assert other != HEAD
    assert plain_body(other + BODY) is None


def test_a_plain_request_is_taken_when_it_is_whole() -> None:
    whole = HEAD + BODY
    assert plain_body(whole) == BODY
    for size in range(1, len(whole)):
        with pytest.raises(Incomplete):
            plain_body(whole[:size])


def test_a_head_that_is_known_is_not_read_again() -> None:
    known: dict[bytes, int] = {}
    other = HEAD.replace(b"47", b"46") + BODY[:-1]
    for _ in range(2):
        for whole in (HEAD + BODY, other):
            with pytest.raises(Incomplete):
                plain_body(whole[:-1], known)
            assert plain_body(whole, known) == whole[len(HEAD) :]
        assert plain_body(HEAD.replace(b"POST", b"GET") + BODY, known) is None
    assert sorted(known.values()) == [len(BODY) - 1, len(BODY)]
    for number in range(100):
        assert plain_body(HEAD.replace(b"here", b"%d" % number) + BODY, known) == BODY
    assert len(known) == MOST_KNOWN


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_what_is_taken_h11_takes_too(seed: int) -> None:
    """With bytes changed at random, whatever still passes as plain has the same body for a whole parser."""
    dice = Random(seed)
    data = bytearray(request(BODY, b"User-Agent: a/1", b"Accept: */*", b"Content-Type: application/json"))
    for _ in range(dice.randrange(1, 4)):
        data[dice.randrange(len(data) - len(BODY))] = dice.choice(b"\0\r\n\t :;,/AZaz09{\x7f\xff")
    try:
        found = plain_body(bytes(data))
    except Incomplete:
        return
    if found is not None:
        parser = h11.Connection(h11.SERVER)
        parser.receive_data(bytes(data))
        assert isinstance(parser.next_event(), h11.Request)
        event = parser.next_event()
        assert isinstance(event, h11.Data)
        assert bytes(event.data) == found
        assert isinstance(parser.next_event(), h11.EndOfMessage)


def test_bytes_may_arrive_one_by_one(caller: Caller) -> None:
    whole = request(asked("eth_chainId"))
    caller.send(*[whole[at : at + 1] for at in range(len(whole))])
    assert json.loads(caller.answer()[1])["result"] == "0x4e36"


def test_both_ways_take_turns_on_one_connection(caller: Caller) -> None:
    """A call, a batch, a page's request and a notification take the long way; each is answered once, in order."""
    for _ in range(3):
        caller.send(request(asked("eth_blockNumber")))
        assert caller.answer() == (200, b'{"jsonrpc":"2.0","id":1,"result":"0x0"}')
        caller.send(request(asked("eth_call", {"to": "0x" + "11" * 20}, "latest")))
        assert json.loads(caller.answer()[1])["result"] == "0x"
        caller.send(request(b"[" + asked("eth_chainId") + b"]"))
        assert json.loads(caller.answer()[1])[0]["result"] == "0x4e36"
        caller.send(request(asked("eth_chainId"), b"origin: https://elsewhere.example"))
        assert caller.answer()[0] == 403
        caller.send(request(b'{"jsonrpc":"2.0","method":"eth_chainId"}'))
        assert caller.answer() == (204, b"")


def test_requests_sent_ahead_are_answered_in_order(caller: Caller) -> None:
    caller.send(b"".join(request(asked("eth_chainId", key=number)) for number in range(5)))
    assert [json.loads(caller.answer()[1])["id"] for _ in range(5)] == list(range(5))
    caller.send(request(asked("eth_chainId", key=9)))
    assert json.loads(caller.answer()[1])["id"] == 9


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b'{"id":1,"method":["eth_chainId"]}', b'{"id":1}'])
def test_flaws_are_answered_as_ever(caller: Caller, chain: LocalChain, body: bytes) -> None:
    caller.send(request(body))
    assert caller.answer()[1] == JsonRpc(chain).answer_body(body)


def test_a_chain_at_work_does_not_hold_up_the_connections(chain: LocalChain, debtor: LocalAccount) -> None:
    """Nothing is done at once while somebody else has the chain, nor when it may take long."""
    rpc = JsonRpc(chain)
    held, done = threading.Event(), threading.Event()

    def work() -> None:
        with chain.lock:
            held.set()
            done.wait(60)

    worker = threading.Thread(target=work)
    worker.start()
    held.wait(60)
    answers: list[bytes] = []
    assert not rpc.answer_at_once(BODY, answers.append)
    done.set()
    worker.join()
    assert rpc.answer_at_once(BODY, answers.append)
    assert answers == [b'{"jsonrpc":"2.0","id":1,"result":"0x4e36"}']
    modest = dynamic_fee(debtor, 0, gas=MODEST_GAS)
    assert is_modest(["0x" + modest.hex()])
    for raw in (dynamic_fee(debtor, 0, gas=MODEST_GAS + 1), dynamic_fee(debtor, 0, data=creation(keeper()))):
        assert not is_modest(["0x" + raw.hex()])
        assert not rpc.answer_at_once(asked("eth_sendRawTransaction", "0x" + raw.hex()), answers.append)
    for odd in ([], [None], ["0xzz"], [3], ["0x" + "00" * 9_000]):
        assert not is_modest(odd)
    assert chain.head.number == 0


def test_a_send_is_done_once(caller: Caller, chain: LocalChain, debtor: LocalAccount) -> None:
    raw = dynamic_fee(debtor, 0)
    caller.send(request(asked("eth_sendRawTransaction", "0x" + raw.hex())))
    sent = json.loads(caller.answer()[1])["result"]
    assert chain.head.number == 1
    caller.send(request(asked("eth_getTransactionReceipt", sent)))
    assert json.loads(caller.answer()[1])["result"]["status"] == "0x1"
    caller.send(request(asked("eth_sendRawTransaction", "0x" + raw.hex())))
    assert "already known" in json.loads(caller.answer()[1])["error"]["message"]
