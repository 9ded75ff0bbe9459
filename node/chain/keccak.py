"""Keccak-256 without the layers of eth_hash, which cost more than most hashes here."""

from eth_hash.auto import keccak as any_keccak

try:
    from sha3 import keccak_256  # type: ignore[import-untyped]
except ImportError:  # opening a chain then says what is missing

    def keccak(data: bytes) -> bytes:
        """The hash of some bytes."""
        return any_keccak(data)

else:

    def keccak(data: bytes) -> bytes:
        """The hash of some bytes."""
        digest: bytes = keccak_256(data).digest()
        return digest
