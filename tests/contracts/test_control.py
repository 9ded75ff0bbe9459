"""Stopping, freezing, capping, and who may: each power with its own role."""

import pytest

from contracts.roles import PauseFlag, TokenRole
from tests.contracts.chain import ZERO_ADDRESS, logged
from tests.contracts.network import (
    ADMIN,
    CREDITOR,
    DEBTOR,
    DEBTOR_AGENT,
    FREEZER,
    ISSUER,
    OUTSIDER,
    PAUSER,
    REFERENCE,
    RELAY,
    TIER_KEEPER,
    TOKEN_ROLES,
    UNPAUSER,
    Network,
)
from tests.contracts.payments import pvp, settle

DAY_S = 86400


def test_every_power_has_its_own_role(network: Network) -> None:
    """Whoever holds any other role, the admin's too, is refused."""
    call = network.cny.functions
    powers = {
        TokenRole.PAUSER: (call.pause(), "CurrencyToken: not a pauser"),
        TokenRole.UNPAUSER: (call.unpause(), "CurrencyToken: not an unpauser"),
        TokenRole.FREEZER: (call.freeze(DEBTOR.address), "CurrencyToken: not a freezer"),
        TokenRole.TIER_KEEPER: (call.set_tier(1, 1, 1, 1), "CurrencyToken: not a tier keeper"),
        TokenRole.ISSUER: (call.redeem(0, REFERENCE), "CurrencyToken: not an issuer"),
    }
    others = {
        TokenRole.PAUSER: (call.pause_only(1), "CurrencyToken: not a pauser"),
        TokenRole.FREEZER: (call.thaw(DEBTOR.address), "CurrencyToken: not a freezer"),
        TokenRole.TIER_KEEPER: (
            call.set_account_tier(DEBTOR.address, 1),
            "CurrencyToken: not a tier keeper",
        ),
    }
    for right, (power, reason) in [*powers.items(), *others.items()]:
        for who, role in (*TOKEN_ROLES, (ADMIN, 0), (OUTSIDER, 0)):
            if role == right:
                power.call({"from": who.address})
            else:
                network.chain.refuses(who, power, reason)


def test_pause_stops_everything_and_unpause_starts_it(network: Network) -> None:
    token = network.cny
    version = token.functions.policy_version().call()
    receipt = network.chain.send(PAUSER, token.functions.pause())
    assert logged(receipt, token.events.Paused) == [{"account": PAUSER.address, "flags": 7}]
    assert token.functions.paused().call()
    assert token.functions.pause_flags().call() == 7
    receipt = network.chain.send(UNPAUSER, token.functions.unpause())
    assert logged(receipt, token.events.Unpaused) == [{"account": UNPAUSER.address, "flags": 7}]
    assert not token.functions.paused().call()
    assert token.functions.policy_version().call() == version + 2


def test_operations_are_paused_one_by_one(network: Network) -> None:
    call = network.cny.functions
    operations = {
        PauseFlag.TRANSFERS: (DEBTOR, call.transfer(CREDITOR.address, 1)),
        PauseFlag.SETTLEMENT: (RELAY, settle(network, pvp(network))),
        PauseFlag.ISSUANCE: (ISSUER, call.issue(CREDITOR.address, 1, REFERENCE)),
    }
    for paused in operations:
        network.chain.send(PAUSER, call.pause_only(paused))
        for flag, (who, operation) in operations.items():
            if flag == paused:
                network.chain.refuses(who, operation, "CurrencyToken: paused")
            else:
                operation.call({"from": who.address})
        network.chain.send(UNPAUSER, call.unpause())
    network.chain.refuses(PAUSER, call.pause_only(8), "CurrencyToken: no such pause flag")


def test_a_freeze_needs_no_balance_and_happens_twice(network: Network) -> None:
    token = network.cny
    for _ in range(2):
        receipt = network.chain.send(FREEZER, token.functions.freeze(OUTSIDER.address))
        assert logged(receipt, token.events.AccountFrozen) == [
            {"account": OUTSIDER.address, "freezer": FREEZER.address}
        ]
    assert token.functions.is_frozen(OUTSIDER.address).call()
    receipt = network.chain.send(FREEZER, token.functions.thaw(OUTSIDER.address))
    assert logged(receipt, token.events.AccountThawed) == [
        {"account": OUTSIDER.address, "freezer": FREEZER.address}
    ]
    assert not token.functions.is_frozen(OUTSIDER.address).call()


def test_a_freeze_keeps_balance_and_tier(network: Network) -> None:
    token = network.cny
    network.chain.send(TIER_KEEPER, token.functions.set_account_tier(DEBTOR.address, 2))
    network.chain.send(FREEZER, token.functions.freeze(DEBTOR.address))
    assert token.functions.account_of(DEBTOR.address).call() == (200_000_00, 0, 2, True, 0)
    assert token.functions.held_of(DEBTOR.address).call() == 0
    network.chain.send(FREEZER, token.functions.thaw(DEBTOR.address))
    assert token.functions.account_of(DEBTOR.address).call() == (200_000_00, 0, 2, False, 0)


def test_the_settlement_operator_is_the_admins_choice_through_a_pause(network: Network) -> None:
    token = network.cny
    set_operator = token.functions.set_settlement_operator
    network.chain.refuses(OUTSIDER, set_operator(OUTSIDER.address), "Access: not the admin")
    network.chain.send(PAUSER, token.functions.pause_only(PauseFlag.SETTLEMENT))
    receipt = network.chain.send(ADMIN, set_operator(RELAY.address))
    assert logged(receipt, token.events.SettlementOperatorChanged) == [{"operator": RELAY.address}]
    assert token.functions.settlement_operator().call() == RELAY.address
    leg = token.functions.settle_leg(DEBTOR.address, CREDITOR.address, 1)
    network.chain.refuses(RELAY, leg, "CurrencyToken: paused")
    network.chain.send(UNPAUSER, token.functions.unpause())
    network.chain.send(RELAY, leg)
    network.chain.refuses(OUTSIDER, leg, "CurrencyToken: not the settlement operator")
    network.chain.send(ADMIN, set_operator(ZERO_ADDRESS))
    network.chain.refuses(RELAY, leg, "CurrencyToken: not the settlement operator")


@pytest.fixture
def capped(network: Network) -> Network:
    """The debtor in the tier of a small wallet: 1,000.00 at most, 200.00 a payment, 500.00 a day."""
    call = network.cny.functions
    network.chain.send(DEBTOR, call.transfer(DEBTOR_AGENT.address, 199_000_00))
    network.chain.send(TIER_KEEPER, call.set_tier(2, 1_000_00, 200_00, 500_00))
    network.chain.send(TIER_KEEPER, call.set_account_tier(DEBTOR.address, 2))
    return network


def test_a_tier_caps_a_single_payment(capped: Network) -> None:
    pay = capped.cny.functions.transfer
    capped.chain.refuses(DEBTOR, pay(CREDITOR.address, 200_01), "CurrencyToken: amount above the tier's cap")
    capped.chain.send(DEBTOR, pay(CREDITOR.address, 200_00))


def test_a_tier_caps_the_day_and_the_next_day_begins_anew(capped: Network) -> None:
    pay = capped.cny.functions.transfer
    for amount in (200_00, 200_00, 99_99):
        capped.chain.send(DEBTOR, pay(CREDITOR.address, amount))
    assert capped.cny.functions.account_of(DEBTOR.address).call() == (500_01, 0, 2, False, 499_99)
    reason = "CurrencyToken: daily total above the tier's cap"
    capped.chain.refuses(DEBTOR, pay(CREDITOR.address, 2), reason)
    capped.chain.send(DEBTOR, pay(CREDITOR.address, 1))
    capped.chain.refuses(DEBTOR, pay(CREDITOR.address, 1), reason)
    capped.chain.travel_to((capped.chain.now() // DAY_S + 1) * DAY_S)
    capped.chain.mine()
    assert capped.cny.functions.account_of(DEBTOR.address).call()[4] == 0
    capped.chain.send(DEBTOR, pay(CREDITOR.address, 200_00))
    assert capped.cny.functions.account_of(DEBTOR.address).call() == (300_00, 0, 2, False, 200_00)


def test_a_tier_caps_the_balance_by_every_way_in(capped: Network) -> None:
    reason = "CurrencyToken: balance above the tier's cap"
    call = capped.cny.functions
    capped.chain.refuses(DEBTOR_AGENT, call.transfer(DEBTOR.address, 1), reason)
    capped.chain.refuses(ISSUER, call.issue(DEBTOR.address, 1, REFERENCE), reason)
    capped.chain.send(DEBTOR, call.transfer(CREDITOR.address, 10))
    capped.chain.send(DEBTOR_AGENT, call.transfer(DEBTOR.address, 10))


def test_a_lowered_cap_leaves_the_balance_to_be_spent(capped: Network) -> None:
    call = capped.cny.functions
    capped.chain.send(TIER_KEEPER, call.set_tier(2, 500_00, 200_00, 500_00))
    capped.chain.refuses(
        DEBTOR_AGENT, call.transfer(DEBTOR.address, 1), "CurrencyToken: balance above the tier's cap"
    )
    capped.chain.send(DEBTOR, call.transfer(CREDITOR.address, 10))


def test_no_tier_no_caps(capped: Network) -> None:
    call = capped.cny.functions
    receipt = capped.chain.send(TIER_KEEPER, call.set_account_tier(DEBTOR.address, 0))
    assert logged(receipt, capped.cny.events.AccountTierChanged) == [{"account": DEBTOR.address, "tier": 0}]
    capped.chain.send(DEBTOR, call.transfer(CREDITOR.address, 1_000_00))


def test_tiers_are_kept_apart_and_read_back(network: Network) -> None:
    call = network.cny.functions
    caps = {
        1: (1_048_575, 0, 2**64 // 10**14 * 10**14),
        2: (10_000_00, 2_000_00, 5_000_00),
        3: (1_048_575 * 10**15, 1_048_575 * 10**15, 123_456 * 10**4),
    }
    for tier, values in caps.items():
        receipt = network.chain.send(TIER_KEEPER, call.set_tier(tier, *values))
        (changed,) = logged(receipt, network.cny.events.TierChanged)
        assert tuple(changed.values()) == (tier, *values)
    for tier, values in caps.items():
        assert call.tier_of(tier).call() == values
    assert call.pause_flags().call() == 0


def test_caps_and_tiers_that_do_not_exist(network: Network) -> None:
    call = network.cny.functions
    for tier in (0, 4):
        network.chain.refuses(TIER_KEEPER, call.set_tier(tier, 1, 1, 1), "CurrencyToken: no such tier")
        network.chain.refuses(OUTSIDER, call.tier_of(tier), "CurrencyToken: no such tier")
    network.chain.refuses(TIER_KEEPER, call.set_account_tier(DEBTOR.address, 4), "CurrencyToken: no such tier")
    network.chain.refuses(
        TIER_KEEPER, call.set_tier(1, 10_485_761, 1, 1), "CurrencyToken: cap has too many digits"
    )
    for caps in ((10**22, 1, 1), (1, 1, 2**64)):
        network.chain.refuses(TIER_KEEPER, call.set_tier(1, *caps), "CurrencyToken: cap too large")
