"""The directory: admission, the life of a participant, its keys, the currencies and the settlement contract."""

from typing import Any

import pytest

from contracts.roles import ParticipantRole, ParticipantStatus
from tests.contracts.chain import MAX_TRANSACTION_GAS, ZERO_ADDRESS, logged
from tests.contracts.network import (
    ADMIN,
    CREDITOR_AGENT,
    DEBTOR_AGENT,
    KEY,
    OTHER_AGENT,
    OUTSIDER,
    PROVIDER,
    REGISTRAR,
    RELAY,
    SUSPENDER,
    Network,
)

STATUS_NAMES = {
    1: "applied",
    2: "active",
    3: "suspended",
    4: "terminating",
    5: "terminated",
}
STEPS = {(1, 2), (1, 5), (2, 3), (2, 4), (3, 2), (3, 4), (4, 3), (4, 5)}
DETAILS: dict[str, Any] = {
    "bic": "NEWBHKHHXXX",
    "lei": "5493001KJTIIGC8Y1R12",
    "name": "New Bank",
    "roles": ParticipantRole.BANK | ParticipantRole.FX_PROVIDER,
    "message_key": KEY,
    "api_address": "https://new.example",
    "jurisdiction": "HK",
}


def register(network: Network, **changes: Any) -> Any:
    details = {"account": OUTSIDER.address, **DETAILS, **changes}
    order = ("account", "bic", "lei", "name", "roles", "message_key", "api_address", "jurisdiction")
    return network.registry.functions.register(*(details[name] for name in order))


def apply_to_participate(network: Network, **changes: Any) -> Any:
    return network.registry.functions.apply_to_participate(*{**DETAILS, **changes}.values())


def test_a_registered_participant_is_active_and_found(network: Network) -> None:
    receipt = network.chain.send(REGISTRAR, register(network))
    call = network.registry.functions
    (registered,) = logged(receipt, network.registry.events.ParticipantRegistered)
    assert registered == {
        "account": OUTSIDER.address,
        "bic": "NEWBHKHHXXX",
        "lei": "5493001KJTIIGC8Y1R12",
        "name": "New Bank",
        "jurisdiction": "HK",
        "roles": 5,
    }
    assert call.participant(OUTSIDER.address).call() == (
        OUTSIDER.address, "NEWBHKHHXXX", "5493001KJTIIGC8Y1R12", "New Bank", "HK", 2, 5, 0, 0,
        KEY, bytes(32), 0, "https://new.example",
    )  # fmt: skip
    assert call.account_of("NEWBHKHHXXX").call() == OUTSIDER.address
    assert call.account_of_lei("5493001KJTIIGC8Y1R12").call() == OUTSIDER.address
    assert call.account_of("NOBODYXX").call() == ZERO_ADDRESS
    count = call.participant_count().call()
    assert call.participant_at(count - 1).call() == OUTSIDER.address
    assert call.participant_at(count).call() == ZERO_ADDRESS
    assert call.standing(OUTSIDER.address).call() == 2 | (5 << 8)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"account": ZERO_ADDRESS}, "ParticipantRegistry: zero address"),
    ({"account": PROVIDER.address}, "ParticipantRegistry: account already registered"),
    ({"bic": "AAAACNBJ"}, "ParticipantRegistry: bic already registered"),
    ({"lei": "AAAACNBJ000000000000"}, "ParticipantRegistry: lei already registered"),
    ({"bic": "NEWBHKHHX"}, "ParticipantRegistry: bic has the wrong length"),
    ({"lei": "5493001KJTIIGC8Y1R1"}, "ParticipantRegistry: lei has the wrong length"),
    ({"roles": 32}, "ParticipantRegistry: no such role"),
]


@pytest.mark.parametrize(("changes", "reason"), REFUSED)
def test_what_admission_refuses(network: Network, changes: dict[str, Any], reason: str) -> None:
    network.chain.refuses(REGISTRAR, register(network, **changes), reason)


def test_a_token_is_no_participant(network: Network) -> None:
    token = network.cny.address
    network.chain.refuses(
        REGISTRAR, register(network, account=token), "ParticipantRegistry: account already registered"
    )
    for call in (
        network.registry.functions.set_status(token, 3),
        network.registry.functions.set_roles(token, 1),
    ):
        network.chain.refuses(REGISTRAR, call, "ParticipantRegistry: no such participant")


def test_only_the_registrar_keeps_the_directory(network: Network) -> None:
    call = network.registry.functions
    for who in (ADMIN, SUSPENDER, DEBTOR_AGENT, OUTSIDER):
        for change in (
            register(network),
            call.set_status(PROVIDER.address, 3),
            call.terminate(PROVIDER.address, 1),
            call.set_roles(PROVIDER.address, 1),
            call.list_token("HKD", network.settlement.address),
            call.delist_token("CNY"),
        ):
            network.chain.refuses(who, change, "ParticipantRegistry: not a registrar")
    suspend = call.suspend(PROVIDER.address)
    for who in (ADMIN, DEBTOR_AGENT, OUTSIDER):
        network.chain.refuses(who, suspend, "ParticipantRegistry: not a suspender")


@pytest.mark.parametrize("start", [1, 2, 3, 4, 5], ids=STATUS_NAMES.get)
def test_the_life_of_a_participant_step_by_step(network: Network, start: int) -> None:
    set_status = network.registry.functions.set_status
    if start == ParticipantStatus.APPLIED:
        network.chain.send(OUTSIDER, apply_to_participate(network))
    else:
        network.chain.send(REGISTRAR, register(network))
    path = {3: [3], 4: [4], 5: [4, 5]}.get(start, [])
    for status in path:
        network.chain.send(REGISTRAR, set_status(OUTSIDER.address, status))
    assert network.registry.functions.participant(OUTSIDER.address).call()[5] == start
    for status in (0, 1, 2, 3, 4, 5, 6, 255, 2**255):
        change = set_status(OUTSIDER.address, status)
        if status == start or (start, status) in STEPS:
            change.call({"from": REGISTRAR.address})
        else:
            network.chain.refuses(REGISTRAR, change, "ParticipantRegistry: no such step")


def test_setting_the_same_status_changes_nothing(network: Network) -> None:
    version = network.registry.functions.standings_version().call()
    receipt = network.chain.send(REGISTRAR, network.registry.functions.set_status(PROVIDER.address, 2))
    assert logged(receipt, network.registry.events.StatusChanged) == []
    assert network.registry.functions.standings_version().call() == version


def test_a_stranger_has_no_status(network: Network) -> None:
    call = network.registry.functions
    for change in (call.set_status(OUTSIDER.address, 2), call.set_roles(OUTSIDER.address, 1)):
        network.chain.refuses(REGISTRAR, change, "ParticipantRegistry: no such participant")
    for change in (
        call.set_policy(1),
        call.set_api_address("https://x.example"),
        call.rotate_message_key(KEY, 0),
    ):
        network.chain.refuses(OUTSIDER, change, "ParticipantRegistry: no such participant")


def test_an_application_reserves_nothing_and_is_admitted_by_the_registrar(network: Network) -> None:
    network.chain.send(OUTSIDER, apply_to_participate(network))
    call = network.registry.functions
    assert call.account_of(DETAILS["bic"]).call() == ZERO_ADDRESS
    network.chain.send(REGISTRAR, call.set_status(OUTSIDER.address, ParticipantStatus.ACTIVE))
    assert call.account_of(DETAILS["bic"]).call() == OUTSIDER.address
    network.chain.send(RELAY, apply_to_participate(network))
    network.chain.refuses(
        REGISTRAR, call.set_status(RELAY.address, 2), "ParticipantRegistry: bic already registered"
    )


def test_refusing_an_application_leaves_the_names_of_others_alone(network: Network) -> None:
    network.chain.send(OUTSIDER, apply_to_participate(network, bic="AAAACNBJ"))
    call = network.registry.functions
    network.chain.send(REGISTRAR, call.set_status(OUTSIDER.address, ParticipantStatus.TERMINATED))
    assert call.account_of("AAAACNBJ").call() == DEBTOR_AGENT.address


def test_termination_is_orderly(network: Network) -> None:
    """Notice, then the balances must be gone, then the end; the BIC is free again."""
    call = network.registry.functions
    receipt = network.chain.send(REGISTRAR, call.set_status(PROVIDER.address, 4))
    (changed,) = logged(receipt, network.registry.events.StatusChanged)
    block_time = network.chain.web3.eth.get_block(receipt["blockNumber"])["timestamp"]
    assert changed == {
        "account": PROVIDER.address,
        "previous": 2,
        "status": 4,
        "notice_end": block_time + 86400,
    }
    end = call.set_status(PROVIDER.address, ParticipantStatus.TERMINATED)
    network.chain.refuses(REGISTRAR, end, "ParticipantRegistry: participant still holds money")
    for token in (network.cny, network.aed):
        balance = token.functions.balanceOf(PROVIDER.address).call()
        network.chain.send(PROVIDER, token.functions.transfer(DEBTOR_AGENT.address, balance))
    network.chain.send(REGISTRAR, end)
    assert call.account_of("FXFXHKHH").call() == ZERO_ADDRESS
    assert call.participant(PROVIDER.address).call()[5] == ParticipantStatus.TERMINATED
    for change in (call.set_policy(0), call.set_api_address(""), call.rotate_message_key(KEY, 0)):
        network.chain.refuses(PROVIDER, change, "ParticipantRegistry: participant terminated")
    network.chain.send(REGISTRAR, register(network, bic="FXFXHKHH"))


def test_a_participant_keeps_its_own_key_address_and_policy(network: Network) -> None:
    call = network.registry.functions
    receipt = network.chain.send(DEBTOR_AGENT, call.rotate_message_key(b"\x66" * 32, 1_900_000_000))
    assert logged(receipt, network.registry.events.MessageKeyRotated) == [
        {
            "account": DEBTOR_AGENT.address,
            "message_key": b"\x66" * 32,
            "previous_message_key": KEY,
            "previous_key_until": 1_900_000_000,
        }
    ]
    network.chain.send(DEBTOR_AGENT, call.set_api_address("https://elsewhere.example"))
    receipt = network.chain.send(DEBTOR_AGENT, call.set_policy(1))
    assert logged(receipt, network.registry.events.PolicyChanged) == [
        {"account": DEBTOR_AGENT.address, "policy": 1}
    ]
    after = call.participant(DEBTOR_AGENT.address).call()
    assert after[7:] == (1, 0, b"\x66" * 32, KEY, 1_900_000_000, "https://elsewhere.example")
    network.chain.refuses(DEBTOR_AGENT, call.set_policy(2), "ParticipantRegistry: no such policy flag")
    network.chain.refuses(
        DEBTOR_AGENT,
        call.rotate_message_key(bytes(32), 0),
        "ParticipantRegistry: message key missing",
    )


def test_roles_are_replaced_and_the_rest_of_the_standing_stays(network: Network) -> None:
    call = network.registry.functions
    network.chain.send(CREDITOR_AGENT, call.set_policy(1))
    network.chain.send(REGISTRAR, call.set_roles(CREDITOR_AGENT.address, 9))
    assert call.standing(CREDITOR_AGENT.address).call() == 2 | (9 << 8) | (1 << 72)
    network.chain.refuses(
        REGISTRAR, call.set_roles(CREDITOR_AGENT.address, 32), "ParticipantRegistry: no such role"
    )


def test_standings_are_read_together(network: Network) -> None:
    call = network.registry.functions
    named = [DEBTOR_AGENT.address, network.cny.address, ZERO_ADDRESS, OUTSIDER.address, PROVIDER.address]
    assert call.standings(named).call() == [2 | (1 << 8), 2**255 + 2, 0, 0, 2 | (4 << 8)]


def test_currencies_are_listed_and_delisted(network: Network) -> None:
    call = network.registry.functions
    assert call.token_count().call() == 2
    assert call.token_of("AED").call() == network.aed.address
    receipt = network.chain.send(REGISTRAR, call.delist_token("CNY"))
    assert logged(receipt, network.registry.events.TokenDelisted) == [
        {"token": network.cny.address, "currency": "CNY"}
    ]
    assert [call.token_count().call(), call.token_at(0).call()] == [1, network.aed.address]
    network.chain.send(REGISTRAR, call.list_token("CNY", network.cny.address))
    assert call.token_at(1).call() == network.cny.address


def test_what_listing_refuses(network: Network) -> None:
    call = network.registry.functions
    code = network.settlement.address
    for change, reason in (
        (call.list_token("HK", code), "ParticipantRegistry: currency has the wrong length"),
        (call.list_token("CNY", code), "ParticipantRegistry: currency already listed"),
        (call.list_token("HKD", network.aed.address), "ParticipantRegistry: account already registered"),
        (call.list_token("HKD", OTHER_AGENT.address), "ParticipantRegistry: account already registered"),
        (call.list_token("HKD", OUTSIDER.address), "ParticipantRegistry: token is no contract"),
        (call.delist_token("HKD"), "ParticipantRegistry: currency not listed"),
    ):
        network.chain.refuses(REGISTRAR, change, reason)


def test_the_list_of_currencies_has_an_end(network: Network) -> None:
    call = network.registry.functions
    # The smallest contract: one byte of code.
    addresses = [network.chain.deploy_code(OUTSIDER, "0x60018060005360016000f3") for _ in range(63)]
    for i, address in enumerate(addresses[:62]):
        network.chain.send(REGISTRAR, call.list_token(f"X{i:02}", address))
    assert call.token_count().call() == 64
    full = call.list_token("X99", addresses[62])
    network.chain.refuses(REGISTRAR, full, "ParticipantRegistry: too many tokens")


def test_the_registry_versions_the_settlement_contract(network: Network) -> None:
    call = network.registry.functions
    assert call.settlement().call() == network.settlement.address
    assert call.settlement_version().call() == 1
    second = network.chain.deploy(ADMIN, "Settlement", network.registry.address)
    receipt = network.chain.send(ADMIN, call.set_settlement(second.address), MAX_TRANSACTION_GAS)
    assert logged(receipt, network.registry.events.SettlementChanged) == [
        {"previous": network.settlement.address, "settlement": second.address, "version": 2}
    ]
    assert call.settlement().call() == second.address
    assert call.settlement_at(1).call() == network.settlement.address
    for who, address, reason in (
        (OUTSIDER, second.address, "Access: not the admin"),
        (ADMIN, second.address, "ParticipantRegistry: settlement unchanged"),
        (ADMIN, OUTSIDER.address, "ParticipantRegistry: settlement is no contract"),
    ):
        network.chain.refuses(who, call.set_settlement(address), reason)


def test_settlement_knows_its_registry(network: Network) -> None:
    assert network.settlement.functions.registry().call() == network.registry.address
