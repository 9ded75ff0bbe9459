"""Our headers against py-evm's: the same bytes, hash and fields, and older forks' are still py-evm's."""

from typing import Any

import rlp  # type: ignore[import-untyped]
from eth.vm.forks.london.blocks import LondonBlockHeader
from eth.vm.forks.prague.blocks import PragueBackwardsHeader, PragueBlockHeader
from hypothesis import given, settings
from hypothesis import strategies as st

from node.chain.header import DEFAULTS, decode_header, encode_header, prague_header

HASHES, NUMBERS = st.binary(min_size=32, max_size=32), st.integers(0, 2**64)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    **{name: HASHES if isinstance(default, bytes) else NUMBERS for name, default in DEFAULTS.items()},
    "coinbase": st.binary(min_size=20, max_size=20),
    "nonce": st.binary(min_size=8, max_size=8),
    "extra_data": st.binary(max_size=40),
    "bloom": st.integers(0, 2**256 - 1) | st.integers(0, 2**2048 - 1),
}


@settings(deadline=None)
@given(st.fixed_dictionaries(FIELDS))
def test_bytes_and_hash_are_py_evms(fields: dict[str, Any]) -> None:
    stock, ours = PragueBlockHeader(**fields), prague_header(**fields)
    assert encode_header(ours) == rlp.encode(stock) == encode_header(stock)
    assert (ours.hash, ours.hex_hash, ours.is_genesis) == (stock.hash, stock.hex_hash, stock.is_genesis)
    read = decode_header(rlp.encode(stock))
    assert {name: getattr(read, name) for name in DEFAULTS} == fields
    assert read == ours
    assert ours.copy(timestamp=3).hash == stock.copy(timestamp=3).hash


def test_another_forks_header_is_py_evms() -> None:
    stock = LondonBlockHeader(difficulty=1, block_number=7, gas_limit=9, timestamp=5)  # type: ignore[arg-type]
    read = decode_header(rlp.encode(stock))
    assert not hasattr(read, "requests_hash")
    assert read.hash == stock.hash == PragueBackwardsHeader.deserialize(rlp.decode(rlp.encode(stock))).hash
