"""A key in a key service or hardware module that signs digests and answers in DER.

Such signers use random nonces, return high s half of the time and never tell the parity: two signatures over one
digest differ, so what was signed is kept and never signed again.
"""

from __future__ import annotations

from collections.abc import Callable

from wallet.address import address_of, checksum_address
from wallet.der import public_key_from_der, signature_from_der
from wallet.signer import Signature, SignatureRefused, normalise
from wallet.verification import verify_independently


class DerSigner:
    """Signs by calling `sign`, which takes 32 bytes and returns a DER signature over them.

    `public_key_der` is the key's SubjectPublicKeyInfo; `expected_address` is the one on record, so that a service
    that was pointed at another key is found at start. Raises SignatureRefused.
    """

    def __init__(
        self, public_key_der: bytes, sign: Callable[[bytes], bytes], expected_address: str | None = None
    ) -> None:
        self._public_key = public_key_from_der(public_key_der)
        self._sign = sign
        self.address = checksum_address(address_of(self._public_key))
        if expected_address is not None and expected_address != self.address:
            raise SignatureRefused(f"the key has address {self.address}, not {expected_address}")

    def sign_digest(self, digest: bytes) -> Signature:
        """Sign 32 bytes; see Signer. What comes back is checked by two implementations before it leaves."""
        if len(digest) != 32:
            raise SignatureRefused(f"a digest has 32 bytes, not {len(digest)}")
        r, s = signature_from_der(self._sign(bytes(digest)))
        signature = normalise(digest, r, s, self.address)
        if not verify_independently(digest, signature, self._public_key):
            raise SignatureRefused("the two curve implementations disagree about this signature")
        return signature
