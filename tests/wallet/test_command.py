"""`corridor wallet`, run as a person and as a program would, against a real chain served over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.exit_codes import ExitCode
from tests.wallet.actors import CREDITOR, DEBTOR
from tests.wallet.served_chain import ISSUED, ServedChain, served_chain
from tests.wallet.shell import Person, answer, person_with_the_debtors_key
from wallet.address import ZERO_ADDRESS
from wallet.qr_code import in_blocks, qr_code


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedChain]:
    with served_chain(tmp_path_factory.mktemp("network")) as chain:
        yield chain


@pytest.fixture
def debtor(tmp_path: Path) -> Person:
    return person_with_the_debtors_key(tmp_path)


def test_new_list_and_address(debtor: Person) -> None:
    made = answer(debtor.run("new", "--light", "--json", *debtor.keys, *debtor.password))
    listed = answer(debtor.run("list", "--json", *debtor.keys))
    assert {entry["address"] for entry in listed} == {made["address"], DEBTOR}
    assert made["address"] in debtor.run("list", *debtor.keys).stdout
    assert debtor.run("address", "--address", DEBTOR, *debtor.keys).stdout.strip() == DEBTOR
    shown = debtor.run("address", "--address", DEBTOR, "--qr", *debtor.keys)
    assert shown.stdout.strip() == DEBTOR
    assert shown.stderr.strip() == in_blocks(qr_code(DEBTOR))
    several = debtor.run("address", *debtor.keys)
    assert several.exit_code == ExitCode.NO_KEY
    assert "say which with --address" in several.stderr
    stranger = debtor.run("address", "--address", CREDITOR, *debtor.keys)
    assert stranger.exit_code == ExitCode.NO_KEY


def test_a_password_is_never_an_argument(debtor: Person) -> None:
    result = debtor.run("new", *debtor.keys, "--password", "hunter2")
    assert result.exit_code == 2
    (debtor.home / "password").chmod(0o644)
    result = debtor.run("new", *debtor.keys, *debtor.password)
    assert result.exit_code == ExitCode.NO_KEY
    assert "chmod 600" in result.stderr
    assert debtor.run("new", *debtor.keys).exit_code == ExitCode.NO_KEY  # no terminal to ask on


def test_balances(debtor: Person, chain: ServedChain) -> None:
    network = ("--network", str(chain.directory))
    (mine,) = answer(debtor.run("balance", "--json", *network, *debtor.keys))
    assert mine["address"] == DEBTOR
    assert (mine["currency"], mine["decimals"]) == ("CNY", 2)
    assert int(mine["amount"]) == chain.balance(DEBTOR) > 0
    shown = debtor.run("balance", "--address", CREDITOR, *network)
    assert "Creditor Ltd" in shown.stdout
    assert debtor.run("balance", *network, "--address", CREDITOR.lower()).exit_code == ExitCode.BAD_INPUT
    assert debtor.run("balance", "--network", str(debtor.home)).exit_code == ExitCode.BAD_INPUT


def test_money_is_sent_once_after_it_was_shown(debtor: Person, chain: ServedChain) -> None:
    common = ("CNY", CREDITOR, "--network", str(chain.directory), *debtor.keys, *debtor.password)
    before = chain.balance(DEBTOR), chain.balance(CREDITOR)
    dry = debtor.run("send", "12.34", *common, "--dry-run", "--json")
    assert answer(dry)["status"] == "dry run"
    assert "Send 12.34 CNY to Creditor Ltd" in dry.stderr.replace("\n", " ")
    unasked = debtor.run("send", "12.34", *common)
    assert unasked.exit_code == ExitCode.NOT_AGREED
    assert (chain.balance(DEBTOR), chain.balance(CREDITOR)) == before
    sent = answer(debtor.run("send", "12.34", *common, "--yes", "--json"))
    assert sent["status"] == "settled"
    assert (sent["amount"], sent["decimals"]) == ("1234", 2)
    receipt = chain.client.receipt(sent["transaction"])
    assert receipt is not None
    assert receipt.block_number == sent["block"]
    assert (chain.balance(DEBTOR), chain.balance(CREDITOR)) == (before[0] - 1234, before[1] + 1234)
    again = debtor.run("send", "0.01", *common, "--yes")
    assert again.exit_code == 0
    assert "settled" in again.stdout


@pytest.mark.parametrize(
    ("amount", "currency", "creditor", "words"),
    [
        (f"{ISSUED}.00", "CNY", CREDITOR, "less than the amount"),
        ("0", "CNY", CREDITOR, "above zero"),
        ("1.005", "CNY", CREDITOR, "more than 2 digits"),
        ("1,5", "CNY", CREDITOR, "not an amount"),
        ("1", "EUR", CREDITOR, "nobody issues"),
        ("1", "CNY", CREDITOR.lower(), "has no checksum"),
        ("1", "CNY", "0x" + CREDITOR[2:].swapcase(), "is wrong"),
        ("1", "CNY", DEBTOR, "nothing would change"),
        ("1", "CNY", CREDITOR[:-1], "40 hexadecimal"),
        ("1", "CNY", ZERO_ADDRESS, "zero address"),
    ],
)
def test_a_transfer_that_cannot_be_is_refused_before_any_signature(
    debtor: Person, chain: ServedChain, amount: str, currency: str, creditor: str, words: str
) -> None:
    before = chain.client.next_nonce(DEBTOR)
    options = ("--network", str(chain.directory), *debtor.keys, *debtor.password, "--yes")
    result = debtor.run("send", amount, currency, creditor, *options)
    assert result.exit_code == ExitCode.BAD_INPUT
    assert words in result.stderr.replace("\n", " ")
    assert chain.client.next_nonce(DEBTOR) == before


def test_money_to_a_contract_and_from_a_frozen_account_is_refused(debtor: Person, chain: ServedChain) -> None:
    options = ("--network", str(chain.directory), *debtor.keys, *debtor.password, "--yes")
    for contract in (chain.document["tokens"]["CNY"]["address"], *chain.document["contracts"].values()):
        for command in (("send",), ("authorise",), ("hold", "--to", str(debtor.home / "terms.json"))):
            lost = debtor.run(command[0], "1", "CNY", contract, *command[1:], *options)
            assert lost.exit_code == ExitCode.BAD_INPUT, lost.stderr
            assert "would be lost" in lost.stderr.replace("\n", " ")
    chain.call("grant_role", chain.issuer, chain.freezer_role)
    chain.call("freeze", DEBTOR)
    frozen = debtor.run("send", "1", "CNY", CREDITOR, *options)
    chain.call("thaw", DEBTOR)
    assert frozen.exit_code == ExitCode.BAD_INPUT
    assert "would refuse this transfer: CurrencyToken: " in frozen.stderr.replace("\n", " ")


def test_a_wrong_password_or_another_chain_stops_everything(debtor: Person, chain: ServedChain) -> None:
    (debtor.home / "password").write_text("wrong")
    options = ("--network", str(chain.directory), *debtor.keys, *debtor.password, "--yes")
    result = debtor.run("send", "1", "CNY", CREDITOR, *options)
    assert result.exit_code == ExitCode.NO_KEY
    assert "wrong password" in result.stderr
    (debtor.home / "network.json").write_text(json.dumps(chain.document | {"chain_id": 1}))
    result = debtor.run("balance", "--network", str(debtor.home), *debtor.keys)
    assert result.exit_code == ExitCode.BAD_INPUT
    assert "not chain 1" in result.stderr
    (debtor.home / "network.json").write_text(json.dumps(chain.document | {"rpc_url": "http://127.0.0.1:1"}))
    assert debtor.run("balance", "--network", str(debtor.home), *debtor.keys).exit_code == ExitCode.UNREACHABLE


def test_the_help_states_the_exit_codes(debtor: Person) -> None:
    assert "Exit codes: 0 done" in debtor.run("--help").stdout.replace("\n", " ")
