"""From one settlement contract to the next, as docs/migration.md tells it: by the council, in one transaction.

The dangerous ones are the payments in between: signed for the old contract and not settled there. The debtor
agent cancels each on the old contract before it signs for the new one. That cancellation is the test and the lock
in one: it goes through only where nothing has settled, and afterwards nothing ever will, not even if the old
contract came back.
"""

from dataclasses import dataclass, replace

import pytest
from web3.contract.contract import Contract, ContractFunction

from contracts.roles import HoldPower
from tests.contracts.holding import HoldDesk, Status
from tests.contracts.network import ADMIN, CREDITOR, DEBTOR, DEBTOR_AGENT, OUTSIDER, RELAY, Network
from tests.contracts.payments import Draft, pvp, settle, single_currency
from tests.contracts.return_payments import return_of, settle_return
from tests.contracts.sitting import FIRST, SECOND, THIRD, Sitting, convene

ANOTHER_UETR = bytes.fromhex("0b1c2d3e4f504a6b8c9dae0fb1c2d3e4")
DAYS_S = 20 * 86_400


@dataclass(frozen=True)
class Migration:
    """A network before its migration: governed by a council, the next contract deployed and without power."""

    old: Network
    new: Network
    sitting: Sitting

    def switch(self, to: Contract) -> list[ContractFunction]:
        """The calls of the proposal: the registry's next version, and each currency's operator."""
        tokens = (self.old.cny, self.old.aed)
        return [
            self.old.registry.functions.set_settlement(to.address),
            *(token.functions.set_settlement_operator(to.address) for token in tokens),
        ]

    def migrate(self) -> None:
        self.sitting.carry_out(*self.switch(self.new.settlement))

    def balance(self, who: str) -> int:
        return int(self.old.aed.functions.balanceOf(who).call())


@pytest.fixture
def migration(network: Network) -> Migration:
    sitting = convene(network)
    settlement = network.chain.deploy(OUTSIDER, "Settlement", network.registry.address)
    return Migration(network, replace(network, settlement=settlement), sitting)


def lasting(draft: Draft) -> Draft:
    """The same payment with signatures that outlive the whole migration."""
    expiry = draft.instruction.expiry + DAYS_S
    signed = draft.with_instruction(expiry=expiry)
    if signed.provider:
        signed = signed.with_quote(expiry=expiry)
    return replace(signed, acceptance_expiry=expiry)


def test_the_network_settles_on_the_next_contract(migration: Migration) -> None:
    network, new = migration.old, migration.new
    network.chain.send(RELAY, settle(network, single_currency(network)))
    migration.migrate()
    registry = network.registry.functions
    assert registry.settlement().call() == new.settlement.address
    assert [registry.settlement_at(i).call() for i in (1, 2)] == [
        network.settlement.address, new.settlement.address,
    ]  # fmt: skip
    before = migration.balance(CREDITOR.address)
    network.chain.send(RELAY, settle(new, pvp(new).with_instruction(uetr=ANOTHER_UETR)))
    assert migration.balance(CREDITOR.address) == before + 512_34


def test_the_old_contract_moves_nothing_from_the_same_block_on(migration: Migration) -> None:
    network = migration.old
    in_flight = lasting(pvp(network))
    migration.migrate()
    for draft in (in_flight, lasting(single_currency(network))):
        refused = settle(network, draft)
        network.chain.refuses(RELAY, refused, "CurrencyToken: not the settlement operator")


def test_signatures_for_the_old_contract_are_nothing_to_the_new_one(migration: Migration) -> None:
    network, new = migration.old, migration.new
    migration.migrate()
    draft = lasting(pvp(network))
    for_the_old = settle(network, draft).arguments
    replayed = new.settlement.functions.settle(*for_the_old)
    network.chain.refuses(RELAY, replayed, "Settlement: debtor signature invalid")


def test_a_payment_in_flight_is_cancelled_there_and_settles_once_here(migration: Migration) -> None:
    network, new = migration.old, migration.new
    in_flight = lasting(pvp(network))
    migration.migrate()
    before = migration.balance(CREDITOR.address)
    network.chain.send(DEBTOR_AGENT, network.settlement.functions.cancel(in_flight.instruction.uetr))
    network.chain.send(RELAY, settle(new, lasting(pvp(new))))
    assert migration.balance(CREDITOR.address) == before + 512_34
    network.chain.refuses(RELAY, settle(network, in_flight), "Settlement: uetr cancelled")


def test_nothing_settles_twice_even_when_the_old_contract_comes_back(migration: Migration) -> None:
    network, new = migration.old, migration.new
    in_flight = lasting(pvp(network))
    migration.migrate()
    network.chain.send(DEBTOR_AGENT, network.settlement.functions.cancel(in_flight.instruction.uetr))
    resigned = lasting(pvp(new))
    network.chain.send(RELAY, settle(new, resigned))
    before = migration.balance(CREDITOR.address)
    migration.sitting.carry_out(*migration.switch(network.settlement), salt=b"\x01" * 32)
    network.chain.refuses(RELAY, settle(network, in_flight), "Settlement: uetr cancelled")
    network.chain.refuses(RELAY, settle(new, resigned), "Settlement: uetr already settled")
    assert migration.balance(CREDITOR.address) == before


def test_what_had_settled_before_cannot_be_cancelled_and_so_is_not_signed_again(migration: Migration) -> None:
    network = migration.old
    settled = pvp(network)
    network.chain.send(RELAY, settle(network, settled))
    migration.migrate()
    cancel = network.settlement.functions.cancel(settled.instruction.uetr)
    network.chain.refuses(DEBTOR_AGENT, cancel, "Settlement: uetr already settled")


def test_what_had_settled_before_is_returned_after_it(migration: Migration) -> None:
    """The sum of returns is bounded across both contracts."""
    network, new = migration.old, migration.new
    original = lasting(single_currency(network))
    network.chain.send(RELAY, settle(network, original))
    before = lasting(return_of(original, 300_00))
    network.chain.send(RELAY, settle_return(network, before, original))
    migration.migrate()
    after = lasting(return_of(original, 600_00, b"\x0b" * 16))
    network.chain.send(RELAY, settle_return(new, after, original))
    too_much = lasting(return_of(original, 100_01, b"\x0c" * 16))
    refused = settle_return(new, too_much, original)
    network.chain.refuses(RELAY, refused, "Settlement: returns exceed the original")
    unseen = original.with_instruction(uetr=b"\x0e" * 16)
    refused = settle_return(new, lasting(return_of(unseen, 1)), unseen)
    network.chain.refuses(RELAY, refused, "Settlement: original not settled")


def test_the_migration_is_one_transaction_or_none(migration: Migration) -> None:
    network = migration.old
    sabotaged = [*migration.switch(migration.new.settlement), network.aed.functions.accept_admin()]
    proposal = migration.sitting.decide(*sabotaged)
    migration.sitting.wait()
    network.chain.refuses(RELAY, migration.sitting.execute(proposal), "Access: not the proposed admin")
    assert network.registry.functions.settlement().call() == network.settlement.address
    network.chain.send(RELAY, settle(network, pvp(network)))


def test_everybody_has_the_time_lock_to_see_it_coming(migration: Migration) -> None:
    network = migration.old
    proposal = migration.sitting.proposal(*migration.switch(migration.new.settlement))
    network.chain.send(FIRST, migration.sitting.propose(proposal))
    network.chain.send(SECOND, migration.sitting.approve(proposal))
    network.chain.refuses(RELAY, migration.sitting.execute(proposal), "Council: time lock not ended")
    network.chain.send(RELAY, settle(network, pvp(network)))  # until then the old one settles


def test_a_holds_contract_is_replaced_while_its_holds_run_out(migration: Migration) -> None:
    network = migration.old
    desks = [HoldDesk(network, network.chain.deploy(ADMIN, "Holds")) for _ in range(2)]
    old, new = desks
    power = network.cny.functions.set_hold_operator
    migration.sitting.carry_out(power(old.contract.address, HoldPower.HOLD))
    hold = old.terms(expiry=network.chain.now() + DAYS_S)
    network.chain.send(DEBTOR, old.place(hold))
    migration.sitting.carry_out(
        power(old.contract.address, HoldPower.END_HOLDS), power(new.contract.address, HoldPower.HOLD)
    )
    network.chain.refuses(DEBTOR, old.place(old.terms(amount=1)), "CurrencyToken: not a hold operator")
    network.chain.send(DEBTOR, new.place(new.terms(amount=1)))
    network.chain.send(OUTSIDER, old.release(hold))
    assert old.status(hold) == Status.PAID


def test_a_council_hands_over_to_the_next(migration: Migration) -> None:
    network, sitting = migration.old, migration.sitting
    seats = sitting.council.functions.members().call()
    council = network.chain.deploy(ADMIN, "Council", seats, 3, 86_400, OUTSIDER.address)
    following = Sitting(network, council)
    governed = (network.registry, network.cny, network.aed)
    sitting.carry_out(*(contract.functions.propose_admin(council.address) for contract in governed))
    proposal = following.proposal(*(contract.functions.accept_admin() for contract in governed))
    for member, step in zip(
        (FIRST, SECOND), (following.propose(proposal), following.approve(proposal)), strict=True
    ):
        network.chain.send(member, step)
    network.chain.refuses(RELAY, following.execute(proposal), "Council: too few approvals")
    network.chain.send(THIRD, following.approve(proposal))
    following.wait()
    network.chain.send(RELAY, following.execute(proposal))
    assert {contract.functions.admin().call() for contract in governed} == {council.address}
