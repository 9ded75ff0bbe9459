"""One signed quote pays for one payment, whichever payment comes first and whatever its id is.

Found in review: a quote whose id was a UETR settled that payment without leaving a trace, and then any other
payment once more. The same provider's signature must never exchange twice.
"""

from __future__ import annotations

from tests.contracts.network import RELAY, Network
from tests.contracts.payments import UETR, pvp, settle


def test_attack_a_quote_bound_to_its_payment_serves_no_other_afterwards(network: Network) -> None:
    draft = pvp(network).with_quote(id=UETR)
    network.chain.send(RELAY, settle(network, draft))
    other = draft.with_instruction(uetr=b"\x02" * 16)
    network.chain.refuses(RELAY, settle(network, other), "Settlement: quote already used")


def test_attack_a_quote_used_by_another_payment_cannot_then_be_used_as_bound(network: Network) -> None:
    draft = pvp(network).with_quote(id=UETR)
    other = draft.with_instruction(uetr=b"\x02" * 16)
    network.chain.send(RELAY, settle(network, other))
    network.chain.refuses(RELAY, settle(network, draft), "Settlement: quote already used")
