"""One institution of the simulation: a real office on a real book, with its lines, its clock and its bad luck."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from random import Random
from uuid import UUID

from node.book.records import BookBusy
from node.domain.party import Participant
from node.ledger.client import LedgerClient
from node.ledger.directory import Directory
from node.ledger.errors import LedgerUnreachable
from node.ledger.settlement_contract import SettlementContract
from node.settlement.engine import due_payments, step
from node.settlement.office import Office
from node.settlement.sender import send_pending
from node.settlement.terms import PriceBook, Terms
from node.settlement.watcher import watch
from node.settlement.worker import tidy
from tests.keys import MASTER
from tests.node.settlement.town import PlainTranslator
from tests.simulation.seeded.crash import Crash
from tests.simulation.seeded.fake_chain import FakeChain
from tests.simulation.seeded.fake_connection import FakeConnection
from tests.simulation.seeded.fake_contracts import REGISTRY, SETTLEMENT
from tests.simulation.seeded.fake_network import FakeLine, FakeNetwork, NetworkWeather
from tests.simulation.seeded.fake_time import OfficeClock, WorldTime
from tests.simulation.seeded.faulty_book import BookWeather, FaultyBook
from wallet.signer import LocalSigner

PRICES = PriceBook({("CNY", "AED"): Fraction(51, 100), ("AED", "CNY"): Fraction(196, 100)}, spread_bps=0)


class Institution:
    """Everything one institution keeps between two starts, and the office it runs as now."""

    busy = BookBusy
    unreachable = LedgerUnreachable

    def __init__(
        self,
        registered: Participant,
        signers: tuple[LocalSigner, LocalSigner],
        folder: Path,
        chain: FakeChain,
        network: FakeNetwork,
        time: WorldTime,
        random: Random,
        crossed: Callable[[str, str, str], None],
    ) -> None:
        self.bic = registered.bic
        self.clock = OfficeClock(time)
        self.line = FakeLine(network, registered.bic, NetworkWeather())
        self.connection = FakeConnection(chain, time.now_s, random)
        self.book_weather = BookWeather()
        self.crashes = 0
        self._registered = registered
        self._signer, self._lane_signer = signers
        self._url = f"sqlite:///{folder / registered.bic}.sqlite"
        self._random = random
        self._crossed = crossed
        self._dies_in: int | None = None
        self.office = self._open()

    def die_after(self, boundaries: int) -> None:
        """Arm a death: at the given number of boundaries from now."""
        self._dies_in = boundaries

    def restart(self) -> None:
        """Everything in memory is gone; the book is opened again as a start does."""
        self.crashes += 1
        self._dies_in = None
        self.office.book.close()
        self.office = self._open()

    def turn(self, random: Random) -> None:
        """What its worker does, in an order that chance decides; a death ends the turn."""
        works = [self._step_due, self._send, self._watch]
        random.shuffle(works)
        for work in works:
            if random.random() < 0.8:
                self.survive(work)

    def survive(self, work: Callable[[], object]) -> None:
        """Do some work; whoever dies over it starts again."""
        try:
            work()
        except Crash:
            self.restart()
        except (LedgerUnreachable, BookBusy):
            pass  # the worker's loops log these and come again

    def _step_due(self) -> None:
        for uetr in due_payments(self.office, limit=20):
            step(self.office, uetr)

    def _send(self) -> None:
        send_pending(self.office)

    def _watch(self) -> None:
        watch(self.office)
        if self._random.random() < 0.02:
            tidy(self.office)

    def _boundary(self, name: str, uetr: str) -> None:
        self._crossed(self.bic, name, uetr)
        if self._dies_in is not None:
            self._dies_in -= 1
            if self._dies_in <= 0:
                raise Crash

    def _fresh_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def _open(self) -> Office:
        book = FaultyBook.open(self._url, MASTER)
        assert isinstance(book, FaultyBook)
        book.weather, book.random = self.book_weather, self._random
        client = LedgerClient("http://nowhere")
        client.connection = self.connection  # type: ignore[assignment]  # the seam at which the chain is faked
        return Office(
            bic=self.bic,
            account=self._registered.settlement_account,
            book=book,
            client=client,
            directory=Directory(client, REGISTRY, fresh_s=float("inf")),
            contract=SettlementContract(client, SETTLEMENT),
            correspondent=self.line,
            translator=PlainTranslator(),
            signer=self._signer,
            lane_signer=self._lane_signer,
            clock=self.clock,
            boundary=self._boundary,
            terms=Terms(),
            prices=PRICES if self.bic.startswith("F") else None,
            fresh_id=self._fresh_id,
        )
