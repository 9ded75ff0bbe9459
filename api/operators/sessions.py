"""Logging in with password and one-time code, and the sessions that this opens.

A failure is counted before anything is compared, so that many guesses at once are no more guesses than one after
the other; and whatever was wrong, the answer is the same.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from api.operators.one_time import code_digest, step_of
from api.operators.record import note
from api.operators.seal import SealBroken
from api.operators.staff import Staff
from node.book.book import Unit
from node.book.operator_sessions import SessionRecord
from node.book.operators import OperatorRecord
from node.domain.operator import OperatorStatus, lock_s

TOKEN_PREFIX: Final = "operator_"  # noqa: S105  (how a token begins)
IDLE_S: Final = 900.0
LONGEST_S: Final = 28800.0
TOUCH_S: Final = 60.0
KEPT_AFTER_END_S: Final = 30 * 86400.0
_CODE: Final = re.compile(r"[0-9]{6}")


class LoginRefused(Exception):
    """The name, the password or the code is wrong, or too many were; which one is not said."""


@dataclass(frozen=True)
class Operator:
    """A person who is logged in, and from where."""

    record: OperatorRecord
    session: SessionRecord
    address: str

    @property
    def operator_id(self) -> str:
        """What records call the person."""
        return self.record.operator_id


class Sessions:
    """Opens, finds and ends the sessions of one institution's operators."""

    def __init__(self, staff: Staff) -> None:
        """Over the operators of this staff."""
        self._staff = staff

    def login(self, name: str, password: str, code: str, address: str) -> tuple[str, Operator]:
        """A new session and its token, which is told this once; raises LoginRefused."""
        counted = self._count(name)
        if not self._staff.passwords.match(counted.password if counted else None, password) or counted is None:
            raise self._refused(counted, address)
        with self._staff.book.unit() as unit:
            opened = self._open(unit, counted.operator_id, code, address)
        if opened is None:
            raise self._refused(counted, address)
        return opened

    def _count(self, name: str) -> OperatorRecord | None:
        """Count an attempt as failed until it is known better; None where there is nobody to let in now."""
        now_s = self._staff.now_s()
        with self._staff.book.unit() as unit:
            record = unit.operators.by_name(name)
            if record is None or record.status is not OperatorStatus.ACTIVE or now_s < record.locked_until_s:
                return None
            failures = record.failures + 1
            counted = replace(record, failures=failures, locked_until_s=now_s + lock_s(failures))
            unit.operators.save(counted)
        return counted

    def _refused(self, counted: OperatorRecord | None, address: str) -> LoginRefused:
        if counted is not None:
            now_s, who = self._staff.now_s(), counted.operator_id
            with self._staff.book.unit() as unit:
                note(unit, now_s, who, "operator.login_failed", who, address)
                if lock_s(counted.failures):
                    note(unit, now_s, who, "operator.locked", who, address)
        return LoginRefused()

    def _open(self, unit: Unit, operator_id: str, code: str, address: str) -> tuple[str, Operator] | None:
        record = unit.operators.find(operator_id)
        if record is None or record.status is not OperatorStatus.ACTIVE:
            return None
        known = self._with_code(unit, record, code.strip())
        if known is None:
            return None
        now_s, token = self._staff.now_s(), TOKEN_PREFIX + secrets.token_urlsafe(32)
        session = SessionRecord(
            session_id=f"se_{secrets.token_hex(12)}",
            operator_id=operator_id,
            digest=_digest(token),
            address=address[:64],
            began_s=now_s,
            seen_s=now_s,
            ends_s=now_s + LONGEST_S,
        )
        known = replace(known, failures=0, locked_until_s=0.0)
        unit.operators.save(known)
        unit.operator_sessions.purge(now_s - KEPT_AFTER_END_S)
        unit.operator_sessions.add(session)
        note(unit, now_s, operator_id, "operator.logged_in", session.session_id, address)
        return token, Operator(known, session, address)

    def _with_code(self, unit: Unit, record: OperatorRecord, code: str) -> OperatorRecord | None:
        """The record with this code used up; None where it is no good."""
        now_s = self._staff.now_s()
        if not _CODE.fullmatch(code):
            used = unit.operators.use_code(
                record.operator_id, code_digest(code), datetime.fromtimestamp(now_s, UTC)
            )
            if used:
                note(unit, now_s, record.operator_id, "operator.recovery_code_used", record.operator_id, "")
            return record if used else None
        try:
            secret = self._staff.seal.open(record.one_time_secret or b"", record.operator_id).decode()
        except SealBroken:
            return None
        step = step_of(secret, code, now_s, record.last_step)
        return None if step is None else replace(record, last_step=step)

    def find(self, token: str, address: str) -> Operator | None:
        """Who holds this token, while the session lasts: fifteen minutes unused, eight hours in all."""
        now_s = self._staff.now_s()
        with self._staff.book.view() as view:
            session = view.operator_sessions.by_digest(_digest(token))
            record = view.operators.find(session.operator_id) if session else None
        if session is None or record is None or not is_open(session, now_s):
            return None
        if record.status is not OperatorStatus.ACTIVE:
            return None
        if now_s - session.seen_s >= TOUCH_S:
            with self._staff.book.unit() as unit:
                unit.operator_sessions.touch(session.session_id, now_s)
        return Operator(record, session, address)

    def end(self, session_id: str, by: Operator) -> bool:
        """End a session; False where it is not open."""
        with self._staff.book.unit() as unit:
            ended = unit.operator_sessions.end(session_id)
            if ended:
                note(unit, self._staff.now_s(), by.operator_id, "operator.logged_out", session_id, by.address)
        return ended


def is_open(session: SessionRecord, now_s: float) -> bool:
    """Whether a session can still be used."""
    return not session.ended and now_s < session.ends_s and now_s < session.seen_s + IDLE_S


def _digest(token: str) -> bytes:
    """What is kept of a token; it is 256 random bits, so a plain digest is enough."""
    return hashlib.sha256(token.encode()).digest()
