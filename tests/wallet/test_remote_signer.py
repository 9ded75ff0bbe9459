"""A remote signer: told in full, over TLS only, and believed when the signature is its own over our digest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.wallet.served_signer import ServedSigner, make_certificate, served_signer
from tests.wallet.strategies import settlement_structs
from tests.wallet.test_typed_data import CONTRACT, INSTRUCTION
from wallet.address import checksum_address
from wallet.keccak import keccak
from wallet.remote_signer import RemoteKey, RemoteSigner, pinned_context
from wallet.signer import LocalSigner, SignatureRefused, Signer, SignerUnreachable
from wallet.transaction import UnsignedTransaction, sign_transaction
from wallet.typed_data import Struct, domain_separator, signing_digest

SECRET = keccak(b"remote")
LOCAL = LocalSigner(SECRET)
DOMAIN = domain_separator(20022, CONTRACT)
CREDITOR = checksum_address(b"\xb0" * 20)
UNSIGNED = UnsignedTransaction(20022, 7, CREDITOR, 0, b"\x01\x02", 150_000, 3, 1)
DIGEST = signing_digest(DOMAIN, INSTRUCTION)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSigner]:
    with served_signer(tmp_path_factory.mktemp("signer"), SECRET, 20022) as served:
        yield served


@pytest.fixture
def remote(service: ServedSigner) -> Iterator[RemoteSigner]:
    service.spoil = None
    service.asked.clear()
    signer = connected(service)
    yield signer
    signer.close()


def connected(service: ServedSigner, address: str = LOCAL.address) -> RemoteSigner:
    key = RemoteKey(service.url, address, 20022, CONTRACT)
    return RemoteSigner(key, pinned_context(service.certificate), timeout_s=60)


@given(value=settlement_structs)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_typed_data_is_told_so_that_another_program_hashes_it_alike(remote: RemoteSigner, value: Struct) -> None:
    digest = signing_digest(DOMAIN, value)
    assert remote.sign_digest(digest) == LOCAL.sign_digest(digest)


def test_transactions_are_told_and_come_out_equal(remote: RemoteSigner, service: ServedSigner) -> None:
    signer: Signer = remote
    assert sign_transaction(UNSIGNED, signer) == sign_transaction(UNSIGNED, LOCAL)
    deployment = UnsignedTransaction(20022, 0, None, 0, b"\x60", 100_000, 0, 0, deploys=True)
    assert sign_transaction(deployment, signer) == sign_transaction(deployment, LOCAL)
    assert [request["method"] for request in service.asked] == ["eth_signTransaction"] * 2
    assert service.asked[0]["params"][0]["nonce"] == "0x7"


def test_what_cannot_be_told_is_not_asked(remote: RemoteSigner, service: ServedSigner) -> None:
    elsewhere = signing_digest(domain_separator(1, CONTRACT), INSTRUCTION)
    for digest in (bytes(DIGEST), b"\x01" * 32, elsewhere):
        with pytest.raises(SignatureRefused, match="told in full"):
            remote.sign_digest(digest)
    with pytest.raises(SignatureRefused, match="chain 20022"):
        sign_transaction(UnsignedTransaction(1, 0, CREDITOR, 0, b"", 21_000, 0, 0), remote)
    assert service.asked == []


def result(value: object) -> Any:
    return lambda request: json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": value}).encode()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (result("0x" + LOCAL.sign_digest(b"\x07" * 32).to_bytes().hex()), "does not recover"),
        (result("0x" + LocalSigner(b"\x07" * 32).sign_digest(DIGEST).to_bytes().hex()), "does not recover"),
        (result("0x" + "00" * 65), "order"),
        (result("0x" + "11" * 64), "64 bytes"),
        (result(None), "hexadecimal"),
        (result("0xzz"), "hexadecimal"),
        (
            lambda request: b'{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"locked"}}',
            "refused: locked",
        ),
    ],
)
def test_a_signature_of_something_else_is_refused(
    remote: RemoteSigner, service: ServedSigner, answer: Any, reason: str
) -> None:
    service.spoil = answer
    with pytest.raises(SignatureRefused, match=reason):
        remote.sign_digest(DIGEST)


@pytest.mark.parametrize("raw", ["0x", "0x02", "0x02c0", "0x02ff", "0x02" + "c3010203"])
def test_bytes_that_are_no_signed_transaction_are_refused(
    remote: RemoteSigner, service: ServedSigner, raw: str
) -> None:
    service.spoil = result(raw)
    with pytest.raises(SignatureRefused):
        sign_transaction(UNSIGNED, remote)


def test_a_transaction_signed_for_another_chain_is_refused(remote: RemoteSigner, service: ServedSigner) -> None:
    service.chain_id = 1
    try:
        with pytest.raises(SignatureRefused, match="does not recover"):
            sign_transaction(UNSIGNED, remote)
    finally:
        service.chain_id = 20022


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"<html>", b"[" * 100_000, b" " * 300_000, b'{"jsonrpc":"2.0","id":0,"result":"0x"}'],
)
def test_an_answer_that_is_none_leaves_it_open(
    remote: RemoteSigner, service: ServedSigner, content: bytes
) -> None:
    service.spoil = lambda _: content
    with pytest.raises(SignerUnreachable):
        remote.sign_digest(DIGEST)


def test_only_the_pinned_certificate_is_trusted(service: ServedSigner, tmp_path: Path) -> None:
    service.spoil = None
    service.asked.clear()
    other, _ = make_certificate(tmp_path, "other")
    key = RemoteKey(service.url, LOCAL.address, 20022, CONTRACT)
    with pytest.raises(SignerUnreachable):
        RemoteSigner(key, pinned_context(other)).sign_digest(DIGEST)
    by_name = RemoteKey(service.url.replace("127.0.0.1", "localhost"), LOCAL.address, 20022, CONTRACT)
    with pytest.raises(SignerUnreachable):  # the pinned certificate is for the address, not for that name
        RemoteSigner(by_name, pinned_context(service.certificate)).sign_digest(DIGEST)
    assert service.asked == []


def test_a_signer_is_not_asked_in_the_clear(service: ServedSigner) -> None:
    key = RemoteKey(service.url.replace("https", "http"), LOCAL.address, 20022, CONTRACT)
    with pytest.raises(ValueError, match="not https"):
        RemoteSigner(key, pinned_context(service.certificate))


def test_a_signer_that_is_gone_is_unreachable(service: ServedSigner) -> None:
    key = RemoteKey("https://127.0.0.1:1/", LOCAL.address, 20022, CONTRACT)
    with pytest.raises(SignerUnreachable, match="did not answer"):
        RemoteSigner(key, pinned_context(service.certificate)).sign_digest(DIGEST)
