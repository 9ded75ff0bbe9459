"""What a JSON-RPC method is: a function of the node and the parameters, and how many parameters it takes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from node.chain.chain import LocalChain
from node.chain.development import DevelopmentChain
from node.chain.filters import FilterRegistry
from node.chain.parameters import Parameters


@dataclass(frozen=True)
class RpcNode:
    """What methods work on."""

    chain: LocalChain
    filters: FilterRegistry
    client_version: str
    development: DevelopmentChain | None = None


@dataclass(frozen=True)
class Method:
    """A method's code and the most parameters it takes.

    `brief` says of parameters, which may be anything, whether answering is so quick that no thread is worth it.
    """

    run: Callable[[RpcNode, Parameters], Any]
    most: int
    brief: Callable[[Sequence[Any]], bool] | None = None


def always(_: Sequence[Any]) -> bool:
    """A method that is brief whatever it is asked."""
    return True


MethodTable = Mapping[str, Method]
