"""The settlement contract hashes what we hash: type strings, encoding and domain agree to the byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from contracts import artifact
from tests.wallet.served_chain import ServedChain, served_chain
from tests.wallet.strategies import instructions
from wallet.typed_data import Instruction, domain_separator, struct_hash


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedChain]:
    with served_chain(tmp_path_factory.mktemp("network")) as chain:
        yield chain


def ask(chain: ServedChain, function: str, *arguments: object) -> Any:
    settlement = chain.document["contracts"]["settlement"]
    return chain.client.read(settlement, artifact("Settlement").abi, function, *arguments)


@given(instruction=instructions)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_contract_hashes_an_instruction_as_we_do(chain: ServedChain, instruction: Instruction) -> None:
    fields = tuple(getattr(instruction, name) for name, _ in instruction.FIELDS)
    assert ask(chain, "hash_instruction", fields) == struct_hash(instruction)


def test_the_contracts_domain_is_ours(chain: ServedChain) -> None:
    settlement = chain.document["contracts"]["settlement"]
    assert ask(chain, "DOMAIN_SEPARATOR") == domain_separator(chain.client.chain_id(), settlement)
