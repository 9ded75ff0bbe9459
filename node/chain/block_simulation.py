"""eth_simulateV1: blocks that might come next, with pretended state, executed and hashed but never kept.

They go through the same builder as real blocks, over a view of the state that is thrown away.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain as chain_of
from typing import Any

from eth.abc import BlockHeaderAPI, ComputationAPI, SignedTransactionAPI
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth.vm.spoof import SpoofTransaction
from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from eth_utils.exceptions import ValidationError

from node.chain.block_builder import OpenBlock
from node.chain.chain_reader import ChainReader
from node.chain.dynamic_fee import MAX_NONCE
from node.chain.errors import TransactionRefused
from node.chain.overrides import Overrides, apply_overrides
from node.chain.records import Outcome, SealedBlock
from node.chain.rpc_error import INTERNAL_ERROR, RpcError
from node.chain.simulation import CallRequest
from node.chain.state_view import StateView
from node.chain.transaction import MAX_INIT_CODE_BYTES, floor_gas, intrinsic_gas

BLOCK_TIME_S = 12
MAX_BLOCKS = 256
GAS_CAP = 50_000_000

NONCE_TOO_LOW, NONCE_TOO_HIGH, FEE_TOO_LOW = -38010, -38011, -38012
GAS_TOO_LOW, FUNDS_TOO_LOW, BLOCK_FULL = -38013, -38014, -38015
NUMBERS_OUT_OF_ORDER, TIMES_OUT_OF_ORDER = -38020, -38021
INIT_CODE_TOO_LARGE, TOO_MANY_BLOCKS = -38025, -38026


@dataclass(frozen=True)
class PlannedCall:
    """A call of a planned block; `nonce` None takes the account's next."""

    request: CallRequest
    nonce: int | None = None
    tip: int = 0
    legacy: bool = False


@dataclass(frozen=True)
class PlannedBlock:
    """A block to try: what to pretend, the calls, and header fields by py-evm's names."""

    calls: tuple[PlannedCall, ...] = ()
    overrides: Overrides = field(default_factory=dict)
    number: int | None = None
    timestamp_s: int | None = None
    header: dict[str, Any] = field(default_factory=dict)


@dataclass
class GasBudget:
    """The gas that one request may use, over all its blocks."""

    left: int = GAS_CAP


@dataclass(frozen=True)
class SimulatedBlock:
    """A block that was tried: sealed, with each call's outcome and how the virtual machine ended it."""

    sealed: SealedBlock
    transactions: tuple[SignedTransactionAPI, ...]
    senders: tuple[bytes, ...]
    outcomes: tuple[Outcome, ...]
    computations: tuple[ComputationAPI, ...]
    most_gas: tuple[int, ...]


def complete_plan(planned: list[PlannedBlock], head: BlockHeaderAPI) -> list[PlannedBlock]:
    """Give every block its number and time, and fill the gaps between numbers with empty blocks.

    Raises RpcError when they are out of order or too many.
    """
    complete: list[PlannedBlock] = []
    number, timestamp_s = int(head.block_number), head.timestamp
    for block in planned:
        wanted = number + 1 if block.number is None else block.number
        if wanted <= number:
            raise RpcError(NUMBERS_OUT_OF_ORDER, f"block numbers must be in order: {wanted} <= {number}")
        if wanted - head.block_number > MAX_BLOCKS:
            raise RpcError(TOO_MANY_BLOCKS, "too many blocks")
        for missing in range(number + 1, wanted):
            timestamp_s += BLOCK_TIME_S
            complete.append(PlannedBlock(number=missing, timestamp_s=timestamp_s))
        at = timestamp_s + BLOCK_TIME_S if block.timestamp_s is None else block.timestamp_s
        if at <= timestamp_s:
            raise RpcError(TIMES_OUT_OF_ORDER, f"block timestamps must be in order: {at} <= {timestamp_s}")
        number, timestamp_s = wanted, at
        complete.append(PlannedBlock(block.calls, block.overrides, number, timestamp_s, block.header))
    return complete


def simulate_blocks(
    chain: ChainReader, number: int | None, planned: list[PlannedBlock], *, validation: bool
) -> Iterator[SimulatedBlock]:
    """Try blocks on top of block `number`, in order; hold the chain's lock. Raises RpcError."""
    base = chain.head if number is None else chain.block(number)
    view = chain.scratch_view(number)
    parent: BlockHeaderAPI = base.header
    hashes = [Hash32(base.hash)]
    budget = GasBudget()
    for plan in complete_plan(planned, parent):
        opened = _open(chain, view, parent, plan, hashes, validation=validation)
        done = _run(opened, plan, chain.genesis.chain_id, budget, validation=validation)
        yield done
        parent = done.sealed.header
        hashes.insert(0, Hash32(parent.hash))


def _open(
    chain: ChainReader,
    view: StateView,
    parent: BlockHeaderAPI,
    plan: PlannedBlock,
    hashes: list[Hash32],
    *,
    validation: bool,
) -> OpenBlock:
    changes = {"mix_hash": bytes(32), **({} if validation else {"base_fee_per_gas": 0}), **plan.header}
    older = chain.previous_hashes(parent.block_number - len(hashes))
    opened = OpenBlock(
        view,
        parent,
        chain_id=chain.genesis.chain_id,
        timestamp_s=plan.timestamp_s or 0,
        previous_hashes=chain_of(tuple(hashes), older),
        usable_gas=changes.get("gas_limit", parent.gas_limit),
        coinbase=parent.coinbase,
        header_changes=changes,
        new_state=chain.new_state,
    )
    opened.state.lock_changes()
    apply_overrides(opened.state, plan.overrides)
    return opened


def _run(
    opened: OpenBlock, plan: PlannedBlock, chain_id: int, budget: GasBudget, *, validation: bool
) -> SimulatedBlock:
    transactions, computations, senders, most = [], [], [], []
    for call in plan.calls:
        transaction = _transaction(opened, call, chain_id, budget)
        if validation:
            _validate(opened, call, transaction)
        computation = _apply(opened, call, transaction)
        budget.left -= opened.outcomes[-1].gas_used
        transactions.append(transaction)
        computations.append(computation)
        senders.append(call.request.sender)
        most.append(transaction.gas - computation.get_gas_remaining())
    sealed = opened.seal()
    return SimulatedBlock(
        sealed, tuple(transactions), tuple(senders), tuple(opened.outcomes), tuple(computations), tuple(most)
    )


def _apply(opened: OpenBlock, call: PlannedCall, transaction: SignedTransactionAPI) -> ComputationAPI:
    sender = Address(call.request.sender)
    nonce = opened.state.get_nonce(sender)
    kind = transaction.type_id or 0
    stand_in: Any = SpoofTransaction(
        transaction, sender=sender, get_sender=lambda: sender, nonce=nonce, s=1, r=1, type_id=kind
    )
    needed = max(intrinsic_gas(transaction), floor_gas(transaction.data))
    if transaction.gas < needed:
        raise RpcError(GAS_TOO_LOW, f"err: intrinsic gas too low: have {transaction.gas}, want {needed}")
    price = min(
        transaction.max_fee_per_gas, (opened.header.base_fee_per_gas or 0) + transaction.max_priority_fee_per_gas
    )
    want = transaction.value + transaction.gas * price
    have = opened.state.get_balance(sender)
    if have < want:
        text = f"address 0x{sender.hex()} have {have} want {want}"
        raise RpcError(FUNDS_TOO_LOW, f"err: insufficient funds for gas * price + value: {text}")
    try:
        return opened.apply(stand_in)
    except TransactionRefused as error:
        raise RpcError(BLOCK_FULL, f"err: block gas limit reached: {error}") from error
    except ValidationError as error:
        raise RpcError(INTERNAL_ERROR, f"err: {error}") from error


def _transaction(opened: OpenBlock, call: PlannedCall, chain_id: int, budget: GasBudget) -> SignedTransactionAPI:
    """The call as an unsigned transaction, in the form whose hash the block commits to."""
    request = call.request
    nonce = opened.state.get_nonce(Address(request.sender)) if call.nonce is None else call.nonce
    if call.nonce is not None and call.nonce > MAX_NONCE and nonce >= 1 << 64:
        raise RpcError(INTERNAL_ERROR, f"err: nonce has max value: {nonce}")
    gas = min(opened.gas_left, budget.left) if request.gas is None else request.gas
    price = request.gas_price or 0
    entries: Any = request.access_list
    common: Any = {"nonce": nonce, "gas": gas, "to": request.to, "value": request.value, "data": request.data}
    builder = PragueTransactionBuilder
    if call.legacy:
        return builder.new_transaction(**common, gas_price=price, v=0, r=0, s=0)
    return builder.new_dynamic_fee_transaction(
        **common,
        chain_id=chain_id,
        max_priority_fee_per_gas=call.tip,
        max_fee_per_gas=price,
        access_list=entries,
        y_parity=0,
        r=0,
        s=0,
    )


def _validate(opened: OpenBlock, call: PlannedCall, transaction: SignedTransactionAPI) -> None:
    """What a real transaction would have to satisfy."""
    sender = call.request.sender
    have, given = opened.state.get_nonce(Address(sender)), transaction.nonce
    base_fee = opened.header.base_fee_per_gas or 0
    if given > MAX_NONCE:
        raise RpcError(INTERNAL_ERROR, f"err: nonce has max value: address 0x{sender.hex()}, nonce: {given}")
    if given < have:
        raise RpcError(NONCE_TOO_LOW, f"err: nonce too low: address 0x{sender.hex()}, tx: {given} state: {have}")
    if given > have:
        raise RpcError(NONCE_TOO_HIGH, f"err: nonce too high: address 0x{sender.hex()}, tx: {given} state: {have}")
    if transaction.max_fee_per_gas < base_fee:
        text = f"maxFeePerGas: {transaction.max_fee_per_gas}, baseFee: {base_fee}"
        raise RpcError(FEE_TOO_LOW, f"err: max fee per gas less than block base fee: {text}")
    if transaction.to == b"" and len(transaction.data) > MAX_INIT_CODE_BYTES:
        raise RpcError(INIT_CODE_TOO_LARGE, "err: max initcode size exceeded")


def transaction_hash(transaction: SignedTransactionAPI) -> bytes:
    """The hash of an unsigned transaction as the simulated block lists it."""
    digest: bytes = keccak(transaction.encode())
    return digest
