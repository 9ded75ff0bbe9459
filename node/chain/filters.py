"""Filters a client installs and polls: new logs, new blocks, new pending transactions.

A filter that nobody polls for five minutes is dropped, so a client that vanishes leaves nothing behind.
"""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from node.chain.chain import LocalChain
from node.chain.log_query import LogQuery
from node.chain.records import LogRecord

IDLE_LIMIT_S = 300.0
MAX_FILTERS = 1_000
MAX_PENDING_REMEMBERED = 10_000


class FilterNotFound(Exception):
    """No such filter, or it was dropped."""


@dataclass
class InstalledFilter:
    """One filter: `query` is for logs only; `seen` is the last block reported."""

    kind: str
    seen: int
    query: LogQuery | None = None
    open_ended: bool = True
    pending: list[bytes] = field(default_factory=list)
    polled_at: float = 0.0


class FilterRegistry:
    """All installed filters of one chain. Thread-safe."""

    def __init__(self, chain: LocalChain, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._chain = chain
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._filters: OrderedDict[str, InstalledFilter] = OrderedDict()
        chain.pending_listeners.append(self._note_pending)

    def install(self, kind: str, query: LogQuery | None = None, *, open_ended: bool = True) -> str:
        """Install a filter of kind logs, blocks or pending; returns its id."""
        with self._lock:
            self._drop_idle()
            while len(self._filters) >= MAX_FILTERS:
                self._filters.popitem(last=False)
            key = hex(secrets.randbits(120) | 1 << 120)
            self._filters[key] = InstalledFilter(
                kind, self._chain.head.number, query, open_ended, polled_at=self._monotonic()
            )
            return key

    def uninstall(self, key: str) -> bool:
        """Remove a filter; False when there was none."""
        with self._lock:
            return self._filters.pop(key, None) is not None

    def changes(self, key: str) -> tuple[str, list[bytes] | list[LogRecord]]:
        """What happened since the last poll: ("hashes", ...) or ("logs", ...). Raises FilterNotFound."""
        installed = self._find(key)
        with self._chain.lock:
            seen, head = installed.seen, self._chain.head.number
            installed.seen = head
            if installed.kind == "pending":
                installed.pending, waiting = [], installed.pending
                return "hashes", waiting
            if installed.kind == "blocks":
                return "hashes", [self._chain.block(n).hash for n in range(seen + 1, head + 1)]
            return "logs", self._logs_between(installed, seen + 1, head)

    def all_logs(self, key: str) -> list[LogRecord]:
        """Every log that matches a log filter, from its beginning. Raises FilterNotFound."""
        installed = self._find(key)
        if installed.query is None:
            raise FilterNotFound
        query = installed.query
        return self._logs_between(installed, query.first, self._chain.head.number)

    def _logs_between(self, installed: InstalledFilter, first: int, head: int) -> list[LogRecord]:
        query = installed.query
        if query is None:
            return []
        last = head if installed.open_ended else min(query.last, head)
        first = max(first, query.first)
        if first > last:
            return []
        return self._chain.logs(LogQuery(first, last, query.addresses, query.topics))

    def _find(self, key: str) -> InstalledFilter:
        with self._lock:
            self._drop_idle()
            installed = self._filters.get(key)
            if installed is None:
                raise FilterNotFound
            installed.polled_at = self._monotonic()
            return installed

    def _drop_idle(self) -> None:
        oldest = self._monotonic() - IDLE_LIMIT_S
        for key in [key for key, one in self._filters.items() if one.polled_at < oldest]:
            del self._filters[key]

    def _note_pending(self, transaction_hash: bytes) -> None:
        with self._lock:
            for installed in self._filters.values():
                if installed.kind == "pending" and len(installed.pending) < MAX_PENDING_REMEMBERED:
                    installed.pending.append(transaction_hash)
