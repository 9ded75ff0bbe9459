"""The short way of a plain transaction against py-evm's executor: the same end, fees, storage, and state root."""

from random import Random
from typing import Any

import pytest
from eth.abc import TransactionExecutorAPI
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.state import PragueTransactionExecutor
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_typing import Address
from eth_utils.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from node.chain.dynamic_fee import DynamicFeeCall, decode_dynamic_fee_call
from node.chain.header import prague_header
from node.chain.nodes import NodeDatabase
from node.chain.rules import LocalState, context_of
from node.chain.state_view import StateView
from node.chain.translation.computation import new_translated_state
from node.chain.trie_node import BLANK_ROOT
from tests.node.chain.translation.programs import Composer, noise
from tests.node.chain.translation.twin import CALLEE, DEBTOR, FRIENDS, told

RIPEMD = b"\x03".rjust(20, b"\0")
NOBODY, EMPTY = b"\x11" * 20, b"\x22" * 20
DELEGATING, DANGLING = b"\x33" * 20, b"\x44" * 20
TARGETS = (CALLEE, CALLEE, CALLEE, *FRIENDS, DEBTOR, RIPEMD, NOBODY, EMPTY, DELEGATING, DANGLING, bytes(20))
COINBASES = (bytes(20), b"\xc0" * 20, DEBTOR, CALLEE, EMPTY)
SEEDS = st.integers(0, 2**32 - 1)
pytestmark = pytest.mark.filterwarnings("ignore:SELFDESTRUCT opcode:DeprecationWarning")


class StockState(LocalState):
    """The same state with py-evm's own executor."""

    transaction_executor_class: type[TransactionExecutorAPI] = PragueTransactionExecutor


class _Nothing:
    def node(self, key: bytes) -> None:
        del key


def state_of(kind: type[LocalState], dice: Random) -> LocalState:
    """Contracts with some storage, an empty account, two that delegate, and a debtor with money or without."""
    header = prague_header(
        block_number=9,
        gas_limit=30_000_000,
        timestamp=1_800_000_000,
        base_fee_per_gas=dice.choice([0, 0, 7]),
        coinbase=dice.choice(COINBASES),
    )
    state = kind(StateView(NodeDatabase(_Nothing()), BLANK_ROOT), context_of(header, 20022, []))
    for address in (CALLEE, *FRIENDS):
        code = Composer(dice).program(dice.randrange(1, 8)) if dice.random() < 0.7 else noise(dice, 60)
        state.set_code(Address(address), code)
        state.set_balance(Address(address), 1_000)
        state.set_storage(Address(address), 1, 11)
    state.touch_account(Address(EMPTY))
    state.set_code(Address(DELEGATING), b"\xef\x01\x00" + CALLEE)
    state.set_code(Address(DANGLING), b"\xef\x01\x00" + NOBODY)
    state.set_balance(Address(DEBTOR), dice.choice([10**18, 10**18, 10**18, 2_000_000, 0]))
    state.lock_changes()
    return state


def drawn_transaction(dice: Random, nonce: int) -> bytes:
    gas = dice.choice([21_000, 21_000 + dice.randrange(9_000), 100_000, 1_000_000, 20_000])
    tip, limit = dice.choice([(0, 0), (0, 9), (1, 9), (3, 8), (9, 9)])
    data = dice.randbytes(dice.choice([0, 0, 4, 36, 200]))
    value = dice.choice([0, 0, 0, 1, 10**17, 10**19])
    strange = dice.random() < 0.08
    return PragueTransactionBuilder.new_dynamic_fee_transaction(
        20022, nonce + strange, tip, limit, gas, Address(dice.choice(TARGETS)), value, data, (), 0, 1, 1
    ).encode()


def ended(state: LocalState, transaction: Any) -> Any:
    """What became of a transaction."""
    transaction.__dict__["sender"] = Address(DEBTOR)
    state.lock_changes()
    try:
        computation: Any = state.apply_transaction(transaction)
    except ValidationError as error:
        return type(error), str(error)
    used = PragueVM.finalize_gas_used(transaction, computation)
    warm = set(state.account_database._warm)
    return told(computation), computation.get_log_entries(), computation.data_floor_gas, used, warm


@settings(max_examples=250, deadline=None)
@given(SEEDS)
def test_a_block_of_transactions_ends_the_same(seed: int) -> None:
    ours = state_of(new_translated_state() if seed % 2 else LocalState, Random(seed))
    stock = state_of(StockState, Random(seed))
    dice, nonce = Random(seed + 1), 0
    for _ in range(5):
        raw = drawn_transaction(dice, nonce)
        plain: Any = decode_dynamic_fee_call(raw)
        assert isinstance(plain, DynamicFeeCall)
        assert ended(ours, plain) == ended(stock, PragueTransactionBuilder.decode(raw))
        nonce = stock.get_nonce(Address(DEBTOR))
    ours.persist()
    stock.persist()
    assert ours.state_root == stock.state_root
