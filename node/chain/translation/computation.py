"""A computation that runs translated stretches where there are any, and py-evm's instructions everywhere else.

Whatever a stretch cannot do goes to py-evm at that very instruction, with stack, memory and gas as they were
before it: a translation never fails, it hands over.
"""

from contextlib import suppress
from typing import Any

from eth.abc import ComputationAPI, MessageAPI, StateAPI, TransactionContextAPI
from eth.exceptions import Halt
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.logic.invalid import InvalidOpcode

from node.chain.rules import LocalState
from node.chain.translation.program import Program, Translator
from node.chain.translation.runtime import HALTED, LEFT, normalise


class TranslatedComputation(PragueComputation):
    """Prague's computation; `translator` is set by `translated_state`."""

    translator: Translator

    @classmethod
    def apply_computation(
        cls,
        state: StateAPI,
        message: MessageAPI,
        transaction_context: TransactionContextAPI,
        parent_computation: ComputationAPI | None = None,
    ) -> ComputationAPI:
        """As py-evm's, which runs what creates contracts and what is precompiled: none of that runs twice."""
        if message.is_create or not message.code or message.code_address in cls._precompiles:
            return super().apply_computation(state, message, transaction_context, parent_computation)
        with cls(state, message, transaction_context) as computation:
            if computation.is_origin_computation:
                computation.contracts_created = []
            if parent_computation is not None:
                computation.contracts_created = parent_computation.contracts_created
            with suppress(Halt):
                run(computation, cls.translator.program(message.code))
        return computation


def run(computation: Any, program: Program) -> None:
    """Run a computation from the start to its end; raises what ends it early, as py-evm's instructions do."""
    stack, memory, meter = computation._stack.values, computation._memory, computation._gas_meter
    pc = 0
    while pc != HALTED:
        stretch = program.stretches.get(pc) or program.stretch(pc)
        if stretch is None:
            computation.code.program_counter = pc
            pc = LEFT
        else:
            pc = stretch(computation, stack, memory, meter)
        if pc == LEFT:
            pc = step(computation, program)
            normalise(stack)


def step(computation: Any, program: Program) -> int:
    """Run py-evm's instructions, one at least, until a place from where a stretch goes on."""
    code, opcodes, places = computation.code, program.opcodes, program.places
    for opcode in code:
        instruction = opcodes.get(opcode) or InvalidOpcode(opcode)
        instruction(computation=computation)
        pc: int = code.program_counter
        if pc in places and program.stretch(pc) is not None:
            return pc
    raise Halt("STOP")


def translated_state(translator: Translator) -> type[LocalState]:
    """LocalState with computations that use `translator`'s translations."""
    computation = type("TranslatedComputation", (TranslatedComputation,), {"translator": translator})
    return type("TranslatedState", (LocalState,), {"computation_class": computation})


def new_translated_state() -> type[LocalState]:
    """A state class with a store of translations of its own."""
    return translated_state(Translator(PragueComputation.opcodes))
