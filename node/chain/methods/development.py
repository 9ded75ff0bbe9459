"""evm_, anvil_ and hardhat_: the methods of a development chain, under all the names in use."""

from collections.abc import Callable
from typing import Any

from eth_typing import Address
from eth_utils.exceptions import ValidationError

from node.chain.development import DevelopmentChain
from node.chain.hexadecimal import data, parse_quantity, quantity
from node.chain.method import Method, MethodTable, RpcNode
from node.chain.parameters import Parameters, as_mapping
from node.chain.rpc_error import invalid_params
from node.chain.rules import LocalState
from node.chain.state_dump import DumpRefused, decode_dump, encode_dump, load_dump, take_dump

MAX_BLOCKS_AT_ONCE = 100_000
TIME_BITS = 41  # seconds and milliseconds up to the year 2039 in the latter, far beyond in the former


def _development(node: RpcNode) -> DevelopmentChain:
    if node.development is None:
        raise invalid_params("this is not a development chain")
    return node.development


def _number(parameters: Parameters, index: int, default: int | None = None, *, bits: int = 256) -> int:
    """A number as these methods take it: QUANTITY, or plain JSON."""
    if default is not None and not parameters.has(index):
        return default
    value = parameters.required(index)
    if isinstance(value, str) and value.isdecimal() and len(value) <= 78:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << bits:
        return value
    return parse_quantity(value, f"invalid argument {index}", bits=bits)


def _amend(node: RpcNode, change: Callable[[LocalState], None]) -> bool:
    """Change the newest state; a value out of range is the caller's error."""
    try:
        node.chain.amend_state(change)
    except (ValueError, ValidationError) as error:
        raise invalid_params(str(error)) from error
    return True


def snapshot(node: RpcNode, _: Parameters) -> str:
    """evm_snapshot."""
    return quantity(_development(node).take_snapshot())


def revert(node: RpcNode, parameters: Parameters) -> bool:
    """evm_revert: false when there is no such snapshot."""
    return _development(node).revert(_number(parameters, 0))


def mine(node: RpcNode, parameters: Parameters) -> str:
    """evm_mine: one block, at a timestamp or several with {"blocks": n}."""
    given = parameters.raw(0)
    if isinstance(given, dict):
        fields = as_mapping(given, "invalid argument 0")
        inner = Parameters([fields.get("timestamp"), fields.get("blocks")])
        return _mine(node, _number(inner, 1, 1), _number(inner, 0, 0, bits=TIME_BITS))
    return _mine(node, 1, _number(parameters, 0, 0, bits=TIME_BITS))


def _mine(node: RpcNode, blocks: int, timestamp_s: int) -> str:
    if blocks > MAX_BLOCKS_AT_ONCE:
        raise invalid_params(f"at most {MAX_BLOCKS_AT_ONCE} blocks at once")
    if timestamp_s:
        _pin(node, timestamp_s)
    node.chain.mine(blocks)
    return "0x0"


def mine_many(node: RpcNode, parameters: Parameters) -> None:
    """anvil_mine, hardhat_mine: so many blocks, so many seconds apart."""
    blocks, seconds = _number(parameters, 0, 1), _number(parameters, 1, 0, bits=TIME_BITS)
    if blocks > MAX_BLOCKS_AT_ONCE:
        raise invalid_params(f"at most {MAX_BLOCKS_AT_ONCE} blocks at once")
    with node.chain.lock:
        for index in range(blocks):
            if index and seconds:
                node.chain.clock.pin_next(node.chain.head.header.timestamp + seconds)
            node.chain.mine()


def increase_time(node: RpcNode, parameters: Parameters) -> str:
    """evm_increaseTime: move the clock; answers the whole shift."""
    node.chain.clock.shift(_number(parameters, 0, bits=TIME_BITS))
    return quantity(max(0, node.chain.clock.offset_s))


def set_next_timestamp(node: RpcNode, parameters: Parameters) -> None:
    """evm_setNextBlockTimestamp."""
    _pin(node, _number(parameters, 0, bits=TIME_BITS))


def _pin(node: RpcNode, timestamp_s: int) -> None:
    parent_s = node.chain.head.header.timestamp
    if timestamp_s <= parent_s:
        raise invalid_params(f"timestamp {timestamp_s} is not after the newest block's, {parent_s}")
    node.chain.clock.pin_next(timestamp_s)


def set_time(node: RpcNode, parameters: Parameters) -> str:
    """evm_setTime: make it that time now."""
    timestamp_s = _number(parameters, 0, bits=TIME_BITS)
    node.chain.clock.set_time(timestamp_s // 1000 if timestamp_s > 10**11 else timestamp_s)
    return "0x0"


def set_automine(node: RpcNode, parameters: Parameters) -> bool:
    """evm_setAutomine: switching it on also mines what waits."""
    with node.chain.lock:
        node.chain.automine = parameters.boolean(0)
        if node.chain.automine and len(node.chain.pool):
            node.chain.mine()
    return True


def get_automine(node: RpcNode, _: Parameters) -> bool:
    """anvil_getAutomine."""
    return node.chain.automine


def set_interval(node: RpcNode, parameters: Parameters) -> bool:
    """evm_setIntervalMining: seconds, or milliseconds from 1,000 on; it switches automine off."""
    given = _number(parameters, 0, bits=TIME_BITS)
    seconds = given / 1000 if given >= 1000 else given
    node.chain.automine = seconds == 0
    _development(node).mine_every(seconds)
    return True


def get_interval(node: RpcNode, _: Parameters) -> float | None:
    """anvil_getIntervalMining."""
    return _development(node).interval_s or None


def set_balance(node: RpcNode, parameters: Parameters) -> bool:
    """anvil_setBalance."""
    address, balance = Address(parameters.address(0)), _number(parameters, 1)
    return _amend(node, lambda state: state.set_balance(address, balance))


def add_balance(node: RpcNode, parameters: Parameters) -> bool:
    """anvil_addBalance."""
    address, more = Address(parameters.address(0)), _number(parameters, 1)
    return _amend(node, lambda state: state.delta_balance(address, more))


def set_code(node: RpcNode, parameters: Parameters) -> bool:
    """anvil_setCode."""
    address, code = Address(parameters.address(0)), parameters.data(1)
    return _amend(node, lambda state: state.set_code(address, code))


def set_nonce(node: RpcNode, parameters: Parameters) -> bool:
    """anvil_setNonce."""
    address, nonce = Address(parameters.address(0)), _number(parameters, 1, bits=63)
    return _amend(node, lambda state: state.set_nonce(address, nonce))


def set_storage(node: RpcNode, parameters: Parameters) -> bool:
    """anvil_setStorageAt."""
    address, slot = Address(parameters.address(0)), parameters.slot(1)
    value = int.from_bytes(parameters.data(2, length=32), "big")

    def change(state: LocalState) -> None:
        state.touch_account(address)
        state.set_storage(address, slot, value)

    return _amend(node, change)


def impersonate(node: RpcNode, parameters: Parameters) -> bool:
    """anvil_impersonateAccount: eth_sendTransaction then needs no key of this account."""
    _development(node).impersonated.add(parameters.address(0))
    return True


def stop_impersonating(node: RpcNode, parameters: Parameters) -> bool:
    """anvil_stopImpersonatingAccount."""
    _development(node).impersonated.discard(parameters.address(0))
    return True


def impersonate_all(node: RpcNode, parameters: Parameters) -> bool:
    """anvil_autoImpersonateAccount."""
    _development(node).impersonate_all = parameters.boolean(0)
    return True


def drop_transaction(node: RpcNode, parameters: Parameters) -> str | None:
    """anvil_dropTransaction: forget one that waits."""
    transaction_hash = parameters.hash(0)
    if transaction_hash not in node.chain.pool:
        return None
    node.chain.drop([transaction_hash])
    return data(transaction_hash)


def drop_all(node: RpcNode, _: Parameters) -> bool:
    """anvil_dropAllTransactions."""
    node.chain.clear_pool()
    return True


def reset(node: RpcNode, parameters: Parameters) -> bool:
    """anvil_reset, hardhat_reset: back to block 0. There is no forking of remote chains."""
    given = parameters.raw(0)
    if isinstance(given, dict) and given.get("forking"):
        raise invalid_params("this node does not fork other chains")
    with node.chain.lock:
        node.chain.clear_pool()
        node.chain.revert_to(0, bytes(node.chain.block(0).header.state_root))
        _development(node).snapshots.clear()
    return True


def node_info(node: RpcNode, _: Parameters) -> Any:
    """anvil_nodeInfo."""
    head = node.chain.head
    return {
        "currentBlockNumber": head.number,
        "currentBlockTimestamp": head.header.timestamp,
        "currentBlockHash": data(head.hash),
        "hardFork": "prague",
        "transactionOrder": "fees",
        "environment": {
            "baseFee": quantity(head.header.base_fee_per_gas or 0),
            "chainId": node.chain.genesis.chain_id,
            "gasLimit": quantity(head.header.gas_limit),
            "gasPrice": quantity(head.header.base_fee_per_gas or 0),
        },
        "forkConfig": {"forkUrl": None, "forkBlockNumber": None, "forkRetryBackoff": None},
    }


def dump_state(node: RpcNode, parameters: Parameters) -> str:
    """anvil_dumpState: the newest state as gzipped JSON, as DATA. It holds no history."""
    if parameters.boolean(0):
        raise invalid_params("invalid argument 0: a dump holds the newest state only, not historical states")
    return data(encode_dump(take_dump(node.chain)))


def load_state(node: RpcNode, parameters: Parameters) -> bool:
    """anvil_loadState: on top of the newest state; accounts of the dump replace those of the chain."""
    try:
        load_dump(node.chain, decode_dump(parameters.data(0)))
    except DumpRefused as refusal:
        raise invalid_params(str(refusal)) from refusal
    return True


BOTH: MethodTable = {
    "dumpState": Method(dump_state, 1),
    "loadState": Method(load_state, 1),
    "setBalance": Method(set_balance, 2),
    "setCode": Method(set_code, 2),
    "setNonce": Method(set_nonce, 2),
    "setStorageAt": Method(set_storage, 3),
    "impersonateAccount": Method(impersonate, 1),
    "stopImpersonatingAccount": Method(stop_impersonating, 1),
    "mine": Method(mine_many, 2),
    "reset": Method(reset, 1),
    "dropTransaction": Method(drop_transaction, 1),
    "getAutomine": Method(get_automine, 0),
}
METHODS: MethodTable = {
    "evm_snapshot": Method(snapshot, 0),
    "evm_revert": Method(revert, 1),
    "evm_mine": Method(mine, 1),
    "evm_increaseTime": Method(increase_time, 1),
    "evm_setNextBlockTimestamp": Method(set_next_timestamp, 1),
    "evm_setTime": Method(set_time, 1),
    "evm_setAutomine": Method(set_automine, 1),
    "evm_setIntervalMining": Method(set_interval, 1),
    "anvil_snapshot": Method(snapshot, 0),
    "anvil_revert": Method(revert, 1),
    "anvil_increaseTime": Method(increase_time, 1),
    "anvil_setNextBlockTimestamp": Method(set_next_timestamp, 1),
    "anvil_setTime": Method(set_time, 1),
    "anvil_setAutomine": Method(set_automine, 1),
    "anvil_setIntervalMining": Method(set_interval, 1),
    "anvil_getIntervalMining": Method(get_interval, 0),
    "anvil_addBalance": Method(add_balance, 2),
    "anvil_autoImpersonateAccount": Method(impersonate_all, 1),
    "anvil_dropAllTransactions": Method(drop_all, 0),
    "anvil_nodeInfo": Method(node_info, 0),
    **{f"anvil_{name}": method for name, method in BOTH.items()},
    **{f"hardhat_{name}": method for name, method in BOTH.items()},
}
