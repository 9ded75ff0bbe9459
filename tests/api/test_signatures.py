"""A message between institutions is believed only when its own signature says who sent exactly this, and when."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import ContentDigest, HTTPMessageSigner, MappingKeyResolver, algorithms

from api.signatures import (
    CLOCK_SKEW_S,
    LABEL,
    LIFETIME_S,
    TAG,
    RequestHead,
    ResponseHead,
    Signatory,
    SignatureRefused,
    sign_request,
    sign_response,
    verify_request,
    verify_response,
)
from wallet.message_key import MessageKey
from wallet.secret import Secret

NOW_S = 1_800_000_000
BODY = b'{"message":"<Document/>"}'
URL = "https://creditor-agent.example/v1/interbank/payments"
SEED = secrets.token_bytes(32)
DEBTOR_AGENT = Signatory("DBTRCNB0XXX", MessageKey(Secret(SEED)))
CREDITOR_AGENT = Signatory("CDTRAEA0XXX", MessageKey(Secret(secrets.token_bytes(32))))
COVERED = ("@method", "@target-uri", "content-digest", "content-type")
REGISTERED = {one.bic: one.key.public_key for one in (DEBTOR_AGENT, CREDITOR_AGENT)}


class KeptNonces:
    """Nonces in memory; the book's own store is tested with the book."""

    def __init__(self) -> None:
        self.used: set[tuple[str, str]] = set()

    def use(self, keyid: str, nonce: str, expires_s: int) -> bool:
        fresh = (keyid, nonce) not in self.used
        self.used.add((keyid, nonce))
        return fresh


def signed_request(by: Signatory = DEBTOR_AGENT, body: bytes = BODY, url: str = URL) -> RequestHead:
    head = RequestHead("POST", url, {"content-type": "application/json"})
    sign_request(head, body, by, NOW_S)
    return head


def refusal(head: RequestHead, body: bytes = BODY, now_s: float = NOW_S, nonces: KeptNonces | None = None) -> str:
    with pytest.raises(SignatureRefused) as caught:
        verify_request(head, body, REGISTERED.get, nonces or KeptNonces(), now_s)
    assert caught.value.text.endswith(".")
    return caught.value.rule


def test_a_signed_request_says_who_made_it_and_when() -> None:
    signed = verify_request(signed_request(), BODY, REGISTERED.get, KeptNonces(), NOW_S + 1)
    assert (signed.bic, signed.created_s, signed.expires_s) == (DEBTOR_AGENT.bic, NOW_S, NOW_S + LIFETIME_S)
    assert len(signed.nonce) >= 24


def test_a_tampered_body_is_refused() -> None:
    assert refusal(signed_request(), BODY.replace(b"Document", b"Dokument")) == "signature-wrong"


def test_a_body_with_a_digest_of_its_own_is_refused() -> None:
    head = signed_request()
    head.headers["Content-Digest"] = signed_request(body=b"other").headers["Content-Digest"]
    assert refusal(head, b"other") == "signature-wrong"


@pytest.mark.parametrize("change", [{"method": "PUT"}, {"url": URL.replace("payments", "quotes")}])
def test_a_request_for_something_else_is_refused(change: dict[str, str]) -> None:
    head = signed_request()
    for name, value in change.items():
        setattr(head, name, value)
    assert refusal(head) == "signature-wrong"


def test_a_request_made_for_another_institution_is_refused() -> None:
    head = signed_request(url=URL.replace("creditor-agent", "other-agent"))
    head.url = URL
    assert refusal(head) == "signature-wrong"


def test_a_changed_content_type_is_refused() -> None:
    head = signed_request()
    head.headers["content-type"] = "text/plain"
    assert refusal(head) == "signature-wrong"


@pytest.mark.parametrize("left_out", ["@method", "@target-uri", "content-digest", "content-type"])
def test_an_under_covered_signature_is_refused(left_out: str) -> None:
    head = RequestHead("POST", URL, {"content-type": "application/json"})
    sign_by_hand(head, covered=tuple(name for name in COVERED if name != left_out))
    assert refusal(head) == "signature-wrong"


@pytest.mark.parametrize(("left_out", "rule"), [("expires", "times-missing"), ("nonce", "nonce-missing")])
def test_a_signature_without_its_parameters_is_refused(left_out: str, rule: str) -> None:
    head = RequestHead("POST", URL, {"content-type": "application/json"})
    sign_by_hand(head, without=left_out)
    assert refusal(head) == rule


def test_a_signature_under_another_tag_is_refused() -> None:
    head = RequestHead("POST", URL, {"content-type": "application/json"})
    sign_by_hand(head, tag="something-else")
    assert refusal(head) == "signature-wrong"


def test_a_signature_that_lives_too_long_is_refused() -> None:
    head = RequestHead("POST", URL, {"content-type": "application/json"})
    sign_by_hand(head, lifetime_s=LIFETIME_S + 1)
    assert refusal(head) == "lifetime"


def test_an_expired_signature_is_refused() -> None:
    late = NOW_S + LIFETIME_S + CLOCK_SKEW_S
    verify_request(signed_request(), BODY, REGISTERED.get, KeptNonces(), late)
    assert refusal(signed_request(), now_s=late + 1) == "expires"


def test_a_signature_from_the_future_is_refused() -> None:
    early = NOW_S - CLOCK_SKEW_S
    verify_request(signed_request(), BODY, REGISTERED.get, KeptNonces(), early)
    assert refusal(signed_request(), now_s=early - 1) == "created"


def test_the_same_request_twice_is_refused_the_second_time() -> None:
    head, nonces = signed_request(), KeptNonces()
    verify_request(head, BODY, REGISTERED.get, nonces, NOW_S)
    assert refusal(head, nonces=nonces) == "replay"


def test_a_refused_request_does_not_burn_its_nonce() -> None:
    head, nonces = signed_request(), KeptNonces()
    refusal(head, b"tampered", nonces=nonces)
    verify_request(head, BODY, REGISTERED.get, nonces, NOW_S)


def test_another_key_under_the_same_name_is_refused() -> None:
    assert refusal(signed_request(Signatory(DEBTOR_AGENT.bic, CREDITOR_AGENT.key))) == "signature-wrong"


def test_a_signature_under_another_participants_name_is_refused() -> None:
    assert refusal(signed_request(Signatory(CREDITOR_AGENT.bic, DEBTOR_AGENT.key))) == "signature-wrong"


def test_a_stranger_is_refused() -> None:
    assert refusal(signed_request(Signatory("NOBODYB0XXX", DEBTOR_AGENT.key))) == "keyid-unknown"


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ("Content-Digest", "content-digest-missing"),
        ("Signature-Input", "signature-missing"),
        ("Signature", "signature-wrong"),
    ],
)
def test_a_missing_header_is_refused(header: str, rule: str) -> None:
    head = signed_request()
    del head.headers[header]
    assert refusal(head) == rule


@pytest.mark.parametrize(
    "garbage", ["", "corridor", "corridor=:!!:", "corridor=()", "x" * 9000, "corridor=:AA==:"]
)
def test_garbage_for_a_signature_is_refused(garbage: str) -> None:
    head = signed_request()
    head.headers["Signature"] = garbage
    assert refusal(head) == "signature-wrong"


def answer_to(request: RequestHead, body: bytes = b"{}", by: Signatory = CREDITOR_AGENT) -> ResponseHead:
    head = ResponseHead(200, {"content-type": "application/json"}, request)
    sign_response(head, body, by, NOW_S)
    return head


def test_a_signed_answer_says_who_gave_it() -> None:
    assert verify_response(answer_to(signed_request()), b"{}", REGISTERED.get, NOW_S).bic == CREDITOR_AGENT.bic


def test_an_answer_to_another_request_is_refused() -> None:
    head = answer_to(signed_request())
    head.request = signed_request()
    with pytest.raises(SignatureRefused):
        verify_response(head, b"{}", REGISTERED.get, NOW_S)


def test_an_answer_that_covers_no_request_is_refused() -> None:
    unsigned = RequestHead("POST", URL, {"content-type": "application/json"})
    head = answer_to(unsigned)
    head.request = signed_request()
    with pytest.raises(SignatureRefused):
        verify_response(head, b"{}", REGISTERED.get, NOW_S)


def test_an_answer_with_another_status_or_body_is_refused() -> None:
    head = answer_to(signed_request())
    with pytest.raises(SignatureRefused):
        verify_response(head, b"[]", REGISTERED.get, NOW_S)
    head.status_code = 422
    with pytest.raises(SignatureRefused):
        verify_response(head, b"{}", REGISTERED.get, NOW_S)


def sign_by_hand(
    head: RequestHead,
    *,
    covered: tuple[str, ...] = COVERED,
    lifetime_s: int = LIFETIME_S,
    tag: str = TAG,
    without: str = "",
    nonce: str = "a-nonce-of-its-own",
) -> None:
    """Sign as a careless or dishonest participant would, with its right key."""
    ContentDigest.add(head.headers, BODY)
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(
            public_keys={}, private_keys={DEBTOR_AGENT.bic: Ed25519PrivateKey.from_private_bytes(SEED)}
        ),
    )
    signer.sign(
        head,
        key_id=DEBTOR_AGENT.bic,
        created=datetime.fromtimestamp(NOW_S, tz=UTC),
        expires=None if without == "expires" else datetime.fromtimestamp(NOW_S + lifetime_s, tz=UTC),
        nonce=None if without == "nonce" else nonce,
        label=LABEL,
        tag=tag,
        covered_component_ids=covered,
        use_existing_digest=True,
    )


def test_a_directory_that_cannot_be_asked_is_no_bad_signature() -> None:
    def silent(_bic: str) -> bytes:
        raise ConnectionError("the chain does not answer")

    with pytest.raises(ConnectionError):
        verify_request(signed_request(), BODY, silent, KeptNonces(), NOW_S)


@pytest.mark.parametrize("nonce", ["", "n" * 129])
def test_a_nonce_that_no_book_could_keep_is_refused(nonce: str) -> None:
    head = RequestHead("POST", URL, {"content-type": "application/json"})
    sign_by_hand(head, nonce=nonce)
    assert refusal(head) == "nonce"
