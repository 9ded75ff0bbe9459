"""Receipts as bytes, with their bloom filters: what py-evm's receipt objects come to, without the objects."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from node.chain.account import encode_integer
from node.chain.keccak import keccak
from node.chain.records import Outcome
from node.chain.trie_node import rlp_list, rlp_string

BLOOM_BYTES = 256
BLOOM_MASK = 2_047

Log = tuple[bytes, tuple[bytes, ...], bytes]  # address, topics, data


class LogView(NamedTuple):
    """A log in the words py-evm uses."""

    address: bytes
    topics: tuple[int, ...]
    data: bytes


class ReceiptView(NamedTuple):
    """A receipt's logs, for the rules of py-evm that look for requests in them."""

    logs: tuple[LogView, ...]


def view_of(outcome: Outcome) -> ReceiptView:
    """An outcome as py-evm's rules read it."""
    return ReceiptView(
        tuple(
            LogView(address, tuple(int.from_bytes(topic, "big") for topic in topics), data)
            for address, topics, data in outcome.logs
        )
    )


class Blooms:
    """Bloom filters of logs. The bits of what came before are remembered: it comes again in the same block."""

    def __init__(self) -> None:
        self._bits: dict[bytes, int] = {}

    def of(self, logs: Iterable[Log]) -> int:
        """The filter of some logs: three bits for each address and each topic."""
        bloom = 0
        for address, topics, _ in logs:
            bloom |= self._of(address)
            for topic in topics:
                bloom |= self._of(topic)
        return bloom

    def _of(self, value: bytes) -> int:
        bits = self._bits.get(value)
        if bits is None:
            three = int.from_bytes(keccak(value)[:6], "big")
            bits = 1 << (three >> 32 & BLOOM_MASK) | 1 << (three >> 16 & BLOOM_MASK) | 1 << (three & BLOOM_MASK)
            self._bits[value] = bits
        return bits


def encode_receipt(type_id: int, outcome: Outcome, bloom: int) -> bytes:
    """A receipt as the receipt trie holds it (EIP-658, EIP-2718). `type_id` is 0 for a legacy transaction."""
    payload = rlp_list(
        (b"\x01" if outcome.succeeded else b"\x80")
        + encode_integer(outcome.cumulative_gas_used)
        + rlp_string(bloom.to_bytes(BLOOM_BYTES, "big"))
        + rlp_list(b"".join([_log(*log) for log in outcome.logs]))
    )
    return bytes((type_id,)) + payload if type_id else payload


def _log(address: bytes, topics: Sequence[bytes], data: bytes) -> bytes:
    listed = rlp_list(b"".join([b"\xa0" + topic for topic in topics]))
    return rlp_list(b"\x94" + address + listed + rlp_string(data))
