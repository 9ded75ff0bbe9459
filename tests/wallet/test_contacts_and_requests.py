"""Contacts and payment links: names that cannot deceive, links that ask for this network's money only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.exit_codes import ExitCode
from tests.wallet.actors import CREDITOR, DEBTOR, network_document
from tests.wallet.served_chain import ServedChain, served_chain
from tests.wallet.shell import Person, answer, person_with_the_debtors_key
from wallet.address import BadAddress, checksum_address
from wallet.contacts import BadContact, Contacts, read_contacts, write_contacts
from wallet.network import Network, parse_network
from wallet.payment_request import BadRequest, PaymentRequest, parse_request

SUPPLIER = checksum_address(b"\x5a" * 20)
TOKEN = checksum_address(b"\xc1" * 20)
NETWORK: Network = parse_network(network_document("http://127.0.0.1:1", 20022, TOKEN, TOKEN, TOKEN))


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedChain]:
    with served_chain(tmp_path_factory.mktemp("network")) as chain:
        yield chain


@pytest.fixture
def debtor(tmp_path: Path) -> Person:
    return person_with_the_debtors_key(tmp_path)


def test_contacts_are_kept_and_forgotten(debtor: Person) -> None:
    assert debtor.run("contacts", "add", "Supplier", SUPPLIER, *debtor.keys).exit_code == 0
    assert debtor.run("contacts", "add", "供应商", CREDITOR, *debtor.keys).exit_code == 0
    listed = answer(debtor.run("contacts", "list", "--json", *debtor.keys))
    assert listed == {"Supplier": SUPPLIER, "供应商": CREDITOR}
    assert (debtor.home / "keys" / "contacts.json").stat().st_mode & 0o077 == 0
    assert debtor.run("contacts", "remove", "Supplier", *debtor.keys).exit_code == 0
    assert list(read_contacts(debtor.home / "keys").addresses) == ["供应商"]
    assert debtor.run("contacts", "remove", "Supplier", *debtor.keys).exit_code == ExitCode.BAD_INPUT
    assert len(answer(debtor.run("list", "--json", *debtor.keys))) == 1  # a contact is not a key


@pytest.mark.parametrize(
    "name",
    ["", " ", " Supplier", "Sup\u200bplier", "\u202eSupplier", "x" * 71, "0xSupplier", "SUPPLIER", "Ｓupplier"],
)
def test_a_name_that_could_deceive_is_refused(name: str) -> None:
    contacts = Contacts({}).with_one("Supplier", SUPPLIER)
    with pytest.raises(BadContact):
        contacts.with_one(name, CREDITOR)


def test_a_mistyped_address_or_unknown_name_is_refused() -> None:
    with pytest.raises(BadAddress):
        Contacts({}).with_one("Supplier", SUPPLIER.lower())
    for unknown in ("Nobody", ""):
        with pytest.raises(BadContact):
            Contacts({}).address(unknown)
    with pytest.raises(BadAddress):
        Contacts({}).address(SUPPLIER.lower())


@pytest.mark.parametrize("content", ["[]", "{", '{"a": 1}', '{"a": "0x"}', '{"a":"x","a":"y"}'])
def test_a_faulty_file_is_refused(tmp_path: Path, content: str) -> None:
    write_contacts(tmp_path, Contacts({}))
    (tmp_path / "contacts.json").write_text(content)
    with pytest.raises((BadContact, BadAddress)):
        read_contacts(tmp_path)


def test_money_goes_to_a_contact_by_name(debtor: Person, chain: ServedChain) -> None:
    debtor.run("contacts", "add", "Supplier", SUPPLIER, *debtor.keys)
    options = ("--network", str(chain.directory), *debtor.keys, *debtor.password, "--yes")
    result = debtor.run("send", "1.00", "CNY", "Supplier", *options)
    assert result.exit_code == 0
    assert "Supplier (your contact)" in " ".join(result.stderr.split())
    assert chain.balance(SUPPLIER) == 100
    assert debtor.run("send", "1.00", "CNY", "Suppliers", *options).exit_code == ExitCode.BAD_INPUT


def test_the_networks_own_names_are_not_overruled(debtor: Person, chain: ServedChain) -> None:
    debtor.run("contacts", "add", "My friend", CREDITOR, *debtor.keys)
    options = ("--network", str(chain.directory), *debtor.keys, "--dry-run")
    shown = " ".join(debtor.run("send", "1.00", "CNY", "My friend", *options).stderr.split())
    assert "Creditor Ltd" in shown


def test_a_request_is_paid(debtor: Person, chain: ServedChain) -> None:
    network = ("--network", str(chain.directory))
    link = debtor.run("request", "3.21", "CNY", *network, *debtor.keys).stdout.strip()
    assert f"address={DEBTOR}&uint256=321" in link
    asked = link.replace(DEBTOR, SUPPLIER)
    before = chain.balance(SUPPLIER)
    unasked = debtor.run("pay", asked, *network, *debtor.keys, *debtor.password)
    assert unasked.exit_code == ExitCode.NOT_AGREED
    paid = answer(debtor.run("pay", asked, *network, *debtor.keys, *debtor.password, "--yes", "--json"))
    assert paid["status"] == "settled"
    assert chain.balance(SUPPLIER) == before + 321


LINK = PaymentRequest(NETWORK.token("CNY"), SUPPLIER, 321).link(NETWORK)


@pytest.mark.parametrize(
    "link",
    [
        "",
        LINK + " ",
        LINK + "&gas=1",
        LINK.replace("20022", "1"),
        LINK.replace("20022", "020022"),
        LINK.replace("/transfer", "/approve"),
        LINK.replace("uint256=321", "uint256=0"),
        LINK.replace("uint256=321", "uint256=3.21e2"),
        LINK.replace(TOKEN, SUPPLIER),
        LINK.replace(TOKEN, TOKEN.lower()),
        LINK.replace(SUPPLIER, SUPPLIER.lower()),
        json.dumps({"link": LINK}),
    ],
)
def test_a_link_for_anything_else_is_refused(link: str) -> None:
    assert parse_request(LINK, NETWORK).amount == 321
    with pytest.raises((BadRequest, BadAddress)):
        parse_request(link, NETWORK)
