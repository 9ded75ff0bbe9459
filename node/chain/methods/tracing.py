"""debug_trace...: what the virtual machine did, as steps, as a tree of calls, or as the state it began with.

Old blocks are run again on the state before them, so nothing needs to be recorded in advance.
"""

from dataclasses import dataclass
from typing import Any

from eth_utils.exceptions import ValidationError

from node.chain.chain import LocalChain
from node.chain.hexadecimal import data, quantity
from node.chain.method import Method, MethodTable, RpcNode
from node.chain.methods.blocks import find_block
from node.chain.parameters import Parameters, as_mapping, block_number, call_request
from node.chain.records import BlockRecord
from node.chain.replay import Replayed, replay, run_traced, state_at_start
from node.chain.rpc_error import SERVER_ERROR, RpcError, invalid_params
from node.chain.rules import LocalState
from node.chain.simulation import simulated
from node.chain.trace_presentation import (
    Json,
    accounts_json,
    call_json,
    difference_json,
    steps_json,
    touched_accounts,
)
from node.chain.tracer import Step, TooManySteps, Tracer, traced_state


@dataclass(frozen=True)
class TraceOptions:
    """Which trace, and how much of it."""

    kind: str = ""
    stack: bool = True
    memory: bool = False
    storage: bool = True
    return_data: bool = False
    top_only: bool = False
    with_logs: bool = False
    difference: bool = False

    def tracer(self) -> Tracer:
        """A tracer that notes what these options need."""
        steps: list[Step] | None = None if self.kind else []
        return Tracer(steps, self.stack, self.memory, self.storage, self.return_data)


def trace_transaction(node: RpcNode, parameters: Parameters) -> Any:
    """debug_traceTransaction."""
    transaction_hash, options = parameters.hash(0), _options(parameters.raw(1))
    with node.chain.lock:
        record = node.chain.transaction(transaction_hash)
        if record is None:
            raise RpcError(SERVER_ERROR, "transaction not found")
        block = node.chain.block(record.block_number)
        return _traces(node.chain, block, options, only=record.index)[0]["result"]


def trace_block_by_number(node: RpcNode, parameters: Parameters) -> Any:
    """debug_traceBlockByNumber."""
    block = find_block(node, parameters.required(0))
    if block is None:
        raise RpcError(SERVER_ERROR, f"block {parameters.raw(0)} not found")
    return _trace_block(node, block, parameters)


def trace_block_by_hash(node: RpcNode, parameters: Parameters) -> Any:
    """debug_traceBlockByHash."""
    block = node.chain.block_by_hash(parameters.hash(0))
    if block is None:
        raise RpcError(SERVER_ERROR, f"block {parameters.raw(0)} not found")
    return _trace_block(node, block, parameters)


def trace_call(node: RpcNode, parameters: Parameters) -> Any:
    """debug_traceCall: a call that changes nothing, traced."""
    request = call_request(parameters.required(0))
    number = block_number(node.chain, parameters.raw(1))
    options = _options(parameters.raw(2))
    chain, tracer = node.chain, options.tracer()
    gas = min(request.gas or chain.genesis.usable_gas, chain.genesis.usable_gas)
    with chain.lock:
        context = chain.call_context(number, request)
        state = traced_state(chain.state_view(number), context, tracer)
        before = LocalState(chain.state_view(number), context)
        transaction: Any = simulated(state, request, gas)
        try:
            computation = run_traced(state, transaction)
        except ValidationError as error:
            raise RpcError(SERVER_ERROR, str(error)) from error
        if options.kind == "prestateTracer":
            touched = touched_accounts(state, request.sender, request.to)
            return _prestate(before, state, touched, options)
        used = gas - computation.get_gas_remaining()
        return _shown(options, computation, tracer, gas, used)


def _trace_block(node: RpcNode, block: BlockRecord, parameters: Parameters) -> list[Json]:
    options = _options(parameters.raw(1))
    if block.number == 0:
        raise RpcError(SERVER_ERROR, "genesis is not traceable")
    with node.chain.lock:
        return _traces(node.chain, block, options)


def _traces(chain: LocalChain, block: BlockRecord, options: TraceOptions, only: int | None = None) -> list[Json]:
    tracer = options.tracer()
    count = None if only is None else only + 1
    traces = []
    try:
        for done in replay(chain, block, tracer, count):
            if only is None or done.record.index == only:
                shown = _shown_replay(chain, block, options, tracer, done)
                traces.append({"txHash": data(done.record.hash), "result": shown})
    except TooManySteps as error:
        raise RpcError(SERVER_ERROR, str(error)) from error
    return traces


def _shown_replay(
    chain: LocalChain, block: BlockRecord, options: TraceOptions, tracer: Tracer, done: Replayed
) -> Json:
    if options.kind != "prestateTracer":
        return _shown(options, done.computation, tracer, done.transaction.gas, done.gas_used)
    touched = touched_accounts(done.state, done.record.sender, bytes(done.computation.msg.storage_address))
    quiet = Tracer()
    quiet.steps = None
    before = state_at_start(chain, block, quiet)
    for earlier in replay(chain, block, quiet, done.record.index):
        before = earlier.state
    return _prestate(before, done.state, touched, options)


def _prestate(
    before: LocalState, after: LocalState, touched: dict[bytes, set[int]], options: TraceOptions
) -> Json:
    earlier = accounts_json(before, touched)
    return difference_json(earlier, accounts_json(after, touched)) if options.difference else earlier


def _shown(options: TraceOptions, computation: Any, tracer: Tracer, gas: int, gas_used: int) -> Json:
    """The trace asked for. The outermost call counts the gas of the whole transaction, as everywhere else."""
    if options.kind != "callTracer":
        return steps_json(computation, tracer, gas_used)
    frame = call_json(computation, tracer, top_only=options.top_only, with_logs=options.with_logs)
    return frame | {"gas": quantity(gas), "gasUsed": quantity(gas_used)}


def _options(value: Any) -> TraceOptions:
    if value is None:
        return TraceOptions()
    fields = as_mapping(value, "invalid trace options")
    kind = fields.get("tracer") or ""
    if not isinstance(kind, str) or kind not in {"", "callTracer", "prestateTracer"}:
        raise invalid_params(f"unknown tracer {kind!r}: there are callTracer and prestateTracer")
    settings = as_mapping(fields.get("tracerConfig") or {}, "invalid tracerConfig")

    def on(source: dict[str, Any], name: str) -> bool:
        return bool(source.get(name, False))

    return TraceOptions(
        kind=kind,
        stack=not on(fields, "disableStack"),
        memory=on(fields, "enableMemory"),
        storage=not on(fields, "disableStorage"),
        return_data=on(fields, "enableReturnData"),
        top_only=on(settings, "onlyTopCall"),
        with_logs=on(settings, "withLog"),
        difference=on(settings, "diffMode"),
    )


METHODS: MethodTable = {
    "debug_traceTransaction": Method(trace_transaction, 2),
    "debug_traceBlockByNumber": Method(trace_block_by_number, 2),
    "debug_traceBlockByHash": Method(trace_block_by_hash, 2),
    "debug_traceCall": Method(trace_call, 3),
}
