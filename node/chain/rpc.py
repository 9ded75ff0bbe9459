"""JSON-RPC 2.0 over the chain: one request, or a batch, from bytes to bytes.

Whatever arrives, an answer leaves: a flaw in the request is the caller's error, and a fault of ours is -32603
without its details.
"""

import json
import logging
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from node.chain.chain import LocalChain
from node.chain.development import DevelopmentChain
from node.chain.errors import ChainError
from node.chain.filters import FilterRegistry
from node.chain.method import Method, MethodTable, RpcNode
from node.chain.methods import (
    about,
    accounts,
    blocks,
    fees,
    logs,
    network,
    pool,
    raw,
    simulate,
    state,
    tracing,
    transactions,
)
from node.chain.methods import development as development_methods
from node.chain.parameters import Parameters
from node.chain.rpc_error import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    SERVER_ERROR,
    RpcError,
    invalid_params,
)

MAX_BATCH = 1_000
NO_METHODS: MethodTable = {}
FILLING = ("eth_sendRawTransaction", "evm_mine", "anvil_mine", "hardhat_mine")
_ENCODER = json.JSONEncoder(separators=(",", ":"))
CLIENT_VERSION = "Corridor/v0.1.0/python"

log = logging.getLogger(__name__)


def read_json(body: bytes) -> Any:
    """What a body says. Raises ValueError also for NaN and Infinity, which are no JSON (RFC 8259)."""
    return _STRICT.decode(body.decode(json.detect_encoding(body), "surrogatepass"))


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_STRICT = json.JSONDecoder(parse_constant=_no_number)


class JsonRpc:
    """Answers requests about one chain. Thread-safe, as the chain is."""

    def __init__(
        self,
        chain: LocalChain,
        development: DevelopmentChain | None = None,
        client_version: str = CLIENT_VERSION,
    ) -> None:
        self.node = RpcNode(chain, FilterRegistry(chain), client_version, development)
        self._methods = method_table(for_development=development is not None)

    @property
    def methods(self) -> tuple[str, ...]:
        """The names it answers to."""
        return tuple(sorted(self._methods))

    def dispatch(self, method: str, params: list[Any], extra: MethodTable = NO_METHODS) -> Any:
        """The result of one method, from the table or from the connection's `extra` ones. Raises RpcError."""
        found = self._methods.get(method) or extra.get(method)
        if found is None:
            raise RpcError(METHOD_NOT_FOUND, f"the method {method} does not exist/is not available")
        if len(params) > found.most:
            raise invalid_params(f"too many arguments, want at most {found.most}")
        try:
            return found.run(self.node, Parameters(params))
        except ChainError as error:
            raise RpcError(SERVER_ERROR, str(error)) from error

    def answer_body(self, body: bytes, extra: MethodTable = NO_METHODS) -> bytes | None:
        """Answer the body of an HTTP request; None when every request in it is a notification."""
        try:
            asked = read_json(body)
        except (ValueError, RecursionError):
            return encode(error_answer(None, RpcError(PARSE_ERROR, "parse error: the body is not JSON")))
        if not isinstance(asked, list):
            answer = self.answer(asked, extra)
            return None if answer is None else encode(answer)
        if not asked:
            return encode(error_answer(None, RpcError(INVALID_REQUEST, "empty batch")))
        if len(asked) > MAX_BATCH:
            return encode(
                error_answer(None, RpcError(INVALID_REQUEST, f"batch too large: at most {MAX_BATCH} requests"))
            )
        with self.node.chain.acknowledging_together() if _only_fills(asked) else nullcontext():
            answers = [answer for one in asked if (answer := self.answer(one, extra)) is not None]
        return encode(answers) if answers else None

    def answer_at_once(self, body: bytes, deliver: Callable[[bytes], None]) -> bool:
        """Answer one brief request while the chain has nothing else to do; False, and nothing done, otherwise.

        What the answer need not wait for is done once it is delivered, and before anyone else is answered.
        """
        try:
            asked = read_json(body)
        except (ValueError, RecursionError):
            return False
        chain = self.node.chain
        if not isinstance(asked, dict) or "id" not in asked or not self._is_brief(asked):
            return False
        if not chain.lock.acquire(blocking=False):
            return False
        try:
            with chain.mining_afterwards():
                answer = encode(self.answer(asked))
            deliver(answer)
        finally:
            self._catch_up()
            chain.lock.release()
        return True

    def _catch_up(self) -> None:
        try:
            self.node.chain.catch_up()
        except Exception:
            log.exception("a fault after an answer; what was acknowledged is journaled")

    def _is_brief(self, asked: dict[str, Any]) -> bool:
        name, params = asked.get("method"), asked.get("params", [])
        method = self._methods.get(name) if isinstance(name, str) else None
        return (
            method is not None and method.brief is not None and isinstance(params, list) and method.brief(params)
        )

    def answer(self, asked: Any, extra: MethodTable = NO_METHODS) -> dict[str, Any] | None:
        """Answer one decoded request; None for a notification (a request without id)."""
        if not isinstance(asked, dict):
            return error_answer(None, RpcError(INVALID_REQUEST, "invalid request: want an object"))
        key = asked.get("id")
        if isinstance(key, dict | list | bool):
            return error_answer(
                None, RpcError(INVALID_REQUEST, "invalid request: an id is a string, a number or null")
            )
        try:
            result = self._run(asked, extra)
        except RpcError as error:
            return error_answer(key, error) if "id" in asked or error.code == INVALID_REQUEST else None
        return {"jsonrpc": "2.0", "id": key, "result": result} if "id" in asked else None

    def _run(self, asked: dict[str, Any], extra: MethodTable) -> Any:
        method, params = asked.get("method"), asked.get("params")
        if asked.get("jsonrpc") != "2.0" or not isinstance(method, str):
            raise RpcError(INVALID_REQUEST, 'invalid request: want "jsonrpc": "2.0" and a method')
        if params is not None and not isinstance(params, list):
            raise invalid_params("non-array args")
        try:
            return self.dispatch(method, params or [], extra)
        except RpcError:
            raise
        except Exception as fault:
            log.exception("a fault while answering %s", method)
            raise RpcError(INTERNAL_ERROR, "internal error") from fault


def _only_fills(asked: list[Any]) -> bool:
    """Whether a batch only sends transactions and makes blocks of them.

    What it sends then waits for the disk once: before any of its answers leaves, or with the block that has it.
    """
    return all(isinstance(one, dict) and one.get("method") in FILLING for one in asked)


def method_table(*, for_development: bool = False) -> dict[str, Method]:
    """All methods by name; those of a development chain only where asked for."""
    tables: tuple[MethodTable, ...] = (
        network.METHODS,
        blocks.METHODS,
        transactions.METHODS,
        state.METHODS,
        fees.METHODS,
        logs.METHODS,
        raw.METHODS,
        pool.METHODS,
        about.METHODS,
        simulate.METHODS,
        tracing.METHODS,
    )
    if for_development:
        tables = (*tables, accounts.METHODS, development_methods.METHODS)
    return {name: method for table in tables for name, method in table.items()}


def dispatch(chain: LocalChain, method: str, params: list[Any]) -> Any:
    """One method on a chain, in process. Filters do not outlive the call. Raises RpcError."""
    return JsonRpc(chain).dispatch(method, params)


def error_answer(key: Any, error: RpcError) -> dict[str, Any]:
    """The JSON form of an error."""
    shown: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.data is not None:
        shown["data"] = error.data
    return {"jsonrpc": "2.0", "id": key, "error": shown}


def encode(answer: Any) -> bytes:
    """JSON bytes."""
    return _ENCODER.encode(answer).encode()
