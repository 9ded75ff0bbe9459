"""Whatever is asked about stands in a place, no place is empty, and few texts serve for many questions."""

from __future__ import annotations

import pytest

from node.book.book import Book
from node.book.places import in_places, places_for
from tests.node.book.making import new_uetr, payment_record


@pytest.mark.parametrize(("asked", "places"), [(1, 10), (10, 10), (11, 20), (500, 500)])
def test_there_are_places_for_the_next_full_ten(asked: int, places: int) -> None:
    values = [str(number) for number in range(asked)]

    filled = in_places(values)

    assert places_for(values) == len(filled) == places
    assert list(filled.values()) == values + [values[-1]] * (places - asked)


@pytest.mark.parametrize("how_many", [1, 9, 10, 11])
def test_payments_are_found_in_their_places_with_what_they_say(book: Book, how_many: int) -> None:
    records = [payment_record() for _ in range(how_many)]
    with book.unit() as unit:
        for record in (payment_record(), *records):
            unit.payments.add(record)

    with book.view() as view:
        found = view.payments.find_many([new_uetr(), *(record.uetr for record in reversed(records))])
        contents = view.payments.contents([*(record.uetr for record in records), new_uetr()])
        nothing = view.payments.contents([])

    assert found == records
    assert contents == {record.uetr: record.payment for record in records}
    assert nothing == {}
