"""Who signed a digest: recovered with libsecp256k1, and checked a second time by an independent implementation.

The second one (python-ecdsa) sees public data only: its authors state that it does not resist timing attacks.
"""

from __future__ import annotations

from coincurve import PublicKey

from wallet.address import address_of, checksum_address
from wallet.signature import Signature, SignatureRefused


def recover_public_key(digest: bytes, r: int, s: int, y_parity: int) -> bytes:
    """Return the 65-byte public key that made (r, s) over `digest`. Raises SignatureRefused if there is none."""
    if len(digest) != 32:
        raise SignatureRefused(f"a digest has 32 bytes, not {len(digest)}")
    compact = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((y_parity,))
    try:
        return PublicKey.from_signature_and_message(compact, digest, hasher=None).format(compressed=False)
    except Exception as error:  # coincurve raises a bare Exception when there is no such point
        raise SignatureRefused("no public key fits this signature and digest") from error


def recover(digest: bytes, signature: Signature) -> str:
    """Return the checksummed address that signed `digest`.

    Any well-formed signature recovers to *some* address: compare it with the one expected. Raises
    SignatureRefused.
    """
    return checksum_address(address_of(recover_public_key(digest, signature.r, signature.s, signature.y_parity)))


def verify_independently(digest: bytes, signature: Signature, public_key: bytes) -> bool:
    """Whether `public_key` (33, 64 or 65 bytes) signed `digest`, by python-ecdsa and not by libsecp256k1.

    Slow (about a thousand a second): for audits, tests and hardware signers. Raises SignatureRefused for a key
    that is not on secp256k1 or a digest of another length than 32 bytes.
    """
    # Only whoever checks twice pays for importing it.
    from ecdsa import SECP256k1, VerifyingKey  # type: ignore[import-untyped]  # noqa: PLC0415
    from ecdsa.errors import MalformedPointError  # type: ignore[import-untyped]  # noqa: PLC0415
    from ecdsa.keys import BadSignatureError  # type: ignore[import-untyped]  # noqa: PLC0415

    if len(digest) != 32:
        raise SignatureRefused(f"a digest has 32 bytes, not {len(digest)}")
    try:
        key = VerifyingKey.from_string(public_key, curve=SECP256k1)
    except MalformedPointError as error:
        raise SignatureRefused("not a public key on secp256k1") from error
    compact = signature.to_bytes()[:64]
    try:
        return bool(key.verify_digest(compact, digest))
    except BadSignatureError:
        return False
