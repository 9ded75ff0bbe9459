"""`corridor wallet requests | approve | refuse`: a keystore with a policy, and the people who must agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import ExitCode
from tests.wallet.actors import CREDITOR, DEBTOR
from tests.wallet.served_chain import ServedChain, served_chain
from tests.wallet.shell import Person, answer, person_with_the_debtors_key
from wallet.audit import read_entries
from wallet.consent import Approval, consent_digest, request_bytes
from wallet.encryption import LIGHT_COST
from wallet.governed import AUDIT_LOG, POLICY_FILE
from wallet.keccak import keccak
from wallet.keystore import Keystore
from wallet.network import read_network
from wallet.secret import Secret
from wallet.signature import Signature
from wallet.signer import LocalSigner
from wallet.verification import recover

TREASURERS = ("asks", "agrees", "agrees too")
LIMIT_MINOR = 10_00


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedChain]:
    with served_chain(tmp_path_factory.mktemp("network")) as chain:
        yield chain


def address(name: str) -> str:
    return LocalSigner(keccak(name.encode())).address


@dataclass(frozen=True)
class Treasury:
    """A company's keystore with its policy, and its people with a key each."""

    chain: ServedChain
    company: Person

    def acts(self, who: str, *arguments: str) -> Any:
        me = ("--me", str(self.company.home / who), "--me-password-file", str(self.company.home / "password"))
        network = ("--network", str(self.chain.directory))
        needs = () if arguments[0] == "refuse" else self.company.password
        return self.company.run(*arguments, *network, *self.company.keys, *needs, *me, "--yes", "--json")

    def sends(self, who: str, amount: str) -> Any:
        return self.acts(who, "send", amount, "CNY", CREDITOR)

    def waiting(self) -> list[dict[str, Any]]:
        network = ("--network", str(self.chain.directory))
        found: list[dict[str, Any]] = answer(self.company.run("requests", *network, *self.company.keys, "--json"))
        return found


@pytest.fixture
def treasury(chain: ServedChain, tmp_path: Path) -> Treasury:
    company = person_with_the_debtors_key(tmp_path)
    for name in (*TREASURERS, "outsider"):
        Keystore(tmp_path / name, LIGHT_COST).add(Secret(keccak(name.encode())), Secret(b"correct horse"))
    small = {"id": "small", "then": "allow", "kinds": ["transfer"], "at_most": str(LIMIT_MINOR)}
    large = {"id": "large", "then": "approve", "kinds": ["transfer"], "approvals": 1, "roles": ["treasurer"]}
    policy = {
        "version": 1,
        "utc_offset_min": 0,
        "rules": [small, large | {"at_most": "5000"}, large | {"id": "largest", "approvals": 2}],
        "people": {address(name): ["treasurer"] for name in TREASURERS},
    }
    company.private(f"keys/{POLICY_FILE}", json.dumps(policy))
    return Treasury(chain, company)


def asked(treasury: Treasury, amount: str) -> str:
    result = treasury.sends("asks", amount)
    assert result.exit_code == ExitCode.NOT_AGREED
    told = json.loads(result.stdout)
    assert told["status"] == "waiting"
    assert f"approve {told['request']}" in result.stderr.replace("\n", "")
    return str(told["request"])


def test_what_the_policy_allows_one_person_is_sent_at_once(treasury: Treasury) -> None:
    before = treasury.chain.balance(CREDITOR)
    assert answer(treasury.sends("asks", "1.00"))["status"] == "settled"
    assert treasury.chain.balance(CREDITOR) == before + 100
    assert treasury.waiting() == []


def test_a_second_person_agrees_and_it_is_signed_and_sent(treasury: Treasury) -> None:
    before = treasury.chain.balance(CREDITOR)
    request = asked(treasury, "20.00")
    (found,) = treasury.waiting()
    assert (found["request"], found["missing"], found["roles"]) == (request, 1, ["treasurer"])
    assert found["Asked by"].endswith(address("asks"))
    assert "20.00 CNY" in found["title"]
    assert treasury.chain.balance(CREDITOR) == before
    assert answer(treasury.acts("agrees", "approve", request))["status"] == "settled"
    assert treasury.chain.balance(CREDITOR) == before + 2000
    assert treasury.waiting() == []


def test_the_second_person_is_never_the_first_nor_an_outsider(treasury: Treasury) -> None:
    request = asked(treasury, "20.00")
    own = treasury.acts("asks", "approve", request)
    assert own.exit_code == ExitCode.NO
    assert "never the first" in own.stderr.replace("\n", " ")
    for command in ("approve", "refuse"):
        assert treasury.acts("outsider", command, request).exit_code == ExitCode.BAD_INPUT
    assert treasury.sends("outsider", "1.00").exit_code == ExitCode.BAD_INPUT
    assert [one["request"] for one in treasury.waiting()] == [request]


def test_more_than_one_consent_is_counted_person_by_person(treasury: Treasury) -> None:
    before, request = treasury.chain.balance(CREDITOR), asked(treasury, "60.00")
    first = answer(treasury.acts("agrees", "approve", request))
    assert (first["status"], first["missing"]) == ("waiting", 1)
    again = treasury.acts("agrees", "approve", request)
    assert again.exit_code == ExitCode.NO
    assert "agreed already" in again.stderr.replace("\n", " ")
    assert answer(treasury.acts("agrees too", "approve", request))["status"] == "settled"
    assert treasury.chain.balance(CREDITOR) == before + 6000


def test_what_is_refused_is_never_signed(treasury: Treasury) -> None:
    before, request = treasury.chain.balance(CREDITOR), asked(treasury, "20.00")
    assert answer(treasury.acts("agrees", "refuse", request))["status"] == "refused"
    late = treasury.acts("agrees too", "approve", request)
    assert late.exit_code == ExitCode.NO
    assert "nothing waits" in late.stderr.replace("\n", " ")
    assert treasury.chain.balance(CREDITOR) == before


def test_the_log_proves_who_agreed_to_what(treasury: Treasury) -> None:
    request = asked(treasury, "20.00")
    answer(treasury.acts("agrees", "approve", request))
    entries = list(read_entries((treasury.company.home / "keys" / AUDIT_LOG).read_bytes()))
    (approved,) = [entry for entry in entries if entry.event == "approved"]
    signature = Signature.from_bytes(bytes.fromhex(approved.body["evidence"].removeprefix("0x")))
    network = read_network(treasury.chain.directory)
    digest = consent_digest(Approval(request_bytes(request)), DEBTOR, network)
    assert recover(digest, signature) == address("agrees")


def test_nothing_goes_round_the_policy(treasury: Treasury, tmp_path: Path) -> None:
    held = treasury.acts("asks", "approve", "0x12")
    assert held.exit_code == ExitCode.BAD_INPUT
    network, own = ("--network", str(treasury.chain.directory)), treasury.company
    for command in (
        ("hold", "1", "CNY", CREDITOR, "--to", str(tmp_path / "terms")),
        ("authorise", "1", "CNY", CREDITOR),
        ("send", "1", "CNY", CREDITOR),
    ):
        result = own.run(*command, *network, *own.keys, *own.password, "--yes", "--json")
        assert result.exit_code == ExitCode.BAD_INPUT
        assert "policy.json" in result.stderr.replace("\n", " ")
