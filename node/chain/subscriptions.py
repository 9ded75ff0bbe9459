"""eth_subscribe for one WebSocket connection: new heads, logs and pending transactions, pushed as they happen.

Events arrive on whatever thread makes the block and are handed to the connection's event loop. A client that does
not read fast enough is cut off rather than remembered without end.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from node.chain.chain import LocalChain
from node.chain.hexadecimal import data
from node.chain.log_query import LogQuery
from node.chain.method import Method, MethodTable, RpcNode
from node.chain.parameters import Parameters, log_query
from node.chain.presentation import header_json, logs_json, signed_transaction_json
from node.chain.records import BlockRecord
from node.chain.rpc_error import RpcError, invalid_params

MAX_SUBSCRIPTIONS = 100
MAX_WAITING_MESSAGES = 2_000
KINDS = frozenset({"newHeads", "logs", "newPendingTransactions"})
FAR_AWAY = (1 << 38) - 1


@dataclass
class Subscription:
    """One subscription; `active` once its id has been answered, so that no event comes before that."""

    kind: str
    query: LogQuery | None = None
    in_full: bool = False
    active: bool = False


class Subscriber:
    """The subscriptions of one connection and the messages that wait to be sent on it."""

    def __init__(self, chain: LocalChain, loop: asyncio.AbstractEventLoop) -> None:
        self._chain = chain
        self._loop = loop
        self._subscriptions: dict[str, Subscription] = {}
        self.outgoing: asyncio.Queue[Any] = asyncio.Queue()
        self.too_slow = asyncio.Event()
        with chain.lock:
            chain.block_listeners.append(self._on_block)
            chain.pending_listeners.append(self._on_pending)

    def close(self) -> None:
        """Stop listening to the chain."""
        with self._chain.lock:
            self._chain.block_listeners.remove(self._on_block)
            self._chain.pending_listeners.remove(self._on_pending)

    @property
    def methods(self) -> MethodTable:
        """The two methods that only a connection has."""
        return {"eth_subscribe": Method(self._subscribe, 2), "eth_unsubscribe": Method(self._unsubscribe, 1)}

    def send(self, message: Any) -> None:
        """Queue an answer; then the subscriptions it announces may speak."""
        self._put(message)
        with self._chain.lock:
            for subscription in self._subscriptions.values():
                subscription.active = True

    # -- methods, on a worker thread

    def _subscribe(self, _: RpcNode, parameters: Parameters) -> str:
        kind = parameters.required(0)
        if not isinstance(kind, str) or kind not in KINDS:
            raise RpcError(-32601, f"no {kind!r} subscription in eth namespace")
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise invalid_params(f"at most {MAX_SUBSCRIPTIONS} subscriptions on one connection")
        subscription = Subscription(kind)
        if kind == "logs":
            given = log_query(self._chain, parameters.raw(1) or {}, "invalid argument 1", future=True)
            subscription.query = LogQuery(0, FAR_AWAY, given.addresses, given.topics)
        elif kind == "newPendingTransactions":
            subscription.in_full = parameters.boolean(1)
        key = hex(secrets.randbits(120) | 1 << 120)
        with self._chain.lock:
            self._subscriptions[key] = subscription
        return key

    def _unsubscribe(self, _: RpcNode, parameters: Parameters) -> bool:
        with self._chain.lock:
            return self._subscriptions.pop(str(parameters.required(0)), None) is not None

    # -- events, on the thread that makes blocks, under the chain's lock

    def _on_block(self, block: BlockRecord) -> None:
        for key, subscription in self._active("newHeads", "logs"):
            if subscription.kind == "newHeads":
                self._push(key, header_json(block.header))
            elif subscription.query is not None:
                query = subscription.query
                wanted = LogQuery(block.number, block.number, query.addresses, query.topics)
                for shown in logs_json(self._chain, self._chain.logs(wanted)):
                    self._push(key, shown)

    def _on_pending(self, transaction_hash: bytes) -> None:
        for key, subscription in self._active("newPendingTransactions"):
            waiting = self._chain.pool.get(transaction_hash) if subscription.in_full else None
            if waiting is not None:
                self._push(key, signed_transaction_json(waiting.transaction, waiting.sender))
            else:
                self._push(key, data(transaction_hash))

    def _active(self, *kinds: str) -> list[tuple[str, Subscription]]:
        return [(k, s) for k, s in self._subscriptions.items() if s.active and s.kind in kinds]

    def _push(self, key: str, result: Any) -> None:
        message = {
            "jsonrpc": "2.0",
            "method": "eth_subscription",
            "params": {"subscription": key, "result": result},
        }
        self._call_soon(lambda: self._put(message))

    def _call_soon(self, callback: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback)

    def _put(self, message: Any) -> None:
        if self.outgoing.qsize() >= MAX_WAITING_MESSAGES:
            self.too_slow.set()
        else:
            self.outgoing.put_nowait(message)
