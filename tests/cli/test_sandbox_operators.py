"""A sandbox's operators get passwords that are always good enough."""

from __future__ import annotations

from api.operators.passwords import check_password
from cli.sandbox_operators import PEOPLE, throw_away_password

MANY = 2_000


def test_no_password_spells_a_name() -> None:
    for _ in range(MANY):
        password = throw_away_password()
        assert password.isdecimal()
        for name in PEOPLE:
            check_password(password, name)
