"""A recoverable secp256k1 signature with low s: the only kind that exists in this house.

A high-s twin verifies too, so two different byte strings would mean one consent; it is refused at the door.
"""

from __future__ import annotations

from dataclasses import dataclass

# The order of secp256k1 (SEC 2, section 2.4.1), and the largest s that EIP-2 accepts.
CURVE_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
HALF_ORDER = CURVE_ORDER // 2


class SignatureRefused(ValueError):
    """A signature that is malformed, malleable, or not made by the key it should come from."""


@dataclass(frozen=True, slots=True)
class Signature:
    """`r`, `s` and the parity of the ephemeral point's y. Raises SignatureRefused out of range or with high s."""

    r: int
    s: int
    y_parity: int

    def __post_init__(self) -> None:
        if not 0 < self.r < CURVE_ORDER:
            raise SignatureRefused("r is not between 1 and the curve's order")
        if not 0 < self.s <= HALF_ORDER:
            raise SignatureRefused("s is not between 1 and half the curve's order (EIP-2)")
        if self.y_parity not in (0, 1):
            raise SignatureRefused(f"y_parity is {self.y_parity!r}, not 0 or 1")

    def to_bytes(self) -> bytes:
        """Return the 65 bytes r || s || v with v 27 or 28, as the contracts' ecrecover takes them."""
        return self.r.to_bytes(32, "big") + self.s.to_bytes(32, "big") + bytes((27 + self.y_parity,))

    @classmethod
    def from_bytes(cls, raw: bytes) -> Signature:
        """Read 65 bytes r || s || v; v is 27 or 28 and nothing else. Raises SignatureRefused."""
        if len(raw) != 65:
            raise SignatureRefused(f"a signature has 65 bytes, not {len(raw)}")
        if raw[64] not in (27, 28):
            raise SignatureRefused(f"v is {raw[64]}, not 27 or 28")
        return cls(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big"), raw[64] - 27)
