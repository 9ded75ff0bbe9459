"""A chain that makes blocks when told, keeps a pool that may forget, and can replace its last blocks by others.

It knows transactions, receipts and logs; what a call does is for the contracts' rules in Python.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from node.ledger.signed_bytes import sender_and_nonce, unsigned_of
from tests.simulation.seeded.fake_contracts import Event, FakeContracts
from tests.simulation.seeded.fake_time import WorldTime
from tests.simulation.seeded.reverted import Reverted
from wallet.keccak import keccak

FINAL_DEPTH = 6
GAS = 150_000


@dataclass(frozen=True)
class Sent:
    """A signed transaction as the pool has it."""

    hash: str
    sender: str
    nonce: int
    to: str
    data: bytes
    gas: int


@dataclass
class Block:
    """A block with what happened in it and what would undo it."""

    number: int
    hash: str
    time_s: int
    included: list[Sent] = field(default_factory=list)
    succeeded: dict[str, bool] = field(default_factory=dict)
    events: list[tuple[str, Event]] = field(default_factory=list)
    journal: list[Callable[[], None]] = field(default_factory=list)


class NonceTooLow(Exception):
    """The nonce was used in a block already."""


class FakeChain:
    """One chain that every institution's connection looks at."""

    def __init__(self, contracts: FakeContracts, time: WorldTime, random: Random) -> None:
        self.contracts = contracts
        self.blocks: list[Block] = []
        self.pool: dict[str, Sent] = {}
        self.nonces: dict[str, int] = {}
        self.uses: dict[str, list[int]] = {}
        self.places: dict[str, Block] = {}
        self.reorganisations = 0
        self._time = time
        self._random = random
        self._salt = 0

    @property
    def head(self) -> Block:
        """The newest block."""
        return self.blocks[-1]

    @property
    def final(self) -> Block:
        """The newest block that no reorganisation of ours ever reaches."""
        return self.blocks[max(0, len(self.blocks) - 1 - FINAL_DEPTH)]

    def begin(self, events: list[Event]) -> None:
        """The genesis, in which money is issued."""
        block = self._new_block()
        block.events = [("0x" + "00" * 32, event) for event in events]
        self.contracts.journal.clear()
        self.blocks.append(block)

    def take(self, raw: bytes) -> str:
        """Into the pool; raises NonceTooLow. The same bytes again change nothing."""
        key = "0x" + keccak(raw).hex()
        if key in self.pool or key in self.places:
            return key
        sender, nonce = sender_and_nonce(raw)
        if nonce < self.nonces.get(sender, 0):
            raise NonceTooLow
        unsigned = unsigned_of(raw)
        self.pool[key] = Sent(key, sender, nonce, unsigned.to or "", unsigned.data, unsigned.gas)
        return key

    def mine(self, most: int = 100) -> Block:
        """A block of what is executable now, in the order of arrival."""
        block = self._new_block()
        progress = True
        while progress and len(block.included) < most:
            progress = False
            for sent in list(self.pool.values()):
                if sent.nonce == self.nonces.get(sent.sender, 0) and len(block.included) < most:
                    self._include(block, sent)
                    progress = True
        block.journal = self.contracts.journal[:]
        self.contracts.journal.clear()
        self.blocks.append(block)
        return block

    def reorganise(self, depth: int) -> None:
        """Replace the last `depth` blocks by one more of others; the pool may have lost some of their contents."""
        for _ in range(min(depth, len(self.blocks) - 1)):
            self._take_back(self.blocks.pop())
        self._salt += 1
        self.reorganisations += 1
        for _ in range(depth + 1):
            self.mine(self._random.choice((0, 1, 100)))

    def forget(self, share: float) -> None:
        """The pool loses some of what waits in it, as pools do."""
        for key in list(self.pool):
            if self._random.random() < share:
                del self.pool[key]

    def count_at(self, sender: str, number: int) -> int:
        """How many nonces an account had used by the end of a block."""
        return bisect_right(self.uses.get(sender, []), number)

    def _include(self, block: Block, sent: Sent) -> None:
        try:
            _, events = self.contracts.call(sent.to, sent.data, block.time_s)
            block.succeeded[sent.hash] = True
            block.events += [(sent.hash, event) for event in events]
        except Reverted:
            block.succeeded[sent.hash] = False
        del self.pool[sent.hash]
        self.nonces[sent.sender] = sent.nonce + 1
        self.uses.setdefault(sent.sender, []).append(block.number)
        self.places[sent.hash] = block
        block.included.append(sent)

    def _take_back(self, block: Block) -> None:
        self.contracts.undo(block.journal)
        for sent in reversed(block.included):
            self.nonces[sent.sender] -= 1
            self.uses[sent.sender].pop()
            del self.places[sent.hash]
        for sent in block.included:
            if self._random.random() < 0.8:
                self.pool[sent.hash] = sent

    def _new_block(self) -> Block:
        number = len(self.blocks)
        time_s = max(int(self._time.now_s()), self.blocks[-1].time_s + 1 if self.blocks else 0)
        parent = self.blocks[-1].hash if self.blocks else ""
        return Block(number, "0x" + hashlib.sha256(f"{parent}{self._salt}{time_s}".encode()).hexdigest(), time_s)
