"""Withdrawing: a payment by its debtor agent, a quote by its provider."""

import pytest

from contracts.roles import CANCELLED_MARK
from tests.contracts.chain import logged
from tests.contracts.network import (
    DEBTOR,
    DEBTOR_AGENT,
    OTHER_AGENT,
    OUTSIDER,
    PROVIDER,
    RELAY,
    Network,
)
from tests.contracts.payments import QUOTE_ID, UETR, pvp, settle, single_currency
from tests.contracts.signing import malleable_twin, sign
from wallet.typed_data import Cancellation, SequenceCancellation

CANCELLATION = Cancellation(UETR, DEBTOR_AGENT.address)


def test_a_cancelled_payment_never_settles(network: Network) -> None:
    receipt = network.chain.send(DEBTOR_AGENT, network.settlement.functions.cancel(UETR))
    (cancelled,) = logged(receipt, network.settlement.events.Cancelled)
    assert cancelled == {"uetr": UETR, "debtor_agent": DEBTOR_AGENT.address}
    assert network.settlement.functions.settled(DEBTOR_AGENT.address, UETR).call() == CANCELLED_MARK
    network.chain.refuses(RELAY, settle(network, pvp(network)), "Settlement: uetr cancelled")
    network.chain.refuses(DEBTOR_AGENT, network.settlement.functions.cancel(UETR), "Settlement: uetr cancelled")


def test_a_cancellation_may_be_carried_by_anybody(network: Network) -> None:
    signature = sign(DEBTOR_AGENT, network.settlement, CANCELLATION)
    cancel = network.settlement.functions.cancel_signed(UETR, DEBTOR_AGENT.address, signature)
    network.chain.send(RELAY, cancel)
    network.chain.refuses(RELAY, settle(network, pvp(network)), "Settlement: uetr cancelled")


def test_a_settled_payment_is_final(network: Network) -> None:
    network.chain.send(RELAY, settle(network, pvp(network)))
    network.chain.refuses(
        DEBTOR_AGENT, network.settlement.functions.cancel(UETR), "Settlement: uetr already settled"
    )


@pytest.mark.parametrize("who", [OTHER_AGENT, DEBTOR, OUTSIDER], ids=lambda who: who.role)
def test_nobody_else_cancels(network: Network, who: object) -> None:
    signature = sign(who, network.settlement, CANCELLATION)  # type: ignore[arg-type]
    network.chain.refuses(
        RELAY,
        network.settlement.functions.cancel_signed(UETR, DEBTOR_AGENT.address, signature),
        "Settlement: cancellation signature invalid",
    )


def test_a_cancellation_is_for_one_uetr_and_signed_in_one_way(network: Network) -> None:
    signature = sign(DEBTOR_AGENT, network.settlement, CANCELLATION)
    cancel = network.settlement.functions.cancel_signed
    for uetr, given in ((b"\x02" * 16, signature), (UETR, malleable_twin(signature)), (UETR, b"")):
        network.chain.refuses(
            RELAY,
            cancel(uetr, DEBTOR_AGENT.address, given),
            "Settlement: cancellation signature invalid",
        )


def test_cancelling_nothing_is_refused(network: Network) -> None:
    network.chain.refuses(DEBTOR_AGENT, network.settlement.functions.cancel(bytes(16)), "Settlement: uetr missing")


def test_a_withdrawn_quote_never_settles(network: Network) -> None:
    receipt = network.chain.send(PROVIDER, network.settlement.functions.withdraw_quote(QUOTE_ID))
    (withdrawn,) = logged(receipt, network.settlement.events.QuoteWithdrawn)
    assert withdrawn == {"provider": PROVIDER.address, "id": QUOTE_ID}
    assert network.settlement.functions.quote_used(PROVIDER.address, QUOTE_ID).call()
    network.chain.refuses(RELAY, settle(network, pvp(network)), "Settlement: quote already used")
    network.chain.refuses(
        PROVIDER, network.settlement.functions.withdraw_quote(QUOTE_ID), "Settlement: quote already used"
    )


def test_a_quote_is_withdrawn_by_its_provider_only(network: Network) -> None:
    network.chain.send(OUTSIDER, network.settlement.functions.withdraw_quote(QUOTE_ID))
    network.chain.send(RELAY, settle(network, pvp(network)))


def test_a_sequence_is_cancelled_by_signature(network: Network) -> None:
    call = network.settlement.functions.cancel_sequence_signed
    order = SequenceCancellation(5, DEBTOR_AGENT.address)
    signature = sign(DEBTOR_AGENT, network.settlement, order)
    for wrong in (
        sign(OUTSIDER, network.settlement, order),
        sign(DEBTOR_AGENT, network.settlement, SequenceCancellation(6, DEBTOR_AGENT.address)),
        malleable_twin(signature),
    ):
        refused = call(5, DEBTOR_AGENT.address, wrong)
        network.chain.refuses(RELAY, refused, "Settlement: cancellation signature invalid")
    receipt = network.chain.send(RELAY, call(5, DEBTOR_AGENT.address, signature))
    (cancelled,) = logged(receipt, network.settlement.events.SequenceCancelled)
    assert cancelled == {"debtor_agent": DEBTOR_AGENT.address, "sequence": 5}
    draft = single_currency(network).with_instruction(sequence=5)
    network.chain.refuses(RELAY, settle(network, draft), "Settlement: sequence already used")
    again = call(5, DEBTOR_AGENT.address, signature)
    network.chain.refuses(RELAY, again, "Settlement: sequence already used")
    zero = SequenceCancellation(0, DEBTOR_AGENT.address)
    missing = call(0, DEBTOR_AGENT.address, sign(DEBTOR_AGENT, network.settlement, zero))
    network.chain.refuses(RELAY, missing, "Settlement: sequence missing")
