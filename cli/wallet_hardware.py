"""Keys made inside a hardware module, which never leave it: `wallet new --pkcs11` and `wallet address --pkcs11`.

What is printed with `--json` is the entry for `signers` in an institution's description.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.wallet_view import note, show_json, show_table
from wallet.key_place import HardwarePlace
from wallet.secret import Secret
from wallet.secret_input import read_secret

if TYPE_CHECKING:
    from wallet.hardware_module import HardwareModule

LibraryOption = Annotated[
    Path | None,
    typer.Option("--pkcs11", help="In a hardware module: its library, such as /usr/lib/softhsm/libsofthsm2.so."),
]
TokenOption = Annotated[str | None, typer.Option("--token", help="The label of the module's token.")]
LabelOption = Annotated[str | None, typer.Option("--label", help="The key's label in the token.")]
PinFileOption = Annotated[
    Path | None, typer.Option("--pin-file", help="Read the PIN from a file with mode 0600; else it is asked.")
]
PinFdOption = Annotated[int | None, typer.Option("--pin-fd", help="Read the PIN from this file descriptor.")]


@dataclass(frozen=True)
class HardwareChoice:
    """What the options say of a hardware module."""

    library: Path | None
    token: str | None
    label: str | None
    pin_file: Path | None
    pin_fd: int | None

    def place(self) -> HardwarePlace | None:
        """The key's place, or None where no module is asked for. Raises typer.BadParameter for a half of it."""
        if self.library is None:
            if any((self.token, self.label, self.pin_file, self.pin_fd)):
                raise typer.BadParameter("--token, --label and --pin-… belong to --pkcs11")
            return None
        if self.token is None or self.label is None:
            raise typer.BadParameter("--pkcs11 needs --token and --label")
        return HardwarePlace(
            library=self.library, token=self.token, key=self.label, pin_file=self.pin_file or Path("pin")
        )

    def make(self, place: HardwarePlace, *, as_json: bool) -> None:
        """Have the module make a key, and show its address. Raises SignatureRefused, SignerUnreachable."""
        with closing(self._opened(place)) as module:
            _show(place, module.make_key(place.key).address, "New key", as_json)
        note("There is no copy of it: if the module is lost, so is the key, unless the vendor's tools back it up.")

    def show(self, place: HardwarePlace, *, as_json: bool) -> str:
        """Show the address of a key; one that could leave the module is refused."""
        with closing(self._opened(place)) as module:
            address = module.signer(place.key).address
        _show(place, address, "Key", as_json)
        return address

    def _opened(self, place: HardwarePlace) -> HardwareModule:
        # A key ring knows remote signers too, and with them a whole HTTP client: only who has a module needs it.
        from wallet.key_ring import opened_module  # noqa: PLC0415

        pin: Secret = read_secret("PIN", descriptor=self.pin_fd, file=self.pin_file)
        return opened_module(place, pin)


def _show(place: HardwarePlace, address: str, title: str, as_json: bool) -> None:
    if not as_json:
        show_table(title, ["Address", "Token", "Label"], [[address, place.token, place.key]])
        return
    found = {"kind": place.KIND, "library": str(place.library), "token": place.token, "key": place.key}
    show_json(found | {"pin_file": str(place.pin_file), "address": address})
