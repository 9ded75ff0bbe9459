"""Bytes that must not be seen: no repr, no pickle, no comparison that leaks by time, no place in a traceback.

Python cannot wipe them from memory; what this type prevents is that they are written somewhere by accident.
"""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """A private key, a password or a seed. `reveal()` is the only way to its bytes, so every use can be found."""

    __slots__ = ("_bytes",)

    def __init__(self, value: bytes) -> None:
        self._bytes = bytes(value)

    def reveal(self) -> bytes:
        """Return the bytes. Don't bind them to a name that outlives the call that needs them."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._bytes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._bytes, other._bytes)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled or copied")
