"""Deliveries stand side by side: new before failed, none twice under one lease, dead ones kept until revived."""

from __future__ import annotations

from dataclasses import replace

import pytest

from node.book.book import Book
from node.book.records import DeliveryStatus
from node.book.webhooks import DeliveryRecord, EndpointRecord, SigningSecret
from tests.node.book.making import NOON, NOW_S, payment_record


def endpoint(**changes: object) -> EndpointRecord:
    plain = EndpointRecord(
        "we_1", "https://bank.example/hook", (), (SigningSecret(b"s" * 32),), None, 0, None, NOON
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture
def listened(book: Book) -> Book:
    """A book with one endpoint and three events fanned out to it."""
    with book.unit() as unit:
        unit.webhooks.add(endpoint())
        for _ in range(3):
            unit.payments.add(payment_record())
        assert unit.webhooks.fan_out(endpoint(), NOW_S) == 3
    return book


def claim(book: Book, now_s: float = NOW_S) -> DeliveryRecord | None:
    with book.unit() as unit:
        return unit.webhooks.claim("we_1", now_s, 60)


def test_an_endpoint_is_kept_whole(book: Book) -> None:
    record = endpoint(
        kinds=("payment.settled",),
        secrets=(SigningSecret(b"new"), SigningSecret(b"old", 17.5)),
        disabled="gone",
        failing_since_s=3.5,
    )
    with book.unit() as unit:
        unit.webhooks.add(record)
    with book.view() as unit:
        assert unit.webhooks.find("we_1") == record
        assert unit.webhooks.list() == [record]
        assert unit.webhooks.find("we_2") is None


def test_only_wanted_events_are_fanned_out_and_each_once(book: Book) -> None:
    with book.unit() as unit:
        unit.webhooks.add(endpoint(kinds=("payment.settled",)))
        unit.payments.add(payment_record())
        assert unit.webhooks.fan_out(endpoint(kinds=("payment.settled",)), NOW_S) == 1
        found = unit.webhooks.find("we_1")
        assert found is not None
        assert found.cursor == 1
        assert unit.webhooks.fan_out(found, NOW_S) == 0
        assert unit.webhooks.deliveries("we_1") == []


def test_deliveries_are_claimed_in_order_and_not_twice(listened: Book) -> None:
    assert [one.position for one in (claim(listened), claim(listened), claim(listened)) if one] == [1, 2, 3]
    assert claim(listened) is None
    assert [one.position for one in (claim(listened, NOW_S + 61),) if one] == [1]


def test_what_has_failed_goes_behind_what_is_new(listened: Book) -> None:
    first = claim(listened)
    assert first is not None
    with listened.unit() as unit:
        unit.webhooks.settle(replace(first, attempts=1, next_at_s=NOW_S))
    assert [one.position for one in (claim(listened), claim(listened), claim(listened)) if one] == [2, 3, 1]


def test_dead_deliveries_are_listed_counted_and_revived(listened: Book) -> None:
    for _ in range(2):
        found = claim(listened)
        assert found is not None
        with listened.unit() as unit:
            unit.webhooks.settle(replace(found, status=DeliveryStatus.DEAD, attempts=11, last_fault="No answer."))
    with listened.unit() as unit:
        dead = unit.webhooks.deliveries("we_1", DeliveryStatus.DEAD)
        assert [(one.position, one.last_fault) for one in dead] == [(1, "No answer."), (2, "No answer.")]
        assert unit.webhooks.dead() == {"we_1": 2}
        assert unit.webhooks.revive("we_1", NOW_S) == 2
        assert unit.webhooks.dead() == {}


def test_who_has_work_is_enabled_idle_and_due(listened: Book) -> None:
    with listened.unit() as unit:
        assert unit.webhooks.with_work(NOW_S, ()) == ["we_1"]
        assert unit.webhooks.with_work(NOW_S, ("we_1",)) == []
        assert unit.webhooks.with_work(NOW_S - 1, ()) == []
        unit.webhooks.save(endpoint(disabled="by its owner", cursor=3))
        assert unit.webhooks.with_work(NOW_S, ()) == []


def test_an_endpoint_goes_with_its_deliveries(listened: Book) -> None:
    with listened.unit() as unit:
        assert unit.webhooks.remove("we_1")
        assert not unit.webhooks.remove("we_1")
        assert unit.webhooks.deliveries("we_1") == []
        with pytest.raises(LookupError):
            unit.webhooks.save(endpoint())
