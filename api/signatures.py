"""Messages between institutions are signed as HTTP messages (RFC 9421) with the ed25519 keys registered on chain.

A request covers method, address, body digest and type; a response covers its status, its body digest and the
signature of the request it answers, so that no answer can be given to another question.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

from wallet.message_key import MessageKey

TAG: Final = "corridor"
LABEL: Final = "corridor"
LIFETIME_S: Final = 60
LONGEST_NONCE: Final = 128
CLOCK_SKEW_S: Final = 5
REQUEST_COMPONENTS: Final = ("@method", "@target-uri", "content-digest", "content-type")
ANSWERED: Final = f'"signature";req;key="{LABEL}"'
RESPONSE_COMPONENTS: Final = ("@status", "content-digest", "content-type")


class SignatureRefused(Exception):
    """The message is not signed as it must be; `rule` names what it breaks, the text says it in a sentence."""

    def __init__(self, rule: str, text: str) -> None:
        """Keep both parts."""
        super().__init__(text)
        self.rule = rule
        self.text = text


class Nonces(Protocol):
    """Where used nonces are kept."""

    def use(self, keyid: str, nonce: str, expires_s: int) -> bool:
        """False when this nonce of this key was used before; it may be forgotten after `expires_s`."""
        ...


@dataclass
class RequestHead:
    """The parts of a request that a signature can cover; `url` is absolute."""

    method: str
    url: str
    headers: MutableMapping[str, str]


@dataclass
class ResponseHead:
    """The parts of a response that a signature can cover, with the request it answers."""

    status_code: int
    headers: MutableMapping[str, str]
    request: RequestHead


@dataclass(frozen=True)
class Signatory:
    """An institution that signs: its message key, known to others by its BIC."""

    bic: str
    key: MessageKey


@dataclass(frozen=True)
class Signed:
    """What a good signature proves: whose key made it, and when (unix seconds)."""

    bic: str
    nonce: str
    created_s: int
    expires_s: int


PublicKeyOf = Callable[[str], bytes | None]
"""The registered 32-byte message key of a BIC, or None for a stranger."""


def sign_request(head: RequestHead, body: bytes, signatory: Signatory, now_s: float) -> None:
    """Add Content-Digest, Signature-Input and Signature to the request's headers.

    Raises SignatureRefused for a request that cannot be signed, such as one to an address that is no URL.
    """
    _sign(head, body, signatory, now_s, REQUEST_COMPONENTS)


def sign_response(head: ResponseHead, body: bytes, signatory: Signatory, now_s: float) -> None:
    """The same for a response; it also covers the request's signature where the request carried ours."""
    answered = f"{LABEL}=" in _field(head.request.headers, "signature")
    _sign(head, body, signatory, now_s, (*RESPONSE_COMPONENTS, ANSWERED) if answered else RESPONSE_COMPONENTS)


def verify_request(head: RequestHead, body: bytes, key_of: PublicKeyOf, nonces: Nonces, now_s: float) -> Signed:
    """Who signed this request; a second use of its nonce is refused. Raises SignatureRefused.

    `head.url` must be built from our own registered address and not from the Host header, or a request made for
    another institution could be played to us.
    """
    signed = _verify(head, body, key_of, now_s, REQUEST_COMPONENTS)
    if not nonces.use(signed.bic, signed.nonce, signed.expires_s + CLOCK_SKEW_S):
        raise SignatureRefused("replay", "This signed request was received before; sign it anew to repeat it.")
    return signed


def verify_response(head: ResponseHead, body: bytes, key_of: PublicKeyOf, now_s: float) -> Signed:
    """Who signed this response to exactly our request. Raises SignatureRefused."""
    return _verify(head, body, key_of, now_s, (*RESPONSE_COMPONENTS, ANSWERED))


def _sign(
    head: RequestHead | ResponseHead,
    body: bytes,
    signatory: Signatory,
    now_s: float,
    covered: tuple[str, ...],
) -> None:
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519)
    created = datetime.fromtimestamp(int(now_s), tz=UTC)
    try:
        prepared = signer.prepare(
            head,
            key_id=signatory.bic,
            created=created,
            expires=created + timedelta(seconds=LIFETIME_S),
            nonce=secrets.token_urlsafe(18),
            label=LABEL,
            tag=TAG,
            covered_component_ids=covered,
            body=body,
        )
    except HTTPMessageSignaturesException as error:
        raise SignatureRefused("not-signable", f"This message cannot be signed: {error}.") from error
    signer.apply(head, prepared, signatory.key.sign(prepared.signature_base))


def _verify(
    head: RequestHead | ResponseHead,
    body: bytes,
    key_of: PublicKeyOf,
    now_s: float,
    required: tuple[str, ...],
) -> Signed:
    if not _field(head.headers, "signature-input"):
        raise SignatureRefused("signature-missing", "The message carries no signature (RFC 9421).")
    if not _field(head.headers, "content-digest"):
        raise SignatureRefused("content-digest-missing", "The message carries no Content-Digest (RFC 9530).")
    keys = _RegisteredKeys(key_of)
    verifier = _Verifier(now_s, keys)
    try:
        (result,) = verifier.verify(
            head,
            max_age=timedelta(seconds=LIFETIME_S),
            expect_tag=TAG,
            expect_label=LABEL,
            require_components=required,
            body=body,
        )
    except SignatureRefused:
        raise
    except Exception as error:  # hostile input: the library lets its parsers' own errors through
        if keys.trouble is not None:  # the library would call it a bad signature, whatever it was
            raise keys.trouble from None
        text = str(error) or "it was not made by this key over this message"
        raise SignatureRefused("signature-wrong", f"The message's signature is refused: {text}.") from error
    return _proven(result.parameters)


def _proven(parameters: dict[str, Any]) -> Signed:
    for name in ("created", "expires", "nonce"):
        if name not in parameters:
            raise SignatureRefused(f"{name}-missing", f"The signature's parameter {name!r} is missing.")
    nonce, created, expires = (parameters[name] for name in ("nonce", "created", "expires"))
    if type(nonce) is not str or not 1 <= len(nonce) <= LONGEST_NONCE:
        raise SignatureRefused("nonce", f"The signature's nonce must be of 1 to {LONGEST_NONCE} characters.")
    if expires - created > LIFETIME_S:
        raise SignatureRefused("lifetime", f"The signature is valid for longer than {LIFETIME_S} seconds.")
    return Signed(parameters["keyid"], nonce, created, expires)


def _field(headers: MutableMapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


class _RegisteredKeys(HTTPSignatureKeyResolver):
    """Resolves public keys through the on-chain directory."""

    def __init__(self, key_of: PublicKeyOf) -> None:
        self._key_of = key_of
        self.trouble: Exception | None = None

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        try:
            return self._resolve(key_id)
        except Exception as trouble:
            self.trouble = trouble
            raise

    def _resolve(self, key_id: str) -> Ed25519PublicKey:
        raw = self._key_of(key_id)
        if raw is None:
            raise SignatureRefused("keyid-unknown", f"No participant {key_id[:35]!r} is registered.")
        return Ed25519PublicKey.from_public_bytes(raw)


class _Verifier(HTTPMessageVerifier):
    """The library's verifier with our clock in place of the machine's, so that simulated time rules it too."""

    max_clock_skew = timedelta(seconds=CLOCK_SKEW_S)

    def __init__(self, now_s: float, keys: _RegisteredKeys) -> None:
        super().__init__(signature_algorithm=algorithms.ED25519, key_resolver=keys)
        self._now_s = now_s

    def validate_created_and_expires(self, sig_input: Any, max_age: timedelta | None = None) -> None:
        created, expires = (sig_input.params.get(name) for name in ("created", "expires"))
        if type(created) is not int or type(expires) is not int:
            raise SignatureRefused("times-missing", "The signature must say when it was created and expires.")
        if created > self._now_s + CLOCK_SKEW_S:
            raise SignatureRefused("created", "The signature was created in the future; check the clocks.")
        if expires < self._now_s - CLOCK_SKEW_S:
            raise SignatureRefused("expires", "The signature has expired; check the clocks and sign it anew.")
        if max_age is not None and created + max_age.total_seconds() < self._now_s - CLOCK_SKEW_S:
            raise InvalidSignature("it is older than allowed")
