"""The bulk grade: a sequence instead of a UETR slot, once, in any order, cancellable."""

from dataclasses import replace

import pytest

from tests.contracts.chain import logged
from tests.contracts.network import DEBTOR_AGENT, OTHER_AGENT, PROVIDER, RELAY, Network
from tests.contracts.payments import UETR, Draft, pvp, settle, single_currency

USED = "Settlement: sequence already used"
BOUND = "Settlement: quote bound to another payment"


def bulk(network: Network, sequence: int) -> Draft:
    return pvp(network).with_instruction(sequence=sequence)


def bound_to(sequence: int) -> bytes:
    return (8 << 76 | sequence).to_bytes(16, "big")


def test_a_sequence_settles_once(network: Network) -> None:
    call = network.settlement.functions
    network.chain.send(RELAY, settle(network, bulk(network, 5)))
    assert call.sequence_used(DEBTOR_AGENT.address, 5).call()
    assert not call.sequence_used(OTHER_AGENT.address, 5).call()
    assert call.settled(DEBTOR_AGENT.address, UETR).call() == bytes(32)
    network.chain.refuses(RELAY, settle(network, bulk(network, 5)), USED)
    other = bulk(network, 5).with_instruction(uetr=b"\x02" * 16).with_quote(id=b"\x02" * 16)
    network.chain.refuses(RELAY, settle(network, other), USED)


@pytest.mark.parametrize("sequence", [1, 255, 256, 2**63 - 1])
def test_sequences_are_used_in_any_order(network: Network, sequence: int) -> None:
    network.chain.send(RELAY, settle(network, single_currency(network).with_instruction(sequence=7)))
    draft = single_currency(network).with_instruction(sequence=sequence)
    network.chain.send(RELAY, settle(network, draft))
    for neighbour in {sequence - 1, (sequence + 1) % 2**64} - {0}:
        assert not network.settlement.functions.sequence_used(DEBTOR_AGENT.address, neighbour).call()


def test_a_cancelled_sequence_never_settles(network: Network) -> None:
    call = network.settlement.functions
    receipt = network.chain.send(DEBTOR_AGENT, call.cancel_sequence(5))
    assert logged(receipt, network.settlement.events.SequenceCancelled) == [
        {"debtor_agent": DEBTOR_AGENT.address, "sequence": 5}
    ]
    network.chain.refuses(RELAY, settle(network, bulk(network, 5)), USED)
    network.chain.refuses(DEBTOR_AGENT, call.cancel_sequence(5), USED)
    network.chain.refuses(DEBTOR_AGENT, call.cancel_sequence(0), "Settlement: sequence missing")
    network.chain.send(OTHER_AGENT, call.cancel_sequence(6))
    network.chain.send(RELAY, settle(network, bulk(network, 6)))


def test_a_quote_bound_to_a_sequence_serves_that_payment_only(network: Network) -> None:
    draft = bulk(network, 5).with_quote(id=bound_to(5))
    for spoiled in (
        draft.with_instruction(sequence=6),
        draft.with_instruction(sequence=0),
        draft.with_quote(id=bound_to(6)),
        draft.with_quote(id=bound_to(1 << 64 | 5)),
    ):
        network.chain.refuses(RELAY, settle(network, spoiled), BOUND)
    network.chain.send(RELAY, settle(network, draft))
    assert not network.settlement.functions.quote_used(PROVIDER.address, bound_to(5)).call()
    network.chain.refuses(RELAY, settle(network, draft), USED)


def test_attack_one_bound_quote_in_both_grades(network: Network) -> None:
    """A UETR and a sequence chosen so that one bound id could stand for both: it stands for one."""
    for sequence, variant in ((5, 0), (2 << 62 | 5, 2)):
        uetr = (4 << 76 | sequence).to_bytes(16, "big")
        strict = pvp(network).with_instruction(uetr=uetr).with_quote(id=bound_to(sequence))
        in_bulk = replace(strict).with_instruction(sequence=sequence)
        refused, settled = (strict, in_bulk) if variant == 0 else (in_bulk, strict)
        # What could be a UETR's variant in a sequence is the mark of a payment to be netted.
        reason = BOUND if variant == 0 else "Settlement: sequence is for netting"
        network.chain.refuses(RELAY, settle(network, refused), reason)
        network.chain.send(RELAY, settle(network, settled))
