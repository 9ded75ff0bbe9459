"""A stretch of contract code on its way to becoming a Python function: the stack as names, the code as lines.

The real stack stays as it was until the function ends or hands over, so any instruction can be handed to the stock
interpreter with everything as it was before it. Gas is taken once for each run of instructions that stand or fall
together, and what a run has taken too early is given back on handing over.
"""

import re
from dataclasses import dataclass, field

from node.chain.translation.runtime import CEILING

NAME = re.compile(r"\b[vw]\d+\b")
ARITHMETIC = re.compile(r"[0-9a-fx()+\-*/%&|^<>~ ]*0x[0-9a-fx()+\-*/%&|^<>~ ]*")
MASK = hex(CEILING - 1)
STACK_LIMIT = 1_024
ONE_BY_ONE = 3  # stack places that are set singly; more of them by a slice


@dataclass
class Run:
    """Instructions whose gas is taken at once; the total is known when the last one is."""

    gas: int = 0


@dataclass(frozen=True)
class Line:
    """A line of the function. One that only defines `target` is left out when nobody reads it.

    A line that may hand over knows its run, and how much of that run's gas the instructions before it need.
    """

    text: str
    target: str | None = None
    run: Run | None = None
    before: int = 0
    opens: bool = False


@dataclass
class Trace:
    """The function being written. `stack` holds what is above the untouched part of the real stack."""

    entry: int
    lines: list[Line] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)
    conditions: dict[str, str] = field(default_factory=dict)
    run: Run = field(default_factory=Run)
    pc: int = 0
    height: int = 0  # of the stack, against the entry
    need: int = 0
    growth: int = 0
    _deep: int = 0  # values of the real stack that are named in `stack`
    _loads: dict[str, int] = field(default_factory=dict)
    _names: int = 0
    _before: int = 0

    def begin_run(self, pc: int) -> None:
        """Open a run whose gas is taken here; it can be handed over as a whole."""
        self.run, self.pc = Run(), pc
        text = f"r = g.gas_remaining - {{gas}}\nif r < 0: {self._leaving()}\ng.gas_remaining = r"
        self.lines.append(Line(text, None, self.run, opens=True))

    def begin_instruction(self, pc: int, gas: int) -> None:
        """What is written next belongs to this instruction, and its gas to the open run."""
        self.pc, self._before = pc, self.run.gas
        self.run.gas += gas

    def pop(self) -> str:
        """The name, or the literal, of the topmost value, which is taken off."""
        self._reach(1)
        self.height -= 1
        return self.stack.pop()

    def push(self, text: str) -> None:
        """Put the value of an expression on the stack; one without names is worked out now."""
        constant = ARITHMETIC.fullmatch(text) is not None
        self.put(hex(eval(text)) if constant else self.name(text))  # noqa: S307 - literals and operators only

    def push_condition(self, condition: str) -> None:
        """Put one or zero, and remember of what: a jump on it needs only the condition."""
        name = self.name(f"1 if {condition} else 0")
        self.conditions[name] = condition
        self.put(name)

    def put(self, name: str) -> None:
        """Put a name or a literal."""
        self.stack.append(name)
        self.height += 1
        self.growth = max(self.growth, self.height)

    def duplicate(self, position: int) -> None:
        """DUP."""
        self._reach(position)
        self.put(self.stack[-position])

    def swap(self, position: int) -> None:
        """SWAP."""
        self._reach(position + 1)
        self.stack[-1], self.stack[-1 - position] = self.stack[-1 - position], self.stack[-1]

    def name(self, text: str, *, acts: bool = False) -> str:
        """Give the value of an expression a name; `acts` when working it out also does something."""
        self._names += 1
        target = f"v{self._names}"
        self.lines.append(Line(f"{target} = {text}", None if acts else target))
        return target

    def write(self, text: str) -> None:
        """A line that does something."""
        self.lines.append(Line(text))

    def leave_unless(self, condition: str, *taken: str) -> None:
        """Hand the instruction over when it cannot be done here; `taken` is what it took off, topmost first."""
        self._leave_line(f"if not ({condition}): ", taken)

    def reach_memory(self, short: str, start: str, size: str, *taken: str) -> None:
        """Where the condition `short` says that memory is too short, have more, or hand the instruction over."""
        self._leave_line(f"if {short}:\n if not grow(g, m, {start}, {size}): ", taken, "\n mem = m._bytes")

    def leave(self, *taken: str) -> None:
        """Hand the instruction over in any case: nothing follows."""
        self._leave_line("", taken)

    def flush(self) -> str:
        """The statement that makes the real stack what the names say."""
        deep, items = self._changed()
        if not items:
            return f"del s[-{deep}:]" if deep else "pass"
        if not deep:
            return f"s.append({items[0]})" if len(items) == 1 else f"s.extend(({', '.join(items)}))"
        if len(items) == deep <= ONE_BY_ONE:
            places = ", ".join(f"s[-{deep - index}]" for index in range(deep))
            return f"{places} = {', '.join(items)}"
        return f"s[-{deep}:] = ({', '.join(items)},)"

    def anchor(self) -> None:
        """Begin anew from the real stack, which is up to date."""
        self.stack, self._deep, self._loads = [], 0, {}

    def go_to(self, target: str) -> str:
        """The statements that end the function at a place, or begin it again where that is its entry."""
        again = target.startswith("0x") and int(target, 16) == self.entry
        return f"{self.flush()}; {'continue' if again else f'return {target}'}"

    def source(self) -> str:
        """The function's text."""
        most = STACK_LIMIT - self.growth
        head = [
            "def stretch(c, s, m, g):",
            " while True:",
            "  n = len(s)",
            f"  if n < {self.need} or n > {most}: return leave(c, s, 0, (), {self.entry}, 0)",
            "  mem = m._bytes",
        ]
        return "\n".join([*head, *("  " + part for text in self._read_lines() for part in text.split("\n")), ""])

    def _read_lines(self) -> list[str]:
        """The lines but for definitions that nobody reads."""
        read: set[str] = set()
        kept: list[str] = []
        for line in reversed(self.lines):
            unread = line.target is not None and line.target not in read
            if unread or (line.opens and line.run is not None and not line.run.gas):
                continue
            text = line.text
            if line.run is not None:
                refund = 0 if line.opens else line.run.gas - line.before
                text = text.replace("{gas}", str(line.run.gas)).replace("{refund}", str(refund))
            read.update(NAME.findall(text))
            kept.append(text)
        return kept[::-1]

    def _reach(self, count: int) -> None:
        """Have names for the topmost `count` values."""
        self.need = max(self.need, count - self.height)
        while len(self.stack) < count:
            self._deep += 1
            self._names += 1
            name = f"w{self._names}"
            self.lines.append(Line(f"{name} = s[-{self._deep}]", name))
            self._loads[name] = self._deep
            self.stack.insert(0, name)

    def _changed(self) -> tuple[int, list[str]]:
        """How many real values to replace, and by what; those still in their place stay."""
        deep, items = self._deep, list(self.stack)
        while deep and items and self._loads.get(items[0]) == deep:
            deep -= 1
            items.pop(0)
        return deep, items

    def _leave_line(self, prefix: str, taken: tuple[str, ...], suffix: str = "") -> None:
        self.stack += reversed(taken)
        self.lines.append(Line(prefix + self._leaving() + suffix, None, self.run, self._before))
        del self.stack[len(self.stack) - len(taken) :]

    def _leaving(self) -> str:
        deep, items = self._changed()
        return f"return leave(c, s, {deep}, ({''.join(f'{item}, ' for item in items)}), {self.pc}, {{refund}})"
