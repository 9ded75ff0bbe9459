"""Random values for the wallet's property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from wallet.address import checksum_address
from wallet.signature import CURVE_ORDER
from wallet.typed_data import (
    Acceptance,
    Cancellation,
    Instruction,
    Position,
    Quote,
    SequenceCancellation,
    Transfer,
)

uuids = st.binary(min_size=16, max_size=16)
digests = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20).map(checksum_address)
amounts = st.integers(0, 2**256 - 1)
seconds = st.integers(0, 2**64 - 1)
secrets = st.integers(1, CURVE_ORDER - 1).map(lambda number: number.to_bytes(32, "big"))

instructions = st.builds(
    Instruction,
    uetr=uuids,
    debtor_agent=addresses,
    creditor_agent=addresses,
    debtor_account=addresses,
    creditor_account=addresses,
    debit_token=addresses,
    debit_amount=amounts,
    credit_token=addresses,
    credit_amount=amounts,
    message_digest=digests,
    return_of=uuids,
    sequence=seconds,
    expiry=seconds,
)
acceptances = st.builds(Acceptance, instruction=digests, expiry=seconds)
quotes = st.builds(
    Quote,
    id=uuids,
    provider=addresses,
    taker=addresses,
    sell_token=addresses,
    sell_amount=amounts,
    buy_token=addresses,
    buy_amount=amounts,
    expiry=seconds,
)
cancellations = st.builds(Cancellation, uetr=uuids, debtor_agent=addresses)
transfers = st.builds(
    Transfer, debtor=addresses, creditor=addresses, amount=amounts, nonce=seconds, expiry=seconds
)
positions = st.builds(
    Position,
    cycle=digests,
    root=digests,
    token=addresses,
    net_amount=st.integers(-(2**255), 2**255 - 1),
    expiry=seconds,
)
settlement_structs = st.one_of(instructions, acceptances, quotes, cancellations, positions)
sequence_cancellations = st.builds(
    SequenceCancellation, sequence=st.integers(0, 2**64 - 1), debtor_agent=addresses
)
structs = st.one_of(settlement_structs, sequence_cancellations, transfers)
