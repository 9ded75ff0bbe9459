"""Keys behind a service that answers in DER: normalised, checked twice, and every malformed answer refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.wallet.strategies import digests
from tests.wallet.test_remote_signer import UNSIGNED
from wallet.der import public_key_from_der, signature_from_der
from wallet.der_signer import DerSigner
from wallet.signature import CURVE_ORDER, HALF_ORDER
from wallet.signer import LocalSigner, SignatureRefused, Signer
from wallet.transaction import sign_transaction
from wallet.verification import recover

KEY = ec.generate_private_key(ec.SECP256K1())
DIGEST = b"\x5a" * 32


def in_der(key: ec.EllipticCurvePrivateKey, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, form)


def by_openssl(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    """A key service: OpenSSL with random nonces, any s, DER."""
    return lambda digest: key.sign(digest, ec.ECDSA(utils.Prehashed(SHA256())))


SIGNER = DerSigner(in_der(KEY), by_openssl(KEY))


@given(digests)
@settings(max_examples=30, deadline=None)
def test_a_services_signature_becomes_ours(digest: bytes) -> None:
    signature = SIGNER.sign_digest(digest)
    assert recover(digest, signature) == SIGNER.address
    assert signature.s <= HALF_ORDER


def test_the_service_does_return_high_s_and_new_nonces() -> None:
    raw = [signature_from_der(by_openssl(KEY)(DIGEST)) for _ in range(40)]
    assert len({r for r, _ in raw}) == 40
    assert 0 < sum(s > HALF_ORDER for _, s in raw) < 40


def test_a_transaction_signed_by_a_service_is_its_addresses() -> None:
    signer: Signer = SIGNER
    assert sign_transaction(UNSIGNED, signer).sender == SIGNER.address


def test_the_address_is_the_keys_and_must_be_the_expected_one() -> None:
    local = LocalSigner(KEY.private_numbers().private_value.to_bytes(32, "big"))
    assert DerSigner(in_der(KEY), by_openssl(KEY), local.address).address == local.address
    with pytest.raises(SignatureRefused, match="the key has address"):
        DerSigner(in_der(KEY), by_openssl(KEY), "0x" + "00" * 20)


def test_another_keys_or_another_digests_signature_is_refused() -> None:
    stranger = ec.generate_private_key(ec.SECP256K1())
    with pytest.raises(SignatureRefused, match="does not recover"):
        DerSigner(in_der(KEY), by_openssl(stranger)).sign_digest(DIGEST)
    with pytest.raises(SignatureRefused, match="does not recover"):
        DerSigner(in_der(KEY), lambda _: by_openssl(KEY)(b"\x07" * 32)).sign_digest(DIGEST)


def test_a_service_that_goes_away_is_not_hidden() -> None:
    def gone(_: bytes) -> bytes:
        raise ConnectionResetError("module removed")

    with pytest.raises(ConnectionResetError):
        DerSigner(in_der(KEY), gone).sign_digest(DIGEST)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_only_32_bytes_reach_the_service(length: int) -> None:
    asked: list[bytes] = []

    def listening(digest: bytes) -> bytes:
        asked.append(digest)
        return by_openssl(KEY)(digest)

    signer = DerSigner(in_der(KEY), listening)
    with pytest.raises(SignatureRefused, match="32 bytes"):
        signer.sign_digest(bytes(length))
    assert asked == []


def integer(number: int, extra: bytes = b"") -> bytes:
    raw = extra + number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes((len(raw),)) + raw


def sequence(*parts: bytes) -> bytes:
    content = b"".join(parts)
    return b"\x30" + bytes((len(content),)) + content


GOOD = sequence(integer(5), integer(7))


@pytest.mark.parametrize(
    "der",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\x00",
        sequence(integer(5)),
        sequence(integer(5), integer(7), integer(9)),
        sequence(integer(5, b"\x00"), integer(7)),
        b"\x30\x81" + GOOD[1:],
        b"\x31" + GOOD[1:],
        sequence(b"\x02\x01\xff", integer(7)),
        sequence(b"\x02\x00", integer(7)),
        sequence(integer(0), integer(7)),
        sequence(integer(5), integer(0)),
        sequence(integer(CURVE_ORDER), integer(7)),
        sequence(integer(5), integer(CURVE_ORDER)),
        b"\x30" * 2000,
    ],
)
def test_a_signature_that_is_not_strict_der_in_range_is_refused(der: bytes) -> None:
    assert signature_from_der(GOOD) == (5, 7)
    with pytest.raises(SignatureRefused):
        signature_from_der(der)


@given(st.binary(max_size=80))
def test_no_bytes_break_the_readers(der: bytes) -> None:
    for read in (signature_from_der, public_key_from_der):
        with pytest.raises(SignatureRefused):
            read(der)


@given(st.integers(0, 87), st.integers(1, 255))
@example(21, 1)  # the inner length, which python-ecdsa does not check
def test_a_public_key_with_a_changed_byte_is_refused_or_is_another(place: int, change: int) -> None:
    der = bytearray(in_der(KEY))
    der[place] ^= change
    with pytest.raises(SignatureRefused):
        DerSigner(bytes(der), by_openssl(KEY), SIGNER.address)


def test_a_public_key_of_another_kind_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="NIST256p"):
        public_key_from_der(in_der(ec.generate_private_key(ec.SECP256R1())))
    compressed = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    for der in (in_der(KEY) + b"\x00", compressed, in_der(KEY)[:-1], b"\x30" * 500):
        with pytest.raises(SignatureRefused):
            public_key_from_der(der)
