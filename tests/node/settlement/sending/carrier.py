"""Twenty threads on one lane in this process, each keeping transfers one by one, and one sender that sends them.

Run as a program it is the second process on the same lane and book.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from contracts import artifact
from node.book.book import Book
from node.book.records import EvmTransactionStatus
from node.ledger.abi import call_data
from node.ledger.client import LedgerClient
from node.ledger.directory import Directory
from node.ledger.settlement_contract import SettlementContract
from node.settlement.lane import Call, keep_signed, open_slot
from node.settlement.office import Office
from node.settlement.sender import send_pending
from node.settlement.terms import Terms
from tests.keys import MASTER
from tests.node.ledger.actors import actor
from tests.node.settlement.clocks import RunningClock
from tests.node.settlement.switchboard import Switchboard
from tests.node.settlement.town import PlainTranslator
from wallet.signer import LocalSigner

THREADS = 20
LANE = actor("holder CNY")
CREDITOR = actor("creditor").address
_GAS = 150_000


@dataclass(frozen=True)
class Freight:
    """What a process needs to know: the engine, the book, the contracts, and which amounts are its to transfer."""

    url: str
    book: str
    registry: str
    settlement: str
    token: str
    amounts: tuple[int, int]


def lane_office(freight: Freight, *more_lanes: LocalSigner) -> Office:
    """An office with a lane and a book and nothing to settle."""
    client = LedgerClient(freight.url)
    return Office(
        bic="CARRAEADXXX",
        account=LANE.address,
        book=Book.open(freight.book, MASTER),
        client=client,
        directory=Directory(client, freight.registry),
        contract=SettlementContract(client, freight.settlement),
        correspondent=Switchboard().line_of("CARRAEADXXX"),
        translator=PlainTranslator(),
        signer=LANE,
        lane_signer=LANE,
        more_lane_signers=more_lanes,
        clock=RunningClock(),
        boundary=lambda name, uetr: None,
        terms=Terms(rebroadcast_s=1.0),
    )


def carry(office: Office, freight: Freight) -> None:
    """Transfer each amount once: kept by twenty threads, sent meanwhile, until all that is kept is final."""
    done = threading.Event()
    sender = threading.Thread(target=_send, args=(office, done), name="sender")
    sender.start()
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda amount: keep_transfer(office, freight.token, amount), range(*freight.amounts)))
    finally:
        done.set()
        sender.join()


def keep_transfer(office: Office, token: str, amount_minor: int) -> str:
    """Keep a signed transfer of this amount to the creditor; its hash."""
    data = call_data(artifact("CurrencyToken").abi, "transfer", CREDITOR, amount_minor)
    slot = open_slot(office)
    with office.book.unit() as unit:
        return keep_signed(office, unit, slot, Call("transfer", token, data, _GAS), None).transaction_hash


def _send(office: Office, done: threading.Event) -> None:
    """Send and note what is final until everything is; the cursor moves as if there were nothing to book."""
    ends_at = time.monotonic() + 300
    while time.monotonic() < ends_at:
        last_round = done.is_set()
        send_pending(office)
        note_final(office)
        with office.book.view() as unit:
            waiting = [unit.lanes.unfinished(lane.lane) for lane in unit.lanes.all()]
        if last_round and not any(waiting):
            return
        time.sleep(0.005)
    raise AssertionError([(one.nonce, one.status) for lane in waiting for one in lane][:10])


def note_final(office: Office) -> None:
    """Move the book's cursor to the final block, unless the other process has moved it further."""
    final = office.client.final()
    with office.book.unit() as unit:
        watched = unit.cursor.watched()
        if watched is None or watched[0] < final.number:
            unit.cursor.advance(final.number, final.hash)


def final_hashes(office: Office) -> list[str]:
    """Every transaction in the book that is final."""
    with office.book.view() as unit:
        lanes = unit.lanes.all()
        kept = [
            one
            for lane in lanes
            for n in range(lane.first_nonce, lane.next_nonce)
            for one in unit.lanes.at(lane.lane, n)
        ]
    return [one.transaction_hash for one in kept if one.status is EvmTransactionStatus.FINAL]


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[1]).read_text())
    freight = Freight(**{**told, "amounts": tuple(told["amounts"])})
    carry(lane_office(freight), freight)
