"""Between Python values and the bytes of the contract ABI: calls, results, logs, reverts.

An ABI is what `contracts.artifact(name).abi` gives; addresses come out checksummed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from wallet.address import to_checksum
from wallet.keccak import keccak

Abi = Sequence[Mapping[str, Any]]

_ERROR: Final = bytes.fromhex("08c379a0")  # Error(string)
_PANIC: Final = bytes.fromhex("4e487b71")  # Panic(uint256)
_CANNOT_SETTLE: Final = keccak(b"CannotSettle(address,string)")[:4]  # who stops a netting cycle, and why
NO_REASON: Final = "reverted without a reason"


def call_data(abi: Abi, function: str, *args: Any) -> bytes:
    """The bytes that call `function`; structs are tuples. Raises KeyError where the ABI has no such function."""
    entry = _function(abi, function, len(args))
    return selector(entry) + encode(_types(entry["inputs"]), args)


def deploy_data(abi: Abi, bytecode: bytes, *args: Any) -> bytes:
    """Creation bytecode followed by the constructor's arguments."""
    inputs: Sequence[Mapping[str, Any]] = next(
        (entry["inputs"] for entry in abi if entry["type"] == "constructor"), []
    )
    return bytecode + encode(_types(inputs), args)


def decode_result(abi: Abi, function: str, arity: int, data: bytes) -> Any:
    """What a function returned: one value, or a tuple of several; a struct is a dict by its members' names.

    Raises ValueError where the data does not fit, as from an address that holds another contract or none.
    """
    outputs = _function(abi, function, arity)["outputs"]
    try:
        values = decode(_types(outputs), data)
    except DecodingError as error:
        raise ValueError(f"{function}: the answer does not fit the contract's interface") from error
    plain = [_plain(output, value) for output, value in zip(outputs, values, strict=True)]
    return plain[0] if len(plain) == 1 else tuple(plain)


def decode_arguments(fields: Sequence[Mapping[str, Any]], data: bytes) -> tuple[tuple[str, Any], ...]:
    """The names and values of `fields` (an ABI's inputs or outputs) in encoded data; structs are dicts.

    Raises ValueError where the data does not fit.
    """
    try:
        values = decode(_types(fields), data)
    except (DecodingError, UnicodeDecodeError, OverflowError) as error:
        raise ValueError("the data does not fit the contract's interface") from error
    named = zip(fields, values, strict=True)
    return tuple((field["name"] or str(index), _plain(field, value)) for index, (field, value) in enumerate(named))


def event_topic(abi: Abi, name: str) -> str:
    """The first topic of an event's logs, as 0x-string."""
    return "0x" + keccak(_signature(_event(abi, name)).encode()).hex()


def decode_log(abi: Abi, name: str, topics: Sequence[str], data: str) -> dict[str, Any]:
    """The fields of an event by name, from a log's topics and data as JSON-RPC gives them."""
    entry = _event(abi, name)
    indexed = [field for field in entry["inputs"] if field["indexed"]]
    others = [field for field in entry["inputs"] if not field["indexed"]]
    fields = {
        field["name"]: _plain(field, decode([_type(field)], bytes.fromhex(topic[2:]))[0])
        for field, topic in zip(indexed, topics[1:], strict=True)
    }
    values = decode(_types(others), bytes.fromhex(data[2:]))
    return fields | {field["name"]: _plain(field, value) for field, value in zip(others, values, strict=True)}


def revert_sentence(message: str, data: object) -> str:
    """The sentence a contract reverted with, from an error's data or else from the engine's message.

    Arithmetic and bounds faults (Panic) and bare reverts get a sentence of ours.
    """
    raw = _revert_bytes(data)
    if raw[:4] == _ERROR:
        try:
            return str(decode(["string"], raw[4:])[0])
        except (DecodingError, UnicodeDecodeError):
            return NO_REASON
    if raw[:4] == _CANNOT_SETTLE:
        who, sentence = decode(["address", "string"], raw[4:])
        return f"{to_checksum(who)} cannot settle: {sentence}"
    if raw[:4] == _PANIC and len(raw) == 36:
        return f"panic 0x{int.from_bytes(raw[4:], 'big'):02x}"
    if raw:
        return f"custom error 0x{raw[:4].hex()}"
    _, found, sentence = message.partition("reverted: ")
    return sentence if found and sentence else message if "revert" not in message.lower() else NO_REASON


def _revert_bytes(data: object) -> bytes:
    if isinstance(data, dict):  # some engines nest it
        data = data.get("data")
    if not isinstance(data, str) or not data.startswith("0x"):
        return b""
    try:
        return bytes.fromhex(data[2:])
    except ValueError:
        return b""


def selector(entry: Mapping[str, Any]) -> bytes:
    """The four bytes that name a function in a call."""
    return _selector(_signature(entry))


@lru_cache(maxsize=1024)
def _selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


def _function(abi: Abi, name: str, arity: int) -> Mapping[str, Any]:
    for entry in abi:
        if entry["type"] == "function" and entry["name"] == name and len(entry["inputs"]) == arity:
            return entry
    raise KeyError(f"the interface has no function {name} of {arity} arguments")


def _event(abi: Abi, name: str) -> Mapping[str, Any]:
    for entry in abi:
        if entry["type"] == "event" and entry["name"] == name:
            return entry
    raise KeyError(f"the interface has no event {name}")


def _signature(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(_types(entry['inputs']))})"


def _types(fields: Sequence[Mapping[str, Any]]) -> list[str]:
    return [_type(field) for field in fields]


def _type(field: Mapping[str, Any]) -> str:
    kind: str = field["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_types(field['components']))}){kind[len('tuple') :]}"


def _plain(field: Mapping[str, Any], value: Any) -> Any:
    """Checksum addresses and name the members of structs, at any depth of arrays."""
    kind: str = field["type"]
    if kind.endswith("]"):
        element = {**field, "type": kind[: kind.rindex("[")]}
        return tuple(_plain(element, item) for item in value)
    if kind == "address":
        return to_checksum(value)
    if kind == "tuple":
        members = zip(field["components"], value, strict=True)
        return {member["name"]: _plain(member, item) for member, item in members}
    return value
