"""What a caller may do, by the noun of the route and whether it reads or writes: `payments:read`, `quotes:write`.

Every route has a scope because it has a path; a route that is added needs no line here.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from api.callers import Caller
from api.problems import Problem
from api.refusals import Refusal

READS: Final = frozenset({"GET", "HEAD"})


def scope_of(method: str, path: str) -> str:
    """The scope that a route needs.

    >>> scope_of("POST", "/v1/iso20022/messages"), scope_of("GET", "/v1/payments/{uetr}")
    ('messages:write', 'payments:read')
    """
    nouns = [part for part in path.split("/") if part and part not in ("v1", "iso20022")]
    return f"{nouns[0]}:{'read' if method in READS else 'write'}"


def require_scope(request: Request, caller: Caller) -> None:
    """Raises Problem where the caller lacks the scope of the route it asks."""
    needed = scope_of(request.method, getattr(request.scope.get("route"), "path", request.url.path))
    if caller.scopes.isdisjoint({"*", needed, f"*:{needed.partition(':')[2]}"}):
        text = f"This needs the scope {needed}, which this credential does not hold."
        raise Problem(Refusal.SCOPE_MISSING, text)
