"""The `corridor` command: a file for each subcommand, loaded only when it is called, so that help is quick."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from cli.exit_codes import epilog
from cli.lazy_commands import Table, lazy_app

COMMANDS: Final[Table] = {
    "demo": (
        "cli.demo",
        "Start a network, send a real pacs.008 through Bank A, settle it on chain, and show everything about it.",
    ),
    "up": (
        "cli.up",
        "Start the sandbox network and keep it running until interrupted; the same folder resumes where it was.",
    ),
    "api": (
        "cli.api",
        "Run one institution's API and worker until interrupted. Its registered address should lead here.",
    ),
    "worker": (
        "cli.worker",
        "Work on one institution's book, beside its API, until interrupted: chain, payments, cases, webhooks.",
    ),
    "access": ("cli.access", "Who may use an institution's API: API keys and OAuth clients."),
    "operator": ("cli.operator", "The people who operate an institution: makers, checkers and others."),
    "customer": ("cli.customer", "Give out or erase what is kept of a customer."),
    "message": ("cli.message", "What a gateway would say of a message, without a network."),
    "node": ("cli.node", "Run the local chain."),
    "bench": ("cli.bench", "Measure what things cost."),
    "wallet": ("cli.wallet", "Keys, balances, transfers and signatures."),
}

app = lazy_app(
    COMMANDS,
    help="Corridor: digital currencies on a shared chain, settled in ISO 20022.",
    epilog=epilog(),
    completion=True,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from api.version import version  # noqa: PLC0415  reading the installed distributions takes a while

        typer.echo(f"corridor {version()}")
        raise typer.Exit


@app.callback()
def corridor(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Corridor: digital currencies on a shared chain, settled in ISO 20022."""


def main() -> None:
    """The entry point."""
    app()
