"""Who stops a cycle, and that the others can go on: named, undone, and proposed again without it."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import decode
from eth_hash.auto import keccak

from contracts.roles import ParticipantRole, ParticipantStatus
from node.domain.netting import within_means, without
from tests.contracts.chain import Actor
from tests.contracts.cycles import AED, CLEARING_AGENT, CNY, draft, members, owes, settle_net
from tests.contracts.network import FREEZER, OUTSIDER, PAUSER, REGISTRAR, SUSPENDER, Network
from tests.contracts.settle_batches import FAR

BOTH_FORMS = pytest.mark.parametrize("on_chain", [True, False], ids=["obligations", "positions"])
CANNOT_SETTLE = keccak(b"CannotSettle(address,string)")[:4]


@pytest.fixture
def four(network: Network) -> list[Actor]:
    return members(network, 4)


def named(network: Network, call: Any) -> tuple[str, str]:
    """Who a cycle is refused for, and why, from the custom error it reverts with."""
    data = network.chain.revert_data(CLEARING_AGENT, call)
    assert data[:4] == CANNOT_SETTLE
    who, reason = decode(["address", "string"], data[4:])
    return network.chain.web3.to_checksum_address(who), reason


@BOTH_FORMS
def test_attack_netting_sabotage_by_one_short_party(network: Network, four: list[Actor], on_chain: bool) -> None:
    """It has spent its money between signing and settling. The cycle goes through without it, by the same id."""
    a, b, c, d = four
    owed = [owes(a, b, 100_00), owes(b, c, 40_00), owes(c, a, 30_00), owes(d, a, 500_00), owes(d, b, 20_00)]
    made = draft(network, four, owed, on_chain=on_chain)
    network.chain.send(d, network.cny.functions.transfer(OUTSIDER.address, 900_00))
    before = network.balances()
    assert named(network, settle_net(network, made)) == (d.address, "CurrencyToken: balance too low")
    assert network.chain.attempt(CLEARING_AGENT, settle_net(network, made))["status"] == 0
    assert network.balances() == before
    means = {(CNY, str(who.address)): network.cny.functions.balanceOf(who.address).call() for who in four}
    rest = within_means(owed, means)
    assert rest == without(owed, d.address)
    network.chain.send(CLEARING_AGENT, settle_net(network, draft(network, four, list(rest), on_chain=on_chain)))
    assert network.cny.functions.balanceOf(a.address).call() == 930_00


@pytest.mark.parametrize(
    ("place", "reason"),
    [(0, "CurrencyToken: debtor account frozen"), (1, "CurrencyToken: debtor account frozen")],
    ids=["who pays", "who is paid"],
)
def test_a_frozen_participant_is_named(network: Network, four: list[Actor], place: int, reason: str) -> None:
    made = draft(network, four, [owes(four[0], four[1], 100_00), owes(four[2], four[3], 1_00)])
    network.chain.send(FREEZER, network.cny.functions.freeze(four[place].address))
    assert named(network, settle_net(network, made)) == (four[place].address, reason)


def test_one_short_in_one_currency_stops_all_of_them(network: Network, four: list[Actor]) -> None:
    a, b, *_ = four
    made = draft(network, four, [owes(a, b, 100_00), owes(b, a, 1_000_01, AED)])
    before = network.balances()
    assert named(network, settle_net(network, made)) == (b.address, "CurrencyToken: balance too low")
    assert network.chain.attempt(CLEARING_AGENT, settle_net(network, made))["status"] == 0
    assert network.balances() == before


def test_a_pause_stops_every_cycle(network: Network, four: list[Actor]) -> None:
    made = draft(network, four, [owes(four[0], four[1], 100_00)])
    network.chain.send(PAUSER, network.cny.functions.pause())
    _, reason = named(network, settle_net(network, made))
    assert reason == "CurrencyToken: paused"


@pytest.mark.parametrize("known", [False, True], ids=["a new set", "a known set"])
@pytest.mark.parametrize("who", ["a bank", "the clearing agent"])
def test_who_is_suspended_takes_no_part(network: Network, four: list[Actor], who: str, known: bool) -> None:
    owed = [owes(four[0], four[1], 1_00)]
    if known:
        network.chain.send(CLEARING_AGENT, settle_net(network, draft(network, four, owed, number=1)))
    made = draft(network, four, owed, number=2)
    account = four[1].address if who == "a bank" else CLEARING_AGENT.address
    network.chain.send(SUSPENDER, network.registry.functions.suspend(account))
    network.chain.refuses(CLEARING_AGENT, settle_net(network, made), "ParticipantRegistry: participant not active")
    reinstate = network.registry.functions.set_status(account, ParticipantStatus.ACTIVE)
    network.chain.send(REGISTRAR, reinstate)
    network.chain.send(CLEARING_AGENT, settle_net(network, made))


ROLES: list[tuple[str, Callable[[list[Actor]], str], int]] = [
    ("a bank", lambda four: four[1].address, ParticipantRole.FX_PROVIDER),
    ("the clearing agent", lambda four: CLEARING_AGENT.address, ParticipantRole.BANK),
]


@pytest.mark.parametrize(("name", "account", "role"), ROLES, ids=[name for name, _, _ in ROLES])
def test_everybody_has_its_role(
    network: Network, four: list[Actor], name: str, account: Callable[[list[Actor]], str], role: int
) -> None:
    made = draft(network, four, [owes(four[0], four[1], 1_00)])
    network.chain.send(REGISTRAR, network.registry.functions.set_roles(account(four), role))
    reason = "ParticipantRegistry: participant without the role"
    network.chain.refuses(CLEARING_AGENT, settle_net(network, made), reason)


def test_a_delisted_currency_is_not_netted(network: Network, four: list[Actor]) -> None:
    made = draft(network, four, [owes(four[0], four[1], 1_00)])
    network.chain.send(REGISTRAR, network.registry.functions.delist_token("CNY"))
    network.chain.refuses(CLEARING_AGENT, settle_net(network, made), "ParticipantRegistry: currency not listed")


def test_who_is_leaving_takes_part_until_its_notice_ends(network: Network, four: list[Actor]) -> None:
    """A set with somebody terminating is not remembered: the expiry is looked at each time."""
    owed, end = [owes(four[0], four[1], 1_00)], network.chain.now() + 3_600
    network.chain.send(REGISTRAR, network.registry.functions.terminate(four[0].address, end))
    network.chain.send(CLEARING_AGENT, settle_net(network, draft(network, four, owed, number=1, expiry=end)))
    too_long = draft(network, four, owed, number=2, expiry=end + 1)
    reason = "ParticipantRegistry: participant not active"
    network.chain.refuses(CLEARING_AGENT, settle_net(network, too_long), reason)
    assert network.registry.functions.may_net(CLEARING_AGENT.address, [], [], FAR).call()
    place = int(four[0].address, 16)
    leaving = network.registry.functions.may_net(CLEARING_AGENT.address, [network.cny.address], [place], end)
    assert not leaving.call()
