"""Public keys and signatures as hardware and key services return them (DER), read strictly by python-ecdsa.

Public data only. Another curve, another encoding, a byte too many or a number out of range is refused.
"""

from __future__ import annotations

from ecdsa import SECP256k1, VerifyingKey  # type: ignore[import-untyped]
from ecdsa.curves import UnknownCurveError  # type: ignore[import-untyped]
from ecdsa.der import UnexpectedDER  # type: ignore[import-untyped]
from ecdsa.errors import MalformedPointError  # type: ignore[import-untyped]
from ecdsa.util import sigdecode_der, sigencode_der  # type: ignore[import-untyped]

from wallet.signature import CURVE_ORDER, SignatureRefused

_LONGEST = 128  # bytes; a SubjectPublicKeyInfo of this curve has 88, a signature at most 72


def public_key_from_der(der: bytes) -> bytes:
    """Return the 65-byte public key in a SubjectPublicKeyInfo (RFC 5480). Raises SignatureRefused.

    The curve must be secp256k1, by name: libraries accept P-256 here as happily, and nothing recovers from it.
    """
    if len(der) > _LONGEST:
        raise SignatureRefused("the public key is too long for one on secp256k1")
    try:
        key = VerifyingKey.from_der(der, valid_encodings=("uncompressed",), valid_curve_encodings=("named_curve",))
    except (UnexpectedDER, UnknownCurveError, MalformedPointError, ValueError, IndexError) as error:
        raise SignatureRefused("not a public key in DER, on a curve that is named") from error
    if key.curve != SECP256k1:
        raise SignatureRefused(f"the public key is on {key.curve.name}, not on secp256k1")
    if key.to_der("uncompressed", curve_parameters_encoding="named_curve") != der:
        raise SignatureRefused("the public key is not in strict DER")  # python-ecdsa passes a wrong inner length
    return bytes(key.to_string("uncompressed"))


def signature_from_der(der: bytes) -> tuple[int, int]:
    """Return r and s of a DER signature, in range; s may still be high. Raises SignatureRefused."""
    if len(der) > _LONGEST:
        raise SignatureRefused("the signature is too long for one on secp256k1")
    try:
        r, s = sigdecode_der(der, CURVE_ORDER)
    except (UnexpectedDER, ValueError, IndexError) as error:
        raise SignatureRefused("not a signature in strict DER") from error
    if not (0 < r < CURVE_ORDER and 0 < s < CURVE_ORDER):
        raise SignatureRefused("r or s is not between 1 and the curve's order")
    if sigencode_der(r, s, CURVE_ORDER) != der:
        raise SignatureRefused("not a signature in strict DER")
    return int(r), int(s)
