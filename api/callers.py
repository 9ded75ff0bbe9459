"""Whom a request comes from, once a door has let it in: a name for the record, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

EVERYTHING: Final = frozenset({"*"})


@dataclass(frozen=True)
class Caller:
    """A caller by name ("back-office", a BIC, "client:…", "key:…", "operator:…") and the scopes it holds."""

    name: str
    scopes: frozenset[str] = EVERYTHING


def caller_of(request: Request) -> Caller:
    """Who was let in; raises AttributeError on a route without a door."""
    caller: Caller = request.state.caller
    return caller
