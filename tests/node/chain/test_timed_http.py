"""A client that says nothing, or says it a byte at a time, is let go; one that asks is not."""

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from node.chain.chain import LocalChain
from node.chain.quick_http import QuickHttp
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer
from node.chain.timed_http import TimedHttp

BODY = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % len(BODY)


class _HastyQuickHttp(QuickHttp):
    head_timeout_s = 0.5


class _HastyHttp(TimedHttp):
    head_timeout_s = 0.5


@pytest.fixture(params=[_HastyQuickHttp, _HastyHttp])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """A chain served by each protocol, with little patience."""
    chain = LocalChain.open(None)
    app = create_rpc_app(chain)
    app.http_protocol, app.body_timeout_s = request.param, 0.3
    with BackgroundServer(app) as server:
        yield server.port
    chain.close()


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@pytest.mark.parametrize("begun", [b"", b"POST / HT", b"GET / HTTP/1.1\r\nHost: here\r\n"])
def test_who_does_not_finish_asking_is_let_go(port: int, begun: bytes) -> None:
    with _connected(port) as connection:
        connection.sendall(begun)
        assert connection.recv(1) == b""


def test_a_body_that_stops_coming_is_told_and_let_go(port: int) -> None:
    """The long way and the short one: an unusual header makes it uvicorn's from the beginning."""
    with _connected(port) as connection:
        connection.sendall(HEAD.replace(b"Host", b"X-Odd: 1\r\nHost") + BODY[:10])
        told = b"".join(iter(lambda: connection.recv(4096), b""))
    assert told.startswith(b"HTTP/1.1 408")
    assert b"did not arrive within 0.3 seconds" in told


def test_who_begins_again_after_an_answer_and_does_not_finish_is_let_go_too(port: int) -> None:
    with _connected(port) as connection:
        connection.sendall(HEAD + BODY)
        answer = connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200")
        connection.sendall(b"POST / ")
        rest = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b"0x4e36" in answer + rest


def test_who_asks_may_take_a_while_with_the_next_question(port: int) -> None:
    """Longer than a head may take: between two requests another patience counts."""
    with _connected(port) as connection:
        connection.sendall(HEAD + BODY)
        told = b""
        while b"0x4e36" not in told:
            told += connection.recv(4096)
        with _connected(port) as silent:
            assert silent.recv(1) == b""
        connection.sendall(HEAD + BODY)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("protocol", [QuickHttp, TimedHttp])
def test_a_connection_rests_longer_than_clients_keep_theirs(protocol: Any) -> None:
    """Whoever closes first must be the client, or a request on its way is now and then answered by a reset."""
    clients_keep_s = httpx.Limits().keepalive_expiry or 0
    chain = LocalChain.open(None)
    app = create_rpc_app(chain)
    app.http_protocol = protocol
    with BackgroundServer(app) as server, httpx.Client(trust_env=False, timeout=60) as client:
        assert client.post(server.url, content=BODY).is_success
        (connection,) = server._server.server_state.connections
        assert isinstance(connection, TimedHttp)
        assert connection.head_timeout_s > connection.timeout_keep_alive > 2 * clients_keep_s
    chain.close()
