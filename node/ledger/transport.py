"""JSON-RPC over HTTP: kept-alive connections, one request or one batch at a time, nothing rewritten on the way.

urllib3 carries the bytes: no middleware fills in gas or nonces, nothing of the environment decides where a request
goes, and a redirect is not followed.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote

import certifi
import urllib3
from urllib3.exceptions import HTTPError, LocationParseError, NewConnectionError, ProtocolError
from urllib3.util import Timeout, make_headers, parse_url

from node.ledger.errors import EngineRefused, LedgerBehind, LedgerUnreachable
from node.recursion import bound_recursion

Call = tuple[str, Sequence[Any]]

# JSON-RPC's "limit exceeded" and "resource unavailable" (EIP-1474): the engine is busy, not of another opinion.
_BUSY_CODES: Final = frozenset({-32002, -32005, 429})
_UNKNOWN_BLOCK: Final = ("header not found", "unknown block", "block not found", "blockoutofrange")
_CONNECTIONS: Final = 32
_MOST_IN_A_BATCH: Final = 100
# What parsing and checking an answer raises; nested without end, it is a RecursionError.
_NO_ANSWER: Final = (json.JSONDecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError)
_OK: Final = 200


class Connection:
    """A line to one engine; safe to share between threads.

    A request whose kept-alive connection turned out to be closed is sent once more on a new one, except a
    transaction: whether the engine took that is for the caller to look up.
    """

    def __init__(self, rpc_url: str, *, timeout_s: float) -> None:
        """Open nothing yet; `timeout_s` is for connecting and for each silence while reading."""
        bound_recursion()
        self.rpc_url = rpc_url
        self._numbers = itertools.count()
        self._pools = urllib3.PoolManager(
            num_pools=4,
            maxsize=_CONNECTIONS,
            headers=_headers(rpc_url),
            timeout=Timeout(connect=timeout_s, read=timeout_s),
            retries=False,  # which also means that no redirect is followed
            ca_certs=certifi.where(),
        )

    def close(self) -> None:
        """Close the kept-alive connections; a later call opens new ones."""
        self._pools.clear()

    def call(self, method: str, *params: Any) -> Any:
        """The result of one request. Raises LedgerUnreachable, LedgerBehind and EngineRefused."""
        return result_of(method, self._reach(method, self._asked(method, params)))

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of several requests, in their order, in as few round trips as possible.

        Raises as `call` does, for the first that failed.
        """
        return [
            result_of(method, response) for (method, _), response in zip(calls, self.answers(calls), strict=True)
        ]

    def answers(self, calls: Sequence[Call]) -> list[Any]:
        """The raw answers of several requests, errors among them; raises LedgerUnreachable only."""
        answers: list[Any] = []
        for start in range(0, len(calls), _MOST_IN_A_BATCH):
            answers += self._batch(calls[start : start + _MOST_IN_A_BATCH])
        return answers

    def _batch(self, calls: Sequence[Call]) -> list[Any]:
        response = self._reach("batch", [self._asked(method, params) for method, params in calls])
        if isinstance(response, dict):  # one error for the whole batch
            result_of("batch", response)
        if not isinstance(response, list) or len(response) != len(calls):
            raise LedgerUnreachable(f"{self.rpc_url}: a batch of {len(calls)} was not answered one for one")
        return response

    def _asked(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "method": method, "params": list(params), "id": next(self._numbers)}

    def _reach(self, method: str, asked: Any) -> Any:
        body = json.dumps(asked).encode()
        try:
            try:
                return self._answer(body)
            except (NewConnectionError, ProtocolError):
                if method == "eth_sendRawTransaction":
                    raise
                return self._answer(body)
        except HTTPError as error:
            raise LedgerUnreachable(f"{self.rpc_url}: {_in_short(error)}") from error
        except _NO_ANSWER as error:
            raise LedgerUnreachable(
                f"{self.rpc_url}: the answer is not JSON-RPC ({type(error).__name__})"
            ) from error

    def _answer(self, body: bytes) -> Any:
        """What was answered; a batch in the order in which it was asked."""
        response = self._pools.request("POST", self.rpc_url, body=body)
        if response.status != _OK:
            raise LedgerUnreachable(f"{self.rpc_url}: HTTP {response.status}")
        answer = json.loads(response.data)
        return sorted(answer, key=lambda one: one["id"]) if isinstance(answer, list) else answer


def _headers(rpc_url: str) -> dict[str, str]:
    """The headers of every request; a name and password in the address go into one of them."""
    try:
        account = parse_url(rpc_url).auth
    except LocationParseError:
        account = None  # the first request will say what is wrong with the address
    proof = make_headers(basic_auth=unquote(account)) if account else {}
    return {
        "Content-Type": "application/json",
        **make_headers(accept_encoding=True, user_agent="corridor"),
        **proof,
    }


def result_of(method: str, response: Any) -> Any:
    """The result in one answer; raises as `Connection.call` does where it is an error."""
    error = response.get("error") if isinstance(response, dict) else None
    if error is not None:
        raise _failure(method, error)
    if not isinstance(response, dict) or "result" not in response:
        raise LedgerUnreachable(f"{method}: the answer is not JSON-RPC")
    return response["result"]


def _failure(method: str, error: Any) -> Exception:
    if not isinstance(error, dict):
        return LedgerUnreachable(f"{method}: {error}")
    code, message = int(error.get("code", 0)), str(error.get("message", ""))
    if code in _BUSY_CODES:
        return LedgerUnreachable(f"{method}: the engine is busy: {message}")
    if any(words in message.lower() for words in _UNKNOWN_BLOCK):
        return LedgerBehind(f"{method}: {message}")
    return EngineRefused(code, message, error.get("data"))


def _in_short(error: HTTPError) -> str:
    """What happened, without the addresses and objects that these exceptions carry in their text."""
    innermost: BaseException = error
    while innermost.__cause__ or innermost.__context__:
        innermost = innermost.__cause__ or innermost.__context__ or innermost
    detail = getattr(innermost, "strerror", None)
    return f"{type(error).__name__}: {detail}" if detail else type(error).__name__
