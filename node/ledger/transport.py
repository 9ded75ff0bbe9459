"""JSON-RPC over HTTP: one kept-alive session, one request or one batch at a time, nothing rewritten on the way.

web3.py's provider carries the bytes; its middleware (which fills in gas and nonces, and retries) is left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from node.ledger.errors import EngineRefused, LedgerBehind, LedgerUnreachable
from node.recursion import bound_recursion

Call = tuple[str, Sequence[Any]]

# JSON-RPC's "limit exceeded" and "resource unavailable" (EIP-1474): the engine is busy, not of another opinion.
_BUSY_CODES: Final = frozenset({-32002, -32005, 429})
_UNKNOWN_BLOCK: Final = ("header not found", "unknown block", "block not found", "blockoutofrange")
_CONNECTIONS: Final = 32
_MOST_IN_A_BATCH: Final = 100
# What parsing and checking an answer raises; nested without end, it is a RecursionError.
_NO_ANSWER: Final = (
    Web3Exception,
    json.JSONDecodeError,
    UnicodeDecodeError,
    RecursionError,
    KeyError,
    TypeError,
)


class Connection:
    """A line to one engine; safe to share between threads.

    A request whose kept-alive connection turned out to be closed is sent once more on a new one, except a
    transaction: whether the engine took that is for the caller to look up.
    """

    def __init__(self, rpc_url: str, *, timeout_s: float) -> None:
        """Open nothing yet; `timeout_s` is for connecting and for each silence while reading."""
        bound_recursion()
        self.rpc_url = rpc_url
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy or credentials from the environment
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=_CONNECTIONS, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._provider = HTTPProvider(
            rpc_url,
            request_kwargs={"timeout": timeout_s},
            session=self._session,
            exception_retry_configuration=None,
        )

    def close(self) -> None:
        """Close the kept-alive connections; a later call opens new ones."""
        self._session.close()

    def call(self, method: str, *params: Any) -> Any:
        """The result of one request. Raises LedgerUnreachable, LedgerBehind and EngineRefused."""
        response = self._reach(method, lambda: self._provider.make_request(RPCEndpoint(method), list(params)))
        return result_of(method, response)

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
        requested: list[tuple[RPCEndpoint, Any]] = [
            (RPCEndpoint(method), list(params)) for method, params in calls
        ]
        response: Any = self._reach("batch", lambda: self._provider.make_batch_request(requested))
        if isinstance(response, dict):  # one error for the whole batch
            result_of("batch", response)
        if not isinstance(response, list) or len(response) != len(calls):
            raise LedgerUnreachable(f"{self.rpc_url}: a batch of {len(calls)} was not answered one for one")
        return response

    def _reach(self, method: str, request: Any) -> Any:
        try:
            try:
                return request()
            except requests.exceptions.ConnectionError:
                if method == "eth_sendRawTransaction":
                    raise
                return request()
        except requests.exceptions.RequestException as error:
            raise LedgerUnreachable(f"{self.rpc_url}: {_in_short(error)}") from error
        except _NO_ANSWER as error:
            raise LedgerUnreachable(
                f"{self.rpc_url}: the answer is not JSON-RPC ({type(error).__name__})"
            ) from error


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


def _in_short(error: requests.exceptions.RequestException) -> str:
    """What happened, without the addresses and objects that these exceptions carry in their text."""
    if error.response is not None:
        return f"HTTP {error.response.status_code}"
    innermost: BaseException = error
    while innermost.__cause__ or innermost.__context__:
        innermost = innermost.__cause__ or innermost.__context__ or innermost
    detail = getattr(innermost, "strerror", None)
    return f"{type(error).__name__}: {detail}" if detail else type(error).__name__
