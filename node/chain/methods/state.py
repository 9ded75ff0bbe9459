"""Accounts and contracts at a block: balances, code, storage, calls and gas estimates."""

from dataclasses import replace
from typing import Any, TypeAlias

from eth._utils.address import generate_contract_address
from eth.vm.forks.prague.computation import PRAGUE_PRECOMPILES
from eth_typing import Address

from node.chain.account import NO_ACCOUNT
from node.chain.chain import LocalChain
from node.chain.errors import CallFailed
from node.chain.hexadecimal import data, parse_data, quantity, word
from node.chain.method import Method, MethodTable, RpcNode, always
from node.chain.overrides import apply_overrides, parse_overrides
from node.chain.parameters import Parameters, block_number, call_request
from node.chain.revert import revert_message
from node.chain.rpc_error import EXECUTION_REVERTED, SERVER_ERROR, RpcError, invalid_params
from node.chain.simulation import CallRequest, CallResult, simulate

MAX_STORAGE_VALUES = 1_024

AccessList: TypeAlias = tuple[tuple[bytes, tuple[int, ...]], ...]


def balance(node: RpcNode, parameters: Parameters) -> str:
    """eth_getBalance."""
    address = parameters.address(0)
    return quantity(node.chain.balance(address, block_number(node.chain, parameters.raw(1))))


def code(node: RpcNode, parameters: Parameters) -> str:
    """eth_getCode."""
    address = parameters.address(0)
    return data(node.chain.code(address, block_number(node.chain, parameters.raw(1))))


def storage_at(node: RpcNode, parameters: Parameters) -> str:
    """eth_getStorageAt: always a full word."""
    address, slot = parameters.address(0), parameters.slot(1)
    return word(node.chain.storage(address, slot, block_number(node.chain, parameters.raw(2))))


def transaction_count(node: RpcNode, parameters: Parameters) -> str:
    """eth_getTransactionCount: with `pending` it counts what waits."""
    address = parameters.address(0)
    if parameters.raw(1) == "pending":
        return quantity(node.chain.pending_nonce(address))
    return quantity(node.chain.nonce(address, block_number(node.chain, parameters.raw(1))))


def call(node: RpcNode, parameters: Parameters) -> str:
    """eth_call: the output, or code 3 with the revert data."""
    request = call_request(parameters.required(0))
    number = block_number(node.chain, parameters.raw(1))
    overrides = parse_overrides(parameters.raw(2), "invalid argument 2")
    try:
        result = node.chain.call(request, number, lambda state: apply_overrides(state, overrides))
    except CallFailed as failure:
        raise RpcError(SERVER_ERROR, str(failure)) from failure
    if result.error is not None:
        raise failed(result)
    return data(result.output)


def estimate_gas(node: RpcNode, parameters: Parameters) -> str:
    """eth_estimateGas."""
    request = call_request(parameters.required(0))
    number = block_number(node.chain, parameters.raw(1))
    overrides = parse_overrides(parameters.raw(2), "invalid argument 2")
    try:
        gas = node.chain.estimate_gas(request, number, lambda state: apply_overrides(state, overrides))
    except CallFailed as failure:
        raise RpcError(SERVER_ERROR, str(failure)) from failure
    if isinstance(gas, CallResult):
        raise failed(gas)
    return quantity(gas)


def failed(result: CallResult) -> RpcError:
    """The error for a call that ended badly."""
    if result.reverted:
        return RpcError(EXECUTION_REVERTED, revert_message(result.output), data(result.output))
    return RpcError(SERVER_ERROR, result.error or "execution failed")


def proof(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getProof (EIP-1186): an account and some of its slots, with the trie nodes that prove them."""
    address, keys = parameters.address(0), _slots(parameters.required(1), "invalid argument 1")
    number = block_number(node.chain, parameters.raw(2))
    with node.chain.lock:
        view = node.chain.state_view(number)
        account = view.account(address) or NO_ACCOUNT
        return {
            "address": data(address),
            "accountProof": [data(one) for one in view.prove_account(address)],
            "balance": quantity(account.balance),
            "codeHash": data(account.code_hash),
            "nonce": quantity(account.nonce),
            "storageHash": data(account.storage_root),
            "storageProof": [
                {
                    "key": shown,
                    "value": quantity(view.slot(address, slot)),
                    "proof": [data(one) for one in view.prove_slot(address, slot)],
                }
                for slot, shown in keys
            ],
        }


def storage_values(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getStorageValues: many slots of many accounts at once."""
    asked = parameters.mapping(0)
    number = block_number(node.chain, parameters.raw(1))
    if not asked:
        raise invalid_params("empty request")
    wanted = {
        shown: (parse_data(shown, "invalid argument 0", length=20), _slots(keys, "invalid argument 0"))
        for shown, keys in asked.items()
    }
    if sum(len(keys) for _, keys in wanted.values()) > MAX_STORAGE_VALUES:
        raise invalid_params(f"too many slots: at most {MAX_STORAGE_VALUES}")
    return {
        shown: [word(node.chain.storage(address, slot, number)) for slot, _ in keys]
        for shown, (address, keys) in wanted.items()
    }


def _slots(value: Any, name: str) -> list[tuple[int, str]]:
    """Storage keys with the form to show them in: a full word as it came, anything shorter as a quantity."""
    if not isinstance(value, list):
        raise invalid_params(f"{name}: want an array of storage keys")
    if len(value) > MAX_STORAGE_VALUES:
        raise invalid_params(f"too many slots: at most {MAX_STORAGE_VALUES}")
    slots = [(Parameters([key]).slot(0), key) for key in value]
    return [(slot, key if len(key) == 66 else quantity(slot)) for slot, key in slots]


def create_access_list(node: RpcNode, parameters: Parameters) -> Any:
    """eth_createAccessList: what a call touches, and the gas it takes when that list goes with it.

    A call that reverts still has a list; the failure is then in `error`.
    """
    request = call_request(parameters.required(0))
    number = block_number(node.chain, parameters.raw(1))
    gas = min(request.gas or node.chain.genesis.usable_gas, node.chain.genesis.usable_gas)
    try:
        with node.chain.lock:
            entries, result = _touched_by(node.chain, request, number, gas)
            entries, result = _touched_by(node.chain, replace(request, access_list=entries), number, gas)
    except CallFailed as failure:
        raise RpcError(SERVER_ERROR, str(failure)) from failure
    shown = [{"address": data(a), "storageKeys": [word(slot) for slot in slots]} for a, slots in entries]
    answer = {"accessList": shown, "gasUsed": quantity(result.gas_used)}
    return answer if result.error is None else {**answer, "error": result.error}


def _touched_by(
    chain: LocalChain, request: CallRequest, number: int | None, gas: int
) -> tuple[AccessList, CallResult]:
    state = chain.call_state(number, request)
    created = generate_contract_address(Address(request.sender), state.get_nonce(Address(request.sender)))
    result = simulate(state, request, gas)
    known = {request.sender, request.to, bytes(created), bytes(state.coinbase)}
    slots: dict[bytes, set[int]] = {}
    for key in state.account_database.touched:
        if isinstance(key, tuple):
            slots.setdefault(key[0], set()).add(key[1])
        elif key not in known and key not in PRAGUE_PRECOMPILES:
            slots.setdefault(key, set())
    return tuple((address, tuple(sorted(found))) for address, found in sorted(slots.items())), result


METHODS: MethodTable = {
    "eth_getBalance": Method(balance, 2, brief=always),
    "eth_getCode": Method(code, 2),
    "eth_getStorageAt": Method(storage_at, 3),
    "eth_getTransactionCount": Method(transaction_count, 2, brief=always),
    "eth_getProof": Method(proof, 3),
    "eth_getStorageValues": Method(storage_values, 2),
    "eth_createAccessList": Method(create_access_list, 3),
    "eth_call": Method(call, 4),
    "eth_estimateGas": Method(estimate_gas, 3),
}
