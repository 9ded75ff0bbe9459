"""Holds: escrow, earmark and lock; who may end one and when; what freeze, pause and tiers do to it."""

from collections.abc import Callable

import pytest

from contracts.roles import HoldPower
from tests.contracts.chain import ZERO_ADDRESS, Actor, logged
from tests.contracts.holding import LOCK, NO_LOCK, SECRET, Hold, HoldDesk, Status, open_hold_desk
from tests.contracts.network import (
    ADMIN,
    CREDITOR,
    DEBTOR,
    FREEZER,
    OUTSIDER,
    PAUSER,
    RELAY,
    TIER_KEEPER,
    UNPAUSER,
    Network,
)
from tests.contracts.signing import malleable_twin

CONFIRMER = OUTSIDER
HAD = 200_000_00  # the debtor's CNY before anything is held
AMOUNT = 500_00


@pytest.fixture
def desk(network: Network) -> HoldDesk:
    return open_hold_desk(network)


def placed(desk: HoldDesk, hold: Hold) -> Hold:
    desk.network.chain.send(DEBTOR, desk.place(hold))
    return hold


def test_an_escrow_pays_when_receipt_is_confirmed(desk: HoldDesk) -> None:
    hold = desk.terms()
    receipt = desk.network.chain.send(DEBTOR, desk.place(hold))
    (event,) = logged(receipt, desk.contract.events.HoldPlaced)
    assert event["id"] == desk.id_of(hold)
    assert {**hold.__dict__, "id": event["id"]} == event
    assert desk.money(DEBTOR.address) == (HAD - AMOUNT, AMOUNT)
    receipt = desk.network.chain.send(CONFIRMER, desk.release(hold))
    assert logged(receipt, desk.contract.events.HoldReleased) == [{"id": event["id"], "secret": NO_LOCK}]
    assert logged(receipt, desk.contract.events.HoldPaid) == [{"id": event["id"]}]
    (moved,) = logged(receipt, desk.network.cny.events.Transfer)
    assert moved == {"debtor": DEBTOR.address, "creditor": CREDITOR.address, "amount": AMOUNT}
    assert desk.money(DEBTOR.address) == (HAD - AMOUNT, 0)
    assert desk.money(CREDITOR.address) == (AMOUNT, 0)
    assert desk.status(hold) == Status.PAID


def test_terms_and_confirmation_can_be_carried_by_anybody(desk: HoldDesk) -> None:
    hold = desk.terms()
    desk.network.chain.send(RELAY, desk.place(hold, desk.sign_terms(DEBTOR, hold)))
    desk.network.chain.send(RELAY, desk.release(hold, NO_LOCK, desk.sign_confirmation(CONFIRMER, hold)))
    assert desk.money(CREDITOR.address) == (AMOUNT, 0)


def test_a_hold_nobody_released_goes_back(desk: HoldDesk) -> None:
    hold = placed(desk, desk.terms())
    desk.expire(hold)
    receipt = desk.network.chain.send(RELAY, desk.lift(hold))
    assert logged(receipt, desk.contract.events.HoldLifted) == [{"id": desk.id_of(hold)}]
    assert desk.money(DEBTOR.address) == (HAD, 0)
    assert desk.status(hold) == Status.LIFTED


def test_the_creditor_may_give_up_early(desk: HoldDesk) -> None:
    hold = placed(desk, desk.terms())
    desk.network.chain.send(CREDITOR, desk.lift(hold))
    assert desk.money(DEBTOR.address) == (HAD, 0)


def test_an_earmark_keeps_money_for_a_queue_and_is_lifted_at_will(desk: HoldDesk) -> None:
    hold = placed(desk, desk.terms(creditor=DEBTOR.address, confirmer=DEBTOR.address, amount=HAD))
    pay = desk.network.cny.functions.transfer(CREDITOR.address, 1)
    desk.network.chain.refuses(DEBTOR, pay, "CurrencyToken: balance too low")
    desk.network.chain.send(DEBTOR, desk.lift(hold))
    desk.network.chain.send(DEBTOR, pay)


def test_an_earmark_can_be_released_to_its_own_account(desk: HoldDesk) -> None:
    hold = placed(desk, desk.terms(creditor=DEBTOR.address, confirmer=DEBTOR.address))
    desk.network.chain.send(DEBTOR, desk.release(hold))
    assert desk.money(DEBTOR.address) == (HAD, 0)


def test_a_lock_and_a_confirmer_are_both_needed(desk: HoldDesk) -> None:
    hold = placed(desk, desk.terms(lock=LOCK))
    desk.network.chain.refuses(CONFIRMER, desk.release(hold), "Holds: wrong secret")
    desk.network.chain.refuses(RELAY, desk.release(hold, SECRET), "Holds: confirmation signature invalid")
    desk.network.chain.send(CONFIRMER, desk.release(hold, SECRET))
    assert desk.status(hold) == Status.PAID


def test_the_supply_counts_money_on_hold(desk: HoldDesk) -> None:
    before = desk.network.cny.functions.totalSupply().call()
    placed(desk, desk.terms())
    assert desk.network.cny.functions.totalSupply().call() == before


REFUSED_TERMS: dict[str, tuple[str, Callable[[Hold], Hold]]] = {
    "expired": ("Holds: expired", lambda hold: hold.but(expiry=1)),
    "amount of zero": ("Holds: amount is zero", lambda hold: hold.but(amount=0)),
    "nobody could release": ("Holds: nobody could release", lambda hold: hold.but(confirmer=ZERO_ADDRESS)),
    "more than the balance": ("CurrencyToken: balance too low", lambda hold: hold.but(amount=HAD + 1)),
    "a premium nobody signed": ("Holds: creditor signature invalid", lambda hold: hold.but(premium=1)),
}


@pytest.mark.parametrize("case", REFUSED_TERMS)
def test_terms_that_cannot_be_placed(desk: HoldDesk, case: str) -> None:
    sentence, spoil = REFUSED_TERMS[case]
    desk.network.chain.refuses(DEBTOR, desk.place(spoil(desk.terms())), sentence)


def test_only_the_debtor_agrees_to_a_hold_of_its_money(desk: HoldDesk) -> None:
    hold = desk.terms()
    good = desk.sign_terms(DEBTOR, hold)
    for signature in (b"", desk.sign_terms(CREDITOR, hold), malleable_twin(good), good[:64]):
        desk.network.chain.refuses(RELAY, desk.place(hold, signature), "Holds: debtor signature invalid")
    desk.network.chain.refuses(
        RELAY, desk.place(hold.but(amount=AMOUNT + 1), good), "Holds: debtor signature invalid"
    )
    nobody = hold.but(debtor=ZERO_ADDRESS)
    desk.network.chain.refuses(RELAY, desk.place(nobody, bytes(65)), "Holds: debtor signature invalid")


@pytest.mark.parametrize("who", [DEBTOR, CREDITOR, RELAY], ids=lambda who: who.role)
def test_only_the_confirmer_confirms(desk: HoldDesk, who: Actor) -> None:
    hold = placed(desk, desk.terms())
    confirmation = desk.sign_confirmation(who, hold)
    twin = malleable_twin(desk.sign_confirmation(CONFIRMER, hold))
    for given in (b"", confirmation, twin):
        desk.network.chain.refuses(
            who, desk.release(hold, NO_LOCK, given), "Holds: confirmation signature invalid"
        )


def test_a_hold_is_ended_once_and_placed_once(desk: HoldDesk) -> None:
    hold = desk.terms()
    for step in (desk.release(hold), desk.lift(hold), desk.pay_out(hold)):
        desk.network.chain.refuses(CREDITOR, step, "Holds: not placed")
    placed(desk, hold)
    desk.network.chain.refuses(DEBTOR, desk.place(hold), "Holds: already placed")
    desk.network.chain.refuses(CREDITOR, desk.pay_out(hold), "Holds: not released")
    desk.network.chain.send(CREDITOR, desk.lift(hold))
    desk.network.chain.refuses(DEBTOR, desk.place(hold), "Holds: already placed")
    for step in (desk.release(hold), desk.lift(hold), desk.pay_out(hold)):
        desk.network.chain.refuses(CONFIRMER, step, "Holds: already lifted")


# -- freeze, pause and tiers


def test_a_frozen_debtor_places_nothing(desk: HoldDesk) -> None:
    desk.network.chain.send(FREEZER, desk.network.cny.functions.freeze(DEBTOR.address))
    desk.network.chain.refuses(DEBTOR, desk.place(desk.terms()), "CurrencyToken: debtor account frozen")


@pytest.mark.parametrize("frozen", [DEBTOR, CREDITOR], ids=lambda who: who.role)
def test_a_freeze_keeps_released_money_where_it_is_until_the_thaw(desk: HoldDesk, frozen: Actor) -> None:
    hold = placed(desk, desk.terms())
    desk.network.chain.send(FREEZER, desk.network.cny.functions.freeze(frozen.address))
    receipt = desk.network.chain.send(CONFIRMER, desk.release(hold))
    assert logged(receipt, desk.contract.events.HoldPaid) == []
    assert desk.status(hold) == Status.RELEASED
    assert desk.money(DEBTOR.address) == (HAD - AMOUNT, AMOUNT)
    sentence = f"CurrencyToken: {frozen.role} account frozen"
    desk.network.chain.refuses(RELAY, desk.pay_out(hold), sentence)
    desk.expire(hold)  # the decision was in time; the payment has no deadline
    desk.network.chain.refuses(DEBTOR, desk.lift(hold), "Holds: already released")
    desk.network.chain.send(FREEZER, desk.network.cny.functions.thaw(frozen.address))
    desk.network.chain.send(RELAY, desk.pay_out(hold))
    assert desk.money(CREDITOR.address) == (AMOUNT, 0)


def test_an_expiring_hold_goes_back_to_a_frozen_account_and_stays_frozen_there(desk: HoldDesk) -> None:
    hold = placed(desk, desk.terms())
    desk.network.chain.send(FREEZER, desk.network.cny.functions.freeze(DEBTOR.address))
    desk.expire(hold)
    desk.network.chain.send(RELAY, desk.lift(hold))
    assert desk.money(DEBTOR.address) == (HAD, 0)
    pay = desk.network.cny.functions.transfer(CREDITOR.address, 1)
    desk.network.chain.refuses(DEBTOR, pay, "CurrencyToken: debtor account frozen")


def test_a_release_during_a_pause_decides_in_time_and_pays_afterwards(desk: HoldDesk) -> None:
    hold = placed(desk, desk.locked())
    desk.network.chain.send(PAUSER, desk.network.cny.functions.pause())
    desk.network.chain.refuses(DEBTOR, desk.place(desk.locked(amount=1)), "CurrencyToken: paused")
    desk.network.chain.send(CREDITOR, desk.release(hold, SECRET))
    assert desk.status(hold) == Status.RELEASED
    desk.expire(hold)
    desk.network.chain.refuses(CREDITOR, desk.pay_out(hold), "CurrencyToken: paused")
    desk.network.chain.send(UNPAUSER, desk.network.cny.functions.unpause())
    desk.network.chain.send(RELAY, desk.pay_out(hold))
    assert desk.money(CREDITOR.address) == (AMOUNT, 0)
    assert desk.status(hold) == Status.PAID


def test_a_pause_does_not_stop_an_expired_hold_from_going_back(desk: HoldDesk) -> None:
    hold = placed(desk, desk.terms())
    desk.network.chain.send(PAUSER, desk.network.cny.functions.pause())
    desk.expire(hold)
    desk.network.chain.refuses(CONFIRMER, desk.release(hold), "Holds: expired")
    desk.network.chain.send(DEBTOR, desk.lift(hold))
    assert desk.money(DEBTOR.address) == (HAD, 0)


def test_a_hold_counts_towards_the_daily_total_once(desk: HoldDesk) -> None:
    call = desk.network.cny.functions
    desk.network.chain.send(TIER_KEEPER, call.set_tier(1, 10**9, AMOUNT, 2 * AMOUNT))
    desk.network.chain.send(TIER_KEEPER, call.set_account_tier(DEBTOR.address, 1))
    desk.network.chain.refuses(
        DEBTOR, desk.place(desk.terms(amount=AMOUNT + 1)), "CurrencyToken: amount above the tier's cap"
    )
    hold = placed(desk, desk.terms())
    desk.network.chain.send(CONFIRMER, desk.release(hold))
    assert call.account_of(DEBTOR.address).call()[4] == AMOUNT
    placed(desk, desk.terms(salt=b"\x01" * 32))
    desk.network.chain.refuses(
        DEBTOR, desk.place(desk.terms(amount=1)), "CurrencyToken: daily total above the tier's cap"
    )


def test_a_creditor_above_its_cap_is_paid_when_there_is_room(desk: HoldDesk) -> None:
    call = desk.network.cny.functions
    desk.network.chain.send(TIER_KEEPER, call.set_tier(2, AMOUNT - 1, 10**9, 10**9))
    desk.network.chain.send(TIER_KEEPER, call.set_account_tier(CREDITOR.address, 2))
    hold = placed(desk, desk.terms())
    desk.network.chain.send(CONFIRMER, desk.release(hold))
    desk.network.chain.refuses(RELAY, desk.pay_out(hold), "CurrencyToken: balance above the tier's cap")
    desk.network.chain.send(TIER_KEEPER, call.set_tier(2, AMOUNT, 10**9, 10**9))
    desk.network.chain.send(RELAY, desk.pay_out(hold))


# -- the powers over held money


def test_only_a_hold_operator_touches_held_money(desk: HoldDesk) -> None:
    call = desk.network.cny.functions
    placed(desk, desk.terms())
    for step in (
        call.hold(DEBTOR.address, 1),
        call.pay_held(DEBTOR.address, OUTSIDER.address, 1),
        call.unhold(DEBTOR.address, 1),
    ):
        desk.network.chain.refuses(OUTSIDER, step, "CurrencyToken: not a hold operator")
        desk.network.chain.refuses(DEBTOR, step, "CurrencyToken: not a hold operator")


def test_a_replaced_hold_contract_ends_its_holds_and_begins_none(desk: HoldDesk) -> None:
    call = desk.network.cny.functions
    hold = placed(desk, desk.terms())
    receipt = desk.network.chain.send(ADMIN, call.set_hold_operator(desk.contract.address, HoldPower.END_HOLDS))
    (event,) = logged(receipt, desk.network.cny.events.HoldOperatorChanged)
    assert event == {"operator": desk.contract.address, "power": HoldPower.END_HOLDS}
    assert call.hold_operator(desk.contract.address).call() == HoldPower.END_HOLDS
    desk.network.chain.refuses(DEBTOR, desk.place(desk.terms(amount=1)), "CurrencyToken: not a hold operator")
    desk.network.chain.send(CONFIRMER, desk.release(hold))
    assert desk.status(hold) == Status.PAID


def test_only_the_admin_names_hold_operators(desk: HoldDesk) -> None:
    call = desk.network.cny.functions
    desk.network.chain.refuses(
        OUTSIDER, call.set_hold_operator(OUTSIDER.address, HoldPower.HOLD), "Access: not the admin"
    )
    desk.network.chain.refuses(ADMIN, call.set_hold_operator(OUTSIDER.address, 3), "CurrencyToken: no such power")


def test_more_than_is_held_cannot_be_taken(desk: HoldDesk) -> None:
    call = desk.network.cny.functions
    desk.network.chain.send(ADMIN, call.set_hold_operator(RELAY.address, HoldPower.HOLD))
    receipt = desk.network.chain.send(RELAY, call.hold(DEBTOR.address, 100))
    (held,) = logged(receipt, desk.network.cny.events.Held)
    assert held == {"account": DEBTOR.address, "amount": 100}
    for step in (
        call.pay_held(DEBTOR.address, CREDITOR.address, 101),
        call.unhold(DEBTOR.address, 101),
        call.unhold(DEBTOR.address, 2**200),
        call.unhold(CREDITOR.address, 1),
    ):
        desk.network.chain.refuses(RELAY, step, "CurrencyToken: held amount too low")
    receipt = desk.network.chain.send(RELAY, call.unhold(DEBTOR.address, 100))
    (unheld,) = logged(receipt, desk.network.cny.events.Unheld)
    assert unheld == {"account": DEBTOR.address, "amount": 100}
