"""`corridor wallet sign | verify`: typed data shown in words, the signer's own, and for this network only."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import ExitCode
from tests.wallet.actors import CREDITOR, DEBTOR
from tests.wallet.served_chain import ServedChain, served_chain
from tests.wallet.shell import Person, answer, person_with_the_debtors_key
from tests.wallet.test_typed_data import INSTRUCTION
from wallet.typed_data import Acceptance, Instruction, Struct, struct_hash
from wallet.typed_document import TypedDocument, write_document


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedChain]:
    with served_chain(tmp_path_factory.mktemp("network")) as chain:
        yield chain


@pytest.fixture
def debtor(tmp_path: Path) -> Person:
    return person_with_the_debtors_key(tmp_path)


@pytest.fixture
def options(chain: ServedChain, debtor: Person) -> tuple[str, ...]:
    return ("--network", str(chain.directory), *debtor.keys, *debtor.password)


def document(chain: ServedChain, value: Struct, contract: str | None = None) -> dict[str, Any]:
    settlement = contract or chain.document["contracts"]["settlement"]
    return write_document(TypedDocument(chain.client.chain_id(), settlement, value))


def order(chain: ServedChain, **changes: Any) -> Instruction:
    """An instruction of the debtor's, in this network's currency."""
    token = chain.document["tokens"]["CNY"]["address"]
    ours = {
        "debtor_account": DEBTOR,
        "creditor_account": CREDITOR,
        "debit_token": token,
        "credit_token": token,
        "credit_amount": INSTRUCTION.debit_amount,
        "expiry": int(time.time()) + 60,
    }
    return replace(INSTRUCTION, **ours | changes)


def test_typed_data_is_shown_signed_and_verified(
    debtor: Person, chain: ServedChain, options: tuple[str, ...]
) -> None:
    file = debtor.private("instruction.json", json.dumps(document(chain, order(chain))))
    assert debtor.run("sign", file, *options).exit_code == ExitCode.NOT_AGREED
    result = debtor.run("sign", file, *options, "--yes", "--json")
    assert "Pay 100.00 CNY" in result.stderr
    assert "Creditor Ltd, customer of AAAACNBJ" in " ".join(result.stderr.split())
    signed = answer(result)
    assert signed["address"] == DEBTOR
    verdict = debtor.run("verify", file, signed["signature"], "--address", DEBTOR, "--json")
    assert answer(verdict) == {"valid": True, "signed_by": DEBTOR, "expected": DEBTOR}
    other = debtor.run("verify", file, signed["signature"], "--address", CREDITOR)
    assert other.exit_code == ExitCode.NO
    assert "NOT signed" in other.stdout
    for bad in ("0x", "zz", signed["signature"][:-2] + "1d"):
        assert debtor.run("verify", file, bad, "--address", DEBTOR).exit_code == ExitCode.BAD_INPUT


def test_typed_data_for_elsewhere_or_of_another_kind_is_not_signed(
    debtor: Person, chain: ServedChain, options: tuple[str, ...]
) -> None:
    elsewhere = document(chain, order(chain), CREDITOR)
    refused = debtor.run("sign", "-", *options, "--yes", typed=json.dumps(elsewhere))
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "another contract" in " ".join(refused.stderr.split())
    permit = debtor.run("sign", "-", *options, "--yes", typed=json.dumps(elsewhere | {"primaryType": "Permit"}))
    assert permit.exit_code == ExitCode.BAD_INPUT
    assert debtor.run("sign", str(debtor.home / "none.json"), *options).exit_code == ExitCode.BAD_INPUT


def test_typed_data_is_put_in_words_without_a_key(debtor: Person, chain: ServedChain) -> None:
    overseer = Person(debtor.home / "overseer")
    network = ("--network", str(chain.directory))
    value = order(chain)
    file = debtor.private("instruction.json", json.dumps(document(chain, value)))
    shown = answer(overseer.run("typed-data", file, "--json", *network))
    assert shown["title"] == "Pay 100.00 CNY"
    settlement = chain.document["contracts"]["settlement"]
    digest = TypedDocument(chain.client.chain_id(), settlement, value).digest()
    assert shown["digest"] == "0x" + digest.hex()
    assert overseer.run("typed-data", file, *network).stdout.strip() == "0x" + digest.hex()
    elsewhere = debtor.private("elsewhere.json", json.dumps(document(chain, value, CREDITOR)))
    assert overseer.run("typed-data", elsewhere, *network).exit_code == ExitCode.BAD_INPUT


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"debtor_account": CREDITOR}, "is not who signs this"),
        ({"debit_token": CREDITOR}, "no currency token"),
        ({"credit_token": CREDITOR}, "no currency token"),
        ({"expiry": 1}, "it expired at 1970-01-01"),
    ],
)
def test_what_is_not_the_signers_or_not_money_here_is_not_signed(
    debtor: Person, chain: ServedChain, options: tuple[str, ...], changes: dict[str, Any], reason: str
) -> None:
    typed = json.dumps(document(chain, order(chain, **changes)))
    result = debtor.run("sign", "-", *options, "--yes", typed=typed)
    assert result.exit_code == ExitCode.BAD_INPUT
    assert reason in " ".join(result.stderr.split())


def test_an_acceptance_is_signed_with_its_instruction_only(
    debtor: Person, chain: ServedChain, options: tuple[str, ...]
) -> None:
    accepted = order(chain, debtor_account=CREDITOR, debtor_agent=CREDITOR, creditor_agent=DEBTOR)
    acceptance = Acceptance(struct_hash(accepted), accepted.expiry)
    file = debtor.private("acceptance.json", json.dumps(document(chain, acceptance)))
    instruction = debtor.private("accepted.json", json.dumps(document(chain, accepted)))
    another = debtor.private("another.json", json.dumps(document(chain, replace(accepted, debit_amount=1))))
    for wrong in ((), ("--instruction", another), ("--instruction", file)):
        assert debtor.run("sign", file, *wrong, *options, "--yes").exit_code == ExitCode.BAD_INPUT
    result = debtor.run("sign", file, "--instruction", instruction, *options, "--yes", "--json")
    assert "Accept to credit 100.00 CNY" in result.stderr
    assert answer(result)["primary_type"] == "Acceptance"
