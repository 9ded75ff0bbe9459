"""Block headers as bytes: RLP in the exact form whose hash is the block's hash."""

import rlp  # type: ignore[import-untyped]
from eth.abc import BlockHeaderAPI
from eth.vm.forks.prague.blocks import PragueBackwardsHeader


def encode_header(header: BlockHeaderAPI) -> bytes:
    """The RLP of a header of any fork."""
    encoded: bytes = rlp.encode(header)
    return encoded


def decode_header(encoded: bytes) -> BlockHeaderAPI:
    """The header from its RLP; which fork it is follows from its number of fields."""
    return PragueBackwardsHeader.deserialize(rlp.decode(encoded))
