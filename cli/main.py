"""The `corridor` command: a file for each subcommand, loaded only when it is called, so that help is quick."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from api.version import version
from cli import exit_codes

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "demo": ("cli.demo", "Make the first payment, end to end, and show everything about it."),
    "up": ("cli.up", "Start the sandbox network and keep it running."),
    "api": ("cli.api", "Run one institution's API as a process of its own."),
    "access": ("cli.access", "Say who may use an institution's API."),
    "node": ("cli.node", "Run the local chain alone."),
    "bench": ("cli.bench", "Measure what the contracts cost."),
    "wallet": ("cli.wallet", "Keys, balances, transfers and signatures."),
}


class LazyCommands(TyperGroup):
    """Lists the commands without loading them; the one that is called is loaded then."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The real command in place of the line in the list."""
        name, _listed, rest = super().resolve_command(ctx, args)
        module, _help = COMMANDS[str(name)]
        return name, typer.main.get_command(import_module(module).app), rest


app = typer.Typer(
    cls=LazyCommands,
    add_completion=True,
    no_args_is_help=True,
    help="Corridor: digital currencies on a shared chain, settled in ISO 20022.",
    epilog="Exit codes: " + " ".join((exit_codes.__doc__ or "").split("\n\n")[1].split()),
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"corridor {version()}")
        raise typer.Exit


@app.callback()
def corridor(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Corridor: digital currencies on a shared chain, settled in ISO 20022."""


def _listed() -> None:
    """Stands in the list of commands; what is called is the module's own."""


for _name, (_module, _help) in COMMANDS.items():
    app.command(_name, help=_help)(_listed)


def main() -> None:
    """The entry point."""
    app()
