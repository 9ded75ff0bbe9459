"""A maker, a checker and others over a book of their own and a clock that stands still until it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from api.operators.desk import ProposalDesk
from api.operators.one_time import code_at
from api.operators.passwords import Passwords
from api.operators.sessions import Operator, Sessions
from api.operators.staff import Activation, Staff
from node.book.book import Book
from node.book.operator_audit import MACHINE
from node.domain.operator import Role
from node.domain.proposal import Duty
from tests.keys import MASTER
from wallet.encryption import ScryptCost

PASSWORD = "Correct horse 9"
HERE = "192.0.2.7"
ROLES = {
    "mei": frozenset({Role.MAKER}),
    "omar": frozenset({Role.CHECKER}),
    "bea": frozenset({Role.MAKER, Role.CHECKER}),
    "ada": frozenset({Role.AUDITOR}),
    "sol": frozenset({Role.SECURITY_OFFICER}),
    "uma": frozenset({Role.SECURITY_OFFICER}),
}


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def now_s(self) -> float:
        return self.now


@dataclass
class Office:
    """Where these people work."""

    book: Book
    clock: Clock
    staff: Staff
    sessions: Sessions
    desk: ProposalDesk
    proofs: dict[str, Activation] = field(default_factory=dict)

    def code(self, name: str) -> str:
        return code_at(self.proofs[name].secret, self.clock.now)

    def login(self, name: str, password: str = PASSWORD, code: str | None = None) -> tuple[str, Operator]:
        return self.sessions.login(name, password, code or self.code(name), HERE)

    def enter(self, name: str) -> Operator:
        """A session in a step of its own, so that anybody can log in again."""
        self.clock.now += 30
        return self.login(name)[1]

    def acts(self) -> list[str]:
        with self.book.view() as view:
            return [line.act for line in view.operator_audit.read(limit=10_000)]

    def events(self) -> list[str]:
        with self.book.view() as view:
            return [event.kind for event in view.events.read(0, 10_000)]


def duty_of(method: str, path: str) -> Duty | None:
    if method == "GET":
        return None
    return Duty.STAFF if path.startswith("/v1/operators") else Duty.BUSINESS


def open_office(folder: Path) -> Office:
    """Everybody enrolled and active, in a fresh book."""
    book, clock = Book.open_file(folder / "book.sqlite", MASTER), Clock()
    staff = Staff(book, clock.now_s, "A Bank", Passwords(ScryptCost(2**4)))
    office = Office(book, clock, staff, Sessions(staff), ProposalDesk(staff, duty_of))
    hashed = staff.passwords.hashed(PASSWORD, "nobody")
    with book.unit() as unit:
        for name, roles in ROLES.items():
            made = staff.enrol(unit, name, roles, MACHINE, MACHINE)
            office.proofs[name] = staff.install(unit, made.operator_id, hashed, MACHINE, MACHINE)
    return office
