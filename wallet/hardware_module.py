"""Keys in a hardware module, reached by PKCS#11: they sign inside it and never leave it.

One session and one lock for all keys of a module: python-pkcs11 lets go of Python's own lock during a call, and
several sessions at once have ended the process. Two modules of one library in a process are two sessions.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, PKCS11Error
from pkcs11.exceptions import (
    MultipleObjectsReturned,
    NoSuchKey,
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
)

from wallet.address import address_of, checksum_address
from wallet.secret import Secret
from wallet.signer import Signature, SignatureRefused, SignerUnreachable, normalise
from wallet.verification import verify_independently

_SECP256K1: Final = bytes.fromhex("06052b8104000a")  # the curve's object identifier in DER (SEC 2)
_WRONG_PIN: Final = (PinIncorrect, PinInvalid, PinLenRange, PinLocked, PinExpired)
_NO_SUCH_KEY: Final = (NoSuchKey, MultipleObjectsReturned)


@dataclass(frozen=True)
class HardwareToken:
    """Which token: the vendor's library, and the label that the token was initialised with."""

    library: Path
    label: str


class HardwareModule:
    """A token with the PIN that opens it. Threads may share it; nothing is opened before it is needed.

    After a failure (module removed, power lost) the next signature opens it anew. A PIN that was refused is not
    tried again, for a few wrong ones lock the token for good.
    """

    def __init__(self, token: HardwareToken, pin: Secret) -> None:
        self._token = token
        self._name = f"the hardware module ({token.label})"
        self._pin = pin
        self._lock = threading.Lock()
        self._library: Any = None
        self._session: Any = None
        self._keys: dict[str, Any] = {}
        self._refusal = ""

    def signer(self, key_label: str, expected_address: str | None = None) -> HardwareSigner:
        """Return the signer of a key, found by its label. Raises SignatureRefused, SignerUnreachable.

        Refused: a key that can leave the module, is on another curve, or has another address than expected.
        """
        public_key = self._public_key(key_label)
        address = checksum_address(address_of(public_key))
        if expected_address is not None and expected_address != address:
            raise SignatureRefused(f"the key {key_label!r} has address {address}, not {expected_address}")
        return HardwareSigner(self, key_label, public_key)

    def sign(self, key_label: str, digest: bytes) -> bytes:
        """Return r and s, 32 bytes each, as the module made them. Raises SignatureRefused, SignerUnreachable."""
        with self._lock:
            try:
                return bytes(self._private_key(key_label).sign(digest, mechanism=Mechanism.ECDSA))
            except RuntimeError as error:
                raise self._failed(error) from error

    def make_key(self, key_label: str) -> HardwareSigner:
        """Have the module make a key that never leaves it, and return its signer.

        Raises SignatureRefused where a key has this label already, and SignerUnreachable.
        """
        with self._lock:
            try:
                self._made(key_label)
            except RuntimeError as error:
                raise self._failed(error) from error
        return self.signer(key_label)

    def _made(self, label: str) -> None:
        session = self._opened(rw=True)
        if any(True for _ in session.get_objects({Attribute.LABEL: label})):
            raise SignatureRefused(f"{self._name} has something labelled {label!r} already; choose another label")
        parameters = session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: _SECP256K1}, local=True)
        inside = {Attribute.EXTRACTABLE: False, Attribute.SENSITIVE: True}
        parameters.generate_keypair(store=True, label=label, private_template=inside)

    def close(self) -> None:
        """Log out; a later signature opens the token again."""
        with self._lock:
            self._drop()

    def _public_key(self, label: str) -> bytes:
        with self._lock:
            try:
                _check_private(label, self._private_key(label))
                found = self._opened().get_key(ObjectClass.PUBLIC_KEY, KeyType.EC, label)
                point = bytes(found[Attribute.EC_POINT])
            except _NO_SUCH_KEY as error:
                raise SignatureRefused(f"{self._name} has not exactly one key labelled {label!r}") from error
            except RuntimeError as error:
                raise self._failed(error) from error
        return _uncompressed(point)

    def _private_key(self, label: str) -> Any:
        session = self._opened()
        if label not in self._keys:
            self._keys[label] = session.get_key(ObjectClass.PRIVATE_KEY, KeyType.EC, label)
        return self._keys[label]

    def _opened(self, *, rw: bool = False) -> Any:
        """The session; one that can only read is given up for one that can write."""
        if self._refusal:
            raise SignatureRefused(self._refusal)
        if rw and self._session is not None:
            self._drop()
        if self._session is None:
            self._library = pkcs11.lib(str(self._token.library))
            token = self._library.get_token(token_label=self._token.label)
            self._session = token.open(user_pin=self._pin.reveal().decode(), rw=rw)
        return self._session

    def _failed(self, error: RuntimeError) -> Exception:
        """Give up the session, and return what to raise; all of python-pkcs11's errors are RuntimeErrors."""
        self._drop()
        if isinstance(error, _WRONG_PIN):
            self._refusal = f"{self._name} refused the PIN ({type(error).__name__}); it is not tried again"
            return SignatureRefused(self._refusal)
        return SignerUnreachable(
            f"{self._name} did not sign: {type(error).__name__}; the next signature opens it anew"
        )

    def _drop(self) -> None:
        """Give up the session and the library's state: only a fresh start sees a token that was put back."""
        library, self._library, self._session, self._keys = self._library, None, None, {}
        if library is None:
            return
        try:
            library.finalize()
        except PKCS11Error:
            pkcs11.unload(str(self._token.library))

    def __repr__(self) -> str:
        return f"HardwareModule({self._token.label})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a hardware module holds a PIN and is never pickled or copied")


class HardwareSigner:
    """A key of a hardware module as a signer. Its nonces are random, so signed bytes are kept, never re-signed."""

    def __init__(self, module: HardwareModule, key_label: str, public_key: bytes) -> None:
        self._module = module
        self._key_label = key_label
        self._public_key = public_key
        self.address = checksum_address(address_of(public_key))

    def sign_digest(self, digest: bytes) -> Signature:
        """Sign 32 bytes; see Signer. Modules sign any length without complaint, so it is checked here.

        Raises SignatureRefused, SignerUnreachable.
        """
        if len(digest) != 32:
            raise SignatureRefused(f"a digest has 32 bytes, not {len(digest)}")
        raw = self._module.sign(self._key_label, bytes(digest))
        if len(raw) != 64:
            raise SignatureRefused(f"the hardware module returned {len(raw)} bytes, not r and s of 32 each")
        r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        signature = normalise(digest, r, s, self.address)
        if not verify_independently(digest, signature, self._public_key):
            raise SignatureRefused("the two curve implementations disagree about this signature")
        return signature


def _check_private(label: str, key: Any) -> None:
    if key[Attribute.EXTRACTABLE] or not key[Attribute.SENSITIVE]:
        raise SignatureRefused(f"the key {label!r} can leave the module; make one that is not extractable")
    if bytes(key[Attribute.EC_PARAMS]) != _SECP256K1:
        raise SignatureRefused(f"the key {label!r} is not on secp256k1")


def _uncompressed(point: bytes) -> bytes:
    """Return the 65 bytes of a point in an OCTET STRING, as the standard says, or bare, as some modules do."""
    bare = point[2:] if len(point) == 67 and point[:2] == b"\x04\x41" else point
    if len(bare) != 65 or bare[0] != 4:
        raise SignatureRefused("the hardware module's public key is not an uncompressed point")
    return bare
