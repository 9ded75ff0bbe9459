"""Our chain beside eth-tester and Anvil: the engines take turns, and each turn is one sample.

Everybody runs the same transactions of the same token. Times are wall times, since waiting for a disk or for a
block is part of what is measured; on a loaded machine only the ratios mean much.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from eth_typing import HexStr
from web3 import HTTPProvider, Web3

from node.chain.bench.engines import SENDERS, Engine
from node.chain.bench.figure import Figure, Samples, compared
from node.chain.bench.workload import (
    BATCH_GAS,
    TRANSFER_GAS,
    Account,
    accounts,
    batch,
    deployment,
    fresh_address,
    fresh_batch,
    spin,
    transfer,
    transfers,
)
from node.chain.chain import LocalChain
from node.chain.genesis import CHAIN_ID
from node.chain.rpc import JsonRpc

Tell = Callable[[str], None]
POLL_S: Final = 0.002
SPINS: Final = 8_000
ONE_BY_ONE: Final = "durable send and receipt, one at a time, through web3.py over HTTP"
IN_BLOCKS: Final = "transactions in blocks of 100, in process"


@dataclass(frozen=True)
class Extent:
    """How much is measured: turns of each engine, and transactions in a turn of the one-by-one measure."""

    turns: int
    sends: int
    tester_blocks: int


@dataclass
class InProcess:
    """Our chain in this process, on disk, with the token deployed."""

    chain: LocalChain
    senders: list[Account] = field(default_factory=lambda: accounts(CHAIN_ID, 0, SENDERS))
    token: bytes = b""

    def __post_init__(self) -> None:
        self.rpc = JsonRpc(self.chain)
        owner = self.senders[0]
        raw, self.token = deployment(owner)
        self.chain.send_raw_transaction(raw)
        creditors = [one.address for one in self.senders]
        self.chain.send_raw_transaction(owner.signed(self.token, batch(creditors, 10**9), BATCH_GAS))

    def block(self) -> float:
        """Seconds for a block of one transfer of each sender, sent and mined together: acknowledged at the end."""
        raws = list(transfers(self.senders, self.token))
        self.chain.automine = False
        started = time.perf_counter()
        with self.chain.acknowledging_together():
            for raw in raws:
                self.chain.send_raw_transaction(raw)
            self.chain.mine()
        took_s = time.perf_counter() - started
        self.chain.automine = True
        return took_s

    def heavy(self) -> float:
        """Seconds for a batch of 200 transfers."""
        raw = self.senders[0].signed(self.token, fresh_batch(), BATCH_GAS)
        return _seconds(lambda: self.chain.send_raw_transaction(raw))

    def compute(self) -> float:
        """Seconds for the compute loop through eth_call."""
        request = _spin(self.token)
        return _seconds(lambda: self.rpc.dispatch("eth_call", [request, "latest"]))


@dataclass(frozen=True)
class Beside:
    """The engines of one run; eth-tester and Anvil may be absent."""

    ours: Engine
    inside: InProcess
    eth_tester: Engine | None
    anvil: Engine | None
    extent: Extent

    def figures(self, tell: Tell) -> Iterator[Figure]:
        """Every comparison, one after another."""
        tell("sending one at a time")
        one = self._turns(*[_one_by_one(engine, self.extent.sends) for engine in self._engines()])
        yield compared(f"{ONE_BY_ONE}, beside the eth-tester bridge", "tx/s", one, "eth_tester", 1.5, faster=True)
        yield compared(f"{ONE_BY_ONE}, beside Anvil", "tx/s", one, "anvil", 1.0, faster=True)
        tell("filling blocks of 100; eth-tester takes long over them")
        blocks = self._blocks()
        yield compared(f"{IN_BLOCKS}, beside eth-tester", "tx/s", blocks, "eth_tester", 150, faster=True)
        yield compared(f"{IN_BLOCKS}, beside Anvil over HTTP", "tx/s", blocks, "anvil", 0.3, faster=True)
        tell("a batch of 200 transfers")
        heavy = self._turns(
            self.inside.heavy, _for(self.eth_tester, _tester_heavy), _for(self.anvil, _anvil_heavy)
        )
        yield compared("a 5 Mgas batch of transfers", "ms", _in_ms(heavy), "eth_tester", 3, faster=False)
        tell("a compute loop")
        loop = self._turns(self.inside.compute, _for(self.eth_tester, _tester_loop), _for(self.anvil, _anvil_loop))
        yield compared("a compute loop through eth_call", "ms", _in_ms(loop), "eth_tester", 15, faster=False)

    def _engines(self) -> tuple[Engine, Engine | None, Engine | None]:
        return self.ours, self.eth_tester, self.anvil

    def _turns(self, *sides: Callable[[], float] | None) -> Samples:
        """Each side in turn, after one round that does not count."""
        for side in filter(None, sides):
            side()
        rounds = [[side() if side else None for side in sides] for _ in range(self.extent.turns)]
        return Samples(*[[one for one in column if one is not None] for column in zip(*rounds, strict=True)])

    def _blocks(self) -> Samples:
        """Blocks a second times 100; eth-tester gets fewer turns, since one takes it many seconds."""
        ours, tester, anvil = [], [], []
        self.inside.block()
        if self.anvil is not None:
            _anvil_block(self.anvil)
        for turn in range(self.extent.turns):
            ours.append(SENDERS / self.inside.block())
            if self.anvil is not None:
                anvil.append(SENDERS / _anvil_block(self.anvil))
            if self.eth_tester is not None and turn < self.extent.tester_blocks:
                tester.append(SENDERS / _tester_block(self.eth_tester))
        return Samples(ours, tester, anvil)


def send_and_wait(web3: Web3, raw: bytes) -> None:
    """Send a transaction through web3.py and wait for its receipt, asking every 2 ms."""
    receipt = web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(raw), 60, POLL_S)
    if receipt["status"] != 1:
        raise RuntimeError("a transaction of the bench failed")


def _one_by_one(engine: Engine | None, sends: int) -> Callable[[], float] | None:
    """A turn: transactions a second when each waits for the receipt of the one before."""
    if engine is None:
        return None
    web3, owner = Web3(HTTPProvider(engine.url)), engine.senders[0]

    def turn() -> float:
        raws = [owner.signed(engine.token, transfer(fresh_address()), TRANSFER_GAS) for _ in range(sends)]
        started = time.perf_counter()
        for raw in raws:
            send_and_wait(web3, raw)
        return sends / (time.perf_counter() - started)

    return turn


def _for(engine: Engine | None, measure: Callable[[Engine], float]) -> Callable[[], float] | None:
    return None if engine is None else lambda: measure(engine)


def _tester_block(engine: Engine) -> float:
    taken: float = engine.call(
        "bench_block", ["0x" + raw.hex() for raw in transfers(engine.senders, engine.token)]
    )
    return taken


def _tester_heavy(engine: Engine) -> float:
    raw = engine.senders[0].signed(engine.token, fresh_batch(), BATCH_GAS)
    taken: float = engine.call("bench_send", "0x" + raw.hex())
    return taken


def _tester_loop(engine: Engine) -> float:
    taken: float = engine.call("bench_call", "0x" + engine.token.hex(), "0x" + spin(SPINS).hex())
    return taken


def _anvil_block(engine: Engine) -> float:
    """The same block over HTTP: one batch of requests that sends, one that mines."""
    raws = ["0x" + raw.hex() for raw in transfers(engine.senders, engine.token)]
    engine.call("evm_setAutomine", False)
    calls: Sequence[tuple[str, Sequence[object]]] = [("eth_sendRawTransaction", [raw]) for raw in raws]
    taken = _seconds(lambda: (engine.call_many(calls), engine.call("evm_mine")))
    engine.call("evm_setAutomine", True)
    return taken


def _anvil_heavy(engine: Engine) -> float:
    raw = engine.senders[0].signed(engine.token, fresh_batch(), BATCH_GAS)

    def send() -> None:
        sent = engine.send(raw)
        while engine.call("eth_getTransactionReceipt", sent) is None:
            time.sleep(POLL_S / 4)

    return _seconds(send)


def _anvil_loop(engine: Engine) -> float:
    request = _spin(engine.token)
    return _seconds(lambda: engine.call("eth_call", request, "latest"))


def _spin(token: bytes) -> dict[str, HexStr]:
    return {"to": HexStr("0x" + token.hex()), "data": HexStr("0x" + spin(SPINS).hex())}


def _in_ms(samples: Samples) -> Samples:
    return Samples(*[[one * 1000 for one in side] for side in (samples.ours, samples.eth_tester, samples.anvil)])


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
