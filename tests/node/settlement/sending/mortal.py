"""A process that takes a payment or a holder's transfer towards the chain, and kills itself at a boundary.

It is forked from a server that has everything imported already, so that dying often takes little time.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from node.book.book import Book, Unit
from node.ledger.client import LedgerClient
from node.ledger.directory import Directory
from node.ledger.settlement_contract import SettlementContract
from node.settlement.engine import step
from node.settlement.office import Office
from node.settlement.relay import relay
from node.settlement.sender import send_pending
from node.settlement.terms import Terms
from node.settlement.watcher import watch
from tests.keys import MASTER
from tests.node.settlement.clocks import RunningClock
from tests.node.settlement.switchboard import Switchboard
from tests.node.settlement.town import PlainTranslator
from tests.undertaker import ends_with_us
from wallet.authorisation import Authorisation
from wallet.signer import LocalSigner

PATIENCE_S = 120.0


@dataclass(frozen=True)
class Errand:
    """Where everything is, what to take forward (a payment, or a holder's transfer), and where to die.

    `ahead_s` sets the process's clock.
    """

    url: str
    book: str
    registry: str
    settlement: str
    bic: str
    secret: str
    lane_secret: str
    uetr: str
    dies_at: str
    ahead_s: float
    authorisation: Authorisation | None = None


class DyingBook(Book):
    """A book whose process dies inside its first unit, before the commit."""

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """Do the work of the unit, and die."""
        with super().unit() as unit:
            yield unit
            die()


def die() -> None:
    """SIGKILL: no handler, no flush, no commit."""
    os.kill(os.getpid(), signal.SIGKILL)


def run(errand: Errand) -> None:
    """Submit, send and watch until dead; coming back alive is a failure of the test."""

    def cross(boundary: str, uetr: str) -> None:
        if boundary == errand.dies_at:
            die()

    client, clock = LedgerClient(errand.url), RunningClock()
    clock.forward(errand.ahead_s)
    signer = LocalSigner(bytes.fromhex(errand.secret))
    kind: Any = DyingBook if errand.dies_at == "allotted" else Book
    office = Office(
        bic=errand.bic,
        account=signer.address,
        book=kind.open(errand.book, MASTER),
        client=client,
        directory=Directory(client, errand.registry),
        contract=SettlementContract(client, errand.settlement),
        correspondent=Switchboard().line_of(errand.bic),
        translator=PlainTranslator(),
        signer=signer,
        lane_signer=LocalSigner(bytes.fromhex(errand.lane_secret)),
        clock=clock,
        boundary=cross,
        terms=Terms(rebroadcast_s=0),
    )
    if errand.authorisation is None:
        step(office, errand.uetr)
    else:
        relay(office, errand.authorisation)
    ends_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_at:  # an engine may accept before it includes
        send_pending(office)
        watch(office)
        time.sleep(0.01)


def dies(errand: Errand) -> bool:
    """Run the errand in a process of its own; whether it was killed, as it should be."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=run, args=(errand,))
    process.start()
    ends_with_us(process.pid or 0)
    process.join(timeout=2 * PATIENCE_S)
    return process.exitcode == -signal.SIGKILL
