"""What gas costs. On a Corridor network it is metered and free, so most of these are zero and true."""

from itertools import pairwise
from typing import Any

from eth.vm.forks.london.headers import calculate_expected_base_fee_per_gas

from node.chain.hexadecimal import quantity
from node.chain.method import Method, MethodTable, RpcNode, always
from node.chain.parameters import Parameters, block_number
from node.chain.presentation import effective_price
from node.chain.records import BlockRecord
from node.chain.rpc_error import invalid_params
from node.chain.transaction import decode_stored

MAX_HISTORY = 1_024
MAX_PERCENTILES = 100


def gas_price(node: RpcNode, _: Parameters) -> str:
    """eth_gasPrice: the base fee, and nothing on top."""
    return quantity(getattr(node.chain.head.header, "base_fee_per_gas", 0))


def priority_fee(_: RpcNode, __: Parameters) -> str:
    """eth_maxPriorityFeePerGas: nobody needs to bid."""
    return quantity(0)


def blob_base_fee(_: RpcNode, __: Parameters) -> str:
    """eth_blobBaseFee: the least there is, since there are no blobs."""
    return quantity(1)


def fee_history(node: RpcNode, parameters: Parameters) -> Any:
    """eth_feeHistory: base fees, how full blocks were, and the tips paid at percentiles of gas."""
    count = min(_block_count(parameters), MAX_HISTORY)
    newest = block_number(node.chain, parameters.required(1), "invalid argument 1")
    percentiles = _percentiles(parameters)
    if count == 0:
        return {"oldestBlock": "0x0", "gasUsedRatio": []}
    last = node.chain.head.number if newest is None else newest
    blocks = [node.chain.block(number) for number in range(max(0, last - count + 1), last + 1)]
    fees = [getattr(block.header, "base_fee_per_gas", 0) for block in blocks]
    history: dict[str, Any] = {
        "oldestBlock": quantity(blocks[0].number),
        "baseFeePerGas": [
            quantity(fee) for fee in [*fees, calculate_expected_base_fee_per_gas(blocks[-1].header)]
        ],
        "gasUsedRatio": [block.header.gas_used / block.header.gas_limit for block in blocks],
        "baseFeePerBlobGas": [quantity(1)] * (len(blocks) + 1),
        "blobGasUsedRatio": [0] * len(blocks),
    }
    if percentiles:
        history["reward"] = [_rewards(node, block, percentiles) for block in blocks]
    return history


def _block_count(parameters: Parameters) -> int:
    value = parameters.required(0)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return parameters.quantity(0, bits=63)


def _percentiles(parameters: Parameters) -> list[float]:
    given = parameters.raw(2) or []
    if not isinstance(given, list) or len(given) > MAX_PERCENTILES:
        raise invalid_params(f"invalid argument 2: want an array of at most {MAX_PERCENTILES} percentiles")
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and 0 <= one <= 100 for one in given):
        raise invalid_params("invalid reward percentile: want numbers from 0 to 100")
    if any(later < earlier for earlier, later in pairwise(given)):
        raise invalid_params("invalid reward percentile: want them in rising order")
    return given


def _rewards(node: RpcNode, block: BlockRecord, percentiles: list[float]) -> list[str]:
    """The tip at which each share of the block's gas was reached."""
    base_fee = getattr(block.header, "base_fee_per_gas", 0)
    paid = sorted(
        (effective_price(decode_stored(record.raw), block.header) - base_fee, record.gas_used)
        for record in node.chain.transactions_in(block.number)
    )
    rewards, spent, position = [], 0, 0
    for percentile in percentiles:
        threshold = block.header.gas_used * percentile / 100
        while position < len(paid) - 1 and spent + paid[position][1] < threshold:
            spent += paid[position][1]
            position += 1
        rewards.append(quantity(paid[position][0] if paid else 0))
    return rewards


def next_base_fee(node: RpcNode, _: Parameters) -> str:
    """eth_baseFee: the base fee of the next block."""
    return quantity(calculate_expected_base_fee_per_gas(node.chain.head.header))


METHODS: MethodTable = {
    "eth_baseFee": Method(next_base_fee, 0),
    "eth_gasPrice": Method(gas_price, 0, brief=always),
    "eth_maxPriorityFeePerGas": Method(priority_fee, 0, brief=always),
    "eth_blobBaseFee": Method(blob_base_fee, 0),
    "eth_feeHistory": Method(fee_history, 3),
}
