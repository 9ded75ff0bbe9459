"""An operator: a person of the institution, what the roles allow, and for how long wrong answers lock one out.

Who enrols others moves nothing, and who moves money enrols nobody: the security officer's role stands alone.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

FREE_FAILURES: Final = 4
FIRST_LOCK_S: Final = 30.0
LONGEST_LOCK_S: Final = 3600.0


class Role(Enum):
    """What a person is trusted with."""

    MAKER = "maker"  # proposes
    CHECKER = "checker"  # approves or refuses what somebody else has proposed
    AUDITOR = "auditor"  # reads everything, also the record of what operators did
    SECURITY_OFFICER = "security-officer"  # proposes and approves operators, sees nothing of payments


class OperatorStatus(Enum):
    """Invited operators have no password yet; a disabled one may come back through an invitation only."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


def roles_fit(roles: frozenset[Role]) -> bool:
    """Whether one person may hold all of these: at least one, and the security officer's with no other.

    >>> roles_fit(frozenset({Role.MAKER, Role.CHECKER})), roles_fit(frozenset({Role.MAKER, Role.SECURITY_OFFICER}))
    (True, False)
    """
    return bool(roles) and (Role.SECURITY_OFFICER not in roles or len(roles) == 1)


def lock_s(failures: int) -> float:
    """For how many seconds so many failures in a row lock a login; each further one doubles it, up to an hour.

    >>> [lock_s(failures) for failures in (4, 5, 6, 7, 99)]
    [0.0, 30.0, 60.0, 120.0, 3600.0]
    """
    if failures <= FREE_FAILURES:
        return 0.0
    return min(FIRST_LOCK_S * 2.0 ** min(failures - FREE_FAILURES - 1, 16), LONGEST_LOCK_S)
