"""Attacks on holds, each named for what the attacker tries."""

import pytest

from tests.contracts.holding import LOCK, SECRET, Hold, HoldDesk, Status, open_hold_desk
from tests.contracts.network import CREDITOR, DEBTOR, FREEZER, OUTSIDER, RELAY, Network
from tests.contracts.signing import malleable_twin

HAD = 200_000_00
AMOUNT = 500_00
PREMIUM = 7_00


@pytest.fixture
def desk(network: Network) -> HoldDesk:
    return open_hold_desk(network)


def placed(desk: HoldDesk, hold: Hold) -> Hold:
    desk.network.chain.send(DEBTOR, desk.place(hold))
    return hold


def test_attack_hold_withdrawn_after_release(desk: HoldDesk) -> None:
    hold = placed(desk, desk.locked())
    desk.network.chain.send(CREDITOR, desk.release(hold, SECRET))
    desk.expire(hold)
    desk.network.chain.refuses(DEBTOR, desk.lift(hold), "Holds: already paid")
    desk.network.chain.refuses(CREDITOR, desk.release(hold, SECRET), "Holds: already paid")
    desk.network.chain.refuses(CREDITOR, desk.pay_out(hold), "Holds: already paid")
    assert desk.money(DEBTOR.address) == (HAD - AMOUNT, 0)


def test_attack_hold_withdrawn_between_its_release_and_its_payment(desk: HoldDesk) -> None:
    hold = placed(desk, desk.locked())
    desk.network.chain.send(FREEZER, desk.network.cny.functions.freeze(CREDITOR.address))
    desk.network.chain.send(CREDITOR, desk.release(hold, SECRET))
    desk.expire(hold)
    for who in (DEBTOR, CREDITOR, RELAY):
        desk.network.chain.refuses(who, desk.lift(hold), "Holds: already released")
        desk.network.chain.refuses(who, desk.release(hold, SECRET), "Holds: already released")


def test_attack_hold_released_after_it_went_back(desk: HoldDesk) -> None:
    hold = placed(desk, desk.locked())
    desk.expire(hold)
    desk.network.chain.refuses(CREDITOR, desk.release(hold, SECRET), "Holds: expired")
    desk.network.chain.send(DEBTOR, desk.lift(hold))
    desk.network.chain.refuses(CREDITOR, desk.release(hold, SECRET), "Holds: already lifted")


def test_attack_free_option_the_debtor_cannot_take_its_money_back_in_time(desk: HoldDesk) -> None:
    hold = placed(desk, desk.locked())
    for who in (DEBTOR, OUTSIDER):
        desk.network.chain.refuses(who, desk.lift(hold), "Holds: not yet expired")


def test_attack_free_option_there_is_no_second_in_which_both_could_act_nor_neither(desk: HoldDesk) -> None:
    hold = placed(desk, desk.locked())
    desk.network.chain.travel_to(hold.expiry - 1)
    desk.network.chain.mine()
    ends = desk.network.chain.snapshot()
    desk.network.chain.travel_to(hold.expiry)
    assert desk.network.chain.attempt(DEBTOR, desk.lift(hold))["status"] == 0
    assert desk.status(hold) == Status.PLACED
    desk.network.chain.revert(ends)
    desk.network.chain.travel_to(hold.expiry)
    receipt = desk.network.chain.send(CREDITOR, desk.release(hold, SECRET))
    assert desk.network.chain.web3.eth.get_block(receipt["blockNumber"])["timestamp"] == hold.expiry
    desk.network.chain.revert(ends)
    desk.network.chain.travel_to(hold.expiry + 1)
    desk.network.chain.mine()
    desk.network.chain.refuses(CREDITOR, desk.release(hold, SECRET), "Holds: expired")
    desk.network.chain.send(DEBTOR, desk.lift(hold))


def test_attack_free_option_the_option_is_paid_for_when_it_is_given(desk: HoldDesk) -> None:
    # The creditor alone knows the secret: it can watch the price for an hour and then decide. It pays for that.
    network = desk.network
    network.chain.send(DEBTOR, network.cny.functions.transfer(CREDITOR.address, 10_00))
    hold = desk.locked(premium=PREMIUM)
    agreed = desk.sign_premium(CREDITOR, hold)
    receipt_free = desk.money(DEBTOR.address)[0]
    network.chain.send(DEBTOR, desk.place(hold, b"", agreed))
    assert desk.money(DEBTOR.address) == (receipt_free - AMOUNT + PREMIUM, AMOUNT)
    assert desk.money(CREDITOR.address) == (10_00 - PREMIUM, 0)
    desk.expire(hold)
    network.chain.send(DEBTOR, desk.lift(hold))
    assert desk.money(DEBTOR.address) == (receipt_free + PREMIUM, 0)  # it does not come back


def test_attack_premium_taken_without_the_creditors_agreement(desk: HoldDesk) -> None:
    network = desk.network
    network.chain.send(DEBTOR, network.cny.functions.transfer(CREDITOR.address, 10_00))
    hold = desk.locked(premium=PREMIUM)
    agreed = desk.sign_premium(CREDITOR, hold)
    dearer = hold.but(premium=PREMIUM + 1)
    for terms, signature in (
        (hold, b""),
        (hold, desk.sign_premium(DEBTOR, hold)),
        (hold, malleable_twin(agreed)),
        (dearer, agreed),
        (hold.but(salt=b"\x01" * 32), agreed),
    ):
        network.chain.refuses(DEBTOR, desk.place(terms, b"", signature), "Holds: creditor signature invalid")
    free = hold.but(premium=0)
    network.chain.refuses(DEBTOR, desk.place(free, b"", agreed), "Holds: premium not expected")
    network.chain.send(DEBTOR, desk.place(hold, b"", agreed))
    network.chain.refuses(DEBTOR, desk.place(hold, b"", agreed), "Holds: already placed")


def test_attack_somebody_elses_terms_under_the_same_id(desk: HoldDesk) -> None:
    hold = placed(desk, desk.locked())
    for changed in (
        hold.but(creditor=OUTSIDER.address),
        hold.but(amount=AMOUNT * 2),
        hold.but(lock=LOCK[::-1]),
        hold.but(expiry=hold.expiry + 1),
    ):
        desk.network.chain.refuses(OUTSIDER, desk.release(changed, SECRET), "Holds: not placed")


def test_attack_the_lock_of_one_ledger_opened_by_a_longer_secret_of_another(desk: HoldDesk) -> None:
    # A secret of exactly 32 bytes opens a lock here, so no ledger with another limit can be played against it.
    hold = placed(desk, desk.locked())
    with pytest.raises(Exception, match=r"bytes32|abi"):
        desk.release(hold, SECRET + b"\x00").call({"from": CREDITOR.address})
    desk.network.chain.refuses(CREDITOR, desk.release(hold, LOCK), "Holds: wrong secret")


def test_attack_a_spy_in_the_mempool_releases_with_the_secret_it_has_seen(desk: HoldDesk) -> None:
    hold = placed(desk, desk.locked())
    desk.network.chain.send(OUTSIDER, desk.release(hold, SECRET))
    assert desk.money(CREDITOR.address) == (AMOUNT, 0)
    assert desk.money(OUTSIDER.address) == (0, 0)


def test_attack_a_release_starved_of_gas_either_pays_or_decides_nothing(desk: HoldDesk) -> None:
    hold = placed(desk, desk.locked())
    release = desk.release(hold, SECRET)
    enough = release.estimate_gas({"from": RELAY.address})
    before = desk.network.chain.snapshot()
    for gas in range(max(enough - 110_000, 40_000), enough + 1, 5_000):
        desk.network.chain.attempt(RELAY, release, gas)
        assert desk.status(hold) in {Status.PLACED, Status.PAID}
        desk.network.chain.revert(before)
    desk.network.chain.refuses(RELAY, release, "Holds: too little gas", gas=enough - 50_000)
    desk.network.chain.send(RELAY, release, enough)
    assert desk.status(hold) == Status.PAID
