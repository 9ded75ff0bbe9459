"""One exchange across two ledgers that share nothing: a hold on each, both under the lock of one secret.

The initiator (here the debtor) knows the secret and locks its CNY first, for longer; the other side locks its
AED for less time. Taking the AED shows the secret, and with it the CNY can be taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.contracts.chain import logged
from tests.contracts.engines import local_development_chain
from tests.contracts.holding import HOUR_S, SECRET, Hold, HoldDesk, Status, open_hold_desk
from tests.contracts.network import CREDITOR, DEBTOR, OUTSIDER, PAUSER, UNPAUSER, Network, deploy_network

# On both chains DEBTOR initiates and knows the secret; CREDITOR is the other side.
CNY, AED = 1_000_00, 500_00
OTHER_CHAIN_ID = 20023


@pytest.fixture(scope="module")
def other_network() -> Iterator[Network]:
    """The same network, address for address, on another engine with another chain id."""
    with local_development_chain(OTHER_CHAIN_ID) as chain:
        yield deploy_network(chain)


@dataclass(frozen=True)
class Exchange:
    """Both desks, and the terms on each: the initiator's leg runs an hour longer than the other one."""

    here: HoldDesk
    there: HoldDesk
    leg_here: Hold
    leg_there: Hold

    def place_both(self) -> None:
        self.here.network.chain.send(DEBTOR, self.here.place(self.leg_here))
        self.there.network.chain.send(CREDITOR, self.there.place(self.leg_there))


@pytest.fixture
def exchange(network: Network, other_network: Network) -> Iterator[Exchange]:
    snapshot = other_network.chain.snapshot()
    here, there = open_hold_desk(network), open_hold_desk(other_network)
    leg_here = here.locked(amount=CNY, expiry=network.chain.now() + 2 * HOUR_S)
    leg_there = there.locked(
        token=other_network.aed.address,
        debtor=CREDITOR.address,
        creditor=DEBTOR.address,
        amount=AED,
        expiry=other_network.chain.now() + HOUR_S,
    )
    yield Exchange(here, there, leg_here, leg_there)
    other_network.chain.revert(snapshot)


def test_both_legs_are_paid_by_one_secret(exchange: Exchange) -> None:
    exchange.place_both()
    there = exchange.there
    receipt = there.network.chain.send(DEBTOR, there.release(exchange.leg_there, SECRET))
    (shown,) = logged(receipt, there.contract.events.HoldReleased)
    exchange.here.network.chain.send(CREDITOR, exchange.here.release(exchange.leg_here, shown["secret"]))
    assert exchange.here.money(CREDITOR.address) == (CNY, 0)
    assert there.network.aed.functions.balanceOf(DEBTOR.address).call() == AED
    assert exchange.here.status(exchange.leg_here) == there.status(exchange.leg_there) == Status.PAID


def test_neither_leg_is_paid_when_the_secret_is_kept(exchange: Exchange) -> None:
    exchange.place_both()
    for desk, leg, owner in (
        (exchange.there, exchange.leg_there, CREDITOR),
        (exchange.here, exchange.leg_here, DEBTOR),
    ):
        desk.expire(leg)
        desk.network.chain.send(owner, desk.lift(leg))
        assert desk.status(leg) == Status.LIFTED
    assert exchange.here.money(DEBTOR.address) == (200_000_00, 0)


def test_a_pause_on_one_ledger_does_not_part_the_legs(exchange: Exchange) -> None:
    exchange.place_both()
    here, there = exchange.here, exchange.there
    here.network.chain.send(PAUSER, here.network.cny.functions.pause())
    there.network.chain.send(DEBTOR, there.release(exchange.leg_there, SECRET))
    # The secret is out and this ledger stands still: the release counts, and is paid after the pause, even
    # after the expiry.
    here.network.chain.send(CREDITOR, here.release(exchange.leg_here, SECRET))
    here.expire(exchange.leg_here)
    here.network.chain.send(UNPAUSER, here.network.cny.functions.unpause())
    here.network.chain.send(OUTSIDER, here.pay_out(exchange.leg_here))
    assert here.money(CREDITOR.address) == (CNY, 0)


def test_terms_signed_for_one_ledger_are_nothing_on_the_other(exchange: Exchange) -> None:
    here, there, leg = exchange.here, exchange.there, exchange.leg_here
    assert (leg.token, here.contract.address) == (there.network.cny.address, there.contract.address)
    signed = here.sign_terms(DEBTOR, leg)
    there.network.chain.refuses(OUTSIDER, there.place(leg, signed), "Holds: debtor signature invalid")
    here.network.chain.send(OUTSIDER, here.place(leg, signed))
