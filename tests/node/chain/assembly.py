"""Small contracts assembled by hand, so that these tests need no compiler."""

ANNOUNCED = bytes.fromhex("a0" * 32)


def creation(runtime: bytes) -> bytes:
    """Code that deploys `runtime`."""
    return bytes.fromhex("61") + len(runtime).to_bytes(2, "big") + bytes.fromhex("80600a5f395ff3") + runtime


def keeper() -> bytes:
    """Called with a word, stores it and announces it in an event; called without, returns it."""
    read = bytes.fromhex("36600c575f545f5260205ff3")
    return read + bytes.fromhex("5b5f35805f55805f527f") + ANNOUNCED + bytes.fromhex("60205fa200")


def refuser(data: bytes) -> bytes:
    """Reverts with `data`, whatever it is called with."""
    size = len(data).to_bytes(1, "big")
    return b"\x60" + size + bytes.fromhex("600a5f3960") + size + bytes.fromhex("5ffd") + data


def clock_reader() -> bytes:
    """Returns block.timestamp."""
    return bytes.fromhex("425f5260205ff3")


def gas_burner() -> bytes:
    """An endless loop."""
    return bytes.fromhex("5b5f56")


def error_data(reason: str) -> bytes:
    """The data of revert(reason), as Solidity and Vyper encode it."""
    text = reason.encode()
    padded = text + bytes(-len(text) % 32)
    return bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + len(text).to_bytes(32, "big") + padded
