"""`corridor worker`: what an institution does by itself, as a process of its own beside its API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.institution import BELLS, Institution
from api.request_log import log_as_json
from cli.failures import ends_well_or_says_why
from cli.institution import institution_in
from cli.waiting import until_told_to_stop
from node.settings import read_settings, worker_name
from node.settlement.bell import Listening
from node.settlement.worker import Worker
from wallet.signer import assert_native_curve

app = typer.Typer()


@app.command()
@ends_well_or_says_why
def worker(
    data: Annotated[Path, typer.Option(help="The institution's folder, on whose book it works.")],
    name: Annotated[
        str | None,
        typer.Option(help="Tells it from the book's other workers; by default CORRIDOR_WORKER, or `worker`."),
    ] = None,
) -> None:
    """Work on one institution's book, beside its API, until interrupted: chain, payments, cases, webhooks.

    Several may run at once, on a SQLite file or on PostgreSQL. One that comes back under its name goes on at once
    with what it had in hand; another takes that over when its time is over.
    """
    settings = read_settings()
    log_as_json(settings.log_level)
    assert_native_curve()
    called = settings.worker if name is None else worker_name(name)
    institution = institution_in(data, settings, worker=called)
    with until_told_to_stop() as told, closing(institution), listening(data, institution):
        institution.start_work()
        typer.echo(f"{institution.name} ({institution.office.bic}): {called} is at work")
        told.wait()


@contextmanager
def listening(folder: Path, institution: Institution) -> Iterator[None]:
    """Let the bell of an institution wake its worker here, where it has one; raises WorkerNameTaken."""
    if not isinstance(institution.worker, Worker):
        yield
        return
    heard = Listening(folder / BELLS, institution.worker.name, institution.worker.wake)
    try:
        yield
    finally:
        heard.stop()
