"""A transaction's tree of calls, with names: what called what, with which arguments, and where it went wrong.

It is made from a callTracer frame, as debug_traceTransaction gives it on every engine that traces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from node.ledger import abi as codec
from node.ledger.name_book import Arguments, NameBook, NamedCall
from wallet.address import to_checksum

CREATIONS: Final = frozenset({"CREATE", "CREATE2"})

CodeOf = Callable[[str], bytes]


@dataclass(frozen=True)
class Call:
    """One frame; gas in units of gas, value in wei. `failure` is None where it ended well.

    `arguments` and `returned` are None where the book cannot read them; the bytes are always there.
    """

    kind: str
    caller: str
    address: str
    contract: str | None
    function: str | None
    arguments: Arguments | None
    returned: Arguments | None
    data: bytes
    output: bytes
    value: int
    gas: int
    gas_used: int
    failure: str | None
    calls: tuple[Call, ...]

    def walk(self) -> Iterator[Call]:
        """This frame and all below it, in the order in which they began."""
        waiting = [self]
        while waiting:
            call = waiting.pop()
            yield call
            waiting += reversed(call.calls)


def read_trace(frame: Mapping[str, Any], book: NameBook, code_of: CodeOf) -> Call:
    """The named tree of a callTracer frame; `code_of` gives the code at an address, or nothing."""
    known: dict[str, bytes] = {}

    def code(address: str) -> bytes:
        if address not in known:
            known[address] = code_of(address)
        return known[address]

    return _read(frame, book, code)


def _read(frame: Mapping[str, Any], book: NameBook, code_of: CodeOf) -> Call:
    data, output = _bytes(frame.get("input")), _bytes(frame.get("output"))
    address, kind = frame.get("to") or "0x" + "00" * 20, str(frame["type"])
    failed = frame.get("error") is not None
    named = _named(kind, address, data, book, code_of)
    return Call(
        kind=kind,
        caller=to_checksum(frame["from"]),
        address=to_checksum(address),
        contract=named.contract,
        function=named.function,
        arguments=named.arguments,
        returned=None if failed else named.returned(output),
        data=data,
        output=output,
        value=int(frame.get("value") or "0x0", 16),
        gas=int(frame["gas"], 16),
        gas_used=int(frame["gasUsed"], 16),
        failure=_failure(frame, output) if failed else None,
        calls=tuple(_read(below, book, code_of) for below in frame.get("calls", ())),
    )


def _named(kind: str, address: str, data: bytes, book: NameBook, code_of: CodeOf) -> NamedCall:
    if kind in CREATIONS:
        return book.creation(data)
    return book.call(address, code_of(address), data)


def _failure(frame: Mapping[str, Any], output: bytes) -> str:
    """The contract's sentence; the engine's word where it was no revert."""
    error = str(frame["error"])
    return codec.revert_sentence(error, "0x" + output.hex()) if "revert" in error.lower() else error


def path_to_origin(call: Call) -> tuple[Call, ...]:
    """From a failed frame down to the one in which the failure began: the last below that failed alike.

    A frame that fails after having caught another failure began its own, and a frame that ran out of gas below one
    that reverted did not pass its failure on.
    """
    path = [call]
    while path[-1].calls:
        last = path[-1].calls[-1]
        if last.failure is None or last.output != path[-1].output or last.failure != path[-1].failure:
            break
        path.append(last)
    return tuple(path)


def trace_json(call: Call) -> dict[str, Any]:
    """The tree as JSON: gas as numbers, wei as a string of digits, bytes as hexadecimal."""
    return {
        "kind": call.kind,
        "from": call.caller,
        "to": call.address,
        "contract": call.contract,
        "function": call.function,
        "arguments": _named_json(call.arguments),
        "returned": _named_json(call.returned),
        "input": "0x" + call.data.hex(),
        "output": "0x" + call.output.hex(),
        "value": str(call.value),
        "gas": call.gas,
        "gas_used": call.gas_used,
        "failure": call.failure,
        "calls": [trace_json(below) for below in call.calls],
    }


def _named_json(arguments: Arguments | None) -> dict[str, Any] | None:
    return None if arguments is None else {name: _json(value) for name, value in arguments}


def _json(value: Any) -> Any:
    """Integers beyond what JSON readers keep exact become strings."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return {name: _json(member) for name, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_json(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1 << 53:
        return str(value)
    return value


def _bytes(value: object) -> bytes:
    return bytes.fromhex(value[2:]) if isinstance(value, str) and value.startswith("0x") else b""
