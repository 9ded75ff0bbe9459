"""A transaction of type 2 as most are: without an access list, its fields at hand, its bytes as they came.

py-evm's own object costs eighty calls to decode and three for each look at a field. It is still behind this one,
made when something asks for what is not here; what is not exactly such a transaction is decoded by py-evm alone.
"""

from collections.abc import Sequence
from typing import Any, cast

from eth.abc import SignedTransactionAPI
from eth.vm.forks.prague.transactions import PragueTransactionBuilder

from node.chain.keccak import keccak
from node.chain.trie_node import item_size, rlp_list, rlp_string, string_of

TYPE = b"\x02"
FIELDS = 12
GAS_FIELD = 4
TO_ACCOUNT = 0x94
MAX_NONCE = 2**64 - 2  # EIP-2681
NO_ACCESS_LIST = FIRST_LIST = 0xC0
LONG_LIST = 0xF7
EMPTY_STRING, ONE_BYTE, LONGEST_WORD = 0x80, 0x81, 0xA0
FLOOR_PER_TOKEN = 10  # EIP-7623
GAS_PER_TRANSACTION, GAS_PER_ZERO, GAS_PER_BYTE = 21_000, 4, 16  # EIP-2028


class DynamicFeeCall:
    """A signed transaction of EIP-1559 to an account, without an access list."""

    type_id = 2
    access_list: tuple[()] = ()

    def __init__(self, raw: bytes, numbers: Sequence[int], to: bytes, data: bytes, unsigned: bytes) -> None:
        self.raw = raw
        self.chain_id, self.nonce, self.max_priority_fee_per_gas, self.max_fee_per_gas, self.gas = numbers[:5]
        self.value, self.y_parity, self.r, self.s = numbers[5:]
        self.to = to
        self.data = data
        self.unsigned = unsigned  # the fields that are signed, encoded, in a row
        zeros = data.count(0)
        self.intrinsic_gas = GAS_PER_TRANSACTION + GAS_PER_ZERO * zeros + GAS_PER_BYTE * (len(data) - zeros)
        self.floor_gas = GAS_PER_TRANSACTION + FLOOR_PER_TOKEN * (4 * len(data) - 3 * zeros)
        self.hash: bytes = keccak(raw)

    def encode(self) -> bytes:
        """The network form."""
        return self.raw

    def validate(self) -> None:
        """Do nothing: what py-evm would check of the fields alone was checked before this was made."""

    def __getattr__(self, name: str) -> Any:
        """What is asked for rarely, from py-evm's object; it and the sender are kept from then on."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "_whole":
            found: Any = PragueTransactionBuilder.decode(self.raw)
        elif name == "sender":
            found = self._whole.sender
        else:
            return getattr(self._whole, name)
        self.__dict__[name] = found
        return found

    def __eq__(self, other: object) -> bool:
        return getattr(other, "hash", None) == self.hash

    def __hash__(self) -> int:
        return hash(self.hash)


def decode_dynamic_fee_call(raw: bytes) -> SignedTransactionAPI | None:
    """The transaction, if it is exactly of this kind, canonical and with all fields in range; None otherwise."""
    if raw[:1] != TYPE or len(raw) < FIELDS:
        return None
    try:
        return _decoded(raw)
    except IndexError:
        return None


def _decoded(raw: bytes) -> SignedTransactionAPI | None:
    start = 2 if raw[1] <= LONG_LIST else 2 + raw[1] - LONG_LIST
    numbers: list[int] = []
    position = _take_numbers(raw, start, 5, numbers)
    if not position or raw[position] != TO_ACCOUNT:
        return None
    to, position = raw[position + 1 : position + 21], position + 21
    position = _take_numbers(raw, position, 1, numbers)
    if not position:
        return None
    end = position + item_size(raw, position)
    data = string_of(raw[position:end])
    if raw[position] >= FIRST_LIST or raw[position:end] != rlp_string(data) or raw[end] != NO_ACCESS_LIST:
        return None
    unsigned = raw[start : end + 1]
    end = _take_numbers(raw, end + 1, 3, numbers)
    if end != len(raw) or numbers[1] > MAX_NONCE or numbers[6] > 1 or raw[1:] != rlp_list(raw[start:]):
        return None
    return cast("SignedTransactionAPI", DynamicFeeCall(raw, numbers, to, data, unsigned))


def _take_numbers(raw: bytes, position: int, count: int, numbers: list[int]) -> int:
    """Add so many canonical integers of up to 32 bytes; returns where they end, or 0 when one is not like that."""
    for _ in range(count):
        first = raw[position]
        if first <= EMPTY_STRING:
            if first == 0:
                return 0
            numbers.append(first & 0x7F)
            position += 1
            continue
        end = position + first - 0x7F
        if first > LONGEST_WORD or raw[position + 1] == 0 or (first == ONE_BYTE and raw[position + 1] < 0x80):
            return 0
        numbers.append(int.from_bytes(raw[position + 1 : end], "big"))
        position = end
    return position


def gas_of_call(raw: bytes) -> int | None:
    """The gas asked for by what begins as a transaction of type 2 to an account; None when it does not."""
    if raw[:1] != TYPE:
        return None
    try:
        position = 2 if raw[1] < 0xF8 else 2 + raw[1] - 0xF7
        for _ in range(GAS_FIELD):
            position += item_size(raw, position)
        end = position + item_size(raw, position)
        return int.from_bytes(string_of(raw[position:end]), "big") if raw[end] == TO_ACCOUNT else None
    except IndexError:
        return None
