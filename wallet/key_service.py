"""Keys in a cloud's key service (AWS KMS): they sign there, and answer in DER.

It is told a digest only, so whoever may use the key may sign anything with it: the policy stands in front of this
signer, and the key's own access rules admit nobody but the institution's node.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError  # type: ignore[import-untyped]

from wallet.der_signer import DerSigner
from wallet.signer import SignatureRefused, SignerUnreachable

# Of SigningAlgorithm's values the one for secp256k1; with MessageType DIGEST nothing is hashed again.
_ALGORITHM: Final = "ECDSA_SHA_256"
_CURVE: Final = "ECC_SECG_P256K1"
_TRY_AGAIN: Final = frozenset(
    {"ThrottlingException", "KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException"}
)


def connect(region: str, *, endpoint_url: str | None = None, timeout_s: float = 5) -> Any:
    """Return boto3's client, with credentials from where AWS's own tools have them; nothing is asked yet.

    Signing again is harmless, for of two signatures only one is kept, so the client tries three times.
    """
    config = Config(connect_timeout=timeout_s, read_timeout=timeout_s, retries={"total_max_attempts": 3})
    return boto3.session.Session().client("kms", region_name=region, endpoint_url=endpoint_url, config=config)


def service_signer(client: Any, key_id: str, expected_address: str | None = None) -> DerSigner:
    """Return the signer of a key by its id, ARN or alias. Raises SignatureRefused, SignerUnreachable.

    Refused: a key of another curve or use, or with another address than expected (an alias can be moved).
    """
    found = _asked(lambda: client.get_public_key(KeyId=key_id))
    spec, usage = found.get("KeySpec"), found.get("KeyUsage")
    if (spec, usage) != (_CURVE, "SIGN_VERIFY"):
        raise SignatureRefused(f"the key service's key is {spec} for {usage}, not {_CURVE} for signing")
    arn = str(found.get("KeyId", key_id))  # from here on this very key, wherever an alias is moved to

    def sign(digest: bytes) -> bytes:
        request = {"KeyId": arn, "Message": digest, "MessageType": "DIGEST", "SigningAlgorithm": _ALGORITHM}
        return _bytes(_asked(lambda: client.sign(**request)).get("Signature"))

    return DerSigner(_bytes(found.get("PublicKey")), sign, expected_address)


def _bytes(member: object) -> bytes:
    if not isinstance(member, bytes):
        raise SignerUnreachable("the key service's answer lacks what was asked for")
    return member


def _asked(request: Callable[[], Any]) -> dict[str, Any]:
    """Return the answer; errors as a signer's own, without the request that caused them."""
    try:
        answer: dict[str, Any] = request()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        if code in _TRY_AGAIN or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
            raise SignerUnreachable(f"the key service did not sign: {code}") from error
        raise SignatureRefused(f"the key service refused: {code}") from error
    except (BotoCoreError, HTTPClientError) as error:
        raise SignerUnreachable(f"the key service did not answer: {type(error).__name__}") from error
    return answer
