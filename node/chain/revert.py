"""Why a contract reverted, in words: Error(string), Panic(uint256), or only the bytes of a custom error."""

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

ERROR_SELECTOR = bytes.fromhex("08c379a0")
PANIC_SELECTOR = bytes.fromhex("4e487b71")
PANICS = {
    0x00: "generic panic",
    0x01: "assert(false)",
    0x11: "arithmetic underflow or overflow",
    0x12: "division or modulo by zero",
    0x21: "enum overflow",
    0x22: "invalid encoded storage byte array accessed",
    0x31: "out-of-bounds array access; popping on an empty array",
    0x32: "out-of-bounds access of an array or bytesN",
    0x41: "out of memory",
    0x51: "uninitialized function",
}


def revert_reason(output: bytes) -> str | None:
    """The reason in the data of a revert, or None when it holds none that can be read."""
    try:
        if output[:4] == ERROR_SELECTOR:
            return str(decode(["string"], output[4:])[0])
        if output[:4] == PANIC_SELECTOR:
            code = decode(["uint256"], output[4:])[0]
            return PANICS.get(code, f"unknown panic code: {code:#x}")
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return None
    return None


def revert_message(output: bytes) -> str:
    """The message of a JSON-RPC error for a revert."""
    reason = revert_reason(output)
    return f"execution reverted: {reason}" if reason else "execution reverted"
