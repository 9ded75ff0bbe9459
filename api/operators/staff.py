"""The operators of an institution: enrolled, invited, activated, disabled; whoever forgets everything is reset.

Nobody but the person ever knows the password and the one-time secret: an invitation, good once and for a day, is
all that is handed over.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from api.operators.one_time import address_of, code_digest, invitation_code, new_secret, recovery_codes
from api.operators.passwords import Passwords
from api.operators.record import note
from api.operators.seal import Seal
from node.book.book import Book, Unit
from node.book.operators import OperatorRecord
from node.domain.operator import OperatorStatus, Role, roles_fit

INVITATION_S: Final = 86400.0


class NoOperator(LookupError):
    """There is no operator of this id or name."""


class NotPossible(ValueError):
    """It cannot be done to this operator; the text says why."""


class InvitationRefused(ValueError):
    """Not the invitation of this operator, or no longer."""


@dataclass(frozen=True)
class Activation:
    """What a new operator is told once: where the one-time codes come from, and the recovery codes."""

    operator: OperatorRecord
    secret: str
    otpauth: str
    recovery: tuple[str, ...]


class Staff:
    """The operators in one institution's book, by the clock that is handed in."""

    def __init__(self, book: Book, now_s: Callable[[], float], issuer: str, passwords: Passwords) -> None:
        """`issuer` is what authenticator applications show beside the login's name."""
        self.book = book
        self.now_s = now_s
        self.seal = Seal(book.vault)
        self.passwords = passwords
        self._issuer = issuer

    def enrol(self, unit: Unit, name: str, roles: frozenset[Role], by: str, address: str) -> OperatorRecord:
        """Make a new operator, who cannot do anything yet; raises NotPossible."""
        if not roles_fit(roles):
            raise NotPossible("an operator has at least one role, and a security officer has no other")
        record = OperatorRecord(
            operator_id=f"op_{secrets.token_hex(12)}",
            name=name,
            roles=roles,
            status=OperatorStatus.INVITED,
            created_at=datetime.fromtimestamp(self.now_s(), UTC),
        )
        if not unit.operators.add(record):
            raise NotPossible(f"there is an operator {name} already; a name is not used again")
        self._note(unit, by, "operator.enrolled", record.operator_id, address)
        return record

    def invite(self, operator_id: str, by: str, address: str) -> str:
        """A fresh invitation for an operator who has no password; it ends the one before. Raises as above."""
        code = invitation_code()
        with self.book.unit() as unit:
            record = existing(unit, operator_id)
            if record.status is not OperatorStatus.INVITED:
                raise NotPossible(f"{record.operator_id} is {record.status.value}; only who is reset is invited")
            until = self.now_s() + INVITATION_S
            unit.operators.save(replace(record, invitation=code_digest(code), invited_until_s=until))
            self._note(unit, by, "operator.invited", operator_id, address)
        return code

    def activate(self, name: str, code: str, password: str, address: str) -> Activation:
        """Let an invited person choose a password; raises InvitationRefused, WeakPassword."""
        with self.book.view() as view:
            self._check_invitation(view.operators.by_name(name), code)
        hashed = self.passwords.hashed(password, name)
        with self.book.unit() as unit:
            record = self._check_invitation(unit.operators.by_name(name), code)
            return self._activated(unit, record, hashed, record.operator_id, address)

    def install(self, unit: Unit, operator_id: str, hashed: str, by: str, address: str) -> Activation:
        """Give an invited operator this hashed password without an invitation: for who has the machine.

        Raises NoOperator, NotPossible.
        """
        record = existing(unit, operator_id)
        if record.status is not OperatorStatus.INVITED:
            raise NotPossible(f"{record.name} is {record.status.value}; reset the operator first")
        return self._activated(unit, record, hashed, by, address)

    def _activated(self, unit: Unit, record: OperatorRecord, hashed: str, by: str, address: str) -> Activation:
        secret, recovery = new_secret(), recovery_codes()
        active = replace(
            record,
            status=OperatorStatus.ACTIVE,
            password=hashed,
            one_time_secret=self.seal.close(secret.encode(), record.operator_id),
            last_step=0,
            invitation=None,
            invited_until_s=None,
            failures=0,
            locked_until_s=0.0,
        )
        unit.operators.save(active)
        unit.operators.give_codes(record.operator_id, tuple(code_digest(one) for one in recovery))
        self._note(unit, by, "operator.activated", record.operator_id, address)
        return Activation(active, secret, address_of(secret, record.name, self._issuer), recovery)

    def disable(self, unit: Unit, operator_id: str, by: str, address: str) -> OperatorRecord:
        """Let an operator in no more, and end all sessions; one person can do this, for it only takes away."""
        return self._without_access(unit, operator_id, OperatorStatus.DISABLED, "operator.disabled", by, address)

    def reset(self, unit: Unit, operator_id: str, by: str, address: str) -> OperatorRecord:
        """Take password and one-time secret away and wait for an invitation; also for who was disabled."""
        return self._without_access(unit, operator_id, OperatorStatus.INVITED, "operator.reset", by, address)

    def _without_access(
        self, unit: Unit, operator_id: str, status: OperatorStatus, act: str, by: str, address: str
    ) -> OperatorRecord:
        record = replace(
            existing(unit, operator_id),
            status=status,
            password=None,
            one_time_secret=None,
            invitation=None,
            invited_until_s=None,
        )
        unit.operators.save(record)
        unit.operators.give_codes(operator_id, ())
        unit.operator_sessions.end_all(operator_id)
        self._note(unit, by, act, operator_id, address)
        return record

    def _check_invitation(self, record: OperatorRecord | None, code: str) -> OperatorRecord:
        if record is None or record.status is not OperatorStatus.INVITED or record.invitation is None:
            raise InvitationRefused
        in_time = self.now_s() < (record.invited_until_s or 0)
        if not hmac.compare_digest(record.invitation, code_digest(code)) or not in_time:
            raise InvitationRefused
        return record

    def _note(self, unit: Unit, by: str, act: str, subject: str, address: str) -> None:
        note(unit, self.now_s(), by, act, subject, address)


def existing(unit: Unit, operator_id: str) -> OperatorRecord:
    """The operator of this id; raises NoOperator."""
    record = unit.operators.find(operator_id)
    if record is None:
        raise NoOperator(operator_id)
    return record
