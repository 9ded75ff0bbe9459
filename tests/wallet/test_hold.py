"""`corridor wallet hold | confirm | lift`: reserved, paid on confirmation of receipt, or back after its time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.exit_codes import ExitCode
from contracts import artifact
from tests.wallet.actors import CREDITOR, DEBTOR, ISSUER
from tests.wallet.served_chain import ServedChain, served_chain
from tests.wallet.shell import Person, answer, person_with_the_debtors_key
from tests.wallet.strategies import addresses, amounts, digests, seconds
from wallet.encryption import LIGHT_COST
from wallet.hold import Hold, holds_domain, read_terms, terms_json
from wallet.keccak import keccak
from wallet.keystore import Keystore
from wallet.network import BadNetwork, parse_network, read_network
from wallet.secret import Secret
from wallet.typed_data import BadTypedData

terms = st.builds(
    Hold,
    token=addresses,
    debtor=addresses,
    creditor=addresses,
    confirmer=addresses,
    amount=amounts,
    premium=amounts,
    lock=digests,
    reference=digests,
    salt=digests,
    expiry=seconds,
)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedChain]:
    with served_chain(tmp_path_factory.mktemp("network")) as chain:
        yield chain


@pytest.fixture
def debtor(tmp_path: Path) -> Person:
    return person_with_the_debtors_key(tmp_path / "debtor")


@pytest.fixture
def creditor(tmp_path: Path) -> Person:
    person = Person(tmp_path / "creditor")
    person.home.mkdir()
    person.private("password", "correct horse\n")
    Keystore(person.home / "keys", LIGHT_COST).add(Secret(keccak(b"creditor")), Secret(b"correct horse"))
    return person


def options(person: Person, chain: ServedChain) -> tuple[str, ...]:
    return ("--network", str(chain.directory), *person.keys, *person.password, "--yes", "--json")


def balances(chain: ServedChain) -> tuple[int, int]:
    return chain.balance(DEBTOR), chain.balance(CREDITOR)


@given(hold=terms)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_contract_knows_a_hold_by_our_hash(chain: ServedChain, hold: Hold) -> None:
    address, abi = chain.document["contracts"]["holds"], artifact("Holds").abi
    fields = tuple(getattr(hold, name) for name, _ in hold.FIELDS)
    assert chain.client.read(address, abi, "hold_id", fields) == hold.id()
    assert chain.client.read(address, abi, "DOMAIN_SEPARATOR") == holds_domain(read_network(chain.directory))


def test_what_is_held_is_paid_when_receipt_is_confirmed(
    chain: ServedChain, debtor: Person, creditor: Person
) -> None:
    before, file = balances(chain), debtor.home / "terms.json"
    own = options(debtor, chain)
    placed = debtor.run("hold", "12.50", "CNY", CREDITOR, "--to", str(file), "--for", "machine 7", *own)
    assert answer(placed)["status"] == "settled"
    assert "The hold is placed" in placed.stderr
    assert "Creditor Ltd" in placed.stderr
    assert balances(chain) == (before[0] - 1250, before[1])  # reserved: neither has it to spend
    early = debtor.run("lift", str(file), *own)
    assert early.exit_code == ExitCode.BAD_INPUT
    assert "not yet expired" in early.stderr
    taken = creditor.run("confirm", str(file), *options(creditor, chain))
    assert taken.exit_code == ExitCode.BAD_INPUT
    assert "confirmation" in taken.stderr
    confirmed = debtor.run("confirm", str(file), *own)
    assert answer(confirmed)["status"] == "settled"
    assert "The hold is paid" in confirmed.stderr
    assert balances(chain) == (before[0] - 1250, before[1] + 1250)
    again = debtor.run("confirm", str(file), *own)
    assert again.exit_code == ExitCode.BAD_INPUT
    assert "already paid" in again.stderr


def test_the_creditor_may_give_up_what_is_held(chain: ServedChain, debtor: Person, creditor: Person) -> None:
    before, file = balances(chain), debtor.home / "terms.json"
    confirmer = ("--confirmer", ISSUER.address)
    own = options(debtor, chain)
    answer(debtor.run("hold", "3", "CNY", CREDITOR, "--to", str(file), *confirmer, *own))
    assert debtor.run("confirm", str(file), *own).exit_code == ExitCode.BAD_INPUT  # somebody else confirms
    lifted = creditor.run("lift", str(file), *options(creditor, chain))
    assert answer(lifted)["status"] == "settled"
    assert "The hold is lifted" in lifted.stderr
    assert balances(chain) == before


def test_nothing_is_held_without_consent_or_beyond_the_balance(chain: ServedChain, debtor: Person) -> None:
    before = balances(chain)
    own = tuple(one for one in options(debtor, chain) if one != "--yes")
    asked = debtor.run("hold", "1", "CNY", CREDITOR, "--to", str(debtor.home / "a"), *own)
    assert asked.exit_code == ExitCode.NOT_AGREED
    assert not (debtor.home / "a").exists()
    much = debtor.run("hold", "999999", "CNY", CREDITOR, "--to", str(debtor.home / "b"), *own, "--yes")
    assert much.exit_code == ExitCode.BAD_INPUT
    assert balances(chain) == before


def test_terms_are_for_this_network_and_complete(chain: ServedChain) -> None:
    network = read_network(chain.directory)
    token = network.token("CNY").address
    hold = Hold(token, DEBTOR, CREDITOR, DEBTOR, 1, 0, bytes(32), bytes(32), bytes(32), 9)
    document = terms_json(hold, network)
    assert read_terms(json.dumps(document).encode(), network) == hold
    changes: list[dict[str, object]] = [
        {"chain_id": 1},
        {"holds": CREDITOR},
        {"memo": "x"},
        {"hold": []},
        {"hold": {}},
    ]
    for change in changes:
        with pytest.raises(BadTypedData):
            read_terms(json.dumps(document | change).encode(), network)
    with pytest.raises(BadTypedData, match="not JSON"):
        read_terms(b"{", network)
    without = {**chain.document, "contracts": {**chain.document["contracts"]}}
    del without["contracts"]["holds"]
    with pytest.raises(BadNetwork, match="no contract for holds"):
        terms_json(hold, parse_network(without))
