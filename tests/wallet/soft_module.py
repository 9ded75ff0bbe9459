"""A hardware module in software (SoftHSM2) in a directory of its own, with one token and one key in it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from wallet.hardware_module import HardwareModule, HardwareToken
from wallet.secret import Secret

PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
LABEL, PIN = "corridor-test", Secret(b"2468")


@dataclass(frozen=True)
class SoftModule:
    """Where the module's library is, and where it keeps its token."""

    library: Path
    tokens: Path

    def open(self, pin: Secret = PIN, label: str = LABEL) -> HardwareModule:
        return HardwareModule(HardwareToken(self.library, label), pin)

    def remove(self) -> None:
        """Pull the token out, whatever is being signed."""
        self.tokens.rename(self.tokens.with_name("removed"))
        self.tokens.mkdir()

    def put_back(self) -> None:
        self.tokens.rmdir()
        self.tokens.with_name("removed").rename(self.tokens)


def soft_module(directory: Path, monkeypatch: pytest.MonkeyPatch) -> SoftModule:
    """Initialise a token; skip the test where SoftHSM2 is not installed."""
    tool = shutil.which("softhsm2-util")
    library = next((Path(place) for place in PLACES if Path(place).is_file()), None)
    if tool is None or library is None:
        pytest.skip("SoftHSM2 is not installed (Debian: apt-get install softhsm2)")
    tokens = directory / "tokens"
    tokens.mkdir()
    configuration = directory / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tokens}\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    command = (tool, "--init-token", "--free", "--label", LABEL, "--pin", "2468", "--so-pin", "13579")
    subprocess.run(command, check=True, capture_output=True)
    return SoftModule(library, tokens)
