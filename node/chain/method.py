"""What a JSON-RPC method is: a function of the node and the parameters, and how many parameters it takes."""

from collections.abc import Callable, Mapping
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
    """A method's code and the most parameters it takes."""

    run: Callable[[RpcNode, Parameters], Any]
    most: int


MethodTable = Mapping[str, Method]
