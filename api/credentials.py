"""The proofs of who asks: API keys kept as digests, clients' signed assertions (RFC 7523), our own short tokens.

A token is a JWT signed with the institution's message key and typed `at+jwt` (RFC 9068), so nothing else that key
signs can be taken for one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from api.signatures import Signatory
from node.book.book import Book
from node.book.callers import CallerRecord

KEY_PREFIX: Final = "corridor_"
TOKEN_S: Final = 300
LONGEST_ASSERTION_S: Final = 300
SKEW_S: Final = 5
LEAST_RSA_BITS: Final = 2048
GOOD_KEY: Final = f"public key in PEM of Ed25519, P-256, or RSA of at least {LEAST_RSA_BITS} bits"
ASSERTION_ALGORITHMS: Final = ("EdDSA", "ES256", "PS256")
SCOPE: Final = re.compile(r"[a-z][a-z-]{0,30}:(read|write)")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_KEY: Final = re.compile(KEY_PREFIX + r"([a-z0-9][a-z0-9._-]{0,39})_([A-Za-z0-9_-]{43})")
_TOKEN_TYPE: Final = "at+jwt"  # noqa: S105  (a type, not a token)


class NotProven(Exception):
    """The proof is refused; the text says why, and nothing that would help to forge one."""


@dataclass(frozen=True)
class Issued:
    """A token, for so many seconds and these scopes."""

    token: str
    expires_in_s: int
    scopes: frozenset[str]


def new_key(name: str) -> tuple[str, bytes]:
    """A fresh API key for the caller `key:<name>`, and the digest that is kept of it."""
    key = f"{KEY_PREFIX}{name}_{secrets.token_urlsafe(32)}"
    return key, hashlib.sha256(key.encode()).digest()


def public_key_of(pem: str) -> Any:
    """The public key in a PEM text; raises ValueError for what is none, for another kind, and for a short one."""
    try:
        key = load_pem_public_key(pem.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError("a key of another kind") from error
    sound = (
        isinstance(key, Ed25519PublicKey)
        or (isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1))
        or (isinstance(key, RSAPublicKey) and key.key_size >= LEAST_RSA_BITS)
    )
    if not sound:
        raise ValueError("a key of another kind, or a short one")
    return key


class Credentials:
    """Checks proofs against one institution's book, by the clock that is handed in."""

    def __init__(self, book: Book, signatory: Signatory, address: str, now_s: Callable[[], float]) -> None:
        """`address` is the institution's own, the issuer and audience of its tokens."""
        self._book = book
        self._signatory = signatory
        self._address = address
        self._now_s = now_s

    def caller(self, given: str) -> CallerRecord | None:
        """The caller that a bearer credential proves; None where it is neither a good API key nor a good token."""
        key = _KEY.fullmatch(given)
        if key is not None:
            return self._by_key(key.group(1), given)
        return self._by_token(given) if given.count(".") == 2 else None

    def _by_key(self, name: str, given: str) -> CallerRecord | None:
        record = self._good(f"key:{name}")
        digest = hashlib.sha256(given.encode()).digest()
        if record is None or record.digest is None or not hmac.compare_digest(record.digest, digest):
            return None
        return record

    def _by_token(self, given: str) -> CallerRecord | None:
        key = Ed25519PublicKey.from_public_bytes(self._signatory.key.public_key)
        try:
            if jwt.get_unverified_header(given).get("typ") != _TOKEN_TYPE:
                return None
            claims = jwt.decode(given, key, ["EdDSA"], options=_BY_OUR_CLOCK, audience=self._address)
        except jwt.PyJWTError:
            return None
        if claims.get("iss") != self._address or not self._now_s() < _number(claims, "exp"):
            return None
        record = self._good(str(claims.get("sub")))
        if record is None:
            return None
        told = frozenset(str(claims.get("scope", "")).split())
        scopes = told if "*" in record.scopes else record.scopes & told
        return CallerRecord(**{**vars(record), "scopes": scopes})

    def _good(self, name: str) -> CallerRecord | None:
        with self._book.view() as unit:
            record = unit.callers.find(name)
        if record is None or record.revoked:
            return None
        return record if record.expires_s is None or self._now_s() < record.expires_s else None

    def issue(self, assertion: str, wanted: frozenset[str] | None) -> Issued:
        """A token for whoever signed this assertion, with the wanted scopes, or all it holds; raises NotProven."""
        record = self._asserted(assertion)
        scopes = record.scopes if wanted is None else wanted
        if "*" not in record.scopes and not scopes <= record.scopes:
            raise NotProven("invalid_scope")
        now_s = int(self._now_s())
        claims = {
            "iss": self._address,
            "aud": self._address,
            "sub": record.name,
            "scope": " ".join(sorted(scopes)),
            "iat": now_s,
            "exp": now_s + TOKEN_S,
            "jti": secrets.token_urlsafe(16),
        }
        return Issued(self._signed(claims), TOKEN_S, scopes)

    def _signed(self, claims: Mapping[str, Any]) -> str:
        head = {"alg": "EdDSA", "typ": _TOKEN_TYPE, "kid": self._signatory.bic}
        signed = b".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
        return (signed + b"." + _base64url(self._signatory.key.sign(signed))).decode()

    def _asserted(self, assertion: str) -> CallerRecord:
        try:
            name = jwt.decode(assertion, options=_unsigned()).get("sub")
            known = isinstance(name, str) and NAME.fullmatch(name) is not None
            record = self._good(f"client:{name}") if known else None
            if record is None or record.public_key is None:
                raise NotProven("invalid_client")
            claims = jwt.decode(
                assertion,
                public_key_of(record.public_key),
                list(ASSERTION_ALGORITHMS),
                options=_WHOLE,
                audience=[self._address, f"{self._address}/oauth/token"],
                issuer=name,
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            raise NotProven("invalid_client") from None
        self._use_once(record, claims)
        return record

    def _use_once(self, record: CallerRecord, claims: Mapping[str, Any]) -> None:
        """An assertion is good for a few minutes and one use."""
        now_s, expires_s, jti = self._now_s(), _number(claims, "exp"), claims["jti"]
        if not now_s - SKEW_S < expires_s <= now_s + LONGEST_ASSERTION_S + SKEW_S:
            raise NotProven("invalid_client")
        if _number(claims, "nbf", now_s) > now_s + SKEW_S or _number(claims, "iat", now_s) > now_s + SKEW_S:
            raise NotProven("invalid_client")
        if not isinstance(jti, str) or not 1 <= len(jti) <= 128 or not jti.isprintable():
            raise NotProven("invalid_client")
        with self._book.unit() as unit:
            if not unit.nonces.use(record.name, jti, int(expires_s) + SKEW_S + 1):
                raise NotProven("invalid_client")


# Times are checked by the clock that is handed in, not by the library's.
_BY_OUR_CLOCK: Final[Any] = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}


_WHOLE: Final[Any] = _BY_OUR_CLOCK | {"require": ["exp", "iss", "sub", "aud", "jti"]}


def _unsigned() -> Any:
    """To look who claims to have signed it, before that is checked."""
    return _BY_OUR_CLOCK | {"verify_signature": False}


def _number(claims: Mapping[str, Any], name: str, absent: float = 0.0) -> float:
    value = claims.get(name, absent)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
