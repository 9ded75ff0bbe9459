"""The made-up past of the bench: as long as asked for, in every table that grows, with no balance moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.payment_history import lengthen
from node.domain.lifecycle import State
from tests.node.settlement.town import CNY_ACCOUNT_ABROAD, DEBTOR_ACCOUNT, found_town, payment


def test_a_book_is_given_a_past(tmp_path: Path) -> None:
    town = found_town(tmp_path)
    try:
        settled = town.post(payment(1_000))
        town.run(settled.uetr, lambda record: record.state is State.SETTLED)
        town.turn()
        sides = ((town.debtor_agent, DEBTOR_ACCOUNT), (town.creditor_agent, CNY_ACCOUNT_ABROAD))
        books = [office.book for office, _ in sides]
        before = [town.account(office, number) for office, number in sides]
        assert lengthen(books[:1], settled.uetr, 31) == [30]
        assert lengthen(books, settled.uetr, 101) == [70, 100]
        assert lengthen(books, settled.uetr, 101) == [0, 0]
        assert [town.account(office, number) for office, number in sides] == before
        for office, number in sides:
            with office.book.view() as unit:
                assert unit.payments.how_many() == 101
                assert len(unit.accounts.entries(number, 200)) > 100
                assert unit.statements.fresh(1) == [], "nobody is told of what never happened"
                assert all(unit.messages.of(record.uetr) for record in unit.payments.list(limit=5))
        posted = town.post(payment(2_000))
        town.run(posted.uetr, lambda record: record.state is State.SETTLED)
    finally:
        town.close()


def test_only_what_has_settled_can_be_multiplied(tmp_path: Path) -> None:
    town = found_town(tmp_path)
    try:
        with pytest.raises(LookupError, match="has not settled"):
            lengthen([town.debtor_agent.book], town.post(payment(1_000)).uetr, 10)
    finally:
        town.close()
