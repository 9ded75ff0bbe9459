"""JSON-RPC's two encodings: QUANTITY has no leading zeros, DATA has two digits a byte.

Writing and reading are strict: a client that pads a quantity or drops a digit of data is told so.
"""

import re

from node.chain.rpc_error import invalid_params

DATA = re.compile(r"0x([0-9a-fA-F]{2})*")
QUANTITY = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]*)")


def quantity(value: int) -> str:
    """An integer as QUANTITY."""
    return hex(value)


def data(value: bytes) -> str:
    """Bytes as DATA."""
    return "0x" + value.hex()


def data_or_none(value: bytes) -> str | None:
    """Bytes as DATA, or null when there are none (a contract creation has no `to`)."""
    return "0x" + value.hex() if value else None


def word(value: int) -> str:
    """A 32-byte word as DATA."""
    return f"0x{value:064x}"


def parse_quantity(value: object, name: str, *, bits: int = 256) -> int:
    """An integer from QUANTITY. Raises RpcError -32602 naming the parameter."""
    if not isinstance(value, str):
        raise invalid_params(f"{name}: a hexadecimal quantity is a string, got {_kind(value)}")
    if QUANTITY.fullmatch(value) is None:
        raise invalid_params(f"{name}: {_flaw(value)}")
    number = int(value, 16)
    if number.bit_length() > bits:
        raise invalid_params(f"{name}: hex number > {bits} bits")
    return number


def parse_data(value: object, name: str, *, length: int | None = None) -> bytes:
    """Bytes from DATA, of a given length where one is given. Raises RpcError -32602 naming the parameter."""
    if not isinstance(value, str):
        raise invalid_params(f"{name}: hexadecimal data is a string, got {_kind(value)}")
    try:
        parsed = bytes.fromhex(value[2:])
    except ValueError:
        raise invalid_params(f"{name}: {_flaw_of_data(value)}") from None
    if value[:2] != "0x" or len(value) != 2 + 2 * len(parsed):  # it would pass over spaces
        raise invalid_params(f"{name}: {_flaw_of_data(value)}")
    if length is not None and len(parsed) != length:
        raise invalid_params(f"{name}: hex string has length {len(value) - 2}, want {2 * length}")
    return parsed


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}
    return names.get(type(value), type(value).__name__)


def _flaw(value: str) -> str:
    if not value.startswith("0x"):
        return "hex string without 0x prefix"
    if value == "0x":
        return "hex string 0x has no digits"
    if re.fullmatch(r"0x0[0-9a-fA-F]+", value):
        return "hex number with leading zero digits"
    return "invalid hex string"


def _flaw_of_data(value: str) -> str:
    if not value.startswith("0x"):
        return "hex string without 0x prefix"
    if re.fullmatch(r"0x[0-9a-fA-F]*", value):
        return "hex string of odd length"
    return "invalid hex string"
