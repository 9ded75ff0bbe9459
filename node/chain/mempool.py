"""Transactions that wait for a block: per account by nonce, with gaps, with replacement by price.

The pool knows nonces and prices only; whether a transaction can be paid for is checked before it comes here, and
again when its block is built.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple

from eth.abc import SignedTransactionAPI

from node.chain.errors import TransactionRefused

MAX_POOLED = 20_000
MAX_POOLED_PER_ACCOUNT = 1_024
PRICE_BUMP_PERCENT = 10


class PooledTransaction(NamedTuple):
    """A waiting transaction and the order in which it came."""

    transaction: SignedTransactionAPI
    sender: bytes
    hash: bytes
    arrival: int


@dataclass
class Mempool:
    """The waiting transactions of a chain."""

    _by_account: dict[bytes, dict[int, PooledTransaction]] = field(default_factory=dict)
    _by_hash: dict[bytes, PooledTransaction] = field(default_factory=dict)
    _arrivals: Iterator[int] = field(default_factory=count)

    def __len__(self) -> int:
        return len(self._by_hash)

    def __contains__(self, transaction_hash: bytes) -> bool:
        return transaction_hash in self._by_hash

    def get(self, transaction_hash: bytes) -> PooledTransaction | None:
        """The waiting transaction with this hash."""
        return self._by_hash.get(transaction_hash)

    def all(self) -> list[PooledTransaction]:
        """Everything that waits, in the order it came."""
        return sorted(self._by_hash.values(), key=lambda pooled: pooled.arrival)

    def account(self, address: bytes) -> dict[int, PooledTransaction]:
        """What waits of one account, by nonce."""
        return dict(self._by_account.get(address, {}))

    def add(self, transaction: SignedTransactionAPI) -> PooledTransaction | None:
        """Put a transaction in; returns the one it replaces, if any.

        A replacement must raise both fees by ten per cent, and by at least one wei: a free transaction can be
        replaced only by one that pays. Raises TransactionRefused.
        """
        old = self._by_account.get(transaction.sender, {}).get(transaction.nonce)
        if old is None:
            self._check_room(transaction.sender)
        elif not _outbids(transaction, old.transaction):
            raise TransactionRefused("replacement transaction underpriced")
        else:
            self.remove(old.hash)
        pooled = PooledTransaction(transaction, transaction.sender, transaction.hash, next(self._arrivals))
        self._by_account.setdefault(pooled.sender, {})[transaction.nonce] = pooled
        self._by_hash[pooled.hash] = pooled
        return old

    def remove(self, transaction_hash: bytes) -> None:
        """Take a transaction out, because it is in a block or never will be."""
        pooled = self._by_hash.pop(transaction_hash, None)
        if pooled is None:
            return
        waiting = self._by_account[pooled.sender]
        del waiting[pooled.transaction.nonce]
        if not waiting:
            del self._by_account[pooled.sender]

    def below(self, address: bytes, nonce: int) -> list[bytes]:
        """What waits of an account with a nonce below this one, which can never be mined any more."""
        return [p.hash for used, p in self._by_account.get(address, {}).items() if used < nonce]

    def next_nonce(self, address: bytes, nonce: int) -> int:
        """The first nonce, from `nonce` on, that nothing waiting takes."""
        waiting = self._by_account.get(address, {})
        while nonce in waiting:
            nonce += 1
        return nonce

    def at(self, address: bytes, nonce: int) -> PooledTransaction | None:
        """The waiting transaction of an account with this nonce."""
        return self._by_account.get(address, {}).get(nonce)

    def best_first(
        self, next_nonce: Callable[[bytes], int], fits: Callable[[SignedTransactionAPI], bool]
    ) -> Iterator[PooledTransaction]:
        """What fits in its turn: in nonce order within an account, and between accounts by price, then arrival."""
        ready = [_rank(w) for a in self._by_account if (w := self.at(a, next_nonce(a))) is not None]
        heapify(ready)
        while ready:
            *_, best = heappop(ready)
            if fits(best.transaction):
                following = self.at(best.sender, best.transaction.nonce + 1)
                if following is not None:
                    heappush(ready, _rank(following))
                yield best

    def overtaken_by(self, transactions: Iterable[SignedTransactionAPI]) -> list[bytes]:
        """What need not wait once these are in a block: they themselves, and what they make impossible."""
        gone: list[bytes] = []
        for transaction in transactions:
            gone.append(transaction.hash)
            gone += self.below(transaction.sender, transaction.nonce + 1)
        return gone

    def accounts(self) -> list[bytes]:
        """Every account that has something waiting."""
        return list(self._by_account)

    def _check_room(self, address: bytes) -> None:
        if len(self._by_hash) >= MAX_POOLED:
            raise TransactionRefused(f"txpool is full: {MAX_POOLED} transactions wait")
        if len(self._by_account.get(address, {})) >= MAX_POOLED_PER_ACCOUNT:
            raise TransactionRefused(f"account limit exceeded: {MAX_POOLED_PER_ACCOUNT} transactions wait")


def _rank(waiting: PooledTransaction) -> tuple[int, int, PooledTransaction]:
    """Its place in a queue: the best price first, and among equals the one that came first."""
    return -waiting.transaction.max_priority_fee_per_gas, waiting.arrival, waiting


def _outbids(new: SignedTransactionAPI, old: SignedTransactionAPI) -> bool:
    def enough(offered: int, before: int) -> bool:
        return offered > before and offered * 100 >= before * (100 + PRICE_BUMP_PERCENT)

    return enough(new.max_fee_per_gas, old.max_fee_per_gas) and enough(
        new.max_priority_fee_per_gas, old.max_priority_fee_per_gas
    )
