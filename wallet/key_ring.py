"""An institution's signing keys, opened from wherever they live and let go of together.

One hardware module serves all keys of its token, for two sessions of one library have ended processes.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Final

from wallet.key_place import BadKeyPlace, HardwarePlace, KeyPlace, KeystorePlace, RemotePlace, ServicePlace
from wallet.keystore import Keystore
from wallet.private_file import read_private
from wallet.remote_signer import RemoteKey, RemoteSigner, pinned_context
from wallet.secret import Secret
from wallet.signer import Signer

if TYPE_CHECKING:
    from wallet.hardware_module import HardwareModule

_MAX_SECRET_BYTES: Final = 4096


class KeyRing:
    """Opens keys; `password` opens the keystores that have none of their own, `gate` bounds key derivations.

    `chain` tells the chain's id and the settlement contract when a remote signer needs them, and not before.
    """

    def __init__(
        self, password: Secret, chain: Callable[[], tuple[int, str]], gate: BoundedSemaphore | None = None
    ) -> None:
        self._password = password
        self._chain = chain
        self._gate = gate
        self._modules: dict[Path, tuple[str, HardwareModule]] = {}
        self._undo = ExitStack()

    def open(self, place: KeyPlace, address: str | None = None) -> Signer:
        """Return the signer of the key at `place`, which must be `address`'s where that is given.

        Raises BadKeyPlace, KeystoreRefused, UnsafeFile, FileNotFoundError, SignatureRefused, SignerUnreachable.
        """
        if None not in (address, place.address) and address != place.address:
            raise BadKeyPlace(f"the description says {place.address} where {address} is on record")
        wanted = address or place.address
        match place:
            case KeystorePlace():
                return self._from_keystore(place, wanted)
            case HardwarePlace():
                return self._module(place).signer(place.key, wanted)
            case ServicePlace():
                return _from_service(place, wanted)
            case RemotePlace():
                return self._remote(place, wanted)
        raise BadKeyPlace(f"nobody knows how to open a key in {place}")

    def close(self) -> None:
        """Log out of modules and close connections; a hardware key that signs afterwards logs in again."""
        self._undo.close()

    def _from_keystore(self, place: KeystorePlace, address: str | None) -> Signer:
        keystore = Keystore(place.folder, gate=self._gate)
        password = self._password if place.password_file is None else secret_in(place.password_file)
        kept = keystore.addresses()
        if address is None and len(kept) != 1:
            raise BadKeyPlace(f"{place.folder} has {len(kept)} keys; say whose with `address`")
        return keystore.unlock(address or kept[0], password)

    def _module(self, place: HardwarePlace) -> HardwareModule:
        if place.library not in self._modules:
            opened = opened_module(place, secret_in(place.pin_file))
            self._undo.callback(opened.close)
            self._modules[place.library] = (place.token, opened)
        token, module = self._modules[place.library]
        if token != place.token:
            raise BadKeyPlace(f"one process uses one token of a library, and {token!r} is in use already")
        return module

    def _remote(self, place: RemotePlace, address: str | None) -> Signer:
        if address is None:
            raise BadKeyPlace("a remote signer is asked for one key by its address")
        try:
            context = pinned_context(place.certificate, place.client_certificate, place.client_key)
            signer = RemoteSigner(RemoteKey(place.url, address, *self._chain()), context)
        except (ssl.SSLError, FileNotFoundError, ValueError) as error:
            raise BadKeyPlace(f"the remote signer {place.url} cannot be used: {error}") from error
        self._undo.callback(signer.close)
        return signer


def secret_in(file: Path) -> Secret:
    """Return the password or PIN that a private file (mode 0600) holds, less one line break. Raises UnsafeFile."""
    return Secret(read_private(file, _MAX_SECRET_BYTES).rstrip(b"\r\n"))


def opened_module(place: HardwarePlace, pin: Secret) -> HardwareModule:
    """Return the hardware module of a place; nothing is asked of it yet. Raises BadKeyPlace without the extra."""
    try:
        from wallet import hardware_module  # noqa: PLC0415  only who has such keys needs the extra
    except ImportError as error:
        raise BadKeyPlace("keys in hardware need the extra: pip install 'corridor[hsm]'") from error
    return hardware_module.HardwareModule(hardware_module.HardwareToken(place.library, place.token), pin)


def _from_service(place: ServicePlace, address: str | None) -> Signer:
    try:
        from wallet import key_service  # noqa: PLC0415  only who has such keys needs the extra
    except ImportError as error:
        raise BadKeyPlace("keys in a key service need the extra: pip install 'corridor[kms]'") from error
    client = key_service.connect(place.region, endpoint_url=place.endpoint_url)
    return key_service.service_signer(client, place.key_id, address)
