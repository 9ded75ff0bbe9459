"""Deaths on the way to an end that nobody wished for: a payment withdrawn, and one that ran out of time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cli.folders import kept_key, kept_secret
from contracts import artifact
from node.domain.party import ParticipantStatus
from node.ledger.abi import call_data
from node.ledger.client import LedgerClient
from node.ledger.orders import Order as EvmOrder
from node.ledger.orders import carry_out, next_nonces
from tests.audit.books import read_book
from tests.simulation.conftest import TERMS
from tests.simulation.parts import Part
from tests.simulation.simulation import Simulation

SHORT_S = 10


@pytest.mark.timeout(900)
def test_signed_then_suspended_then_withdrawn(simulation: Simulation) -> None:
    """Its signatures are public but the contract refuses them: the UETR is burnt, whoever dies on the way."""
    debtor_agent, order = simulation.debtor_agent, simulation.load.domestic()
    debtor_agent.kill("at rest")
    debtor_agent.start_mortal("signed", 1)
    simulation.load.send(order)
    simulation.await_death(debtor_agent, "signed")
    with suspended(simulation, debtor_agent):
        debtor_agent.start_mortal("withdrawn", 1)
        simulation.await_death(debtor_agent, "withdrawn")
        debtor_agent.start()
        simulation.await_ends()
    assert _state(debtor_agent, order.uetr) == "FAILED"
    assert _state(simulation.creditor_agent, order.uetr) == "CANCELLED"
    assert simulation.faults() == []


@pytest.mark.timeout(900)
def test_accepted_and_dead_until_it_is_too_late(simulation: Simulation) -> None:
    """The creditor agent need not wait for a dead debtor agent, and both end the payment."""
    debtor_agent, creditor_agent = simulation.debtor_agent, simulation.creditor_agent
    order = simulation.load.domestic()
    for part, terms in (
        (debtor_agent, {"instruction_s": SHORT_S}),
        (creditor_agent, {"chain_clock_margin_s": 1}),
    ):
        part.kill("at rest")
        simulation.parts.set_terms(part, **{**TERMS, **terms})
    creditor_agent.start_mortal("expired", 1)
    debtor_agent.start_mortal("accepted", 1)
    simulation.load.send(order)
    simulation.await_death(debtor_agent, "accepted")
    simulation.await_death(creditor_agent, "expired")
    for part in (creditor_agent, debtor_agent):
        simulation.parts.set_terms(part, **TERMS)
        part.start()
    simulation.await_ends()
    assert _state(debtor_agent, order.uetr) in {"EXPIRED", "FAILED"}
    assert _state(creditor_agent, order.uetr) == "EXPIRED"
    assert simulation.faults() == []


@contextmanager
def suspended(simulation: Simulation, part: Part) -> Iterator[None]:
    """The registrar suspends a participant for a while."""
    _set_status(simulation, part, ParticipantStatus.SUSPENDED)
    try:
        yield
    finally:
        _set_status(simulation, part, ParticipantStatus.ACTIVE)
        time.sleep(1)


def _set_status(simulation: Simulation, part: Part, status: ParticipantStatus) -> None:
    authority = simulation.parts.folder / "data" / "authority"
    registrar = kept_key(authority / "governor_key", kept_secret(authority / "password"))
    network = simulation.parts.network
    account = next(one["settlement_address"] for one in network["participants"] if one["bic"] == part.name)
    data = call_data(artifact("ParticipantRegistry").abi, "set_status", account, status.value)
    client = LedgerClient(network["rpc_url"])
    order = EvmOrder(f"make {part.name} {status.name}", registrar, network["contracts"]["registry"], data)
    carry_out(client, [order], next_nonces(client, [registrar]), patience_s=120)
    client.close()


def _state(part: Part, uetr: str) -> str:
    return str(read_book(part.name, "0x", part.folder / "book.sqlite").payments[uetr]["state"])
