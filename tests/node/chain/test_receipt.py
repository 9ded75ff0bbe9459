"""Our receipts against py-evm's: the same bytes and the same bloom filter for any logs."""

from eth.rlp.logs import Log
from eth.rlp.receipts import Receipt
from eth.vm.forks.prague.receipts import PragueTypedReceipt
from eth_typing import Address
from hypothesis import given, settings
from hypothesis import strategies as st

from node.chain.receipt import Blooms, encode_receipt, view_of
from node.chain.records import Outcome

ADDRESSES = st.binary(min_size=20, max_size=20)
TOPICS = st.lists(st.binary(min_size=32, max_size=32), max_size=4).map(tuple)
LOGS = st.lists(st.tuples(ADDRESSES, TOPICS, st.binary(max_size=80)), max_size=4).map(tuple)
OUTCOMES = st.builds(Outcome, st.booleans(), st.just(0), st.integers(0, 2**63), st.just(0), LOGS)


def reference(outcome: Outcome) -> Receipt:
    logs = [Log(Address(log.address), log.topics, log.data) for log in view_of(outcome).logs]
    return Receipt(b"\x01" if outcome.succeeded else b"", outcome.cumulative_gas_used, logs)


@settings(deadline=None)
@given(st.lists(OUTCOMES, max_size=4), st.sampled_from([0, 1, 2, 4]))
def test_a_blocks_receipts_are_py_evms(outcomes: list[Outcome], type_id: int) -> None:
    blooms = Blooms()
    for outcome in outcomes:
        expected = reference(outcome)
        bloom = blooms.of(outcome.logs)
        assert bloom == expected.bloom
        encoded = PragueTypedReceipt(type_id, expected).encode() if type_id else expected.encode()
        assert encode_receipt(type_id, outcome, bloom) == encoded
