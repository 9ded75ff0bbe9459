"""`corridor wallet` against a running sandbox network, with the keys that lie in its folder, as users do it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.exit_codes import ExitCode
from cli.running_network import RunningNetwork
from cli.wallet import app
from tests.network import BANK_CN, PATIENCE_S, bank
from tests.wallet.shell import answer
from wallet.keystore import Keystore

DEBTOR = "jiangnan-textile"
CREDITOR = "kowloon-instruments"


@dataclass(frozen=True)
class Holder:
    """Somebody with a keystore in the sandbox's folder: a customer, or an institution with its settlement key."""

    network: RunningNetwork
    keys: Path
    password: Path

    @property
    def address(self) -> str:
        (only,) = Keystore(self.keys).addresses()
        return only

    def run(self, *arguments: str) -> Result:
        common = ("--network", str(self.network.data), "--keystore", str(self.keys))
        return CliRunner().invoke(app, [*arguments, *common])

    def act(self, *arguments: str) -> Result:
        """A command that signs: with the password, agreed to, answered in JSON."""
        return self.run(*arguments, "--password-file", str(self.password), "--yes", "--json")

    def yuan(self) -> tuple[int, int]:
        """What is free and what is on hold, in minor units."""
        found = answer(self.run("balance", "--json"))
        (entry,) = [one for one in found if one["currency"] == "CNY"]
        return int(entry["amount"]), int(entry["on_hold"])


def customer(network: RunningNetwork, key: str) -> Holder:
    folder = network.data / "customers" / key
    return Holder(network, folder / "keystore", folder / "password")


@pytest.fixture
def debtor(network: RunningNetwork) -> Holder:
    return customer(network, DEBTOR)


@pytest.fixture
def creditor(network: RunningNetwork) -> Holder:
    return customer(network, CREDITOR)


def test_money_is_held_and_paid_when_receipt_is_confirmed(
    debtor: Holder, creditor: Holder, tmp_path: Path
) -> None:
    (free, held), (received, _) = debtor.yuan(), creditor.yuan()
    terms = str(tmp_path / "terms.json")
    placed = debtor.act("hold", "12.50", "CNY", creditor.address, "--to", terms)
    assert answer(placed)["status"] == "settled"
    assert debtor.yuan() == (free - 1250, held + 1250)
    assert creditor.act("confirm", terms).exit_code == ExitCode.BAD_INPUT, "the debtor confirms"
    assert answer(debtor.act("confirm", terms))["status"] == "settled"
    assert debtor.yuan() == (free - 1250, held)
    assert creditor.yuan() == (received + 1250, 0)


def test_the_creditor_gives_up_what_is_held(debtor: Holder, creditor: Holder, tmp_path: Path) -> None:
    before, terms = debtor.yuan(), str(tmp_path / "terms.json")
    answer(debtor.act("hold", "3", "CNY", creditor.address, "--to", terms))
    early = debtor.act("lift", terms)
    assert early.exit_code == ExitCode.BAD_INPUT
    assert "not yet expired" in early.stderr
    assert answer(creditor.act("lift", terms))["status"] == "settled"
    assert debtor.yuan() == before


def test_what_nobody_confirmed_goes_back_after_its_time(debtor: Holder, creditor: Holder, tmp_path: Path) -> None:
    before, terms = debtor.yuan(), tmp_path / "terms.json"
    _place_for_seconds(debtor, creditor.address, terms)
    deadline = time.monotonic() + PATIENCE_S
    while (lifted := debtor.act("lift", str(terms))).exit_code != ExitCode.DONE:
        assert "not yet expired" in lifted.stderr
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert "The hold is lifted" in lifted.stderr
    assert debtor.yuan() == before
    late = debtor.act("confirm", str(terms))
    assert late.exit_code == ExitCode.BAD_INPUT
    assert "already lifted" in late.stderr


def _place_for_seconds(debtor: Holder, creditor: str, terms: Path) -> None:
    """Place a hold that ends soon; longer where this machine is too slow to place it in time."""
    for valid_s in (2, 8, 20):
        placed = debtor.act("hold", "2", "CNY", creditor, "--to", str(terms), "--valid", str(valid_s))
        if placed.exit_code == ExitCode.DONE:
            return
        terms.unlink(missing_ok=True)
    raise AssertionError(placed.output)


def test_an_institutions_own_money_on_hold_is_still_in_its_book(
    network: RunningNetwork, creditor: Holder, tmp_path: Path
) -> None:
    folder = network.data / "institutions" / BANK_CN
    own, terms = Holder(network, folder / "settlement_key", folder / "password"), str(tmp_path / "terms.json")
    institution = bank(network, BANK_CN)
    assert _in_the_end_reconciles(institution)
    answer(own.act("hold", "1000", "CNY", creditor.address, "--to", terms))
    assert own.yuan()[1] == 100_000
    assert _in_the_end_reconciles(institution)
    answer(creditor.act("lift", terms))
    assert _in_the_end_reconciles(institution)


def _in_the_end_reconciles(institution: Any) -> bool:
    """Whether book and chain agree once the book has read up to the newest block."""
    deadline, head = time.monotonic() + PATIENCE_S, institution.office.client.head().number
    while True:
        with institution.office.book.view() as unit:
            watched = unit.cursor.watched()
        if watched is not None and watched[0] >= head:
            return bool(institution.reconciles())
        assert time.monotonic() < deadline
        time.sleep(0.05)
