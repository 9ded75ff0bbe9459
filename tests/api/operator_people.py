"""Operators of a running institution: fresh ones for whoever needs them, so that no code is ever used twice."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from api.institution import Institution
from api.operators.approved import MARK, Approved
from api.operators.one_time import code_at
from api.operators.passwords import THROW_AWAY_COST, Passwords
from api.operators.sessions import Sessions
from api.operators.staff import Staff
from node.book.operator_audit import MACHINE
from node.domain.operator import Role
from node.domain.proposal import Duty

PASSWORD = "Correct horse 9"
JSON = {"Content-Type": "application/json"}
MAKER, CHECKER, AUDITOR, OFFICER = Role.MAKER, Role.CHECKER, Role.AUDITOR, Role.SECURITY_OFFICER


@dataclass(frozen=True)
class Person:
    """Somebody enrolled and active, who has not logged in."""

    name: str
    operator_id: str
    secret: str
    recovery: tuple[str, ...]

    def login(self) -> dict[str, Any]:
        """The body that logs in; its code is good once."""
        return {"name": self.name, "password": PASSWORD, "code": code_at(self.secret, time.time())}


def staff_of(institution: Institution) -> Staff:
    office = institution.office
    passwords = Passwords(THROW_AWAY_COST)
    return Staff(office.book, office.clock.now_s, institution.name, passwords)


def invited(institution: Institution, *roles: Role) -> tuple[str, str]:
    """Name and id of somebody who has no password yet."""
    name = f"p{uuid.uuid4().hex[:12]}"
    staff = staff_of(institution)
    with staff.book.unit() as unit:
        return name, staff.enrol(unit, name, frozenset(roles), MACHINE, MACHINE).operator_id


def person(institution: Institution, *roles: Role) -> Person:
    """Somebody new with these roles."""
    name, operator_id = invited(institution, *roles)
    staff = staff_of(institution)
    hashed = staff.passwords.hashed(PASSWORD, name)
    with staff.book.unit() as unit:
        made = staff.install(unit, operator_id, hashed, MACHINE, MACHINE)
    return Person(name, operator_id, made.secret, made.recovery)


def token(institution: Institution, *roles: Role) -> str:
    """The token of somebody new who is logged in."""
    who = person(institution, *roles)
    opened, _ = Sessions(staff_of(institution)).login(who.name, PASSWORD, who.login()["code"], "192.0.2.7")
    return opened


def bearing(institution: Institution, *roles: Role) -> dict[str, str]:
    """The header of somebody new who is logged in."""
    return {"Authorization": f"Bearer {token(institution, *roles)}"}


def agreed(app: FastAPI, duty: Duty, method: str, path: str, body: Any = None) -> httpx.Response:
    """What a request is answered that two operators have agreed on."""
    approved = Approved(f"pr_{uuid.uuid4().hex[:24]}", duty, MACHINE)

    async def marked(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, MARK: approved}, receive, send)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(marked), base_url="http://inside") as http:
            content = b"" if body is None else json.dumps(body).encode()
            return await http.request(method, path, content=content, headers=JSON)

    return asyncio.run(ask())
