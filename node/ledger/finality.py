"""When a block is final: one function per kind of engine, chosen from what the engine itself answers.

*Included* becomes *settled* here and nowhere else, so an engine that nobody knows gets the careful rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from node.ledger.errors import EngineRefused, LedgerUnreachable
from node.ledger.transport import Connection

# Blocks on top that a chain without a finality of its own must have: two minutes at ten seconds a block.
CAREFUL_DEPTH: Final = 12
_DEPTH: Final = re.compile(r"depth:(0|[1-9][0-9]{0,5})")


class FinalityKind(Enum):
    """How a block becomes final."""

    INSTANT = "instant"
    FINALIZED = "finalized"
    DEPTH = "depth"


@dataclass(frozen=True)
class Finality:
    """The rule in force; `depth` counts blocks on top and is 0 unless the kind is DEPTH."""

    kind: FinalityKind
    depth: int = 0

    def __str__(self) -> str:
        """As it is configured: `instant`, `finalized` or `depth:12`."""
        return f"depth:{self.depth}" if self.kind is FinalityKind.DEPTH else self.kind.value


INSTANT: Final = Finality(FinalityKind.INSTANT)
FINALIZED: Final = Finality(FinalityKind.FINALIZED)


def finality_from(text: str) -> Finality:
    """Read `instant`, `finalized` or `depth:N`; raises ValueError for anything else."""
    depth = _DEPTH.fullmatch(text)
    if depth:
        return Finality(FinalityKind.DEPTH, int(depth[1]))
    if text in {FinalityKind.INSTANT.value, FinalityKind.FINALIZED.value}:
        return Finality(FinalityKind(text))
    raise ValueError(f"finality is instant, finalized or depth:N, not {text!r}")


def finality_of(connection: Connection, client_version: str) -> Finality:
    """The rule for the engine behind `connection`, found by asking it.

    The local chain and eth-tester never replace a block. Anvil does so only when a test orders it, and its
    `finalized` tag merely trails the head by 64 blocks whatever happens, so it counts as instant too. Besu under
    QBFT or IBFT commits a block once, by vote. Clique has no finality: half of its signers and one more must
    have built on a block. Every other engine is believed if it answers the `finalized` tag with a block, and
    gets CAREFUL_DEPTH otherwise.
    """
    engine = client_version.split("/", 1)[0].lower()
    if engine.startswith(("corridor", "ethereumtester", "eth-tester", "anvil")):
        return INSTANT
    if engine == "besu" and any(
        _answers(connection, f"{vote}_getValidatorsByBlockNumber") for vote in ("qbft", "ibft")
    ):
        return INSTANT
    signers = _answers(connection, "clique_getSigners")
    if signers:
        return Finality(FinalityKind.DEPTH, len(signers) // 2 + 1)
    if _asked(connection, "eth_getBlockByNumber", "finalized", False):
        return FINALIZED
    return Finality(FinalityKind.DEPTH, CAREFUL_DEPTH)


def _answers(connection: Connection, method: str) -> Any:
    return _asked(connection, method, "latest")


def _asked(connection: Connection, method: str, *params: Any) -> Any:
    """The answer, or None where the engine does not know the question; an unreachable engine stays one."""
    try:
        return connection.call(method, *params)
    except EngineRefused:
        return None
    except LedgerUnreachable as error:
        if type(error) is LedgerUnreachable:
            raise
        return None  # LedgerBehind: there is no such block yet
