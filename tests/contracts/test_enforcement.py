"""Frozen amounts and forced transfers (ERC-7943): by law, with a reason, and thawing nothing."""

from itertools import product
from typing import Any

import pytest

from contracts.roles import TokenRole
from tests.contracts.chain import ZERO_ADDRESS, Actor, logged
from tests.contracts.network import (
    ADMIN,
    CREDITOR,
    DEBTOR,
    ENFORCER,
    FREEZER,
    ISSUER,
    OUTSIDER,
    PAUSER,
    REFERENCE,
    TIER_KEEPER,
    TOKEN_ROLES,
    UNPAUSER,
    Network,
)

REASON = b"\x77" * 32
BALANCE = 200_000_00


def test_interfaces_are_announced(network: Network) -> None:
    supports = network.cny.functions.supportsInterface
    assert supports(bytes.fromhex("01ffc9a7")).call()
    assert supports(bytes.fromhex("3edbb4c4")).call()
    assert not supports(bytes.fromhex("ffffffff")).call()


def test_a_forced_transfer_gives_its_reason(network: Network) -> None:
    call = network.cny.functions.forcedTransfer(DEBTOR.address, CREDITOR.address, 70_00, REASON)
    receipt = network.chain.send(ENFORCER, call)
    moved = {"debtor": DEBTOR.address, "creditor": CREDITOR.address, "amount": 70_00}
    assert logged(receipt, network.cny.events.Transfer) == [moved]
    assert logged(receipt, network.cny.events.ForcedTransfer) == [moved]
    assert logged(receipt, network.cny.events.EnforcementReason) == [
        {"reason": REASON, "enforcer": ENFORCER.address}
    ]
    assert network.cny.functions.balanceOf(CREDITOR.address).call() == 70_00
    standard = network.cny.functions["forcedTransfer(address,address,uint256)"]
    receipt = network.chain.send(ENFORCER, standard(DEBTOR.address, CREDITOR.address, 1))
    (reason,) = logged(receipt, network.cny.events.EnforcementReason)
    assert reason["reason"] == bytes(32)


def test_only_the_enforcer_and_the_freezer_enforce(network: Network) -> None:
    call = network.cny.functions
    take = call.forcedTransfer(DEBTOR.address, CREDITOR.address, 1, REASON)
    freeze = call.setFrozenTokens(DEBTOR.address, 1)
    for who, role in (*TOKEN_ROLES, (ADMIN, 0), (OUTSIDER, 0)):
        if role != TokenRole.ENFORCER:
            network.chain.refuses(who, take, "CurrencyToken: not an enforcer")
        if role != TokenRole.FREEZER:
            network.chain.refuses(who, freeze, "CurrencyToken: not a freezer")


def test_neither_freeze_nor_pause_nor_tier_stops_the_law(network: Network) -> None:
    call = network.cny.functions
    network.chain.send(TIER_KEEPER, call.set_tier(1, 1, 1, 1))
    network.chain.send(TIER_KEEPER, call.set_account_tier(DEBTOR.address, 1))
    network.chain.send(FREEZER, call.freeze(DEBTOR.address))
    network.chain.send(PAUSER, call.pause())
    take = call.forcedTransfer(DEBTOR.address, CREDITOR.address, BALANCE, REASON)
    network.chain.send(ENFORCER, take)
    assert call.account_of(DEBTOR.address).call() == (0, 0, 1, True, 0)


def test_what_a_forced_transfer_refuses(network: Network) -> None:
    call = network.cny.functions.forcedTransfer
    for debtor, creditor, amount, reason in (
        (DEBTOR.address, CREDITOR.address, BALANCE + 1, "CurrencyToken: balance too low"),
        (DEBTOR.address, ZERO_ADDRESS, 1, "CurrencyToken: creditor account not allowed"),
        (DEBTOR.address, network.cny.address, 1, "CurrencyToken: creditor account not allowed"),
    ):
        network.chain.refuses(ENFORCER, call(debtor, creditor, amount, REASON), reason)
    network.chain.send(FREEZER, network.cny.functions.freeze(CREDITOR.address))
    network.chain.refuses(
        ENFORCER,
        call(DEBTOR.address, CREDITOR.address, 1, REASON),
        "CurrencyToken: creditor account frozen",
    )


def test_attack_self_transfer_that_thaws(network: Network) -> None:
    """Forcing money from an account to itself must not free it."""
    call = network.cny.functions
    network.chain.send(FREEZER, call.setFrozenTokens(DEBTOR.address, BALANCE))
    network.chain.send(FREEZER, call.freeze(DEBTOR.address))
    network.chain.refuses(
        ENFORCER,
        call.forcedTransfer(DEBTOR.address, DEBTOR.address, BALANCE, REASON),
        "CurrencyToken: forced transfer to the same account",
    )


def test_a_frozen_amount_cannot_be_spent_and_the_rest_can(network: Network) -> None:
    call = network.cny.functions
    receipt = network.chain.send(FREEZER, call.setFrozenTokens(DEBTOR.address, BALANCE - 10_00))
    assert logged(receipt, network.cny.events.Frozen) == [{"account": DEBTOR.address, "amount": BALANCE - 10_00}]
    network.chain.refuses(DEBTOR, call.transfer(CREDITOR.address, 10_01), "CurrencyToken: amount frozen")
    network.chain.send(DEBTOR, call.transfer(CREDITOR.address, 10_00))
    network.chain.refuses(DEBTOR, call.transfer(CREDITOR.address, 1), "CurrencyToken: amount frozen")
    network.chain.send(FREEZER, call.setFrozenTokens(DEBTOR.address, 0))
    network.chain.send(DEBTOR, call.transfer(CREDITOR.address, 1))


def test_a_freeze_above_the_balance_catches_what_comes_in(network: Network) -> None:
    call = network.cny.functions
    network.chain.send(FREEZER, call.setFrozenTokens(CREDITOR.address, 100_00))
    network.chain.send(DEBTOR, call.transfer(CREDITOR.address, 99_00))
    network.chain.refuses(CREDITOR, call.transfer(DEBTOR.address, 1), "CurrencyToken: amount frozen")
    network.chain.send(DEBTOR, call.transfer(CREDITOR.address, 3_00))
    network.chain.send(CREDITOR, call.transfer(DEBTOR.address, 2_00))
    assert call.getFrozenTokens(CREDITOR.address).call() == 100_00


def test_a_forced_transfer_takes_free_money_first_and_frees_nothing(network: Network) -> None:
    call = network.cny.functions
    network.chain.send(FREEZER, call.setFrozenTokens(DEBTOR.address, 150_000_00))
    take = call.forcedTransfer
    network.chain.send(ENFORCER, take(DEBTOR.address, CREDITOR.address, 30_000_00, REASON))
    assert call.getFrozenTokens(DEBTOR.address).call() == 150_000_00
    receipt = network.chain.send(ENFORCER, take(DEBTOR.address, CREDITOR.address, 40_000_00, REASON))
    assert logged(receipt, network.cny.events.Frozen) == [{"account": DEBTOR.address, "amount": 130_000_00}]
    assert call.balanceOf(DEBTOR.address).call() == 130_000_00
    network.chain.refuses(DEBTOR, call.transfer(CREDITOR.address, 1), "CurrencyToken: amount frozen")
    network.chain.send(ENFORCER, take(DEBTOR.address, CREDITOR.address, 130_000_00, REASON))
    assert call.getFrozenTokens(DEBTOR.address).call() == 0


def test_a_whole_freeze_and_a_frozen_amount_are_kept_apart(network: Network) -> None:
    call = network.cny.functions
    network.chain.send(FREEZER, call.setFrozenTokens(DEBTOR.address, 5_00))
    network.chain.send(FREEZER, call.freeze(DEBTOR.address))
    assert call.getFrozenTokens(DEBTOR.address).call() == 2**256 - 1
    network.chain.send(FREEZER, call.setFrozenTokens(DEBTOR.address, 0))
    assert call.is_frozen(DEBTOR.address).call()
    network.chain.send(FREEZER, call.setFrozenTokens(DEBTOR.address, 5_00))
    network.chain.send(FREEZER, call.thaw(DEBTOR.address))
    assert call.getFrozenTokens(DEBTOR.address).call() == 5_00


def test_a_frozen_amount_is_not_redeemed(network: Network) -> None:
    call = network.cny.functions
    network.chain.send(DEBTOR, call.transfer(ISSUER.address, 10_00))
    network.chain.send(FREEZER, call.setFrozenTokens(ISSUER.address, 10_00))
    network.chain.refuses(ISSUER, call.redeem(1, REFERENCE), "CurrencyToken: amount frozen")


STATES: dict[str, list[tuple[Actor, str, tuple[Any, ...]]]] = {
    "open": [],
    "paused": [(PAUSER, "pause", ())],
    "debtor frozen": [(FREEZER, "freeze", (DEBTOR.address,))],
    "creditor frozen": [(FREEZER, "freeze", (CREDITOR.address,))],
    "amount frozen": [(FREEZER, "setFrozenTokens", (DEBTOR.address, BALANCE - 20_00))],
    "debtor in a tier": [(TIER_KEEPER, "set_account_tier", (DEBTOR.address, 1))],
    "creditor in a tier": [(TIER_KEEPER, "set_account_tier", (CREDITOR.address, 2))],
    "both in a tier": [
        (TIER_KEEPER, "set_account_tier", (DEBTOR.address, 3)),
        (TIER_KEEPER, "set_account_tier", (CREDITOR.address, 3)),
    ],
}


@pytest.mark.parametrize("state", STATES)
def test_can_transfer_says_what_transfer_does(network: Network, state: str) -> None:
    """The view is a second writing of the rules: it must agree with the first in every state."""
    call = network.cny.functions
    for tier, caps in ((1, (10**9, 15_00, 100_00)), (2, (10_00, 10**9, 10**9)), (3, (10**9, 10**9, 5_00))):
        network.chain.send(TIER_KEEPER, call.set_tier(tier, *caps))
    for who, change, arguments in STATES[state]:
        network.chain.send(who, call[change](*arguments))
    creditors = (CREDITOR.address, DEBTOR.address, ZERO_ADDRESS, network.cny.address)
    amounts = (0, 5_00, 5_01, 10_00, 10_01, 15_00, 15_01, 20_00, 20_01, BALANCE, BALANCE + 1, 2**255)
    for creditor, amount in product(creditors, amounts):
        transfer = call.transfer(creditor, amount)
        receipt = network.chain.attempt(DEBTOR, transfer) if state == "open" and amount == 0 else None
        succeeds = works(network, transfer) if receipt is None else receipt["status"] == 1
        said = call.canTransfer(DEBTOR.address, creditor, amount).call()
        assert said == succeeds, f"{state}: {amount} to {creditor}"


def works(network: Network, transfer: object) -> bool:
    try:
        transfer.call({"from": DEBTOR.address})  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - any refusal at all
        return False
    return True


def test_who_may_send_and_receive(network: Network) -> None:
    call = network.cny.functions

    def said() -> tuple[bool, bool]:
        return call.canSend(DEBTOR.address).call(), call.canReceive(DEBTOR.address).call()

    assert said() == (True, True)
    network.chain.send(FREEZER, call.freeze(DEBTOR.address))
    assert said() == (False, False)
    network.chain.send(FREEZER, call.thaw(DEBTOR.address))
    network.chain.send(PAUSER, call.pause())
    assert said() == (False, False)
    network.chain.send(UNPAUSER, call.unpause())
    assert not call.canReceive(ZERO_ADDRESS).call()
    assert not call.canReceive(network.cny.address).call()
