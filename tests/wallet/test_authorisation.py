"""Gas-free transfers: the holder signs, another carries it; once, unchanged, and in time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import ExitCode
from tests.wallet.actors import CREDITOR, DEBTOR, DEBTOR_SECRET, ISSUER
from tests.wallet.served_chain import ServedChain, served_chain
from tests.wallet.shell import Person, answer, person_with_the_debtors_key
from wallet.authorisation import Authorisation, authorise, read_authorisation
from wallet.network import Network, read_network
from wallet.signature import SignatureRefused
from wallet.signer import LocalSigner
from wallet.typed_data import BadTypedData, Transfer

NAME = "Digital yuan"


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedChain]:
    with served_chain(tmp_path_factory.mktemp("network")) as chain:
        yield chain


@pytest.fixture
def debtor(tmp_path: Path) -> Person:
    return person_with_the_debtors_key(tmp_path)


@pytest.fixture
def network(chain: ServedChain) -> Network:
    return read_network(chain.directory)


def signed(network: Network, nonce: int, amount: int = 100) -> Authorisation:
    terms = Transfer(DEBTOR, CREDITOR, amount, nonce, int(time.time()) + 3600)
    return authorise(network, network.token("CNY"), NAME, terms, LocalSigner(DEBTOR_SECRET))


def test_the_institution_carries_what_the_holder_authorised_and_only_once(
    chain: ServedChain, debtor: Person, network: Network
) -> None:
    before = chain.balance(DEBTOR), chain.balance(CREDITOR)
    options = ("--network", str(chain.directory), *debtor.keys, *debtor.password)
    assert debtor.run("authorise", "2.50", "CNY", CREDITOR, *options).exit_code == ExitCode.NOT_AGREED
    document = answer(debtor.run("authorise", "2.50", "CNY", CREDITOR, *options, "--yes"))
    carried = read_authorisation(document, network, NAME)
    nonce = chain.client.next_nonce(DEBTOR)
    chain.call("transfer_signed", carried.parts())
    assert (chain.balance(DEBTOR), chain.balance(CREDITOR)) == (before[0] - 250, before[1] + 250)
    assert chain.client.next_nonce(DEBTOR) == nonce  # the holder sent nothing
    refusal = chain.refusal("transfer_signed", carried.parts())
    assert refusal.startswith("CurrencyToken: ")
    assert (chain.balance(DEBTOR), chain.balance(CREDITOR)) == (before[0] - 250, before[1] + 250)


def test_it_is_written_to_a_private_file(chain: ServedChain, debtor: Person, network: Network) -> None:
    target = debtor.home / "authorisation.json"
    options = ("--network", str(chain.directory), *debtor.keys, *debtor.password, "--to", str(target), "--yes")
    result = debtor.run("authorise", "1", "CNY", CREDITOR, *options, "--nonce", "77")
    assert result.exit_code == 0
    assert target.stat().st_mode & 0o077 == 0
    assert read_authorisation(json.loads(target.read_text()), network, NAME).terms.nonce == 77
    too_much = debtor.run("authorise", "1000000", "CNY", CREDITOR, *options)
    assert too_much.exit_code == ExitCode.BAD_INPUT


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("creditor", ISSUER.address),
        ("amount", "101"),
        ("nonce", "2"),
        ("expiry", "9999999999"),
    ],
)
def test_a_carrier_cannot_change_it(network: Network, field: str, value: str) -> None:
    document: Any = signed(network, 1).as_json()
    assert read_authorisation(document, network, NAME) == signed_again(document, network)
    document["transfer"][field] = value
    with pytest.raises(SignatureRefused, match="not signed by its debtor"):
        read_authorisation(document, network, NAME)


def signed_again(document: Any, network: Network) -> Authorisation:
    terms = document["transfer"]
    again = Transfer(DEBTOR, CREDITOR, int(terms["amount"]), int(terms["nonce"]), int(terms["expiry"]))
    return authorise(network, network.token("CNY"), NAME, again, LocalSigner(DEBTOR_SECRET))


@pytest.mark.parametrize(
    "change",
    [
        {"chain_id": 1},
        {"token": CREDITOR},
        {"memo": "x"},
        {"signature": "0x00"},
        {"signature": None},
        {"transfer": []},
        {"transfer": {}},
    ],
)
def test_what_is_not_an_authorisation_here_is_refused(network: Network, change: dict[str, object]) -> None:
    with pytest.raises(BadTypedData):
        read_authorisation(signed(network, 1).as_json() | change, network, NAME)


def test_only_the_debtor_authorises(network: Network) -> None:
    terms = Transfer(CREDITOR, DEBTOR, 1, 1, int(time.time()) + 60)
    with pytest.raises(BadTypedData, match="debtor"):
        authorise(network, network.token("CNY"), NAME, terms, LocalSigner(DEBTOR_SECRET))
