"""What two operators have agreed on, as a request inside this process: a mark on it that no client can set.

The mark lies in the ASGI scope, which the server makes anew for every connection; headers cannot reach it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection

from node.domain.proposal import Duty

MARK: Final = "corridor.approved"
OPERATORS: Final = "operators"  # who asks, in the idempotency keys


@dataclass(frozen=True)
class Approved:
    """The request is this proposal's, which was approved by `decided_by`."""

    proposal_id: str
    duty: Duty
    decided_by: str

    @property
    def idempotency_key(self) -> str:
        """The same for every time it is asked, so that it is done once."""
        return f"proposal-{self.proposal_id}"


def approved_in(request: HTTPConnection) -> Approved | None:
    """The approved proposal that this request carries out; None for a request from outside."""
    found: Approved | None = request.scope.get(MARK)
    return found
