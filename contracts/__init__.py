"""The rules of money, on chain: the contracts in Vyper, and their compiled form as data.

Running Corridor needs no compiler: `artifact` reads what `python -m contracts.compile` has written.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ARTIFACTS = Path(__file__).parent / "artifacts"


@dataclass(frozen=True)
class Artifact:
    """One deployable contract, compiled: `bytecode` creates it, `runtime` is its code without immutables."""

    name: str
    abi: list[dict[str, Any]]
    bytecode: bytes
    runtime: bytes
    source_digest: str
    compiler: str
    evm_version: str


def artifact_names() -> tuple[str, ...]:
    """The names of all deployable contracts, sorted."""
    return tuple(sorted(path.stem for path in ARTIFACTS.glob("*.json")))


@cache
def artifact(name: str) -> Artifact:
    """The shipped artifact of a contract, such as "CurrencyToken". Raises KeyError for an unknown name."""
    if name not in artifact_names():
        raise KeyError(f"no contract named {name!r}; there are {', '.join(artifact_names())}")
    document = json.loads((ARTIFACTS / f"{name}.json").read_text(encoding="ascii"))
    return Artifact(
        name=document["name"],
        abi=document["abi"],
        bytecode=bytes.fromhex(document["bytecode"]),
        runtime=bytes.fromhex(document["runtime"]),
        source_digest=document["source_digest"],
        compiler=document["compiler"],
        evm_version=document["settings"]["evm_version"],
    )
