"""The same call run twice, by py-evm's interpreter and by translated code, and all that each of them did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth.constants import BLANK_ROOT_HASH
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.forks.prague.blocks import PragueBlockHeader
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.message import Message
from eth_typing import Address, BlockNumber, Hash32

from node.chain.nodes import NodeDatabase
from node.chain.rules import LocalState, context_of
from node.chain.state_view import StateView
from node.chain.translation.computation import translated_state
from node.chain.translation.program import Translator

DEBTOR = b"\xde" * 20
CALLEE = b"\xca" * 20
FRIENDS = tuple(bytes([0xF0 + number]) * 20 for number in range(3))
ACCOUNTS = (DEBTOR, CALLEE, *FRIENDS, b"\x04".rjust(20, b"\0"), b"\x11" * 20)
SLOTS = range(6)


@dataclass(frozen=True)
class Call:
    """What is called, with what."""

    code: bytes
    data: bytes = b""
    gas: int = 200_000
    value: int = 0
    static: bool = False
    friends: tuple[bytes, ...] = ()


class _Nothing:
    def node(self, key: bytes) -> None:
        del key


def translator(uses_before: int = 1) -> Translator:
    """A store of translations; with one use every place is translated at once."""
    return Translator(PragueComputation.opcodes, uses_before)


def state_of(kind: type[LocalState], call: Call) -> LocalState:
    """A state in which the called contract and its friends exist, with money and some storage."""
    header = PragueBlockHeader(
        difficulty=0, block_number=BlockNumber(9), gas_limit=30_000_000, timestamp=1_800_000_000,
        base_fee_per_gas=7, coinbase=Address(b"\xc0" * 20), mix_hash=Hash32(b"\x77" * 32),
    )  # fmt: skip
    hashes = [Hash32(bytes([number]) * 32) for number in range(9)]
    state = kind(StateView(NodeDatabase(_Nothing()), BLANK_ROOT_HASH), context_of(header, 20022, hashes))
    for address, code in zip((CALLEE, *FRIENDS), (call.code, *call.friends), strict=False):
        state.set_code(Address(address), code)
        state.set_balance(Address(address), 1_000)
        state.set_storage(Address(address), 1, 11)
        state.set_storage(Address(address), 2, 22)
    state.set_balance(Address(DEBTOR), 10**18)
    state.lock_changes()
    return state


def ran(kind: type[LocalState], call: Call) -> tuple[LocalState, Any]:
    """The state and the computation after a call."""
    state = state_of(kind, call)
    message = Message(
        gas=call.gas, to=Address(CALLEE), sender=Address(DEBTOR), value=call.value, data=call.data, code=call.code,
        is_static=call.static,
    )  # fmt: skip
    context = CancunTransactionContext(gas_price=9, origin=Address(DEBTOR))
    return state, state.computation_class.apply_message(state, message, context)


def done(state: LocalState, computation: Any) -> dict[str, Any]:
    """Everything a call did, in a form that compares."""
    accounts = state.account_database
    return {
        "computation": told(computation),
        "memory": bytes(computation._memory._bytes),
        "stack": integers(computation._stack.values) if computation.is_error else [],
        "logs": computation.get_raw_log_entries(),
        "refund": computation.get_gas_refund(),
        "deleted": sorted(computation.get_accounts_for_deletion()),
        "storage": {(a, slot): state.get_storage(Address(a), slot) for a in ACCOUNTS for slot in SLOTS},
        "transient": {
            (a, slot): int.from_bytes(accounts.get_transient(a, slot), "big") for a in ACCOUNTS for slot in SLOTS
        },
        "accounts": dict(accounts._accounts),
        "warm": set(accounts._warm),
    }


def integers(stack: list[Any]) -> list[int]:
    """What was on the stack when it failed: py-evm mixes bytes in, which mean the same."""
    return [value if isinstance(value, int) else int.from_bytes(value, "big") for value in stack]


def told(computation: Any) -> Mapping[str, Any]:
    """How a computation ended, and those it called."""
    error = computation._error
    return {
        "error": None if error is None else (type(error), str(error)),
        "gas": computation._gas_meter.gas_remaining,
        "used": computation.get_gas_used(),
        "output": computation.output,
        "returned": computation.return_data,
        "children": [told(child) for child in computation.children],
    }


def assert_alike(call: Call, *translators: Translator) -> dict[str, Any]:
    """Both ways do the same, to the unit of gas and to the words of the error; returns what they did."""
    expected = done(*ran(LocalState, call))
    for one in translators or (translator(),):
        found = done(*ran(translated_state(one), call))
        assert found == expected
    return expected
