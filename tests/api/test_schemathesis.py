"""Requests made up from the OpenAPI document by Schemathesis: nothing the document allows, or forbids, is a fault.

The institution is one without a chain, so nothing made up can move money; the default run is short and always the
same, the long one (`make long`) looks further.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok

from api.app import create_app
from api.institution import open_institution
from api.limits import BodyLimits
from cli.running_network import RunningNetwork
from node.chain.serving import BackgroundServer
from tests.api.test_openapi import _strand
from tests.network import BANK_CN, bank
from tests.processes import free_ports

EXAMPLES, LONG_EXAMPLES = 2, 100
ENDLESS = ("streamEvents",)  # its answer does not end, and test_events listens to it
CHECKS = (
    checks.status_code_conformance,  # 500 is documented nowhere
    checks.content_type_conformance,
    checks.response_schema_conformance,
)


@dataclass(frozen=True)
class Door:
    """A running API and the credential that opens it."""

    url: str
    credential: str


@pytest.fixture(scope="module")
def door(network: RunningNetwork, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    ours = bank(network, BANK_CN)
    ours.http.close()
    folder = tmp_path_factory.mktemp("made-up") / BANK_CN
    shutil.copytree(network.data / "institutions" / BANK_CN, folder, ignore=shutil.ignore_patterns("book*"))
    address = f"http://127.0.0.1:{free_ports(1)}"
    _strand(folder, address)
    institution = open_institution(folder, limits=BodyLimits(max_bytes=20_000, timeout_s=5))
    with BackgroundServer(create_app(institution), port=int(address.rpartition(":")[2])) as server:
        yield Door(server.url, ours.entry["credential"])


def operations(door: Door) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{door.url}/openapi.json")
    found: list[Any] = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    return [one for one in found if one.definition.raw["operationId"] not in ENDLESS]


def ask_all(door: Door, examples: int) -> int:
    """Ask every operation so many made-up questions; returns how many were asked. Raises what a check finds."""
    asked = 0
    faults: list[str] = []
    headers = {"Authorization": f"Bearer {door.credential}"}
    for operation, mode in product(operations(door), GenerationMode):

        @seed(20022)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(base_url=door.url, headers=headers, checks=list(CHECKS), timeout=60)

        try:
            ask()
        except Unsatisfiable:  # an operation without anything in it that could be wrong
            continue
        except FailureGroup as found:
            faults.append(f"{operation.label} ({mode.value}): {[str(one) for one in found.exceptions]}")
    assert not faults, "\n\n".join(faults)
    return asked


def test_made_up_requests_are_answered_as_documented(door: Door) -> None:
    assert ask_all(door, EXAMPLES) >= EXAMPLES * 20


@pytest.mark.long
def test_many_made_up_requests_are_answered_as_documented(door: Door) -> None:
    assert ask_all(door, LONG_EXAMPLES) >= LONG_EXAMPLES * 20
