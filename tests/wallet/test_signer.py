"""Signatures: in range, low-s, recoverable, the signer's own; and the key shows nowhere."""

from __future__ import annotations

import copy
import pickle
import re
import traceback

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wallet.strategies import digests, secrets
from wallet.secret import Secret
from wallet.signature import CURVE_ORDER, HALF_ORDER
from wallet.signer import LocalSigner, Signature, SignatureRefused, Signer, assert_native_curve, normalise
from wallet.verification import recover, verify_independently

SECRET = bytes(range(1, 33))
DIGEST = b"\x5a" * 32


@given(secrets, digests)
@settings(deadline=None)
def test_a_signature_is_eth_accounts_recovers_and_verifies_twice(secret: bytes, digest: bytes) -> None:
    signer = LocalSigner(secret)
    signature = signer.sign_digest(digest)
    theirs = Account.unsafe_sign_hash(digest, secret)
    assert signer.address == Account.from_key(secret).address
    assert signature.to_bytes() == bytes(theirs.signature)
    assert recover(digest, signature) == signer.address
    assert Signature.from_bytes(signature.to_bytes()) == signature


@given(secrets, digests)
@settings(max_examples=10, deadline=None)
def test_an_independent_implementation_agrees(secret: bytes, digest: bytes) -> None:
    signer = LocalSigner(secret)
    signature = signer.sign_digest(digest)
    assert verify_independently(digest, signature, signer.public_key)
    assert not verify_independently(bytes(b ^ 1 for b in digest), signature, signer.public_key)


@given(digests, st.booleans(), st.booleans())
@settings(deadline=None)
def test_normalise_finds_the_one_signature_whatever_a_device_returned(
    digest: bytes, high: bool, told: bool
) -> None:
    signer = LocalSigner(SECRET)
    signature = signer.sign_digest(digest)
    s = CURVE_ORDER - signature.s if high else signature.s
    parity = signature.y_parity ^ high if told else None
    assert normalise(digest, signature.r, s, signer.address, parity) == signature


def test_normalise_refuses_what_is_not_the_signers_own() -> None:
    debtor, outsider = LocalSigner(SECRET), LocalSigner(b"\x07" * 32)
    signature = outsider.sign_digest(DIGEST)
    with pytest.raises(SignatureRefused, match="does not recover"):
        normalise(DIGEST, signature.r, signature.s, debtor.address)
    with pytest.raises(SignatureRefused, match="does not recover"):
        normalise(b"\x5b" * 32, signature.r, signature.s, outsider.address)
    with pytest.raises(SignatureRefused, match="does not recover"):
        normalise(DIGEST, signature.r, signature.s, outsider.address, 1 - signature.y_parity)
    for r, s in [(0, 1), (1, 0), (CURVE_ORDER, 1), (1, CURVE_ORDER), (-1, 1), (2**256, 1)]:
        with pytest.raises(SignatureRefused, match="order"):
            normalise(DIGEST, r, s, debtor.address)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_only_32_bytes_are_signed_or_verified(length: int) -> None:
    signer = LocalSigner(SECRET)
    signature = signer.sign_digest(DIGEST)
    with pytest.raises(SignatureRefused, match="32 bytes"):
        signer.sign_digest(bytes(length))
    with pytest.raises(SignatureRefused, match="32 bytes"):
        recover(bytes(length), signature)
    with pytest.raises(SignatureRefused, match="32 bytes"):
        normalise(bytes(length), signature.r, signature.s, signer.address)
    with pytest.raises(SignatureRefused, match="32 bytes"):
        verify_independently(bytes(length), signature, signer.public_key)


@pytest.mark.parametrize(
    "secret", [b"", bytes(31), bytes(32), bytes(33), CURVE_ORDER.to_bytes(32, "big"), b"\xff" * 32]
)
def test_a_key_outside_the_curve_is_refused(secret: bytes) -> None:
    with pytest.raises(SignatureRefused, match="private key"):
        LocalSigner(secret)


def test_malleated_and_malformed_signatures_are_refused() -> None:
    signature = LocalSigner(SECRET).sign_digest(DIGEST)
    raw = signature.to_bytes()
    high = raw[:32] + (CURVE_ORDER - signature.s).to_bytes(32, "big") + bytes((55 - raw[64],))
    with pytest.raises(SignatureRefused, match="EIP-2"):
        Signature.from_bytes(high)
    for v in (0, 1, 26, 29, 37):
        with pytest.raises(SignatureRefused, match="27 or 28"):
            Signature.from_bytes(raw[:64] + bytes((v,)))
    for wrong in (b"", raw[:64], raw + b"\0"):
        with pytest.raises(SignatureRefused, match="65 bytes"):
            Signature.from_bytes(wrong)
    for r, s, parity in [(0, 1, 0), (1, 0, 0), (CURVE_ORDER, 1, 0), (1, HALF_ORDER + 1, 0), (1, 1, 2)]:
        with pytest.raises(SignatureRefused):
            Signature(r, s, parity)


def test_a_signature_over_no_point_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="no public key"):
        recover(DIGEST, Signature(5, 1, 0))  # x = 5 is on no point of the curve


def test_the_key_shows_in_no_repr_pickle_copy_or_traceback() -> None:
    signer = LocalSigner(SECRET)
    shown = repr(signer) + str(signer) + repr(Secret(SECRET)) + f"{Secret(SECRET)}"
    for action in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            action(signer)
        with pytest.raises(TypeError):
            action(Secret(SECRET))
    for trace in _tracebacks_of(lambda: signer.sign_digest(b"")):
        shown += trace
    for trace in _tracebacks_of(lambda: LocalSigner(Secret(b"\xff" * 31 + b"\xfe"))):
        shown += trace
        assert r"\xff\xff" not in trace
    assert SECRET.hex() not in shown
    assert repr(SECRET)[2:-1] not in shown
    assert not re.search(r"\\x01\\x02\\x03", shown)
    with pytest.raises(AttributeError):
        _ = signer.__dict__


def _tracebacks_of(action: object) -> list[str]:
    assert callable(action)
    try:
        action()
    except SignatureRefused as error:
        trace = traceback.TracebackException.from_exception(error, capture_locals=True)
        trace.stack.pop(0)  # our own frame
        return ["".join(trace.format())]
    raise AssertionError("nothing was raised")


def test_secrets_compare_by_value_and_are_not_hashable() -> None:
    assert Secret(b"a") == Secret(b"a")
    assert Secret(b"a") != Secret(b"b")
    assert Secret(b"a") != b"a"
    with pytest.raises(TypeError):
        hash(Secret(b"a"))


def test_the_native_library_is_in_use_and_a_local_signer_is_a_signer() -> None:
    assert_native_curve()
    signer: Signer = LocalSigner(SECRET)
    assert signer.address == LocalSigner(Secret(SECRET)).address


@pytest.mark.parametrize("key", [b"\x04" + bytes(64), b"\x02" + b"\xff" * 32, b"", b"\x05" * 33])
def test_a_public_key_off_the_curve_is_refused(key: bytes) -> None:
    signature = LocalSigner(SECRET).sign_digest(DIGEST)
    with pytest.raises(SignatureRefused, match="not a public key"):
        verify_independently(DIGEST, signature, key)
