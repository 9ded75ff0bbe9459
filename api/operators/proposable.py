"""What two operators can ask for together: whatever the back office may change, and some things more.

It follows from the doors of the routes themselves, so a route that is added can be proposed without a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match

from api.access import Access
from api.scopes import READS
from node.domain.proposal import Duty

Doors = dict[Callable[..., object], Duty]


def duties_of(access: Access, routes: Iterable[BaseRoute]) -> Callable[[str, str], Duty | None]:
    """Says whose business a request to these routes is, by its method and path; None where it is nobody's."""
    doors: Doors = {
        access.back_office: Duty.BUSINESS,
        access.agreed_by_operators: Duty.BUSINESS,
        access.agreed_by_officers: Duty.STAFF,
    }
    known = [(route, duty) for route in routes for duty in [_duty(route, doors)] if duty is not None]

    def duty_of(method: str, path: str) -> Duty | None:
        if method in READS:
            return None
        asked = {"type": "http", "method": method, "path": path, "headers": []}
        return next((duty for route, duty in known if route.matches(asked)[0] is Match.FULL), None)

    return duty_of


def _duty(route: BaseRoute, doors: Doors) -> Duty | None:
    if not isinstance(route, APIRoute):
        return None
    calls = [one.call for one in route.dependant.dependencies if one.call is not None]
    return next((doors[call] for call in calls if call in doors), None)
