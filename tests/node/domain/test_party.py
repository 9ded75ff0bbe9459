"""Institutions by BIC, and roles as the registry contract numbers them."""

from __future__ import annotations

import pytest

from node.domain.party import ParticipantRole, ParticipantStatus, bic11


@pytest.mark.parametrize(
    ("written", "kept"),
    [("BANKCNSH", "BANKCNSHXXX"), ("BANKCNSHXXX", "BANKCNSHXXX"), ("BANKCNSH001", "BANKCNSH001")],
)
def test_a_head_office_has_branch_code_xxx(written: str, kept: str) -> None:
    assert bic11(written) == kept


def test_roles_are_the_bits_of_the_registry_contract() -> None:
    bits = {role.name: role.value for role in ParticipantRole}
    assert bits == {"BANK": 1, "ISSUER": 2, "FX_PROVIDER": 4, "CLEARING_AGENT": 8, "OVERSEER": 16}
    assert ParticipantRole(5) == ParticipantRole.BANK | ParticipantRole.FX_PROVIDER


def test_standings_are_the_numbers_of_the_registry_contract() -> None:
    assert [(status.name, status.value) for status in ParticipantStatus] == [
        ("UNKNOWN", 0),
        ("APPLIED", 1),
        ("ACTIVE", 2),
        ("SUSPENDED", 3),
        ("TERMINATING", 4),
        ("TERMINATED", 5),
    ]
