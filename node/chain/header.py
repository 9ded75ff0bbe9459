"""Headers and blocks as bytes: RLP, in the exact form whose hash is the block's hash.

A Prague header has its fields at hand and is encoded once; py-evm's own is made when something asks for more.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import rlp  # type: ignore[import-untyped]
from eth.abc import BlockHeaderAPI
from eth.constants import BLANK_ROOT_HASH, EMPTY_SHA256, EMPTY_UNCLE_HASH, ZERO_ADDRESS, ZERO_HASH32
from eth.vm.forks.prague.blocks import PragueBackwardsHeader, PragueBlockHeader

from node.chain.account import encode_integer
from node.chain.keccak import keccak
from node.chain.trie_node import rlp_list, rlp_string, split_list, string_of

BLOOM_BYTES = 256
DEFAULTS: Mapping[str, Any] = {  # in the order of the RLP
    "parent_hash": ZERO_HASH32,
    "uncles_hash": EMPTY_UNCLE_HASH,
    "coinbase": ZERO_ADDRESS,
    "state_root": BLANK_ROOT_HASH,
    "transaction_root": BLANK_ROOT_HASH,
    "receipt_root": BLANK_ROOT_HASH,
    "bloom": 0,
    "difficulty": 0,
    "block_number": 0,
    "gas_limit": 0,
    "gas_used": 0,
    "timestamp": 0,
    "extra_data": b"",
    "mix_hash": ZERO_HASH32,
    "nonce": bytes(8),
    "base_fee_per_gas": 0,
    "withdrawals_root": BLANK_ROOT_HASH,
    "blob_gas_used": 0,
    "excess_blob_gas": 0,
    "parent_beacon_block_root": ZERO_HASH32,
    "requests_hash": EMPTY_SHA256,
}
_ENCODED: Mapping[str, bytes] = {
    **{
        name: encode_integer(value) if isinstance(value, int) else rlp_string(value)
        for name, value in DEFAULTS.items()
    },
    "bloom": rlp_string(bytes(BLOOM_BYTES)),
}


class PragueHeader:
    """A header's fields as attributes; what else py-evm's header has comes from one made on demand."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        """What is asked for rarely, kept from then on."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "encoded":
            found: Any = _encode(self.__dict__)
        elif name == "hash":
            found = keccak(self.encoded)
        elif name == "_whole":
            found = PragueBlockHeader(**{field: self.__dict__[field] for field in DEFAULTS})
        else:
            return getattr(self._whole, name)
        self.__dict__[name] = found
        return found

    def copy(self, **changes: Any) -> "PragueHeader":
        """Another header with some fields changed."""
        return PragueHeader({**{field: self.__dict__[field] for field in DEFAULTS}, **changes})

    def __eq__(self, other: object) -> bool:
        return bool(getattr(other, "hash", None) == self.hash)

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        return f"<header of block {self.block_number}, 0x{self.hash.hex()}>"


def prague_header(**fields: Any) -> BlockHeaderAPI:
    """A header with these fields; the others are zero, empty, or the root or hash of nothing."""
    return cast("BlockHeaderAPI", PragueHeader({**DEFAULTS, **fields}))


def encode_header(header: BlockHeaderAPI) -> bytes:
    """The RLP of a header of any fork."""
    ours: Any = header
    encoded: bytes = ours.encoded if isinstance(ours, PragueHeader) else rlp.encode(header)
    return encoded


def decode_header(encoded: bytes) -> BlockHeaderAPI:
    """The header from its RLP, which must be canonical; which fork it is follows from its number of fields."""
    items = split_list(encoded)
    if len(items) == len(DEFAULTS):
        return cast("BlockHeaderAPI", PragueHeader({**_decoded(items), "encoded": encoded}))
    return PragueBackwardsHeader.deserialize(rlp.decode(encoded))


def encode_block(header: BlockHeaderAPI, transactions: Sequence[bytes], body: bytes) -> bytes:
    """The RLP of a whole block, from raw transactions and the already encoded rest of its body."""
    listed = rlp_list(b"".join(raw if raw[0] >= 0xC0 else rlp_string(raw) for raw in transactions))
    return rlp_list(encode_header(header) + listed + body)


def decode_body(body: bytes) -> tuple[list[list[bytes]], list[list[bytes]] | None]:
    """The uncles and withdrawals of a block, as lists of fields; None for withdrawals before there were any."""
    items = rlp.decode(rlp_list(body))
    return items[0], items[1] if len(items) > 1 else None


def _encode(fields: Mapping[str, Any]) -> bytes:
    parts = []
    for name, default in DEFAULTS.items():
        value = fields[name]
        if value == default:
            parts.append(_ENCODED[name])
        elif name == "bloom":
            parts.append(rlp_string(value.to_bytes(BLOOM_BYTES, "big")))
        else:
            parts.append(encode_integer(value) if isinstance(value, int) else rlp_string(value))
    return rlp_list(b"".join(parts))


def _decoded(items: Sequence[bytes]) -> dict[str, Any]:
    strings = (string_of(item) for item in items)
    return {
        name: int.from_bytes(value, "big") if isinstance(default, int) else value
        for (name, default), value in zip(DEFAULTS.items(), strings, strict=True)
    }
