"""Headers and blocks as bytes: RLP, in the exact form whose hash is the block's hash."""

from collections.abc import Sequence

import rlp  # type: ignore[import-untyped]
from eth.abc import BlockHeaderAPI
from eth.vm.forks.prague.blocks import PragueBackwardsHeader

from node.chain.trie_node import rlp_list, rlp_string


def encode_header(header: BlockHeaderAPI) -> bytes:
    """The RLP of a header of any fork."""
    encoded: bytes = rlp.encode(header)
    return encoded


def decode_header(encoded: bytes) -> BlockHeaderAPI:
    """The header from its RLP; which fork it is follows from its number of fields."""
    return PragueBackwardsHeader.deserialize(rlp.decode(encoded))


def encode_block(header: BlockHeaderAPI, transactions: Sequence[bytes], body: bytes) -> bytes:
    """The RLP of a whole block, from raw transactions and the already encoded rest of its body."""
    listed = rlp_list(b"".join(raw if raw[0] >= 0xC0 else rlp_string(raw) for raw in transactions))
    return rlp_list(encode_header(header) + listed + body)


def decode_body(body: bytes) -> tuple[list[list[bytes]], list[list[bytes]] | None]:
    """The uncles and withdrawals of a block, as lists of fields; None for withdrawals before there were any."""
    items = rlp.decode(rlp_list(body))
    return items[0], items[1] if len(items) > 1 else None
