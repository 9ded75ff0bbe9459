"""Accounts and contracts at a block: balances, code, storage, calls and gas estimates."""

from node.chain.errors import CallFailed
from node.chain.hexadecimal import data, quantity, word
from node.chain.method import Method, MethodTable, RpcNode
from node.chain.parameters import Parameters, block_number, call_request
from node.chain.revert import revert_message
from node.chain.rpc_error import EXECUTION_REVERTED, SERVER_ERROR, RpcError, invalid_params
from node.chain.simulation import CallResult


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
    _refuse_overrides(parameters, 2)
    try:
        result = node.chain.call(request, number)
    except CallFailed as failure:
        raise RpcError(SERVER_ERROR, str(failure)) from failure
    if result.error is not None:
        raise failed(result)
    return data(result.output)


def estimate_gas(node: RpcNode, parameters: Parameters) -> str:
    """eth_estimateGas."""
    request = call_request(parameters.required(0))
    number = block_number(node.chain, parameters.raw(1))
    _refuse_overrides(parameters, 2)
    try:
        gas = node.chain.estimate_gas(request, number)
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


def _refuse_overrides(parameters: Parameters, index: int) -> None:
    if parameters.has(index) and parameters.raw(index) != {}:
        raise invalid_params(f"invalid argument {index}: state overrides are not supported")


METHODS: MethodTable = {
    "eth_getBalance": Method(balance, 2),
    "eth_getCode": Method(code, 2),
    "eth_getStorageAt": Method(storage_at, 3),
    "eth_getTransactionCount": Method(transaction_count, 2),
    "eth_call": Method(call, 4),
    "eth_estimateGas": Method(estimate_gas, 3),
}
