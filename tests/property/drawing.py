"""What is drawn at random: people, currencies, amounts near every bound, and who pays whom through which banks."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import strategies as st

from tests.property.town import BANKS, CURRENCIES, CUSTOMERS, HOLDERS

currencies = st.sampled_from(CURRENCIES)
holders = st.sampled_from(HOLDERS)
banks = st.sampled_from(BANKS)
amounts = st.one_of(
    st.sampled_from((0, 1, 10_000_00, 10_000_01, 290_000_00, 10**9)),
    st.integers(1, 12_000_00),
    st.integers(1, 12_000_00),
)
lives_s = st.sampled_from((-1, 60, 3_600, 40_000, 500_000))
mostly = st.sampled_from((True, True, True, True, False))
# debtor agent, creditor agent, debtor account, creditor account: the agents' own, or a customer's
Route = tuple[str, str, str, str]
routes = st.tuples(banks, banks, st.booleans(), st.booleans()).map(
    lambda drawn: (
        drawn[0],
        drawn[1],
        CUSTOMERS[0] if drawn[2] else drawn[0],
        CUSTOMERS[1] if drawn[3] else drawn[1],
    )
)


def fresh_uetr(number: int) -> bytes:
    """The 16 bytes of a UUID of version 4, by its number."""
    drawn = sha256(f"uetr {number}".encode()).digest()[:16]
    return drawn[:6] + bytes([0x40 | drawn[6] & 0x0F, drawn[7], 0x80 | drawn[8] & 0x3F]) + drawn[9:]
