"""The line to PostgreSQL breaks in the middle of a commit: it was carried out, but nobody is told so.

A proxy in front of the server passes the commit on, waits until the server has carried it out, and cuts the line.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random

import pytest

from node.book.records import BookUnreachable
from node.chain.chain import LocalChain
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer
from node.domain.lifecycle import TERMINAL, State
from node.settlement.intake import Received, Repeated, receive
from tests.node.settlement.clocks import RunningClock
from tests.node.settlement.town import DEBTOR_ACCOUNT, Town, found_town_on, payment
from tests.postgresql import PostgresServer

COMMITTED, BEGINS_TO_WRITE = b"COMMIT\x00", b"pg_advisory_xact_lock"
ROUNDS, TURNS = 8, 30


class Cutter:
    """A proxy of a server's socket that cuts the line after some commits, by chance."""

    def __init__(self, server: str, path: str) -> None:
        self.share, self.cut = 0.0, 0
        self._server, self._chance = server, Random(20022)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with closing(client), socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(self._server)
            writes = threading.Event()
            threading.Thread(target=self._answers, args=(client, server, writes), daemon=True).start()
            while asked := client.recv(1 << 16):
                if BEGINS_TO_WRITE in asked:
                    writes.set()
                server.sendall(asked)
            server.shutdown(socket.SHUT_RDWR)

    def _answers(self, client: socket.socket, server: socket.socket, writes: threading.Event) -> None:
        with suppress(OSError):
            while answer := server.recv(1 << 16):
                if writes.is_set() and COMMITTED in answer and self._chance.random() < self.share:
                    self.cut += 1
                    break
                client.sendall(answer)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def town_behind(cutter: str, folder: Path) -> Iterator[Town]:
    """A town whose books are kept behind the proxy."""
    chain = LocalChain.open(None)
    engine = BackgroundServer(create_rpc_app(chain)).start()

    def stop() -> None:
        engine.stop()
        chain.close()

    with closing(found_town_on(folder, engine.url, RunningClock(), stop_engine=stop, database=cutter)) as town:
        yield town


def tried(work: Callable[[], object]) -> bool:
    """Do it; False where the book could not say whether it was done."""
    try:
        work()
    except BookUnreachable:
        return False
    return True


@pytest.mark.timeout(600)
def test_payments_whose_commits_lose_their_answers_settle_once(postgres: PostgresServer, tmp_path: Path) -> None:
    database = postgres.new_database()
    path = str(postgres.folder / "cutter")
    with (
        closing(Cutter(postgres.socket, path)) as cutter,
        town_behind(database.replace(postgres.socket, path), tmp_path) as town,
    ):
        made = [payment(1_000), payment(10_000, credit_minor=5_100), payment(10**12)]
        for one in made:
            cutter.share = 1.0
            assert not tried(partial(town.post, one))
            cutter.share = 0.0
            assert town.record(one.uetr).state is State.RECEIVED
        assert cutter.cut == len(made)
        cutter.share = 0.3
        for _ in range(ROUNDS):
            tried(town.turn)
            town.forward_both(1)
        cutter.share = 0.0
        for one in made:
            assert isinstance(receive(town.debtor_agent, Received(one, (), town.message(one))), Repeated)
        for _ in range(TURNS):
            town.turn()
            if all(town.record(one.uetr).state in TERMINAL for one in made):
                break
            town.forward_both(1)  # what failed comes again after a while, however quick the machine
        assert cutter.cut > len(made)
        states = [town.record(one.uetr).state for one in made]
        assert states == [State.SETTLED, State.SETTLED, State.REJECTED]
        assert [town.record(one.uetr, town.creditor_agent).state for one in made[:2]] == states[:2]
        for one in made[:2]:
            with town.debtor_agent.book.view() as unit:
                assert len(unit.lanes.of(one.uetr)) == 1
        assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved.minor == 0
        town.assert_sound()
