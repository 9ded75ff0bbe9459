"""Netting: many payments settled by what each owes in the end, in both forms, all or none."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from node.ledger.net_cycle import NetCycle
from tests.contracts.chain import MAX_TRANSACTION_GAS, Actor, logged
from tests.contracts.cycles import (
    AED,
    CLEARING_AGENT,
    Draft,
    agree,
    draft,
    members,
    owes,
    places,
    settle_net,
    signatures,
    withdraw,
)
from tests.contracts.network import ADMIN, CNY_SUPPLY, OUTSIDER, RELAY, Network
from tests.contracts.payments import UETR, settle, single_currency
from tests.contracts.settle_batches import FAR, changed, payment, settle_batch
from tests.contracts.signing import malleable_twin

INVALID = "Settlement: position signature invalid"
BOTH_FORMS = pytest.mark.parametrize("on_chain", [True, False], ids=["obligations", "positions"])


@pytest.fixture
def four(network: Network) -> list[Actor]:
    return members(network, 4)


def ring(network: Network, four: list[Actor], *, on_chain: bool = True, number: int = 1) -> Draft:
    """Five payments of 360.00 in all, settled by moving 60.00; the last bank owes what it is owed."""
    a, b, c, d = four
    owed = [owes(a, b, 100_00), owes(b, c, 80_00), owes(c, a, 50_00), owes(c, d, 60_00), owes(d, a, 60_00)]
    return draft(network, four, [*owed, owes(a, c, 10_00)], on_chain=on_chain, number=number)


def balances(network: Network, who: list[Actor], currency: str = "CNY") -> list[int]:
    token = network.cny if currency == "CNY" else network.aed
    return [token.functions.balanceOf(bank.address).call() for bank in who]


@BOTH_FORMS
def test_a_cycle_settles_by_what_each_owes_in_the_end(network: Network, four: list[Actor], on_chain: bool) -> None:
    made = ring(network, four, on_chain=on_chain)
    receipt = network.chain.send(CLEARING_AGENT, settle_net(network, made), MAX_TRANSACTION_GAS)
    assert balances(network, four) == [1_000_00, 1_020_00, 980_00, 1_000_00]
    (netted,) = logged(receipt, network.settlement.events.Netted)
    assert netted["cycle"] == made.cycle.cycle
    assert netted["payments_root"] == made.cycle.payments_root
    moved = logged(receipt, network.cny.events.Transfer)
    assert [(log["debtor"], log["creditor"], log["amount"]) for log in moved] == [
        (four[2].address, four[1].address, 20_00)
    ]


@BOTH_FORMS
def test_the_root_names_everybody_and_every_amount(network: Network, four: list[Actor], on_chain: bool) -> None:
    made = ring(network, four, on_chain=on_chain)
    cycle = made.cycle
    participants = keccak(encode(["address[]", "uint256[]"], [list(cycle.tokens), places(cycle)]))
    nets = [] if on_chain else [net for _, _, net in cycle.positions]
    terms = [cycle.payments_root, participants, list(cycle.obligations), nets]
    root = keccak(encode(["bytes32", "bytes32", "uint256[]", "int256[]"], terms))
    (netted,) = logged(
        network.chain.send(CLEARING_AGENT, settle_net(network, made)), network.settlement.events.Netted
    )
    assert netted["root"] == root == cycle.root()
    number = network.settlement.functions.last_cycle(CLEARING_AGENT.address).call()
    assert number == 2**63 + 1


@BOTH_FORMS
def test_a_cycle_settles_in_several_currencies(network: Network, four: list[Actor], on_chain: bool) -> None:
    a, b, c, d = four
    owed = [owes(a, b, 100_00), owes(b, c, 70_00), owes(b, a, 30_00, AED), owes(c, d, 40_00, AED)]
    made = draft(network, four, owed, on_chain=on_chain)
    network.chain.send(CLEARING_AGENT, settle_net(network, made), MAX_TRANSACTION_GAS)
    assert balances(network, four) == [900_00, 1_030_00, 1_070_00, 1_000_00]
    assert balances(network, four, "AED") == [1_030_00, 970_00, 960_00, 1_040_00]


def test_one_debtor_can_pay_several_creditors(network: Network, four: list[Actor]) -> None:
    a, b, c, d = four
    owed = [owes(a, c, 90_00), owes(b, c, 20_00), owes(a, d, 5_00), owes(b, d, 30_00)]
    receipt = network.chain.send(CLEARING_AGENT, settle_net(network, draft(network, four, owed)))
    assert balances(network, four) == [905_00, 950_00, 1_110_00, 1_035_00]
    assert [log["amount"] for log in logged(receipt, network.cny.events.Transfer)] == [95_00, 15_00, 35_00]


@BOTH_FORMS
def test_a_cycle_settles_once(network: Network, four: list[Actor], on_chain: bool) -> None:
    made = ring(network, four, on_chain=on_chain)
    network.chain.send(CLEARING_AGENT, settle_net(network, made))
    after = balances(network, four)
    network.chain.refuses(CLEARING_AGENT, settle_net(network, made), "Settlement: cycle already settled")
    again = ring(network, four, on_chain=not on_chain)
    network.chain.refuses(CLEARING_AGENT, settle_net(network, again), "Settlement: cycle already settled")
    assert balances(network, four) == after
    network.chain.send(CLEARING_AGENT, settle_net(network, ring(network, four, number=2)))
    earlier = ring(network, four, number=0)
    network.chain.refuses(CLEARING_AGENT, settle_net(network, earlier), "Settlement: cycle already settled")


def test_what_was_signed_for_one_form_is_nothing_in_the_other(network: Network, four: list[Actor]) -> None:
    by_obligations, by_positions = ring(network, four), ring(network, four, on_chain=False)
    signed = signatures(network, by_obligations)
    network.chain.refuses(CLEARING_AGENT, settle_net(network, by_positions, signed), INVALID)
    signed = signatures(network, by_positions)
    network.chain.refuses(CLEARING_AGENT, settle_net(network, by_obligations, signed), INVALID)


@BOTH_FORMS
def test_a_passed_expiry(network: Network, four: list[Actor], on_chain: bool) -> None:
    made = ring(network, four, on_chain=on_chain).changed(expiry=network.chain.now() - 10)
    network.chain.refuses(CLEARING_AGENT, settle_net(network, made), "Settlement: cycle expired")
    soon = ring(network, four, on_chain=on_chain).changed(expiry=network.chain.now() + 60)
    signed = signatures(network, soon)
    longer = soon.changed(expiry=network.chain.now() + 600)
    network.chain.refuses(CLEARING_AGENT, settle_net(network, longer, signed), INVALID)
    network.chain.send(CLEARING_AGENT, settle_net(network, soon, signed))


def test_attack_a_clearing_agent_takes(network: Network, four: list[Actor]) -> None:
    """It can propose what it likes; without everybody's signature over exactly that, nothing moves."""
    made = ring(network, four, on_chain=False)
    signed, before = signatures(network, made), balances(network, four)
    positions = made.cycle.positions
    (token, first, net), second, *others = positions
    greedy = ((token, first, net - 5_00), (token, second[1], second[2] + 5_00), *others)
    network.chain.refuses(CLEARING_AGENT, settle_net(network, made.changed(positions=greedy), signed), INVALID)
    other_payments = made.changed(payments_root=b"\x01" * 32)
    network.chain.refuses(CLEARING_AGENT, settle_net(network, other_payments, signed), INVALID)
    forged = signatures(network, made.signed_by(four[0], CLEARING_AGENT))
    network.chain.refuses(CLEARING_AGENT, settle_net(network, made, forged), INVALID)
    shuffled = [signed[1], signed[0], *signed[2:]]
    network.chain.refuses(CLEARING_AGENT, settle_net(network, made, shuffled), INVALID)
    assert network.chain.attempt(CLEARING_AGENT, settle_net(network, made, signed[:-1]))["status"] == 0
    assert balances(network, four) == before


def test_attack_one_obligation_more(network: Network, four: list[Actor]) -> None:
    """With the obligations on chain, one that its debtor has not seen spoils every signature."""
    made = ring(network, four)
    signed = signatures(network, made)
    a, b, _, _ = four
    first, *others = made.cycle.obligations
    dearer = made.changed(obligations=(first + 1, *others))
    network.chain.refuses(CLEARING_AGENT, settle_net(network, dearer, signed), INVALID)
    more = draft(network, four, [owes(a, b, 100_00), owes(b, a, 1_00)]).cycle.obligations
    added = made.changed(obligations=(*made.cycle.obligations, *more))
    network.chain.refuses(CLEARING_AGENT, settle_net(network, added, signed), INVALID)


def test_attack_signature_malleability_of_a_position(network: Network, four: list[Actor]) -> None:
    made = ring(network, four)
    first, *others = signatures(network, made)
    twin = malleable_twin(first)
    # The compact form has no bit for the twin: its s reads as a parity, and the rest as another s.
    network.chain.refuses(CLEARING_AGENT, settle_net(network, made, [twin, *others]), INVALID)
    network.chain.refuses(CLEARING_AGENT, settle_net(network, made, [bytes(64) + b"\x1b", *others]), INVALID)


def test_participants_agree_on_chain_instead_of_signing(network: Network, four: list[Actor]) -> None:
    made = ring(network, four)
    for bank in four[:3]:
        (told,) = logged(network.chain.send(bank, agree(network, made)), network.settlement.events.CycleConsent)
        assert told == {
            "cycle": made.cycle.cycle,
            "participant": bank.address,
            "root": made.cycle.root(),
            "given": True,
        }
    agreed = made.after_agreement_of(*four[:3])
    assert network.chain.attempt(CLEARING_AGENT, settle_net(network, agreed, []))["status"] == 0
    network.chain.send(CLEARING_AGENT, settle_net(network, agreed))
    assert balances(network, four) == [1_000_00, 1_020_00, 980_00, 1_000_00]


def test_who_agrees_does_so_for_all_its_positions_and_no_others(network: Network, four: list[Actor]) -> None:
    a, b, *_ = four
    made = draft(network, four, [owes(a, b, 100_00), owes(a, b, 30_00, AED)])
    network.chain.send(a, agree(network, made))
    network.chain.refuses(OUTSIDER, agree(network, made), "Settlement: caller is not in the cycle")
    network.chain.send(CLEARING_AGENT, settle_net(network, made.after_agreement_of(a)))
    assert balances(network, four[:2], "AED") == [970_00, 1_030_00]


@pytest.mark.parametrize("change", ["expiry", "cycle", "payments_root"])
def test_an_agreement_is_to_one_cycle(network: Network, four: list[Actor], change: str) -> None:
    made = ring(network, four)
    for bank in four:
        network.chain.send(bank, agree(network, made))
    others = {
        "expiry": made.changed(expiry=made.cycle.expiry - 1),
        "cycle": ring(network, four, number=2),
        "payments_root": made.changed(payments_root=b"\x01" * 32),
    }
    assert network.chain.attempt(CLEARING_AGENT, settle_net(network, others[change], []))["status"] == 0
    network.chain.send(CLEARING_AGENT, settle_net(network, made, []))


@BOTH_FORMS
@pytest.mark.parametrize("who", ["a participant", "the clearing agent"])
def test_a_withdrawn_cycle_never_settles(network: Network, four: list[Actor], who: str, on_chain: bool) -> None:
    made = ring(network, four, on_chain=on_chain)
    by = four[3] if who == "a participant" else CLEARING_AGENT
    network.chain.refuses(OUTSIDER, withdraw(network, made), "Settlement: caller is not in the cycle")
    receipt = network.chain.send(by, withdraw(network, made))
    assert logged(receipt, network.settlement.events.CycleConsent) == [
        {"cycle": made.cycle.cycle, "participant": by.address, "root": made.cycle.root(), "given": False}
    ]
    network.chain.send(by, agree(network, made))
    network.chain.refuses(CLEARING_AGENT, settle_net(network, made), "Settlement: cycle withdrawn")
    rest = [owes(four[0], four[1], 1_00), owes(four[1], four[2], 2_00)]
    network.chain.send(CLEARING_AGENT, settle_net(network, draft(network, four[:3], rest, on_chain=on_chain)))


def test_attack_a_cycle_settles_again_with_whom_it_was_proposed_without(
    network: Network, four: list[Actor]
) -> None:
    """All have signed both; the short one is funded after the second has settled. Its number is used up."""
    a, b, c, d = four
    owed = [owes(a, b, 100_00), owes(b, c, 40_00), owes(d, a, 500_00)]
    first = draft(network, four, owed)
    network.chain.send(d, network.cny.functions.transfer(OUTSIDER.address, 900_00))
    assert network.chain.attempt(CLEARING_AGENT, settle_net(network, first))["status"] == 0
    network.chain.send(CLEARING_AGENT, settle_net(network, draft(network, four, owed[:2])))
    network.chain.send(OUTSIDER, network.cny.functions.transfer(d.address, 900_00))
    after = balances(network, four)
    network.chain.refuses(CLEARING_AGENT, settle_net(network, first), "Settlement: cycle already settled")
    assert balances(network, four) == after


@BOTH_FORMS
def test_attack_participants_use_up_a_clearing_agents_numbers(
    network: Network, four: list[Actor], on_chain: bool
) -> None:
    """They have all signed; but the numbers are the agent's, and it has proposed nothing."""
    highest = ring(network, four, number=2**63 - 1, on_chain=on_chain)
    network.chain.send(four[0], agree(network, highest))
    given = signatures(network, highest.after_agreement_of(four[0]))
    for who in (four[0], RELAY):
        network.chain.refuses(who, settle_net(network, highest, given), "Settlement: cycle not proposed")
    network.chain.send(CLEARING_AGENT, settle_net(network, ring(network, four, number=1)))


def test_what_the_clearing_agent_has_proposed_anybody_may_settle(network: Network, four: list[Actor]) -> None:
    made = ring(network, four)
    network.chain.send(CLEARING_AGENT, agree(network, made))
    other = made.changed(expiry=FAR - 1)
    network.chain.refuses(RELAY, settle_net(network, other), "Settlement: cycle not proposed")
    network.chain.send(RELAY, settle_net(network, made))


@pytest.mark.parametrize("cycle", [b"\x01" * 20 + bytes(12), b"\x01" * 20 + b"\0\0\0\x01\x80" + bytes(7)])
def test_an_id_says_that_it_is_one(network: Network, four: list[Actor], cycle: bytes) -> None:
    made = ring(network, four).changed(cycle=cycle)
    network.chain.refuses(CLEARING_AGENT, settle_net(network, made), "Settlement: no id of a cycle")


def test_a_payment_in_a_cycle_never_settles_gross(network: Network, four: list[Actor]) -> None:
    """Its instruction has the cycle's sequence, which neither settle nor a batch takes."""
    netted = int.from_bytes(ring(network, four).cycle.cycle[-8:], "big")
    assert netted == 2**63 + 1
    for_netting = single_currency(network).with_instruction(sequence=netted)
    reason = "Settlement: sequence is for netting"
    network.chain.refuses(RELAY, settle(network, for_netting), reason)
    a, b, *_ = four
    in_a_batch = changed(payment(network, a, b, 1), sequence=netted, uetr=UETR)
    (failed,) = logged(
        network.chain.send(RELAY, settle_batch(network, [in_a_batch])), network.settlement.events.FailedInBatch
    )
    assert failed["reason"] == reason
    network.chain.refuses(a, network.settlement.functions.cancel_sequence(netted), reason)


def test_positions_are_for_everybody_once(network: Network, four: list[Actor]) -> None:
    made = ring(network, four, on_chain=False)
    not_in_order = "ParticipantRegistry: positions not in order"
    first, *others = made.cycle.positions
    for wrong in ((*others, first), (first, first, *others)):
        network.chain.refuses(CLEARING_AGENT, settle_net(network, made.changed(positions=wrong)), not_in_order)
    cycle = made.cycle
    call = network.settlement.functions.settle_net
    of_no_token = [place + (1 << 160) for place in places(cycle)]
    arguments = (cycle.cycle, cycle.payments_root, list(cycle.tokens))
    nets = [net for _, _, net in cycle.positions]
    refused = call(*arguments, of_no_token, [], nets, cycle.expiry, [])
    network.chain.refuses(RELAY, refused, not_in_order)
    too_few = call(*arguments, places(cycle), [], nets[1:], cycle.expiry, [])
    network.chain.refuses(RELAY, too_few, "Settlement: positions do not fit")


def test_positions_that_do_not_sum_to_zero(network: Network, four: list[Actor]) -> None:
    made = ring(network, four, on_chain=False)
    (token, who, net), *others = made.cycle.positions
    for wrong in (net - 1, net + 1):
        unbalanced = made.changed(positions=((token, who, wrong), *others))
        network.chain.refuses(CLEARING_AGENT, settle_net(network, unbalanced), "Settlement: positions refused")


def test_an_obligation_of_or_to_nobody(network: Network, four: list[Actor]) -> None:
    made = ring(network, four)
    (first, *others), amount = made.cycle.obligations, 1_00
    of_nobody = made.changed(obligations=(first, *others, 9 << 248 | 1 << 56 | amount))
    network.chain.refuses(CLEARING_AGENT, settle_net(network, of_nobody), "Settlement: obligation of nobody")
    to_nobody = made.changed(obligations=(first, *others, 1 << 248 | 9 << 56 | amount))
    signed = replace(to_nobody, cycle=_with_net(to_nobody, 1, -amount))
    network.chain.refuses(
        CLEARING_AGENT,
        settle_net(network, to_nobody, signatures(network, signed)),
        "Settlement: positions refused",
    )


def _with_net(made: Draft, place: int, change: int) -> NetCycle:
    """The cycle with one net amount changed, as its participant would have to sign it."""
    positions = list(made.cycle.positions)
    token, who, net = positions[place]
    positions[place] = (token, who, net + change)
    return replace(made.cycle, positions=tuple(positions))


def test_obligations_between_currencies_are_refused_though_they_balance(
    network: Network, four: list[Actor]
) -> None:
    a, b, *_ = four
    owed = [owes(a, b, 10_00), owes(b, a, 5_00), owes(a, b, 20_00, AED), owes(b, a, 7_00, AED)]
    made = draft(network, four, owed)
    # Places: a and b in the first currency, a and b in the second. One from each currency to the other.
    crossed = (0 << 248 | 2 << 56 | 1_00, 3 << 248 | 1 << 56 | 1_00)
    across = made.changed(obligations=(*made.cycle.obligations, *crossed))
    network.chain.refuses(CLEARING_AGENT, settle_net(network, across), "Settlement: obligation between currencies")


def test_large_amounts_take_several_lanes(network: Network, four: list[Actor]) -> None:
    a, b, *_ = four
    made = draft(network, four, [owes(a, b, 2**58), owes(b, a, 2**58 - 7)])
    assert len(made.cycle.obligations) == 3
    network.chain.send(CLEARING_AGENT, settle_net(network, made))
    assert balances(network, [a, b]) == [1_000_00 - 7, 1_000_00 + 7]


def test_the_largest_cycle_fits_into_one_transaction(network: Network) -> None:
    banks = members(network, 48)
    owed = [
        owes(debtor, banks[(place + step) % 48], 1 + place)
        for step in range(1, 21)
        for place, debtor in enumerate(banks)
    ]
    full = draft(network, banks, owed)
    assert len(full.cycle.obligations) == 240
    receipt = network.chain.send(CLEARING_AGENT, settle_net(network, full), MAX_TRANSACTION_GAS)
    assert receipt["gasUsed"] < MAX_TRANSACTION_GAS // 10
    assert sum(balances(network, banks)) == 48 * 1_000_00


def test_only_the_settlement_operator_moves_positions(network: Network, four: list[Actor]) -> None:
    call = network.cny.functions.settle_net
    a, b, *_ = (bank.address for bank in four)
    network.chain.refuses(OUTSIDER, call([a, b], [-1, 1]), "CurrencyToken: not the settlement operator")
    network.chain.send(ADMIN, network.cny.functions.set_settlement_operator(RELAY.address))
    network.chain.refuses(RELAY, call([a, b], [-1]), "CurrencyToken: positions do not fit")
    for nets in ([-1, 2], [-2, 1], [-1, 0], [0, 1]):
        network.chain.refuses(RELAY, call([a, b], nets), "CurrencyToken: positions do not balance")
    network.chain.refuses(RELAY, call([a, b], [-1_000_01, 1_000_01]), "CurrencyToken: balance too low")
    network.chain.send(RELAY, call([a, b, a], [-2, 3, -1]))
    assert balances(network, four[:2]) == [999_97, 1_000_03]
    assert network.cny.functions.totalSupply().call() == CNY_SUPPLY + 4 * 1_000_00
