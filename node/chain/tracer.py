"""Watching the virtual machine: each step of a transaction, and who called whom.

py-evm looks its instructions up in a table; a traced computation looks them up in one that also takes notes. The
rules are the same objects either way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from eth.exceptions import Halt, VMError
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.logic.invalid import InvalidOpcode

from node.chain.rules import LocalState
from node.chain.state_view import StateView

RENAMED = {"SHA3": "KECCAK256", "DIFFICULTY": "PREVRANDAO"}
CALLS = frozenset({"CALL", "CALLCODE", "DELEGATECALL", "STATICCALL", "CREATE", "CREATE2"})
MAX_STEPS = 500_000


class TooManySteps(Exception):
    """The trace would be larger than anyone can use."""


@dataclass
class Step:
    """One instruction, as things stood before it ran."""

    pc: int
    operation: str
    gas: int
    depth: int
    gas_cost: int = 0
    stack: list[int] = field(default_factory=list)
    memory: bytes | None = None
    return_data: bytes | None = None
    storage: dict[int, int] | None = None
    error: str | None = None


@dataclass
class Tracer:
    """Notes about one transaction. `steps` is None when only calls are of interest."""

    steps: list[Step] | None = None
    with_stack: bool = True
    with_memory: bool = False
    with_storage: bool = True
    with_return_data: bool = False
    kinds: dict[int, str] = field(default_factory=dict)
    _storage: dict[bytes, dict[int, int]] = field(default_factory=dict)

    def reset(self) -> None:
        """Begin a transaction."""
        if self.steps is not None:
            self.steps = []
        self.kinds, self._storage = {}, {}

    def before(self, computation: Any, name: str) -> Step | None:
        """Note how things stand."""
        if self.steps is None or not len(computation.code):  # what has no code is not run, only asked
            return None
        if len(self.steps) >= MAX_STEPS:
            raise TooManySteps(f"the trace has more than {MAX_STEPS} steps")
        step = Step(
            _place(computation.code, name), name, computation.get_gas_remaining(), computation.msg.depth + 1
        )
        stack = [_integer(value) for value in computation._stack.values]
        if self.with_stack:
            step.stack = stack
        if self.with_memory:
            step.memory = bytes(computation._memory._bytes)
        if self.with_return_data:
            step.return_data = bytes(computation.return_data)
        if self.with_storage and name in {"SLOAD", "SSTORE"} and stack:
            step.storage = self._note_storage(computation, name, stack)
        self.steps.append(step)
        return step

    def after(self, computation: Any, name: str, step: Step | None, children: int) -> None:
        """Note what it cost, and how a child came to be."""
        passed_back = 0
        if name in CALLS and len(computation.children) > children:
            child = computation.children[-1]
            self.kinds[id(child)] = name
            passed_back = child.get_gas_remaining()
        if step is not None:
            step.gas_cost = step.gas - computation.get_gas_remaining() + passed_back

    def _note_storage(self, computation: Any, name: str, stack: list[int]) -> dict[int, int]:
        address = computation.msg.storage_address
        known = self._storage.setdefault(address, {})
        if name == "SSTORE" and len(stack) > 1:
            known[stack[-1]] = stack[-2]
        elif name == "SLOAD":
            known[stack[-1]] = computation.state.get_storage(address, stack[-1])
        return dict(known)


class TracedOpcodes(Mapping[int, Callable[..., None]]):
    """The table of instructions, each wrapped in note-taking."""

    def __init__(self, table: Mapping[int, Any], tracer: Tracer) -> None:
        self._table = table
        self._tracer = tracer

    def __getitem__(self, opcode: int) -> Callable[..., None]:
        instruction = self._table[opcode] if opcode in self._table else InvalidOpcode(opcode)
        found = getattr(instruction, "mnemonic", None) or "INVALID"
        name = RENAMED.get(found, found)
        tracer = self._tracer

        def run(computation: Any) -> None:
            children = len(computation.children)
            step = tracer.before(computation, name)
            try:
                instruction(computation=computation)
            except Halt:
                tracer.after(computation, name, step, children)
                raise
            except VMError as error:
                tracer.after(computation, name, step, children)
                if step is not None:
                    step.error = str(error) or type(error).__name__
                raise
            tracer.after(computation, name, step, children)

        return run

    def __iter__(self) -> Any:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


def traced_state(view: StateView, context: ExecutionContext, tracer: Tracer) -> LocalState:
    """A state whose computations report to `tracer`."""
    opcodes = TracedOpcodes(PragueComputation.opcodes, tracer)
    computation = type("TracedComputation", (PragueComputation,), {"opcodes": opcodes})
    state = type("TracedState", (LocalState,), {"computation_class": computation})
    opened: LocalState = state(view, context)
    return opened


def _place(code: Any, name: str) -> int:
    """Where in the code an instruction stands; the STOP that py-evm adds stands behind its end."""
    behind = code.program_counter
    at: int = behind - 1
    if name != "STOP" or behind < len(code):
        return at
    written = behind == len(code) and code[at] == 0 and code.is_valid_opcode(at)
    return at if written else behind


def _integer(value: int | bytes) -> int:
    return value if isinstance(value, int) else int.from_bytes(value, "big")
