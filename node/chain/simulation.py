"""Calls that change nothing: eth_call and eth_estimateGas, run on a throw-away state.

A call has no signature and no nonce; it pays only when it names a price, as clients expect of a node.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eth.abc import ComputationAPI
from eth.constants import CREATE_CONTRACT_ADDRESS, ZERO_ADDRESS
from eth.exceptions import OutOfGas, Revert
from eth.vm.forks.prague import PragueVM
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from node.chain.errors import CallFailed
from node.chain.rules import LocalState
from node.chain.transaction import floor_gas, intrinsic_gas

ESTIMATE_TOLERANCE = 0.005
CALL_STIPEND = 2_300


@dataclass(frozen=True)
class CallRequest:
    """What a caller wants to try. `gas` None means as much as a block takes; prices in wei, None for free."""

    sender: bytes = bytes(ZERO_ADDRESS)
    to: bytes = b""
    data: bytes = b""
    value: int = 0
    gas: int | None = None
    gas_price: int | None = None
    access_list: tuple[tuple[bytes, tuple[int, ...]], ...] = ()
    authorizations: tuple[Any, ...] = ()


@dataclass(frozen=True)
class CallResult:
    """How a call ended: `error` is None on success; `reverted` tells a REVERT from other failures."""

    output: bytes
    gas_used: int
    gas_needed: int
    refund: int
    error: str | None = None
    reverted: bool = False
    computation: ComputationAPI | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class SimulatedTransaction:
    """A CallRequest in the shape py-evm executes: a transaction without a signature."""

    request: CallRequest
    nonce: int
    gas: int
    type_id: int
    intrinsic_gas: int = 0
    r: int = 1
    s: int = 1
    y_parity: int = 0

    @property
    def sender(self) -> Address:
        return Address(self.request.sender)

    @property
    def to(self) -> Address:
        return Address(self.request.to)

    @property
    def data(self) -> bytes:
        return self.request.data

    @property
    def value(self) -> int:
        return self.request.value

    @property
    def gas_price(self) -> int:
        return self.request.gas_price or 0

    max_fee_per_gas = gas_price
    max_priority_fee_per_gas = gas_price

    @property
    def access_list(self) -> Sequence[tuple[bytes, tuple[int, ...]]]:
        return self.request.access_list

    @property
    def authorization_list(self) -> Sequence[Any]:
        return self.request.authorizations

    def validate(self) -> None:
        """A simulated transaction is validated by whoever built it."""


def simulate(state: LocalState, request: CallRequest, gas: int) -> CallResult:
    """Run a call on `state`, which is used up by it. Raises CallFailed when the call cannot even start."""
    transaction = simulated(state, request, gas)
    needed = max(intrinsic_gas(transaction), floor_gas(request.data))  # type: ignore[arg-type]
    if gas < needed:
        raise CallFailed(f"intrinsic gas too low: gas {gas}, minimum needed {needed}")
    state.lock_changes()
    try:
        computation = state.apply_transaction(transaction)  # type: ignore[arg-type]
    except ValidationError as error:
        raise CallFailed(_reason(state, request, gas, error)) from error
    return _result(transaction, computation)


def estimate(run: Callable[[int], CallResult], cap: int) -> CallResult | int:
    """The least gas, to half a per cent, with which `run` succeeds; or its result when it fails even at `cap`.

    Gas refunds come back only at the end and a call passes on 63/64 of its gas, so the gas used is only where the
    search starts.
    """
    first = run(cap)
    if first.error is not None:
        return first
    low, high = first.gas_used - 1, cap
    guess = (first.gas_needed + CALL_STIPEND) * 64 // 63
    for candidate in (first.gas_needed, guess):
        if low < candidate < high:
            if run(candidate).error is None:
                high = candidate
                break
            low = candidate
    while low + 1 < high and (high - low) / high > ESTIMATE_TOLERANCE:
        middle = (low + high) // 2
        if run(middle).error is None:
            high = middle
        else:
            low = middle
    return high


def simulated(state: LocalState, request: CallRequest, gas: int) -> SimulatedTransaction:
    """The transaction that a call stands for."""
    kind = 4 if request.authorizations else 2
    nonce = state.get_nonce(Address(request.sender))
    bare = SimulatedTransaction(request, nonce, gas, kind)
    builder = PragueVM.get_transaction_builder()
    plain = builder.new_unsigned_dynamic_fee_transaction(  # type: ignore[attr-defined]
        1, nonce, 0, 0, gas, request.to, request.value, request.data, request.access_list
    )
    return replace(bare, intrinsic_gas=plain.intrinsic_gas + 25_000 * len(request.authorizations))


def _result(transaction: SimulatedTransaction, computation: ComputationAPI) -> CallResult:
    gas_used = PragueVM.finalize_gas_used(transaction, computation)  # type: ignore[arg-type]
    spent = transaction.gas - computation.get_gas_remaining()
    if not computation.is_error:
        return CallResult(
            bytes(computation.output), gas_used, spent, computation.get_gas_refund(), None, False, computation
        )
    error = computation.error
    reverted = isinstance(error, Revert)
    output = bytes(computation.output) if reverted else b""
    return CallResult(output, gas_used, spent, 0, describe_failure(error), reverted, computation)


def describe_failure(error: Exception) -> str:
    """A virtual machine error in the words clients know."""
    if isinstance(error, Revert):
        return "execution reverted"
    if isinstance(error, OutOfGas):
        return "out of gas"
    return f"{type(error).__name__}: {error}"


def _reason(state: LocalState, request: CallRequest, gas: int, error: ValidationError) -> str:
    have = state.get_balance(Address(request.sender))
    want = request.value + gas * (request.gas_price or 0)
    if have < want:
        return (
            f"insufficient funds for gas * price + value: address 0x{request.sender.hex()} have {have} want {want}"
        )
    return str(error)


def is_create(request: CallRequest) -> bool:
    """Whether the call would make a contract."""
    return request.to == CREATE_CONTRACT_ADDRESS
