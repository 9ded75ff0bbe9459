"""`corridor wallet new --pkcs11` and `address --pkcs11`, for real against SoftHSM2."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exit_codes import ExitCode
from tests.wallet.shell import Person, answer
from tests.wallet.soft_module import LABEL, SoftModule, soft_module
from tests.wallet.test_hardware_module import make_key
from wallet.keccak import keccak
from wallet.key_place import HardwarePlace, read_place
from wallet.key_ring import KeyRing
from wallet.secret import Secret
from wallet.verification import recover

DIGEST = keccak(b"payment")


@pytest.fixture
def soft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftModule:
    return soft_module(tmp_path, monkeypatch)


@pytest.fixture
def operator(tmp_path: Path) -> Person:
    person = Person(tmp_path)
    person.private("pin", "2468\n")
    return person


def options(soft: SoftModule, operator: Person, label: str) -> tuple[str, ...]:
    pin = ("--pin-file", str(operator.home / "pin"))
    return ("--pkcs11", str(soft.library), "--token", LABEL, "--label", label, *pin, "--json")


def test_a_key_is_made_inside_and_what_is_printed_opens_it(soft: SoftModule, operator: Person) -> None:
    made = answer(operator.run("new", *options(soft, operator, "operator")))
    place = read_place("signers.operator", made, operator.home)
    assert isinstance(place, HardwarePlace)
    ring = KeyRing(Secret(b""), lambda: (1, ""))
    assert recover(DIGEST, ring.open(place).sign_digest(DIGEST)) == made["address"]
    ring.close()
    assert answer(operator.run("address", *options(soft, operator, "operator")))["address"] == made["address"]


def test_a_label_is_used_once(soft: SoftModule, operator: Person) -> None:
    made = answer(operator.run("new", *options(soft, operator, "operator")))
    again = operator.run("new", *options(soft, operator, "operator"))
    assert again.exit_code == ExitCode.BAD_INPUT
    assert "already" in again.stderr
    assert answer(operator.run("address", *options(soft, operator, "operator"))) == made


def test_a_key_that_could_leave_has_no_address_for_us(soft: SoftModule, operator: Person) -> None:
    make_key(soft, "loose", extractable=True)
    result = operator.run("address", *options(soft, operator, "loose"))
    assert result.exit_code == ExitCode.BAD_INPUT
    assert "can leave" in result.stderr


def test_half_of_the_options_is_said_to_be_half(soft: SoftModule, operator: Person) -> None:
    assert operator.run("new", "--pkcs11", str(soft.library), "--token", LABEL).exit_code == ExitCode.BAD_INPUT
    assert operator.run("address", "--token", LABEL).exit_code == ExitCode.BAD_INPUT
    missing = options(soft, operator, "operator")
    gone = operator.run("new", "--pkcs11", "/nowhere/lib.so", *missing[2:])
    assert gone.exit_code == ExitCode.UNREACHABLE
