"""Keys in a key service, through boto3 over HTTP: what signs, what is refused, what is unreachable."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.wallet.served_key_service import ServedKeyService, failure, served_key_service
from tests.wallet.test_remote_signer import UNSIGNED
from wallet.der import signature_from_der
from wallet.keccak import keccak
from wallet.key_service import connect, service_signer
from wallet.signature import HALF_ORDER
from wallet.signer import LocalSigner, SignatureRefused, Signer, SignerUnreachable
from wallet.transaction import sign_transaction
from wallet.verification import recover

DIGEST = keccak(b"payment")
KEY = ec.generate_private_key(ec.SECP256K1())
ADDRESS = LocalSigner(KEY.private_numbers().private_value.to_bytes(32, "big")).address


@pytest.fixture
def service() -> Iterator[ServedKeyService]:
    with served_key_service() as service:
        service.keys["operator"] = KEY
        service.aliases["alias/operator"] = "operator"
        yield service


@pytest.fixture
def client(service: ServedKeyService, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "for-the-stand-in")
    return connect("eu-central-1", endpoint_url=service.url, timeout_s=60)


def test_what_the_service_signs_is_its_addresses_and_low_s(service: ServedKeyService, client: Any) -> None:
    signer: Signer = service_signer(client, "operator", ADDRESS)
    assert sign_transaction(UNSIGNED, signer).sender == ADDRESS
    for number in range(40):
        digest = keccak(bytes((number,)))
        signature = signer.sign_digest(digest)
        assert recover(digest, signature) == ADDRESS
        assert signature.s <= HALF_ORDER
    raw = [signature_from_der(signature) for signature in service.signatures]
    assert 0 < sum(s > HALF_ORDER for _, s in raw) < len(raw)
    assert len({r for r, _ in raw}) == len(raw)


def test_an_alias_moved_to_another_key_changes_nothing_that_runs_and_is_found_at_start(
    service: ServedKeyService, client: Any
) -> None:
    running = service_signer(client, "alias/operator", ADDRESS)
    service.keys["another"] = ec.generate_private_key(ec.SECP256K1())
    service.aliases["alias/operator"] = "another"
    assert recover(DIGEST, running.sign_digest(DIGEST)) == ADDRESS
    with pytest.raises(SignatureRefused, match="has address"):
        service_signer(client, "alias/operator", ADDRESS)


def test_a_key_of_another_curve_or_that_is_not_there_is_refused(service: ServedKeyService, client: Any) -> None:
    service.keys["p256"] = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(SignatureRefused, match="ECC_NIST_P256"):
        service_signer(client, "p256")
    with pytest.raises(SignatureRefused, match="NotFoundException"):
        service_signer(client, "nobody's")


def test_another_keys_signature_is_refused(service: ServedKeyService, client: Any) -> None:
    signer = service_signer(client, "operator")
    service.keys["operator"] = ec.generate_private_key(ec.SECP256K1())
    with pytest.raises(SignatureRefused, match="does not recover"):
        signer.sign_digest(DIGEST)


@pytest.mark.parametrize("raw", [b"", b"\x30\x06\x02\x01\x00\x02\x01\x07", b"\x30" * 100])
def test_a_malformed_signature_is_refused(service: ServedKeyService, client: Any, raw: bytes) -> None:
    signer = service_signer(client, "operator")
    service.instead.append((200, {"Signature": base64.b64encode(raw).decode()}))
    with pytest.raises(SignatureRefused):
        signer.sign_digest(DIGEST)


def test_a_refusal_and_a_failure_are_told_apart(service: ServedKeyService, client: Any) -> None:
    signer = service_signer(client, "operator")
    service.instead.append(failure("AccessDeniedException", 400))
    with pytest.raises(SignatureRefused, match="AccessDeniedException"):
        signer.sign_digest(DIGEST)
    service.instead.append((200, {}))
    with pytest.raises(SignerUnreachable, match="lacks"):
        signer.sign_digest(DIGEST)
    service.instead += [failure("KMSInternalException", 500)] * 3
    with pytest.raises(SignerUnreachable, match="KMSInternalException"):
        signer.sign_digest(DIGEST)


def test_one_failure_on_the_way_is_tried_again(service: ServedKeyService, client: Any) -> None:
    signer = service_signer(client, "operator")
    service.instead.append(failure("KMSInternalException", 500))
    assert recover(DIGEST, signer.sign_digest(DIGEST)) == ADDRESS


def test_a_service_that_does_not_answer_is_unreachable(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    with served_key_service() as gone:
        url = gone.url
    with pytest.raises(SignerUnreachable, match="did not answer"):
        service_signer(connect("eu-central-1", endpoint_url=url, timeout_s=1), "operator")


def test_only_32_bytes_reach_the_service(service: ServedKeyService, client: Any) -> None:
    signer = service_signer(client, "operator")
    for length in (0, 31, 33, 64):
        with pytest.raises(SignatureRefused, match="32 bytes"):
            signer.sign_digest(bytes(length))
    assert service.signatures == []
