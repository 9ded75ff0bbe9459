"""The second factor: time-based codes (RFC 6238) good for one use, and recovery codes for a lost telephone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

import pyotp

STEP_S: Final = 30
SKEW_STEPS: Final = 1
RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10  # 80 random bits: a plain digest is enough


def new_secret() -> str:
    """A fresh secret, 160 bits in base 32 as authenticator applications take it."""
    return pyotp.random_base32(32)


def address_of(secret: str, name: str, issuer: str) -> str:
    """The otpauth address that an authenticator application reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def code_at(secret: str, now_s: float) -> str:
    """The code of this moment."""
    return pyotp.TOTP(secret).generate_otp(int(now_s) // STEP_S)


def step_of(secret: str, code: str, now_s: float, last_step: int) -> int | None:
    """The time step whose code this is, at most one beside the present; None for a wrong or used one.

    A code is used up with its step and all before it, so that nobody who saw it can use it within its window.
    """
    totp, here, found = pyotp.TOTP(secret), int(now_s) // STEP_S, None
    for step in range(here - SKEW_STEPS, here + SKEW_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()) and step > last_step:
            found = step
    return found


def recovery_codes() -> tuple[str, ...]:
    """Fresh recovery codes, each good once."""
    return tuple(_grouped(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))


def code_digest(code: str) -> bytes:
    """What is kept of a recovery code or an invitation; hyphens, spaces and case do not matter."""
    return hashlib.sha256("".join(code.split()).replace("-", "").upper().encode()).digest()


def invitation_code() -> str:
    """A fresh invitation, 160 random bits."""
    return _grouped(secrets.token_bytes(2 * _RECOVERY_BYTES))


def _grouped(data: bytes) -> str:
    text = base64.b32encode(data).decode()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
