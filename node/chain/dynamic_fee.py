"""A transaction of type 2 as most are: without an access list, its fields at hand, its bytes as they came.

py-evm's own object costs eighty calls to decode and three for each look at a field. It is still behind this one,
made when something asks for what is not here; what is not exactly such a transaction is decoded by py-evm alone.
"""

from typing import Any, cast

from eth.abc import SignedTransactionAPI
from eth.vm.forks.prague.transactions import PragueTransactionBuilder

from node.chain.keccak import keccak
from node.chain.trie_node import item_size, rlp_list, rlp_string, split_list, string_of

TYPE = b"\x02"
FIELDS = 12
GAS_FIELD = 4
TO_ACCOUNT = 0x94
MAX_NONCE = 2**64 - 2  # EIP-2681
NO_ACCESS_LIST = b"\xc0"
GAS_PER_TRANSACTION, GAS_PER_ZERO, GAS_PER_BYTE = 21_000, 4, 16  # EIP-2028


class DynamicFeeCall:
    """A signed transaction of EIP-1559 to an account, without an access list."""

    type_id = 2
    access_list: tuple[()] = ()

    def __init__(self, raw: bytes, numbers: tuple[int, ...], to: bytes, data: bytes) -> None:
        self.raw = raw
        self.chain_id, self.nonce, self.max_priority_fee_per_gas, self.max_fee_per_gas, self.gas = numbers[:5]
        self.value, self.y_parity, self.r, self.s = numbers[5:]
        self.to = to
        self.data = data
        zeros = data.count(0)
        self.intrinsic_gas = GAS_PER_TRANSACTION + GAS_PER_ZERO * zeros + GAS_PER_BYTE * (len(data) - zeros)
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
    if raw[:1] != TYPE or len(raw) < FIELDS or raw[1] < 0xC0:
        return None
    items = split_list(raw[1:])
    if (
        len(items) != FIELDS
        or items[8] != NO_ACCESS_LIST
        or max(map(len, (*items[:5], items[6], *items[9:]))) > 33
    ):
        return None
    strings = [string_of(item) for item in items]
    numbers = tuple(int.from_bytes(strings[index], "big") for index in (0, 1, 2, 3, 4, 6, 9, 10, 11))
    to, data = strings[5], strings[7]
    if len(to) != 20 or numbers[1] > MAX_NONCE or numbers[6] > 1 or not _is_canonical(items, data, raw):
        return None
    return cast("SignedTransactionAPI", DynamicFeeCall(raw, numbers, to, data))


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


def _is_canonical(items: list[bytes], data: bytes, raw: bytes) -> bool:
    """Whether these bytes are the one encoding of their fields."""
    for item in (*items[:5], items[6], *items[9:]):
        if len(item) == 1:
            if item > b"\x80" or item == b"\0":
                return False
        elif item[0] != 0x7F + len(item) or item[1] == 0 or (len(item) == 2 and item[1] < 0x80):
            return False
    return items[5][0] == 0x94 and items[7] == rlp_string(data) and raw[1:] == rlp_list(b"".join(items))
