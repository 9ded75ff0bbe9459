"""State trie nodes and contract code by their hash: a cache over the store, and the writes of the open block.

py-evm reads and writes here; nothing reaches the store until the block that made it is committed.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from eth.db.backends.base import BaseAtomicDB
from lru import LRU

CACHED_NODES = 30_000


class NodeSource(Protocol):
    """Where committed nodes come from."""

    def node(self, key: bytes) -> bytes | None:
        """The node with this hash, or None."""
        ...


class NodeDatabase(BaseAtomicDB):
    """py-evm's database of nodes: open writes first, then the cache, then the store.

    With `keeps_preimages`, a state also writes here, under their hashes, the addresses and slots it changes: the
    trie knows only the hashes, and a dump of the state needs the names.
    """

    def __init__(self, source: NodeSource) -> None:
        self._source = source
        self.keeps_preimages = False
        self._open: dict[bytes, bytes] = {}
        self._cache: LRU[bytes, bytes] = LRU(CACHED_NODES)

    def __getitem__(self, key: bytes) -> bytes:
        value = self._open.get(key)
        if value is None:
            value = self._cache.get(key)
        if value is None:
            value = self._source.node(key)
            if value is None:
                raise KeyError(key)
            self._cache[key] = value
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._open[key] = value

    def __delitem__(self, key: bytes) -> None:
        self._open.pop(key, None)

    def _exists(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    @contextmanager
    def atomic_batch(self) -> Iterator[Any]:
        """Batches need no bookkeeping of their own: an open block is dropped or committed as a whole."""
        yield self

    @property
    def write(self) -> Callable[[bytes, bytes], None]:
        """Writes to the open block, without a call in between; do not keep it beyond that block."""
        return self._open.__setitem__

    @property
    def open_writes(self) -> Mapping[bytes, bytes]:
        """What the open block has written so far."""
        return self._open

    def keep(self) -> None:
        """Move the open writes into the cache, once the store has committed them."""
        self._cache.update(self._open)
        self._open = {}

    def drop(self) -> None:
        """Forget the open writes."""
        self._open = {}
