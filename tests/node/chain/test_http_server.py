"""The HTTP side: batches, notifications, limits, and which web pages may call."""

from typing import Any

import httpx

from node.chain.rpc import MAX_BATCH
from node.chain.server import MAX_BODY_BYTES

ALLOWED = "https://wallet.example"


def request(key: Any, method: str = "eth_chainId") -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": key, "method": method}


def test_a_batch_is_answered_in_order(rpc_url: str) -> None:
    batch = [request(1), request("two", "eth_blockNumber"), 3, request(4, "eth_nonsense")]
    answers = httpx.post(rpc_url, json=batch, trust_env=False, timeout=60).json()
    assert [answer.get("id") for answer in answers] == [1, "two", None, 4]
    assert [answer["result"] for answer in answers[:2]] == ["0x4e36", "0x0"]
    assert [answer["error"]["code"] for answer in answers[2:]] == [-32600, -32601]


def test_notifications_get_no_answer(rpc_url: str) -> None:
    silent = {"jsonrpc": "2.0", "method": "eth_chainId"}
    assert httpx.post(rpc_url, json=silent, trust_env=False, timeout=60).content == b""
    assert httpx.post(rpc_url, json=[silent, silent], trust_env=False, timeout=60).content == b""
    assert len(httpx.post(rpc_url, json=[silent, request(1)], trust_env=False, timeout=60).json()) == 1


def test_limits(rpc_url: str) -> None:
    answer = httpx.post(rpc_url, json=[request(1)] * (MAX_BATCH + 1), trust_env=False, timeout=60).json()
    assert answer["error"]["code"] == -32600
    too_long = httpx.post(rpc_url, content=b" " * (MAX_BODY_BYTES + 1), trust_env=False, timeout=60)
    assert too_long.status_code == 413
    assert too_long.json()["error"]["code"] == -32600
    assert httpx.post(rpc_url, json=request(1), trust_env=False, timeout=60).json()["result"] == "0x4e36"


def test_only_post(rpc_url: str) -> None:
    assert httpx.get(rpc_url, trust_env=False, timeout=60).status_code == 405


def test_a_page_from_an_allowed_origin_may_call(rpc_url: str) -> None:
    preflight = httpx.options(rpc_url, headers={"origin": ALLOWED, "access-control-request-method": "POST"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == ALLOWED
    answer = httpx.post(rpc_url, json=request(1), headers={"origin": ALLOWED}, trust_env=False, timeout=60)
    assert answer.headers["access-control-allow-origin"] == ALLOWED


def test_a_page_from_elsewhere_may_not(rpc_url: str) -> None:
    answer = httpx.post(
        rpc_url, json=request(1), headers={"origin": "https://elsewhere.example"}, trust_env=False, timeout=60
    )
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
