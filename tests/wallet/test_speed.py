"""How fast keys sign, against the library beneath them and against the clock. `make long` runs these."""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from coincurve import PrivateKey, PublicKey

from tests.wallet.test_signing_service import KEY, OURS, service
from wallet.encryption import STANDARD_COST
from wallet.keystore import decrypt_key, encrypt_key
from wallet.secret import Secret
from wallet.signer import LocalSigner
from wallet.signing_service import Signed
from wallet.verification import recover

pytestmark = pytest.mark.long

SECRET, DIGEST = b"\x11" * 32, b"\x22" * 32


def median_s(action: Callable[[], object], rounds: int) -> float:
    """The median time of one call, in seconds."""
    return statistics.median(_once_s(action) for _ in range(rounds))


def ratio(action: Callable[[], object], yardstick: Callable[[], object], rounds: int) -> float:
    """How much longer an action takes than a yardstick, at their best and measured in turns.

    Other work on the machine then slows both alike.
    """
    pairs = [(_once_s(action), _once_s(yardstick)) for _ in range(rounds)]
    return min(pair[0] for pair in pairs) / min(pair[1] for pair in pairs)


def _once_s(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def test_sign_and_recover_cost_little_more_than_the_library() -> None:
    key, signer = PrivateKey(SECRET), LocalSigner(SECRET)
    raw, signature = key.sign_recoverable(DIGEST, hasher=None), signer.sign_digest(DIGEST)

    def library_sign_and_recover() -> None:
        key.sign_recoverable(DIGEST, hasher=None)
        PublicKey.from_signature_and_message(raw, DIGEST, hasher=None)

    def library_recover() -> None:
        PublicKey.from_signature_and_message(raw, DIGEST, hasher=None)

    # Ours signs and checks its own signature, so it is measured against the library doing both.
    assert ratio(lambda: signer.sign_digest(DIGEST), library_sign_and_recover, 20_000) < 1 / 0.9
    assert ratio(lambda: recover(DIGEST, signature), library_recover, 20_000) < 1 / 0.9


def test_a_payment_is_judged_signed_and_recorded_within_a_millisecond() -> None:
    signing = service()
    numbers = iter(range(10**6))

    def one_payment() -> None:
        instruction = replace(OURS, uetr=next(numbers).to_bytes(16, "big"))
        assert isinstance(signing.request(instruction, KEY.address, "engine"), Signed)

    assert median_s(one_payment, 1000) < 0.001


def test_unlocking_costs_little_more_than_its_derivation() -> None:
    password = Secret(b"correct horse")
    document = encrypt_key(Secret(SECRET), password, STANDARD_COST)

    def derivation() -> None:
        hashlib.scrypt(b"correct horse", salt=bytes(32), n=2**18, r=8, p=1, maxmem=2**29, dklen=32)

    assert ratio(lambda: decrypt_key(document, password), derivation, 7) < 1.2
