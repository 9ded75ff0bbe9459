"""Running a plain transaction as py-evm's executor runs it, without the objects and texts made on the way.

What would be refused, creates a contract, or is not of the plain kind goes to py-evm's own executor before
anything has happened; what self-destructs or calls on is wound up with py-evm's own rules.
"""

from itertools import count
from typing import Any

from eth.abc import ComputationAPI, SignedTransactionAPI
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.forks.prague.state import PragueTransactionExecutor
from eth.vm.forks.spurious_dragon._utils import THREE, collect_touched_accounts
from eth.vm.message import Message
from eth_typing import Address

from node.chain.dynamic_fee import DynamicFeeCall

MAX_REFUND_QUOTIENT = 5  # EIP-3529


class PlainMessage(Message):
    """A message whose fields come from a transaction that was checked."""

    def __init__(self, transaction: DynamicFeeCall, code: bytes, *, is_delegation: bool) -> None:
        self.gas = transaction.gas - transaction.intrinsic_gas
        self.to = Address(transaction.to)
        self.sender = transaction.sender
        self.value = transaction.value
        self.data = transaction.data
        self.depth = 0
        self.code = code
        self.storage_address = self.code_address = None  # type: ignore[assignment]  # none but `to`
        self.should_transfer_value = True
        self.is_static = False
        self._is_delegation = is_delegation
        self.refund = 0


class PlainContext(CancunTransactionContext):
    """The context of a transaction that was checked: without blobs, and without authorizations."""

    def __init__(self, gas_price: int, origin: Address) -> None:
        self._gas_price = gas_price
        self._origin = origin
        self._log_counter = count()
        self._blob_versioned_hashes = []
        self._authorization_list = []


class PlainTransactionExecutor(PragueTransactionExecutor):
    """Prague's executor, with a shorter way for plain transactions."""

    vm_state: Any  # a LocalState

    def __call__(self, transaction: SignedTransactionAPI) -> ComputationAPI:
        """Run a transaction.

        Raises ValidationError, and changes nothing, when it cannot be paid for or is not next.
        """
        plain: Any = transaction
        return self._execute(plain) if self.will_take(plain) else super().__call__(transaction)

    def will_take(self, transaction: Any) -> bool:
        """Whether a transaction is plain and nothing is wrong with it; what is wrong, py-evm says itself."""
        return isinstance(transaction, DynamicFeeCall) and self._can_begin(transaction)

    def _can_begin(self, transaction: DynamicFeeCall) -> bool:
        """Whether py-evm would find nothing wrong with it."""
        state = self.vm_state
        accounts, sender = state.account_database, transaction.sender
        balance = accounts.get_balance(sender)
        return bool(
            transaction.max_fee_per_gas >= state.execution_context.base_fee_per_gas
            and balance >= transaction.gas * transaction.max_fee_per_gas
            and balance >= transaction.value + transaction.gas * self._price(transaction)
            and transaction.gas >= transaction.intrinsic_gas
            and accounts.get_nonce(sender) == transaction.nonce
        )

    def _price(self, transaction: DynamicFeeCall) -> int:
        base_fee: int = self.vm_state.execution_context.base_fee_per_gas
        return min(transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas + base_fee)

    def _execute(self, transaction: DynamicFeeCall) -> ComputationAPI:
        state, price = self.vm_state, self._price(transaction)
        base_fee = state.execution_context.base_fee_per_gas
        state.account_database.pay_and_count(transaction.sender, transaction.gas * price)
        computation: ComputationAPI = self._run(transaction, price)
        self._wind_up(transaction, computation, price, price - base_fee)
        state.clear_transient_storage()
        return computation

    def _run(self, transaction: DynamicFeeCall, price: int) -> Any:
        state = self.vm_state
        code, delegate = self.get_code_at_address(transaction.to)  # type: ignore[arg-type]
        message = PlainMessage(transaction, code, is_delegation=delegate is not None)
        state.mark_address_warm(transaction.sender)
        state.mark_address_warm(transaction.to)
        context = PlainContext(price, transaction.sender)
        return state.computation_class.apply_message(state, message, context)

    def _wind_up(self, transaction: DynamicFeeCall, computation: Any, price: int, tip: int) -> None:
        """Give back what was not used, pay the tip, delete what is to be deleted."""
        state = self.vm_state
        remaining = computation.get_gas_remaining()
        used = transaction.gas - remaining
        refund = min(computation.get_gas_refund(), used // MAX_REFUND_QUOTIENT)
        floor = max(transaction.floor_gas - used + refund, 0)
        computation.data_floor_gas = floor
        if back := (refund + remaining - floor) * price:
            state.delta_balance(transaction.sender, back)
        coinbase, reward = state.coinbase, (used - refund + floor) * tip
        if reward or state.account_exists(coinbase):
            state.delta_balance(coinbase, reward)
        if computation.children or computation.accounts_to_delete:
            for account in computation.get_accounts_for_deletion():
                state.delete_account(account)
        for account in _touched(computation, coinbase):
            if state.account_exists(account) and state.account_is_empty(account):
                state.delete_account(account)


def _touched(computation: Any, coinbase: bytes) -> Any:
    """The accounts that are deleted if they are empty now (EIP-161)."""
    if computation.children or computation.beneficiaries:
        return collect_touched_accounts(computation)
    to = computation.msg.to
    return (coinbase,) if computation.is_error and to != THREE else (coinbase, to)
