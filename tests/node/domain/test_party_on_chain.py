"""The domain imports nothing, so it states the registry's numbers again; here they are held to the contracts'."""

from __future__ import annotations

from contracts import roles
from node.domain.party import ParticipantRole, ParticipantStatus


def stated(numbers: type) -> dict[str, int]:
    return {name: value for name, value in vars(numbers).items() if name.isupper()}


def test_the_roles_are_the_registrys() -> None:
    assert {role.name: role.value for role in ParticipantRole} == stated(roles.ParticipantRole)


def test_the_statuses_are_the_registrys() -> None:
    assert {status.name: status.value for status in ParticipantStatus} == stated(roles.ParticipantStatus)
