"""Commands that a table lists and whose modules load when they are called: help and small commands stay quick.

A table gives each command its module and its line in the list. The module's `app` holds the command of that name,
or, where it holds none of that name, is itself the group that is called so.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

Table = Mapping[str, tuple[str, str]]


def lazy_app(table: Table, *, help: str, epilog: str | None = None, completion: bool = False) -> typer.Typer:  # noqa: A002  typer's name for it
    """A group of the commands in `table`, `{name: (module, its line in the help)}`, in that order.

    The line must be the first of the command's own help, or the list and the command would tell different things;
    a test compares them. `completion` is for the outermost group: it offers to install itself in the shell.
    """

    class LazyGroup(TyperGroup):
        """Lists the commands without loading them; the one that is called is loaded then."""

        commands_listed: Final = table

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            """The real command in place of the line in the list."""
            name, _listed, rest = super().resolve_command(ctx, args)
            return name, loaded(table, str(name)), rest

    app = typer.Typer(cls=LazyGroup, add_completion=completion, no_args_is_help=True, help=help, epilog=epilog)
    for name, (_module, line) in table.items():
        app.command(name, help=line)(_stand_in)
    return app


def loaded(table: Table, name: str) -> TyperCommand | TyperGroup:
    """The command of a table, its module loaded."""
    module, _line = table[name]
    group = typer.main.get_group(import_module(module).app)
    found = group.commands.get(name, group)
    if not isinstance(found, TyperCommand | TyperGroup):
        raise TypeError(f"{module}.app holds no command of typer's")
    return found


def _stand_in() -> None:
    """Stands in the list of commands; what is called is the module's own."""
