"""The operators that a sandbox begins with: one of each kind, with their proofs in a file beside the others.

Right for a sandbox, wrong for anybody's money: whoever reads the file is all of them.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Final

from api.institution import Institution
from api.operators.passwords import THROW_AWAY_COST, Passwords
from api.operators.staff import Staff
from node.book.book import Unit
from node.book.operator_audit import MACHINE
from node.domain.operator import Role
from wallet.private_file import write_private

OPERATORS: Final = "operators.json"
PEOPLE: Final = {
    "mei": frozenset({Role.MAKER}),
    "omar": frozenset({Role.CHECKER}),
    "ada": frozenset({Role.AUDITOR}),
    "sol": frozenset({Role.SECURITY_OFFICER}),
    "uma": frozenset({Role.SECURITY_OFFICER}),
}


def enrol_operators(folder: Path, institution: Institution) -> None:
    """Enrol them where the folder has no operators.json yet; who is left of a killed start gets new proofs."""
    if (folder / OPERATORS).exists():
        return
    office = institution.office
    passwords = Passwords(THROW_AWAY_COST)
    staff = Staff(office.book, office.clock.now_s, institution.name, passwords)
    with office.book.unit() as unit:
        told = {name: _enrolled(staff, unit, name, roles) for name, roles in PEOPLE.items()}
    write_private(folder / OPERATORS, (json.dumps(told, indent=2) + "\n").encode())


def throw_away_password() -> str:
    """A password of digits: letters would now and then spell the login's name, which a password must not say."""
    return f"{secrets.randbits(144):044d}"


def _enrolled(staff: Staff, unit: Unit, name: str, roles: frozenset[Role]) -> dict[str, object]:
    password = throw_away_password()
    hashed = staff.passwords.hashed(password, name)
    known = unit.operators.by_name(name)
    if known is None:
        known = staff.enrol(unit, name, roles, MACHINE, MACHINE)
    else:
        staff.reset(unit, known.operator_id, MACHINE, MACHINE)
    made = staff.install(unit, known.operator_id, hashed, MACHINE, MACHINE)
    return {
        "operator_id": made.operator.operator_id,
        "roles": sorted(role.value for role in roles),
        "password": password,
        "one_time_secret": made.secret,
        "otpauth": made.otpauth,
        "recovery_codes": made.recovery,
    }
