"""`corridor wallet new --words-to | import | export`: keys come and go without ever being shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from eth_account import Account

from cli.exit_codes import ExitCode
from tests.wallet.actors import CREDITOR, DEBTOR, DEBTOR_SECRET
from tests.wallet.shell import Person, answer, person_with_the_debtors_key

PHRASE = "test test test test test test test test test test test junk"
FIRST, THIRD = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"


@pytest.fixture
def debtor(tmp_path: Path) -> Person:
    return person_with_the_debtors_key(tmp_path)


def test_words_are_written_to_a_private_file_and_restore_the_key(debtor: Person, tmp_path: Path) -> None:
    words = tmp_path / "words"
    made = debtor.run("new", "--light", "--json", "--words-to", str(words), *debtor.keys, *debtor.password)
    address = answer(made)["address"]
    assert stat.S_IMODE(words.stat().st_mode) == 0o600
    phrase = words.read_text().strip()
    assert len(phrase.split()) == 24
    assert phrase.split()[0] not in made.stdout.split()
    again = debtor.run(
        "import", "mnemonic", "--light", "--json", "--secret-file", str(words), "--keystore",
        str(tmp_path / "other"), *debtor.password,
    )  # fmt: skip
    assert answer(again)["address"] == address
    assert debtor.run("new", "--words-to", str(words), *debtor.keys, *debtor.password).exit_code == ExitCode.NO_KEY
    assert words.read_text().strip() == phrase


@pytest.mark.parametrize(("path", "address"), [("m/44'/60'/0'/0/0", FIRST), ("m/44'/60'/0'/0/2", THIRD)])
def test_known_words_give_known_addresses(debtor: Person, path: str, address: str) -> None:
    words = debtor.private("words", PHRASE)
    options = ("--light", "--json", "--secret-file", words, "--path", path, *debtor.keys, *debtor.password)
    assert answer(debtor.run("import", "mnemonic", *options))["address"] == address


def test_a_raw_key_goes_out_and_comes_back(debtor: Person, tmp_path: Path) -> None:
    target = tmp_path / "raw"
    options = ("--to", str(target), *debtor.keys, *debtor.password)
    assert debtor.run("export", "raw", *options).exit_code == ExitCode.NOT_AGREED
    assert not target.exists()
    result = debtor.run("export", "raw", *options, "--yes")
    assert result.exit_code == 0
    assert DEBTOR_SECRET.hex() not in result.output
    assert target.read_text().strip() == "0x" + DEBTOR_SECRET.hex()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    back = ("--secret-file", str(target), "--keystore", str(tmp_path / "other"), *debtor.password)
    assert answer(debtor.run("import", "raw", "--light", "--json", *back))["address"] == DEBTOR
    assert debtor.run("import", "raw", "--light", *back).exit_code == ExitCode.NO_KEY  # it is there already


def test_a_keystore_goes_out_under_another_password_and_comes_back(debtor: Person, tmp_path: Path) -> None:
    target, other = tmp_path / "exported.json", debtor.private("new-password", "battery staple")
    options = ("--to", str(target), "--light", "--new-password-file", other, *debtor.keys, *debtor.password)
    assert debtor.run("export", "keystore", *options).exit_code == 0
    assert bytes(Account.decrypt(target.read_text(), "battery staple")) == DEBTOR_SECRET
    common = ("import", "keystore", "--light", "--file", str(target), "--keystore", str(tmp_path / "other"))
    wrong = debtor.run(*common, "--secret-file", str(debtor.home / "password"), *debtor.password)
    assert wrong.exit_code == ExitCode.NO_KEY
    assert "wrong password" in wrong.stderr
    elsewhere = debtor.run(*common, "--secret-file", other, "--address", CREDITOR, *debtor.password)
    assert elsewhere.exit_code == ExitCode.NO_KEY
    assert answer(debtor.run(*common, "--secret-file", other, "--json", *debtor.password))["address"] == DEBTOR


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("raw", "00" * 32),
        ("raw", "11" * 31),
        ("raw", "0x" + "fg" * 32),
        ("raw", "ff" * 32),
        ("mnemonic", PHRASE.replace("junk", "test")),
        ("mnemonic", PHRASE.title()),
    ],
)
def test_what_is_no_key_is_refused_without_being_shown(debtor: Person, kind: str, secret: str) -> None:
    options = ("--secret-file", debtor.private("secret", secret), *debtor.keys, *debtor.password)
    result = debtor.run("import", kind, "--light", *options)
    assert result.exit_code in {ExitCode.NO_KEY, ExitCode.BAD_INPUT}
    assert result.stderr.startswith("error: ")
    assert not any(word in result.output for word in secret.split())


def test_a_file_goes_with_a_keystore_only(debtor: Person) -> None:
    for arguments in (("raw", "--file", "x"), ("keystore",)):
        assert debtor.run("import", *arguments, *debtor.keys, *debtor.password).exit_code == 2


def test_keys_are_where_the_setting_says_and_else_under_the_home_directory(
    debtor: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CORRIDOR_WALLET", raising=False)
    made = answer(debtor.run("new", "--light", "--json", *debtor.password))
    assert Path(made["file"]).parent == tmp_path / ".corridor" / "keystore"
    monkeypatch.setenv("CORRIDOR_WALLET", str(tmp_path / "elsewhere"))
    assert answer(debtor.run("list", "--json")) == []
    monkeypatch.setenv("CORRIDOR_WALLET", str(tmp_path / "keys"))
    assert [one["address"] for one in answer(debtor.run("list", "--json"))] == [DEBTOR]
