"""One worker of the town's debtor agent as a process of its own: `worker_process.py '{"url": ...}'`.

It says "working" when it has begun, and works until its standard input ends or somebody kills it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass

from node.book.book import Book
from node.ledger.client import LedgerClient
from node.ledger.directory import Directory
from node.ledger.settlement_contract import SettlementContract
from node.settlement.office import Office
from node.settlement.terms import Terms
from node.settlement.worker import Worker
from tests.keys import MASTER
from tests.node.settlement.clocks import RunningClock
from tests.node.settlement.switchboard import Switchboard
from tests.node.settlement.town import DEBTOR_BIC, PlainTranslator
from wallet.signer import LocalSigner


@dataclass(frozen=True)
class Workplace:
    """Where the book, the chain and the contracts are, and what the worker is called."""

    name: str
    url: str
    book: str
    registry: str
    settlement: str

    def command(self) -> list[str]:
        """What starts it."""
        return [sys.executable, "-m", "tests.node.settlement.worker_process", json.dumps(asdict(self))]


def office_at(place: Workplace) -> Office:
    """The debtor agent, ready to submit what its creditors' agents have accepted already."""
    client = LedgerClient(place.url)
    signer = LocalSigner(bytes([1] * 32))
    return Office(
        bic=DEBTOR_BIC,
        account=signer.address,
        book=Book.open(place.book, MASTER),
        client=client,
        directory=Directory(client, place.registry),
        contract=SettlementContract(client, place.settlement),
        correspondent=Switchboard().line_of(DEBTOR_BIC),
        translator=PlainTranslator(),
        signer=signer,
        lane_signer=LocalSigner(bytes([21] * 32)),
        clock=RunningClock(),
        boundary=lambda name, uetr: None,
        terms=Terms(rebroadcast_s=0.5, duty_s=1.0, claim_s=1.0, poll_s=0.02, batch_above=3),
    )


def main() -> None:
    """Work until told to stop."""
    place = Workplace(**json.loads(sys.argv[1]))
    worker = Worker(office_at(place), place.name)
    worker.start()
    print("working", flush=True)
    sys.stdin.read()
    worker.stop()


if __name__ == "__main__":
    main()
