"""One run of the chain's bench: engines started, measured in turns, and ended.

The node is started from the command line it is given, since only the command line knows how a user starts one.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from node.chain.bench import engines
from node.chain.bench.beside import Beside, Extent, InProcess, Tell
from node.chain.bench.engines import prepare
from node.chain.bench.figure import Figure
from node.chain.bench.grown import Size, grow, memory, reopened, still_as_quick
from node.chain.chain import LocalChain


@dataclass(frozen=True)
class Plan:
    """What a run does: the command that starts our node, where Anvil is, and how much to measure."""

    node: Sequence[str]
    anvil: str | None
    extent: Extent
    size: Size
    with_eth_tester: bool = True


FULL = Extent(turns=9, sends=60, tester_blocks=5), Size(10_000)
QUICK = Extent(turns=5, sends=40, tester_blocks=3), Size(1_000)


def measure(plan: Plan, tell: Tell) -> Iterator[Figure]:
    """Every row, as it is known; `tell` hears what is going on."""
    with tempfile.TemporaryDirectory(prefix="corridor-bench-") as made:
        folder = Path(made)
        with _beside(plan, folder) as beside:
            yield from beside.figures(tell)
        yield from _grown(plan, folder, tell)


@contextmanager
def _beside(plan: Plan, folder: Path) -> Iterator[Beside]:
    with ExitStack() as opened:
        chain = LocalChain.open(folder / "in process")
        opened.callback(chain.close)
        ours = prepare(opened.enter_context(engines.our_node(plan.node, folder / "ours")))
        tester = prepare(opened.enter_context(engines.eth_tester(folder))) if plan.with_eth_tester else None
        anvil = prepare(opened.enter_context(engines.anvil(plan.anvil, folder))) if plan.anvil else None
        yield Beside(ours, InProcess(chain), tester, anvil, plan.extent)


def _grown(plan: Plan, folder: Path, tell: Tell) -> Iterator[Figure]:
    command = [*plan.node, "--dev"]
    with engines.our_node(command, folder / "grown") as grown:
        grow(prepare(grown), plan.size, tell)
        yield memory(grown, plan.size)
        tell("the grown chain beside an empty one")
        with engines.our_node(command, folder / "empty") as empty:
            yield still_as_quick(prepare(empty), grown, plan.size, plan.extent.turns, plan.extent.sends)
    tell("opening the grown chain")
    yield from reopened(folder / "grown" / "data", plan.extent.turns, plan.size)
