"""The chain when it has grown: as quick as when it was empty, in bounded memory, and open again in a moment.

A node is grown through its own JSON-RPC, and measured in turns with an empty one that is started the same way.
"""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from web3 import HTTPProvider, Web3

from node.chain.bench.beside import Tell, send_and_wait
from node.chain.bench.engines import Engine
from node.chain.bench.figure import Figure, Samples, capped, kept_up
from node.chain.bench.workload import TRANSFER_GAS, fresh_address, transfer, transfers
from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.development import development_genesis, development_signers
from node.chain.genesis import CHAIN_ID
from node.chain.rpc import JsonRpc

PER_BLOCK: Final = 10
BLOCKS_PER_REQUEST: Final = 10
MEMORY_MB: Final = 200
LOOK_UP_MS: Final = 1
OPENING_MS: Final = 50
SLACK: Final = 0.2
SAMPLES: Final = 200


@dataclass(frozen=True)
class Size:
    """How far a chain is grown: blocks of ten transfers, each of which fills a slot never used before."""

    blocks: int

    @property
    def transactions(self) -> int:
        """Transactions, and storage slots."""
        return self.blocks * PER_BLOCK

    def __str__(self) -> str:
        return f"{self.transactions:,} storage slots and {self.blocks:,} blocks"


def grow(engine: Engine, size: Size, tell: Tell) -> None:
    """Fill blocks with transfers until the chain has its size."""
    engine.call("evm_setAutomine", False)
    for made in range(0, size.blocks, BLOCKS_PER_REQUEST):
        calls: list[tuple[str, list[Any]]] = []
        for block in range(BLOCKS_PER_REQUEST):
            first = (made + block) * PER_BLOCK % len(engine.senders)
            signers = engine.senders[first : first + PER_BLOCK]
            calls += [("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in transfers(signers, engine.token)]
            calls.append(("evm_mine", []))
        engine.call_many(calls)
        if made % 250 == 0:
            tell(f"growing a chain: block {made:,} of {size.blocks:,}")
    engine.call("evm_setAutomine", True)


def memory(engine: Engine, size: Size) -> Figure:
    """What a node's process holds in memory after all that, in MB of 10^6 bytes."""
    status = Path(f"/proc/{engine.pid}/status").read_text(encoding="ascii")
    held_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    samples = Samples([held_kib * 1024 / 10**6])
    return capped(f"memory of a node's process at {size.transactions:,} transactions", "MB", samples, MEMORY_MB)


def still_as_quick(empty: Engine, grown: Engine, size: Size, turns: int, sends: int) -> Figure:
    """Durable sends one at a time, on an empty chain and on a grown one in turns."""
    found: dict[str, list[float]] = {"empty": [], "grown": []}
    webs = {"empty": (empty, Web3(HTTPProvider(empty.url))), "grown": (grown, Web3(HTTPProvider(grown.url)))}
    for turn in range(turns + 1):
        for name, (engine, web3) in webs.items():
            owner = engine.senders[0]
            raws = [owner.signed(engine.token, transfer(fresh_address()), TRANSFER_GAS) for _ in range(sends)]
            started = time.perf_counter()
            for raw in raws:
                send_and_wait(web3, raw)
            found[name] += [(time.perf_counter() - started) * 1000 / sends] if turn else []
    measure = f"the same (send and receipt) at {size}"
    return kept_up(measure, "ms", found["grown"], found["empty"], SLACK)


def reopened(folder: Path, turns: int, size: Size) -> Iterator[Figure]:
    """What a stopped node's store costs to open, and its receipts to find; the store must be free."""
    genesis = development_genesis(CHAIN_ID, development_signers())
    opening = []
    for _ in range(turns):
        started = time.perf_counter()
        chain = LocalChain.open(folder, genesis, ChainClock(strict=True))
        opening.append((time.perf_counter() - started) * 1000)
        chain.close()
    chain = LocalChain.open(folder, genesis, ChainClock(strict=True))
    try:
        yield capped("receipt look-up, at the depth where it is slowest", "ms", _look_ups(chain), LOOK_UP_MS)
    finally:
        chain.close()
    yield capped(f"opening a chain of {size.blocks:,} blocks again", "ms", Samples(opening), OPENING_MS)


def _look_ups(chain: LocalChain) -> Samples:
    """Times of the depth that is slowest, of five: receipts asked for as JSON-RPC asks, from bytes to bytes."""
    rpc, top = JsonRpc(chain), chain.head.number
    depths = [max(3, top * fifth // 5) for fifth in range(6)]
    measured = [[_look_up_ms(rpc, chain, max(3, near - turn)) for turn in range(SAMPLES)] for near in depths]
    return Samples(max(measured, key=statistics.median))


def _look_up_ms(rpc: JsonRpc, chain: LocalChain, number: int) -> float:
    sought = chain.transaction_hashes_in(number)[0]
    body = b'{"jsonrpc":"2.0","id":1,"method":"eth_getTransactionReceipt","params":["0x%s"]}'
    asked = body % sought.hex().encode()
    started = time.perf_counter()
    answer = rpc.answer_body(asked)
    took_ms = (time.perf_counter() - started) * 1000
    if answer is None or b'"status":"0x1"' not in answer:
        raise RuntimeError(f"no receipt of a transaction in block {number}")
    return took_ms
