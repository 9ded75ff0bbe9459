"""The names behind bytes: which contract an address runs, which function a call names, what its arguments are.

A contract is recognised by its code, which begins with the artifact's (Vyper puts immutables behind it), so no
list of addresses is needed, and none can mislead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts import Artifact
from node.ledger import abi as codec

Arguments = tuple[tuple[str, Any], ...]

SELECTOR_BYTES: Final = 4
PRECOMPILES: Final[Mapping[int, str]] = {
    1: "ecrecover",
    2: "sha256",
    3: "ripemd160",
    4: "identity",
    5: "modexp",
    6: "bn254_add",
    7: "bn254_multiply",
    8: "bn254_pairing",
    9: "blake2f",
    10: "point_evaluation",
}


@dataclass(frozen=True)
class NamedCall:
    """What could be read of a call: None and empty where the book does not know."""

    contract: str | None = None
    function: str | None = None
    arguments: Arguments | None = None
    outputs: tuple[Mapping[str, Any], ...] = ()

    def returned(self, output: bytes) -> Arguments | None:
        """The named values in what the function returned; None where that cannot be read."""
        if not self.outputs or not output:
            return None
        return _arguments(self.outputs, output)


class NameBook:
    """Artifacts, to be looked up by code and by selector."""

    def __init__(self, artifacts: Iterable[Artifact]) -> None:
        self._artifacts = tuple(artifacts)
        self._functions: dict[str, dict[bytes, Mapping[str, Any]]] = {
            one.name: {codec.selector(entry): entry for entry in one.abi if entry["type"] == "function"}
            for one in self._artifacts
        }

    def contract_of(self, code: bytes) -> str | None:
        """The artifact whose code this is."""
        return next((one.name for one in self._artifacts if one.runtime and code.startswith(one.runtime)), None)

    def call(self, address: str, code: bytes, data: bytes) -> NamedCall:
        """A call of `data` to an address that runs `code`.

        A function of a contract that is not in the book still has a name where one of the book's has its selector.
        """
        number = int(address, 16)
        if number in PRECOMPILES:
            return NamedCall(function=PRECOMPILES[number])
        contract = self.contract_of(code)
        entry = self._entry(contract, data[:SELECTOR_BYTES])
        if entry is None:
            return NamedCall(contract)
        arguments = _arguments(entry["inputs"], data[SELECTOR_BYTES:])
        return NamedCall(contract, entry["name"], arguments, tuple(entry["outputs"]))

    def creation(self, data: bytes) -> NamedCall:
        """The making of a contract by creation code and arguments."""
        found = next((one for one in self._artifacts if one.bytecode and data.startswith(one.bytecode)), None)
        if found is None:
            return NamedCall(function="constructor")
        inputs = next((entry["inputs"] for entry in found.abi if entry["type"] == "constructor"), ())
        return NamedCall(found.name, "constructor", _arguments(inputs, data[len(found.bytecode) :]))

    def _entry(self, contract: str | None, selector: bytes) -> Mapping[str, Any] | None:
        books = self._functions.values() if contract is None else [self._functions[contract]]
        return next((book[selector] for book in books if selector in book), None)


def _arguments(fields: Iterable[Mapping[str, Any]], data: bytes) -> Arguments | None:
    try:
        return codec.decode_arguments(tuple(fields), data)
    except ValueError:
        return None
