"""From an entry in contract code to a Python function that runs from there as far as the way is known.

It follows jumps to known places and falls through jumps not taken; it ends where the way depends on the stack,
where it would come by a place twice, and where it is long. A place may be in several stretches, as a copy.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from eth_hash.auto import keccak

from node.chain.translation import runtime
from node.chain.translation.instructions import EXPRESSIONS, EXTRA_GAS, SEE_GAS, reach_memory, slice_of
from node.chain.translation.trace import Trace

Stretch = Callable[[Any, list[int], Any, Any], int]
LONGEST: Final = 250  # instructions
STOP, JUMP, JUMPI, JUMPDEST, PUSH1, PUSH32, DUP1, SWAP1 = 0x00, 0x56, 0x57, 0x5B, 0x60, 0x7F, 0x80, 0x90
RETURN: Final = 0xF3
# What py-evm's own functions take off the stack and put on it, in the middle of a stretch.
STOCK: Final[Mapping[int, tuple[int, int]]] = {
    0x31: (1, 1),  # BALANCE
    0x3B: (1, 1),  # EXTCODESIZE
    0x3C: (4, 0),  # EXTCODECOPY
    0x3F: (1, 1),  # EXTCODEHASH
    0x40: (1, 1),  # BLOCKHASH
    0x49: (1, 1),  # BLOBHASH
    0x4A: (0, 1),  # BLOBBASEFEE
    0xF0: (3, 1),  # CREATE
    0xF1: (7, 1),  # CALL
    0xF2: (7, 1),  # CALLCODE
    0xF4: (6, 1),  # DELEGATECALL
    0xF5: (4, 1),  # CREATE2
    0xFA: (6, 1),  # STATICCALL
}
RUNTIME: Final[Mapping[str, Any]] = {
    "word": int.from_bytes,
    "leave": runtime.leave,
    "grow": runtime.grow,
    "pay": runtime.pay,
    "load_slot": runtime.load_slot,
    "store_slot": runtime.store_slot,
    "load_transient": runtime.load_transient,
    "store_transient": runtime.store_transient,
    "write_log": runtime.write_log,
    "copy_in": runtime.copy_in,
    "copy_returned": runtime.copy_returned,
    "copy_within": runtime.copy_within,
    "normalise_top": runtime.normalise_top,
    "hashed": runtime.hashed,
    "divided": runtime.divided,
    "remainder": runtime.remainder,
    "extended": runtime.extended,
    "shifted_right": runtime.shifted_right,
}


def jumpdests(code: bytes) -> frozenset[int]:
    """The places one may jump to: JUMPDEST that is not inside a PUSH."""
    found = []
    pc = 0
    while pc < len(code):
        opcode = code[pc]
        if opcode == JUMPDEST:
            found.append(pc)
        pc += opcode - PUSH1 + 2 if PUSH1 <= opcode <= PUSH32 else 1
    return frozenset(found)


def translate(code: bytes, entry: int, places: frozenset[int], opcodes: Mapping[int, Any]) -> Stretch:
    """The function for the stretch that begins at `entry`.

    It takes a computation with its stack (integers only), memory and gas meter, and returns where to go on, or
    HALTED, or LEFT; it raises what py-evm's instructions raise.
    """
    text = _Writer(code, places, opcodes).written(entry)
    namespace: dict[str, Any] = {**RUNTIME, "J": places}
    namespace |= {f"op_{opcode:02x}": opcodes[opcode] for opcode in STOCK if opcode in opcodes}
    exec(compile(text, f"<evm {keccak(code).hex()[:8]}:{entry}>", "exec"), namespace)  # noqa: S102 - we wrote it
    stretch: Stretch = namespace["stretch"]
    return stretch


def source_of(code: bytes, entry: int, opcodes: Mapping[int, Any]) -> str:
    """The text of a stretch, to look at."""
    return _Writer(code, jumpdests(code), opcodes).written(entry)


class _Writer:
    """Follows the code and writes the trace."""

    def __init__(self, code: bytes, places: frozenset[int], opcodes: Mapping[int, Any]) -> None:
        self._code = code
        self._places = places
        self._opcodes = opcodes

    def written(self, entry: int) -> str:
        """The function's text."""
        self._trace = trace = Trace(entry)
        trace.begin_run(entry)
        pc: int | None = entry
        seen: set[int] = set()
        while pc is not None:
            if pc in seen or len(seen) >= LONGEST:
                trace.write(trace.go_to(hex(pc)))
                break
            seen.add(pc)
            pc = self._instruction(pc)
        return trace.source()

    def _instruction(self, pc: int) -> int | None:
        """Write one instruction; returns where the stretch goes on, or None at its end."""
        trace, opcode = self._trace, self._code[pc] if pc < len(self._code) else STOP
        if opcode in STOCK:
            return self._stock(pc, opcode)
        if opcode not in self._opcodes or (opcode > SWAP1 + 15 and opcode not in EXPRESSIONS and opcode != RETURN):
            trace.begin_instruction(pc, 0)  # REVERT, SELFDESTRUCT, and what is no instruction
            trace.leave()
            return None
        trace.begin_instruction(pc, self._opcodes[opcode].gas_cost + EXTRA_GAS.get(opcode, 0))
        if PUSH1 <= opcode <= PUSH32:
            size = opcode - PUSH1 + 1
            trace.put(hex(int.from_bytes(self._code[pc + 1 : pc + 1 + size].ljust(size, b"\0"), "big")))
            return pc + 1 + size
        if opcode in {STOP, RETURN, JUMP}:
            return self._end(opcode)
        if opcode == JUMPI:
            self._branch(pc)
        elif DUP1 <= opcode < SWAP1:
            trace.duplicate(opcode - DUP1 + 1)
        elif SWAP1 <= opcode <= SWAP1 + 15:
            trace.swap(opcode - SWAP1 + 1)
        else:
            EXPRESSIONS[opcode](trace)
            if opcode in SEE_GAS:
                trace.begin_run(pc + 1)
        return pc + 1

    def _end(self, opcode: int) -> int | None:
        trace = self._trace
        if opcode == JUMP:
            target = trace.pop()
            if target.startswith("0x"):
                if int(target, 16) in self._places:
                    return int(target, 16)
                trace.leave(target)
                return None
            trace.leave_unless(f"{target} in J", target)
            trace.write(trace.go_to(target))
            return None
        if opcode == RETURN:
            start, size = trace.pop(), trace.pop()
            reach_memory(trace, start, size, start, size)
            trace.write(f"c._output = bytes({slice_of(start, size)})")
        trace.write(f"return {runtime.HALTED}")
        return None

    def _branch(self, pc: int) -> None:
        trace = self._trace
        target, value = trace.pop(), trace.pop()
        condition = trace.conditions.get(value, value)
        if not target.startswith("0x"):
            trace.leave_unless(f"not ({condition}) or {target} in J", target, value)
        elif int(target, 16) not in self._places:
            trace.leave_unless(f"not ({condition})", target, value)
        trace.write(f"if {condition}: {trace.go_to(target)}")
        trace.begin_run(pc + 1)

    def _stock(self, pc: int, opcode: int) -> int:
        """py-evm's own function in the middle: the real stack is brought up to date, and read anew after it."""
        trace, (off, on) = self._trace, STOCK[opcode]
        trace.begin_instruction(pc, 0)
        trace.write(f"{trace.flush()}")
        trace.anchor()
        for _ in range(off):
            trace.pop()
        trace.write(f"c.code.program_counter = {pc + 1}\nop_{opcode:02x}(c)\nmem = m._bytes")
        if on:
            trace.write("normalise_top(s)")
            trace.put("0x0")
        trace.anchor()
        trace.begin_run(pc + 1)
        return pc + 1
