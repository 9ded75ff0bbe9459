"""Sending survives its crashes: the same bytes go out again, and nothing is paid twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.exit_codes import ExitCode
from cli.wallet_journal import Journal, Kept
from tests.wallet.actors import CREDITOR, DEBTOR, DEBTOR_SECRET
from tests.wallet.served_chain import ServedChain, served_chain
from tests.wallet.shell import Person, answer, person_with_the_debtors_key
from wallet.network import read_network
from wallet.signer import LocalSigner
from wallet.transaction import sign_transaction
from wallet.transfer import transfer


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedChain]:
    with served_chain(tmp_path_factory.mktemp("network")) as chain:
        yield chain


@pytest.fixture
def debtor(tmp_path: Path) -> Person:
    return person_with_the_debtors_key(tmp_path)


def signed_before_the_crash(chain: ServedChain, debtor: Person, amount: int = 500) -> Kept:
    """Leave the journal as a process does that dies right after it kept a signed transfer."""
    network = read_network(chain.directory)
    nonce = chain.client.next_nonce(DEBTOR)
    unsigned = transfer(network, network.token("CNY"), CREDITOR, amount, nonce=nonce)
    signed = sign_transaction(unsigned, LocalSigner(DEBTOR_SECRET))
    kept = Kept(0, network.chain_id, DEBTOR, CREDITOR, "CNY", 2, amount, "0x" + signed.hash.hex(), signed.raw)
    with Journal(debtor.home / "keys") as journal:
        journal.keep(kept)
    return kept


def send(chain: ServedChain, debtor: Person, *more: str, directory: Path | None = None) -> tuple[int, str]:
    network = ("--network", str(directory or chain.directory))
    result = debtor.run("send", "5.00", "CNY", CREDITOR, *network, *debtor.keys, *debtor.password, "--yes", *more)
    return result.exit_code, result.stderr.replace("\n", " ")


@pytest.mark.parametrize("broadcast", [False, True])
def test_a_crash_around_the_broadcast_pays_once(chain: ServedChain, debtor: Person, broadcast: bool) -> None:
    before = chain.balance(CREDITOR)
    kept = signed_before_the_crash(chain, debtor)
    if broadcast:
        assert chain.client.broadcast(kept.raw).on_its_way
    code, told = send(chain, debtor)
    assert code == ExitCode.NO
    assert "is now settled" in told
    assert chain.balance(CREDITOR) == before + 500
    code, _ = send(chain, debtor)
    assert code == ExitCode.DONE
    assert chain.balance(CREDITOR) == before + 1000
    history = answer(debtor.run("history", "--json", *debtor.keys))
    assert [entry["status"] for entry in history] == ["settled", "settled"]
    assert history[0]["transaction"] == kept.transaction
    assert [history[0][name] for name in ("amount", "decimals", "currency", "to")] == ["500", 2, "CNY", CREDITOR]


def test_a_transfer_whose_nonce_was_used_by_another_is_replaced_and_not_paid(
    chain: ServedChain, debtor: Person
) -> None:
    kept = signed_before_the_crash(chain, debtor, amount=700)
    other = signed_before_the_crash(chain, person_with_the_debtors_key(debtor.home / "elsewhere"), amount=1)
    assert chain.client.broadcast(other.raw).on_its_way
    before = chain.balance(CREDITOR)
    code, told = send(chain, debtor)
    assert code == ExitCode.NO
    assert "is now replaced" in told
    assert chain.balance(CREDITOR) == before
    assert chain.client.receipt(kept.transaction) is None
    assert send(chain, debtor)[0] == ExitCode.DONE


def test_while_the_chain_is_away_a_transfer_stays_open(chain: ServedChain, debtor: Person) -> None:
    signed_before_the_crash(chain, debtor)
    away = debtor.home / "away"
    away.mkdir()
    (away / "network.json").write_text(json.dumps(chain.document | {"rpc_url": "http://127.0.0.1:1"}))
    assert send(chain, debtor, directory=away)[0] == ExitCode.UNREACHABLE
    assert answer(debtor.run("history", "--json", *debtor.keys))[0]["status"] == "signed"
    assert "is now settled" in send(chain, debtor)[1]


def test_two_sends_at_once_from_one_keystore_do_not_mix(chain: ServedChain, debtor: Person) -> None:
    nonce = chain.client.next_nonce(DEBTOR)
    with Journal(debtor.home / "keys"):
        code, told = send(chain, debtor)
    assert code == ExitCode.FOLDER_IN_USE
    assert "another process" in told
    assert chain.client.next_nonce(DEBTOR) == nonce


def test_a_journal_that_was_altered_stops_sending(chain: ServedChain, debtor: Person) -> None:
    signed_before_the_crash(chain, debtor)
    signed_before_the_crash(chain, debtor)
    log = debtor.home / "keys" / "sent.log"
    log.write_bytes(log.read_bytes().replace(b'"amount":"500"', b'"amount":"501"', 1))
    code, told = send(chain, debtor)
    assert code == ExitCode.NO_KEY
    assert "does not follow" in told
