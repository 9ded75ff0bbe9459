"""A tree of calls in the terminal: a line for each call, the failure where it began, what is deep or many folded.

Names and reasons come from contracts that anybody may have written, so nothing in them reaches the terminal as a
control sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from node.ledger.call_trace import CREATIONS, Call, path_to_origin

DEEPEST: Final = 6
MOST_BESIDE: Final = 8
LONGEST_VALUE: Final = 44
LARGEST_INTEGER: Final = 1 << 128
WIDTH_IN_A_FILE: Final = 160
UNNAMED_KINDS: Final = frozenset({"CALL"})


def show_call_tree(console: Console, title: Text, call: Call, *, whole: bool = False) -> None:
    """Print a tree under its title; `whole` folds nothing and cuts no value."""
    path = {id(one): one for one in path_to_origin(call)} if call.failure is not None else {}
    tree = Tree(title, guide_style="dim")
    _grow(tree, call, 0, path, whole)
    if not console.is_terminal:
        console.width = max(console.width, WIDTH_IN_A_FILE)
    console.print(tree)


def _grow(parent: Tree, call: Call, depth: int, path: Mapping[int, Call], whole: bool) -> None:
    """Add a call and those below it."""
    branch = parent.add(_line(call, path, whole))
    if not whole and depth >= DEEPEST:
        _fold_below(branch, call, path)
        return
    shown = set(range(len(call.calls))) if whole or len(call.calls) <= MOST_BESIDE else _chosen(call.calls, path)
    hidden: list[Call] = []
    for index, below in enumerate(call.calls):
        if index not in shown:
            hidden.append(below)
            continue
        _fold(branch, hidden)
        hidden = []
        _grow(branch, below, depth + 1, path, whole)
    _fold(branch, hidden)


def _fold_below(branch: Tree, call: Call, path: Mapping[int, Call]) -> None:
    """One line for all that is below, and the call in which the failure began, which is never folded away."""
    origin = list(path.values())[-1] if id(call) in path else call
    deeper = [below for below in call.calls if origin is call or below is not origin]
    _fold(branch, deeper, "below")
    if origin is not call:
        branch.add(_line(origin, path, whole=False))


def _chosen(calls: Sequence[Call], path: Mapping[int, Call]) -> set[int]:
    """The first few, the last, and whatever failed."""
    failed = {index for index, call in enumerate(calls) if call.failure is not None and id(call) in path}
    caught = [index for index, call in enumerate(calls) if call.failure is not None][:MOST_BESIDE]
    return {*range(MOST_BESIDE // 2), len(calls) - 1, *failed, *caught}


def _fold(branch: Tree, hidden: Sequence[Call], where: str = "here") -> None:
    if hidden:
        count = sum(1 for call in hidden for _ in call.walk())
        gas = sum(call.gas_used for call in hidden)
        noun = "call" if count == 1 else "calls"
        branch.add(Text(f"… {count:,} more {noun} {where}, {gas:,} gas", style="dim"))


def _line(call: Call, path: Mapping[int, Call], whole: bool) -> Text:
    failed = call.failure is not None
    line = Text("✗ " if failed else "✓ ", style="bold red" if failed else "green")
    line.append(f"[{call.gas_used:,}] ", style="dim")
    line.append(_name(call), style="bold cyan" if call.contract else "bold")
    line.append(_arguments(call, whole), style="none")
    if call.value:
        line.append(f"  {call.value:,} wei", style="yellow")
    if call.kind not in UNNAMED_KINDS:
        line.append(f"  {call.kind.lower()}", style="dim")
    if call.returned:
        line.append(f" → {', '.join(_shown(value, whole) for _, value in call.returned)}", style="green")
    if failed:
        _append_failure(line, call, path)
    return line


def _append_failure(line: Text, call: Call, path: Mapping[int, Call]) -> None:
    origin = list(path.values())[-1] if path else None
    if call is origin:
        line.append(f"  ← {printable(str(call.failure))}", style="bold red")
    elif id(call) not in path:
        line.append(f"  ← {printable(str(call.failure))} (caught)", style="red")


def _name(call: Call) -> str:
    where = printable(call.contract) if call.contract else _short(call.address)
    if call.function is None and not call.data:
        return where
    if call.kind in CREATIONS:
        return f"new {where}"
    selector = call.function or f"0x{call.data[:4].hex()}"
    precompile = call.contract is None and int(call.address, 16) <= 0xFF
    return printable(selector) if precompile else f"{where}.{printable(selector)}"


def _arguments(call: Call, whole: bool) -> str:
    if call.arguments is not None:
        return f"({', '.join(f'{printable(name)}={_shown(value, whole)}' for name, value in call.arguments)})"
    rest = call.data if call.function or call.kind in CREATIONS else call.data[4:]
    return f"({_shown(rest, whole)})" if rest else "()" if call.data else ""


def _shown(value: Any, whole: bool) -> str:
    """A value in one line; bytes and texts that are long are cut where the reader need not see all."""
    if isinstance(value, bytes):
        text = "0x" + value.hex()
        return text if whole or len(value) <= 4 else f"{text[:10]}…({len(value)} bytes)"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{printable(name)}={_shown(one, whole)}" for name, one in value.items()) + "}"
    if isinstance(value, tuple):
        shown = value if whole else value[:4]
        more = f", … {len(value) - len(shown)} more" if len(shown) < len(value) else ""
        return "[" + ", ".join(_shown(one, whole) for one in shown) + more + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value > LARGEST_INTEGER and not whole:
        return f"{value:#x}"[:10] + "…"  # a word of flags, rather than a number anybody reads
    text = printable(str(value))
    if text.startswith("0x") and len(text) == 42:
        return text if whole else _short(text)
    if isinstance(value, int):
        return text
    return f'"{text}"' if whole or len(text) <= LONGEST_VALUE else f'"{text[:LONGEST_VALUE]}…"'


def _short(address: str) -> str:
    return f"{address[:6]}…{address[-4:]}"


def printable(text: str) -> str:
    """Text without anything a terminal would obey."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
