"""Deliveries under a clock of our own: in order, tried again for days, dead in the end, in nobody's way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from api.webhooks.dispatcher import Dispatcher
from api.webhooks.schedule import DELAYS_S, DISABLED_AFTER_S, delay_s
from api.webhooks.sending import Outcome
from node.book.book import Book
from node.book.records import DeliveryStatus
from node.book.webhooks import EndpointRecord, SigningSecret
from tests.keys import MASTER
from tests.node.book.making import NOON, NOW_S, payment_record

TAKEN, BROKEN = Outcome(200, None), Outcome(500, "Answered 500.")


@dataclass
class Clock:
    time_s: float = NOW_S

    def now_s(self) -> float:
        return self.time_s


@dataclass
class Receiver:
    """Takes deliveries as `answer` says, and remembers them in order."""

    answer: Callable[[str, int], Outcome] = lambda _url, _position: TAKEN
    got: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        position = json.loads(body)["position"]
        assert headers["webhook-id"] == f"evt_{position}"
        self.got.append((url, position))
        return self.answer(url, position)


@dataclass
class Scene:
    book: Book
    clock: Clock
    receiver: Receiver
    dispatcher: Dispatcher

    def happen(self, times: int = 1) -> None:
        for _ in range(times):
            with self.book.unit() as unit:
                unit.payments.add(payment_record())

    def endpoint(self, name: str = "we_1") -> EndpointRecord:
        with self.book.view() as unit:
            found = unit.webhooks.find(name)
        assert found is not None
        return found

    def statuses(self, name: str = "we_1") -> list[DeliveryStatus]:
        with self.book.view() as unit:
            return [one.status for one in unit.webhooks.deliveries(name)]

    def turn(self, *names: str) -> None:
        """Fan out, then deliver what is due, in this thread."""
        self.dispatcher._fan_out()
        for name in names or ("we_1",):
            self.dispatcher.drain(name)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    book, clock, receiver = Book.open_file(tmp_path / "book.sqlite", MASTER), Clock(), Receiver()
    with book.unit() as unit:
        for name in ("we_1", "we_2"):
            unit.webhooks.add(
                EndpointRecord(name, f"https://{name}", (), (SigningSecret(b"k" * 32),), None, 0, None, NOON)
            )
    yield Scene(book, clock, receiver, Dispatcher(book, clock, receiver, lambda: 0.5))
    book.close()


def test_events_are_delivered_once_and_in_order(scene: Scene) -> None:
    scene.happen(5)
    scene.turn()
    scene.turn()
    assert scene.receiver.got == [("https://we_1", position) for position in range(1, 6)]
    assert scene.statuses() == [DeliveryStatus.DELIVERED] * 5


def test_a_failed_delivery_is_tried_again_by_the_schedule_and_dies(scene: Scene) -> None:
    scene.receiver.answer = lambda _url, position: BROKEN if position == 1 else TAKEN
    scene.happen()
    scene.turn()
    for wait_s in DELAYS_S:
        before = scene.receiver.got.count(("https://we_1", 1))
        assert scene.statuses()[0] is DeliveryStatus.WAITING
        scene.clock.time_s += wait_s - 1
        scene.happen()  # something newer goes through meanwhile, which shows that the endpoint lives
        scene.turn()
        assert scene.receiver.got.count(("https://we_1", 1)) == before
        scene.clock.time_s += 2
        scene.turn()
        assert scene.receiver.got.count(("https://we_1", 1)) == before + 1
    assert scene.statuses() == [DeliveryStatus.DEAD] + [DeliveryStatus.DELIVERED] * len(DELAYS_S)
    assert scene.endpoint().disabled is None
    scene.clock.time_s += 10 * 86400
    scene.turn()
    assert scene.receiver.got.count(("https://we_1", 1)) == len(DELAYS_S) + 1


def test_the_tries_are_spread_over_days() -> None:
    assert 2 * 86400 < sum(DELAYS_S) < 5 * 86400
    assert delay_s(1, 0.0) == 4
    assert delay_s(1, 0.75) == 5.5
    assert delay_s(len(DELAYS_S) + 1, 0.5) is None


def test_an_endpoint_that_takes_nothing_for_days_is_disabled_and_goes_on_when_enabled(scene: Scene) -> None:
    scene.receiver.answer = lambda _url, _position: BROKEN
    scene.happen()
    scene.turn()
    scene.clock.time_s += DISABLED_AFTER_S
    scene.turn()
    assert scene.endpoint().disabled == "Nothing was taken for 5 days."
    scene.happen(2)
    asked = len(scene.receiver.got)
    scene.turn()
    assert len(scene.receiver.got) == asked
    scene.receiver.answer = lambda _url, _position: TAKEN
    with scene.book.unit() as unit:
        unit.webhooks.save(replace(scene.endpoint(), disabled=None, failing_since_s=None))
    scene.clock.time_s += 86400
    scene.turn()
    assert scene.statuses() == [DeliveryStatus.DELIVERED] * 3


def test_an_endpoint_that_says_it_is_gone_is_disabled_at_once(scene: Scene) -> None:
    scene.receiver.answer = lambda _url, _position: Outcome(410, "Answered 410.")
    scene.happen(3)
    scene.turn()
    assert scene.receiver.got == [("https://we_1", 1)]
    assert scene.endpoint().disabled == "The receiver answered 410 Gone."


def test_a_success_ends_the_days_of_failing(scene: Scene) -> None:
    scene.receiver.answer = lambda _url, position: BROKEN if position == 1 else TAKEN
    scene.happen()
    scene.turn()
    assert scene.endpoint().failing_since_s == NOW_S
    scene.happen()
    scene.turn()
    assert scene.endpoint().failing_since_s is None


def test_a_receiver_that_never_answers_holds_up_nobody_else(scene: Scene) -> None:
    hung, arrived = threading.Event(), threading.Event()

    def answer(url: str, position: int) -> Outcome:
        if url == "https://we_1":
            hung.wait(30)
        elif position == 50:
            arrived.set()
        return TAKEN

    scene.receiver.answer = answer
    scene.happen(50)
    scene.dispatcher.start()
    try:
        assert arrived.wait(30)
        assert scene.receiver.got.count(("https://we_1", 1)) == 1
    finally:
        hung.set()
        scene.dispatcher.stop()


def test_a_delivery_lost_with_its_process_comes_again_after_its_lease(scene: Scene) -> None:
    scene.happen()
    scene.dispatcher._fan_out()
    with scene.book.unit() as unit:
        assert unit.webhooks.claim("we_1", scene.clock.time_s, 60) is not None
    scene.turn()
    assert scene.receiver.got == []
    scene.clock.time_s += 61
    scene.turn()
    assert scene.receiver.got == [("https://we_1", 1)]


def test_a_body_is_the_same_bytes_at_every_attempt(scene: Scene) -> None:
    bodies: list[bytes] = []

    def send(_url: str, _headers: dict[str, str], body: bytes) -> Outcome:
        bodies.append(body)
        return BROKEN

    dispatcher = Dispatcher(scene.book, scene.clock, send, lambda: 0.5)
    scene.happen()
    dispatcher._fan_out()
    for _ in range(3):
        dispatcher.drain("we_1")
        scene.clock.time_s += 86400
    assert len(bodies) == 3
    assert len(set(bodies)) == 1
