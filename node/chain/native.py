"""The process this chain runs in: native elliptic curve and hash, asserted and not hoped for.

eth_keys and eth_hash fall back to slower code without a word; a chain that did so would be three times slower.
"""

import eth_hash.auto
from eth_keys.backends.coincurve import CoinCurveECCBackend
from eth_keys.main import lazy_key_api as keys
from eth_utils.exceptions import ValidationError

EMPTY_KECCAK = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")


class NativeBackendMissing(RuntimeError):
    """A native library this chain relies on is not installed, or not the one in use."""


def assert_native_backends() -> None:
    """Check that signatures use libsecp256k1 and hashes use C code; choose the faster of the two hash libraries.

    The surprising consequence: it sets eth_hash's process-wide hasher to safe-pysha3 (0.7 µs a hash against
    3.5 µs), which every user of eth_hash in the process then shares. Raises NativeBackendMissing.
    """
    assert_native_curve()
    choose_native_hash()


def assert_native_curve() -> None:
    """Raise NativeBackendMissing unless eth_keys uses coincurve."""
    try:
        backend = keys.backend
    except (ImportError, ValidationError) as error:
        raise NativeBackendMissing("eth_keys has no elliptic curve backend") from error
    if not isinstance(backend, CoinCurveECCBackend):
        raise NativeBackendMissing(f"eth_keys uses {type(backend).__name__}, not libsecp256k1 through coincurve")


def choose_native_hash() -> None:
    """Make eth_hash use safe-pysha3; raise NativeBackendMissing when it is absent or wrong."""
    try:
        from eth_hash.backends import pysha3  # noqa: PLC0415 - importing it is the very thing that may fail
    except ImportError as error:
        raise NativeBackendMissing(
            "safe-pysha3 is not installed: keccak-256 would be five times slower"
        ) from error
    if pysha3.keccak256(b"") != EMPTY_KECCAK:
        raise NativeBackendMissing("the installed sha3 module does not compute keccak-256")
    eth_hash.auto.keccak.hasher = pysha3.keccak256  # type: ignore[assignment]  # the parameter has another name
