"""Traces in the forms that debug_trace... answers: step by step, as a tree of calls, or the state beforehand."""

from typing import Any

from eth.abc import ComputationAPI
from eth_typing import Address

from node.chain.hexadecimal import data, quantity, word
from node.chain.revert import revert_reason
from node.chain.rules import LocalState
from node.chain.simulation import describe_failure
from node.chain.tracer import Step, Tracer

Json = dict[str, Any]


def steps_json(computation: ComputationAPI, tracer: Tracer, gas_used: int) -> Json:
    """The opcode trace (structLogs)."""
    return {
        "gas": gas_used,
        "failed": computation.is_error,
        "returnValue": data(bytes(computation.output)),
        "structLogs": [_step_json(step) for step in tracer.steps or ()],
    }


def _step_json(step: Step) -> Json:
    shown: Json = {
        "pc": step.pc,
        "op": step.operation,
        "gas": step.gas,
        "gasCost": step.gas_cost,
        "depth": step.depth,
        "stack": [quantity(value) for value in step.stack],
    }
    if step.memory:
        padded = step.memory + bytes(-len(step.memory) % 32)
        shown["memory"] = [data(padded[at : at + 32]) for at in range(0, len(padded), 32)]
    if step.return_data:
        shown["returnData"] = data(step.return_data)
    if step.storage is not None:
        shown["storage"] = {word(slot): word(value) for slot, value in step.storage.items()}
    if step.error is not None:
        shown["error"] = step.error
    return shown


def call_json(computation: ComputationAPI, tracer: Tracer, *, top_only: bool, with_logs: bool) -> Json:
    """A frame and the frames it called (callTracer)."""
    message = computation.msg
    kind = tracer.kinds.get(id(computation), "CREATE" if message.is_create else "CALL")
    to = message.code_address if kind in {"DELEGATECALL", "CALLCODE"} else message.storage_address
    frame: Json = {
        "type": kind,
        "from": data(message.storage_address if kind == "DELEGATECALL" else message.sender),
        "to": data(to),
        "gas": quantity(message.gas),
        "gasUsed": quantity(message.gas - computation.get_gas_remaining()),
        "input": data(bytes(message.code if message.is_create else message.data)),
    }
    if kind != "STATICCALL":
        frame["value"] = quantity(message.value)
    output = bytes(computation.output)
    if output:
        frame["output"] = data(output)
    if computation.is_error:
        _note_failure(frame, computation.error, output)
    if with_logs and not computation.is_error:
        frame |= _logs_json(computation)
    children = [] if top_only else computation.children
    calls = [call_json(child, tracer, top_only=False, with_logs=with_logs) for child in children]
    return {**frame, "calls": calls} if calls else frame


def _note_failure(frame: Json, error: Exception, output: bytes) -> None:
    frame["error"] = describe_failure(error)
    reason = revert_reason(output)
    if reason is not None:
        frame["revertReason"] = reason


def _logs_json(computation: Any) -> Json:
    entries = computation._log_entries
    logs = [
        {
            "index": quantity(index),
            "address": data(address),
            "topics": [word(t) for t in topics],
            "data": data(body),
        }
        for index, address, topics, body in entries
    ]
    return {"logs": logs} if logs else {}


def touched_accounts(state: LocalState, *others: bytes) -> dict[bytes, set[int]]:
    """The accounts and slots a transaction came near."""
    touched: dict[bytes, set[int]] = {bytes(state.coinbase): set()}
    for address in others:
        if address:
            touched.setdefault(address, set())
    for key in state.account_database.touched:
        if isinstance(key, tuple):
            touched.setdefault(key[0], set()).add(key[1])
        else:
            touched.setdefault(key, set())
    return touched


def accounts_json(state: LocalState, touched: dict[bytes, set[int]]) -> Json:
    """What a state holds of these accounts and slots (prestateTracer); absent accounts are left out."""
    shown = {}
    for raw, slots in sorted(touched.items()):
        address = Address(raw)
        if not state.account_exists(address):
            continue
        account: Json = {"balance": quantity(state.get_balance(address))}
        if nonce := state.get_nonce(address):
            account["nonce"] = nonce
        if code := state.get_code(address):
            account["code"] = data(code)
        values = {word(slot): word(state.get_storage(address, slot)) for slot in sorted(slots)}
        if values:
            account["storage"] = values
        shown[data(raw)] = account
    return shown


def difference_json(before: Json, after: Json) -> Json:
    """prestateTracer in diff mode: only what changed, as it was and as it became."""
    pre, post = {}, {}
    for address in sorted(before.keys() | after.keys()):
        old, new = before.get(address, {}), after.get(address, {})
        if old == new:
            continue
        if old:
            pre[address] = _changed_storage(old, new)
        changed = {key: value for key, value in _changed_storage(new, old).items() if old.get(key) != value}
        if new:
            post[address] = changed
    return {"pre": pre, "post": post}


def _changed_storage(account: Json, other: Json) -> Json:
    if "storage" not in account:
        return account
    there = other.get("storage", {})
    kept = {
        slot: value for slot, value in account["storage"].items() if there.get(slot) != value and int(value, 16)
    }
    rest = {key: value for key, value in account.items() if key != "storage"}
    return {**rest, "storage": kept} if kept else rest
