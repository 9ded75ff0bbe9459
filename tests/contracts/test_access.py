"""Roles and the admin who hands them out, the same in every contract that has them."""

import pytest
from web3.contract.contract import Contract

from contracts.roles import TokenRole
from tests.contracts.chain import ZERO_ADDRESS, logged
from tests.contracts.network import ADMIN, FREEZER, OUTSIDER, PAUSER, Network


@pytest.fixture(params=["cny", "registry"])
def contract(network: Network, request: pytest.FixtureRequest) -> Contract:
    found: Contract = getattr(network, request.param)
    return found


def test_roles_are_granted_and_revoked_one_by_one(network: Network, contract: Contract) -> None:
    call = contract.functions
    receipt = network.chain.send(ADMIN, call.grant_role(OUTSIDER.address, 1))
    assert logged(receipt, contract.events.RolesChanged) == [
        {"account": OUTSIDER.address, "roles": 1, "admin": ADMIN.address}
    ]
    network.chain.send(ADMIN, call.grant_role(OUTSIDER.address, 2))
    assert call.roles(OUTSIDER.address).call() == 3
    network.chain.send(ADMIN, call.revoke_role(OUTSIDER.address, 1))
    assert call.roles(OUTSIDER.address).call() == 2
    network.chain.refuses(ADMIN, call.grant_role(ZERO_ADDRESS, 1), "Access: zero address")


def test_only_the_admin_hands_out_roles(network: Network, contract: Contract) -> None:
    call = contract.functions
    for change in (
        call.grant_role(OUTSIDER.address, 1),
        call.revoke_role(ADMIN.address, 1),
        call.propose_admin(OUTSIDER.address),
    ):
        network.chain.refuses(OUTSIDER, change, "Access: not the admin")


def test_a_role_can_be_given_up(network: Network) -> None:
    call = network.cny.functions
    network.chain.send(PAUSER, call.revoke_role(PAUSER.address, TokenRole.PAUSER))
    network.chain.refuses(PAUSER, call.pause(), "CurrencyToken: not a pauser")
    assert call.roles(FREEZER.address).call() == TokenRole.FREEZER


def test_the_office_is_handed_over_in_two_steps(network: Network, contract: Contract) -> None:
    call = contract.functions
    receipt = network.chain.send(ADMIN, call.propose_admin(OUTSIDER.address))
    assert logged(receipt, contract.events.AdminProposed) == [
        {"admin": ADMIN.address, "proposed": OUTSIDER.address}
    ]
    assert call.proposed_admin().call() == OUTSIDER.address
    assert call.admin().call() == ADMIN.address
    network.chain.refuses(FREEZER, call.accept_admin(), "Access: not the proposed admin")
    receipt = network.chain.send(OUTSIDER, call.accept_admin())
    assert logged(receipt, contract.events.AdminChanged) == [
        {"previous": ADMIN.address, "admin": OUTSIDER.address}
    ]
    assert call.admin().call() == OUTSIDER.address
    network.chain.refuses(ADMIN, call.grant_role(ADMIN.address, 1), "Access: not the admin")
    network.chain.refuses(OUTSIDER, call.accept_admin(), "Access: not the proposed admin")


def test_a_contract_begins_with_an_admin(network: Network) -> None:
    network.chain.refuses_to_deploy(ADMIN, "Access: zero address", "ParticipantRegistry", ZERO_ADDRESS)
