"""A method's parameters, read one by one with their type; every flaw names the parameter it is in."""

from collections.abc import Sequence
from typing import Any

from eth.vm.forks.prague.transactions import Authorization

from node.chain.chain import LocalChain
from node.chain.errors import UnknownBlock
from node.chain.hexadecimal import parse_data, parse_quantity
from node.chain.log_query import LogQuery
from node.chain.rpc_error import SERVER_ERROR, RpcError, invalid_params
from node.chain.simulation import CallRequest

LATEST_TAGS = frozenset({"latest", "pending", "safe", "finalized"})
MAX_FILTER_ADDRESSES = 1_000
MAX_FILTER_TOPICS = 1_000


class Parameters:
    """The positional parameters of one request."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values

    def has(self, index: int) -> bool:
        """Whether a parameter was given and is not null."""
        return index < len(self._values) and self._values[index] is not None

    def raw(self, index: int) -> Any:
        """A parameter as it came, or None."""
        return self._values[index] if index < len(self._values) else None

    def required(self, index: int) -> Any:
        """A parameter that must be there."""
        if index >= len(self._values):
            raise invalid_params(f"missing value for required argument {index}")
        return self._values[index]

    def quantity(self, index: int, *, bits: int = 256) -> int:
        """A required QUANTITY."""
        return parse_quantity(self.required(index), f"invalid argument {index}", bits=bits)

    def data(self, index: int, *, length: int | None = None) -> bytes:
        """Required DATA."""
        return parse_data(self.required(index), f"invalid argument {index}", length=length)

    def address(self, index: int) -> bytes:
        """A required 20-byte address."""
        return self.data(index, length=20)

    def hash(self, index: int) -> bytes:
        """A required 32-byte hash."""
        return self.data(index, length=32)

    def boolean(self, index: int, *, default: bool = False) -> bool:
        """A boolean."""
        if not self.has(index):
            return default
        value = self.raw(index)
        if not isinstance(value, bool):
            raise invalid_params(f"invalid argument {index}: want true or false")
        return value

    def slot(self, index: int) -> int:
        """A storage slot: a QUANTITY or up to 32 bytes of DATA, both of which clients send."""
        value = self.required(index)
        name = f"invalid argument {index}: unable to decode storage key"
        if not isinstance(value, str) or not value.startswith("0x"):
            raise invalid_params(f"{name}: hex string without 0x prefix")
        if len(value) > 66:
            raise invalid_params(f"{name}: hex string too long, want at most 32 bytes")
        try:
            return int(value[2:] or "0", 16)
        except ValueError as error:
            raise invalid_params(f"{name}: invalid hex string") from error

    def mapping(self, index: int) -> dict[str, Any]:
        """A required JSON object."""
        return as_mapping(self.required(index), f"invalid argument {index}")


def as_mapping(value: Any, name: str) -> dict[str, Any]:
    """A JSON object, or RpcError -32602."""
    if not isinstance(value, dict):
        raise invalid_params(f"{name}: want an object")
    return value


def block_number(chain: LocalChain, value: Any, name: str = "invalid block") -> int | None:
    """The height a tag, number or EIP-1898 object names; None for the newest.

    Raises RpcError -32602 for what is none of these, -32000 for a block that is not there.
    """
    if value is None or (isinstance(value, str) and value in LATEST_TAGS):
        return None
    if value == "earliest":
        return 0
    if isinstance(value, dict):
        return _block_of_object(chain, value, name)
    if isinstance(value, str) and len(value) == 66:
        return _block_of_object(chain, {"blockHash": value}, name)
    number = parse_quantity(value, name, bits=63)
    try:
        chain.block(number)
    except UnknownBlock as error:
        raise RpcError(SERVER_ERROR, "header not found") from error
    return number


def _block_of_object(chain: LocalChain, value: dict[str, Any], name: str) -> int | None:
    if ("blockHash" in value) == ("blockNumber" in value):
        raise invalid_params(f"{name}: want exactly one of blockNumber and blockHash")
    if "blockNumber" in value:
        return block_number(chain, value["blockNumber"], name)
    block = chain.block_by_hash(parse_data(value["blockHash"], f"{name}.blockHash", length=32))
    if block is None:
        raise RpcError(SERVER_ERROR, "header for hash not found")
    return block.number


def call_request(value: Any, name: str = "invalid argument 0") -> CallRequest:
    """A transaction object as eth_call and eth_estimateGas take it."""
    fields = as_mapping(value, name)

    def number(key: str) -> int | None:
        return None if fields.get(key) is None else parse_quantity(fields[key], f"{name}.{key}")

    def octets(key: str, length: int | None = None) -> bytes:
        return b"" if fields.get(key) is None else parse_data(fields[key], f"{name}.{key}", length=length)

    given, also = octets("input"), octets("data")
    if given and also and given != also:
        raise invalid_params(f'{name}: both "data" and "input" are set and not equal. Please use "input"')
    if number("gasPrice") is not None and (number("maxFeePerGas") or number("maxPriorityFeePerGas")) is not None:
        raise invalid_params("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
    price = number("gasPrice")
    return CallRequest(
        sender=octets("from", 20) or bytes(20),
        to=octets("to", 20),
        data=given or also,
        value=number("value") or 0,
        gas=number("gas"),
        gas_price=number("maxFeePerGas") if price is None else price,
        access_list=access_list(fields.get("accessList"), name),
        authorizations=tuple(Authorization(**one) for one in authorizations(fields, name)),
    )


def access_list(value: Any, name: str) -> tuple[tuple[bytes, tuple[int, ...]], ...]:
    """An EIP-2930 access list."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise invalid_params(f"{name}.accessList: want an array")
    entries = []
    for entry in value:
        fields = as_mapping(entry, f"{name}.accessList")
        keys = fields.get("storageKeys") or []
        slots = tuple(
            int.from_bytes(parse_data(key, f"{name}.accessList.storageKeys", length=32), "big") for key in keys
        )
        entries.append((parse_data(fields.get("address"), f"{name}.accessList.address", length=20), slots))
    return tuple(entries)


def authorizations(fields: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The authorizations of EIP-7702 in a transaction object, by the names that py-evm has for their parts."""
    given, name = fields.get("authorizationList") or [], f"{name}.authorizationList"
    if not isinstance(given, list):
        raise invalid_params(f"{name}: want an array")
    return [_authorization(as_mapping(one, name), name) for one in given]


def _authorization(fields: dict[str, Any], name: str) -> dict[str, Any]:
    keys = {"chain_id": "chainId", "nonce": "nonce", "y_parity": "yParity", "r": "r", "s": "s"}
    numbers = {ours: parse_quantity(fields.get(key), f"{name}.{key}") for ours, key in keys.items()}
    return {**numbers, "address": parse_data(fields.get("address"), f"{name}.address", length=20)}


def log_query(
    chain: LocalChain, value: Any, name: str = "invalid argument 0", *, future: bool = False
) -> LogQuery:
    """A filter object as eth_getLogs and (with `future`, for blocks still to come) eth_newFilter take it."""
    fields = as_mapping(value, name)
    head = chain.head.number
    if fields.get("blockHash") is not None:
        if fields.get("fromBlock") is not None or fields.get("toBlock") is not None:
            raise invalid_params("cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other")
        block = chain.block_by_hash(parse_data(fields["blockHash"], f"{name}.blockHash", length=32))
        if block is None:
            raise RpcError(SERVER_ERROR, "unknown block")
        first = last = block.number
    else:
        first = _bound(fields.get("fromBlock"), head, f"{name}.fromBlock")
        last = _bound(fields.get("toBlock"), head, f"{name}.toBlock")
        if first > last:
            raise invalid_params("invalid block range params")
        if last > head and not future:
            raise invalid_params("block range extends beyond current head block")
    return LogQuery(first, last, _addresses(fields.get("address"), name), _topics(fields.get("topics"), name))


def _bound(value: Any, head: int, name: str) -> int:
    if value is None or (isinstance(value, str) and value in LATEST_TAGS):
        return head
    if value == "earliest":
        return 0
    return min(parse_quantity(value, name, bits=63), (1 << 38) - 1)


def _addresses(value: Any, name: str) -> tuple[bytes, ...]:
    given = [] if value is None else value if isinstance(value, list) else [value]
    if len(given) > MAX_FILTER_ADDRESSES:
        raise invalid_params(f"exceed max addresses: {MAX_FILTER_ADDRESSES}")
    return tuple(parse_data(one, f"{name}.address", length=20) for one in given)


def _topics(value: Any, name: str) -> tuple[tuple[bytes, ...], ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise invalid_params(f"{name}.topics: want an array")
    if len(value) > 4:
        raise invalid_params("exceed max topics: 4")
    return tuple(_alternatives(position, f"{name}.topics") for position in value)


def _alternatives(value: Any, name: str) -> tuple[bytes, ...]:
    if value is None:
        return ()
    given = value if isinstance(value, list) else [value]
    if len(given) > MAX_FILTER_TOPICS:
        raise invalid_params(f"exceed max topics: {MAX_FILTER_TOPICS}")
    if None in given:
        return ()
    return tuple(parse_data(one, name, length=32) for one in given)
