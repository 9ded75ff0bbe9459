"""What waits for people's consent, read back from the audit log: a restart loses no request and no approval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from wallet.audit import Entry

_ENDS: Final = frozenset({"denied", "allowed"})


@dataclass(frozen=True)
class Waiting:
    """A request by its id (the hash of its entry) as it was asked for, and who has agreed to it so far."""

    id: str
    intent: dict[str, Any]
    signer: str
    asked_by: str
    policy_hash: str
    agreed: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
    missing: int = 0  # none: nobody was ever told that it waits


def waiting_in(entries: Iterable[Entry]) -> list[Waiting]:
    """Return what was pending at the log's end, in the order in which it was asked for.

    An approval after which the process ended, before it was judged, does not count: its giver got no answer, and
    gives it again.
    """
    found: dict[str, Waiting] = {}
    for entry in entries:
        if entry.event == "requested":
            body = entry.body
            asked = Waiting(entry.hash(), body["intent"], body["signer"], body["by"], body["policy"])
            found[asked.id] = asked
            continue
        request = found.get(str(entry.body.get("request")))
        if request is None:
            continue
        if entry.event in _ENDS:
            del found[request.id]
        elif entry.event == "waiting":
            body = entry.body
            found[request.id] = replace(
                request, agreed=tuple(body["by"]), roles=frozenset(body["roles"]), missing=body["missing"]
            )
    return [request for request in found.values() if request.missing]
