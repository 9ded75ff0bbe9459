"""eth_simulateV1, as JSON-RPC shows it."""

from typing import Any

from eth.exceptions import Revert
from eth.vm.forks.prague.computation import PRAGUE_PRECOMPILES

from node.chain.block_simulation import (
    PlannedBlock,
    PlannedCall,
    SimulatedBlock,
    simulate_blocks,
    transaction_hash,
)
from node.chain.hexadecimal import data, parse_data, parse_quantity, quantity
from node.chain.method import Method, MethodTable, RpcNode
from node.chain.overrides import parse_overrides
from node.chain.parameters import Parameters, as_mapping, block_number, call_request
from node.chain.presentation import effective_price, header_json, log_json, signed_transaction_json
from node.chain.records import BlockRecord, LogRecord
from node.chain.revert import revert_message
from node.chain.rpc_error import EXECUTION_REVERTED, SERVER_ERROR, RpcError, invalid_params
from node.chain.simulation import describe_failure

VM_ERROR = -32015
MAX_PLANNED = 256
TOO_MANY_BLOCKS = -38026
HEADER_FIELDS = {
    "gasLimit": "gas_limit",
    "baseFeePerGas": "base_fee_per_gas",
    "feeRecipient": "coinbase",
    "prevRandao": "mix_hash",
}
LENGTHS = {"feeRecipient": 20, "prevRandao": 32}


def simulate(node: RpcNode, parameters: Parameters) -> Any:
    """eth_simulateV1: blocks of calls on top of a block, with pretended state, none of it kept."""
    asked = parameters.mapping(0)
    number = block_number(node.chain, parameters.raw(1))
    blocks = asked.get("blockStateCalls")
    if not isinstance(blocks, list) or not blocks:
        raise invalid_params("empty input")
    if len(blocks) > MAX_PLANNED:
        raise RpcError(TOO_MANY_BLOCKS, "too many blocks")
    planned = [_planned(as_mapping(one, "blockStateCalls")) for one in blocks]
    full = bool(asked.get("returnFullTransactions"))
    with node.chain.lock:
        done = simulate_blocks(node.chain, number, planned, validation=bool(asked.get("validation")))
        return [_block_json(one, full=full) for one in done]


def _planned(fields: dict[str, Any]) -> PlannedBlock:
    header = as_mapping(fields.get("blockOverrides") or {}, "blockOverrides")
    changes: dict[str, Any] = {}
    for theirs, ours in HEADER_FIELDS.items():
        if header.get(theirs) is not None:
            length = LENGTHS.get(theirs)
            name = f"blockOverrides.{theirs}"
            value = header[theirs]
            changes[ours] = (
                parse_quantity(value, name) if length is None else parse_data(value, name, length=length)
            )
    state = as_mapping(fields.get("stateOverrides") or {}, "stateOverrides")
    _refuse_moves(state)
    calls = fields.get("calls") or []
    if not isinstance(calls, list):
        raise invalid_params("calls: want an array")
    return PlannedBlock(
        tuple(_call(as_mapping(one, "calls")) for one in calls),
        parse_overrides(state, "stateOverrides"),
        _optional(header.get("number"), "blockOverrides.number"),
        _optional(header.get("time"), "blockOverrides.time"),
        changes,
    )


def _refuse_moves(state: dict[str, Any]) -> None:
    for address, fields in state.items():
        if isinstance(fields, dict) and fields.get("movePrecompileToAddress") is not None:
            if parse_data(address, "stateOverrides", length=20) not in PRAGUE_PRECOMPILES:
                raise RpcError(SERVER_ERROR, f"account {address} is not a precompile")
            raise invalid_params("movePrecompileToAddress is not supported")


def _call(fields: dict[str, Any]) -> PlannedCall:
    request = call_request(fields, "calls")
    tip = _optional(fields.get("maxPriorityFeePerGas"), "calls.maxPriorityFeePerGas") or 0
    legacy = fields.get("gasPrice") is not None
    return PlannedCall(request, _optional(fields.get("nonce"), "calls.nonce"), tip, legacy)


def _optional(value: Any, name: str) -> int | None:
    return None if value is None else parse_quantity(value, name, bits=64)


def _block_json(done: SimulatedBlock, *, full: bool) -> dict[str, Any]:
    sealed = done.sealed
    block = BlockRecord(sealed.header, sealed.header.hash, sealed.size, sealed.body)
    hashes = [transaction_hash(one) for one in done.transactions]
    shown = header_json(sealed.header) | {"size": quantity(sealed.size), "uncles": [], "withdrawals": []}
    shown["transactions"] = [data(one) for one in hashes]
    if full:
        shown["transactions"] = [
            signed_transaction_json(one, sender)
            | {
                "gasPrice": quantity(effective_price(one, sealed.header)),
                "blockHash": data(block.hash),
                "blockNumber": quantity(block.number),
                "transactionIndex": quantity(index),
                "blockTimestamp": quantity(block.header.timestamp),
            }
            for index, (one, sender) in enumerate(zip(done.transactions, done.senders, strict=True))
        ]
    shown["calls"] = [_call_json(done, block, index, hashes[index]) for index in range(len(hashes))]
    return shown


def _call_json(done: SimulatedBlock, block: BlockRecord, index: int, digest: bytes) -> dict[str, Any]:
    outcome, computation = done.outcomes[index], done.computations[index]
    logs = [
        LogRecord(block.number, outcome.first_log_index + offset, index, address, topics, body)
        for offset, (address, topics, body) in enumerate(outcome.logs)
    ]
    shown: dict[str, Any] = {
        "returnData": data(bytes(computation.output)),
        "logs": [log_json(log, block, digest) for log in logs],
        "gasUsed": quantity(outcome.gas_used),
        "maxUsedGas": quantity(done.most_gas[index]),
        "status": quantity(int(outcome.succeeded)),
    }
    if computation.is_error:
        error = computation.error
        if isinstance(error, Revert):
            output = bytes(computation.output)
            failure = {"code": EXECUTION_REVERTED, "message": revert_message(output), "data": data(output)}
        else:
            failure = {"code": VM_ERROR, "message": describe_failure(error)}
        shown["error"] = failure
    return shown


METHODS: MethodTable = {"eth_simulateV1": Method(simulate, 2)}
