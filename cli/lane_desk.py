"""An institution's lanes, looked at and resumed from outside its node, by way of its own folder and book.

Loaded only when it is used: an institution's rooms take a second that no other wallet command needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.institution import BadInstitution
from cli.institution import institution_in
from node.settings import read_settings
from node.settlement.lane import LaneStatus, lane_statuses
from node.settlement.office import Office
from node.settlement.stranger import resume_lane
from wallet.address import BadAddress
from wallet.network import BadNetwork


@dataclass(frozen=True)
class Resumed:
    """What resuming a lane came to: whether it was stopped, and how many transactions had lost their place."""

    was_stopped: bool
    lost: int


def lanes_of(folder: Path) -> tuple[str, tuple[LaneStatus, ...]]:
    """The institution's BIC and its lanes. Raises BadNetwork, KeystoreRefused, UnsafeFile, SignerUnreachable."""
    with _office_in(folder) as office:
        return office.bic, lane_statuses(office)


def resume(folder: Path, lane: str, agreed: Callable[[str], None]) -> Resumed:
    """Let a stopped lane run again; `agreed` is told why it is stopped, and raises if it shall stay so.

    Raises BadAddress where the institution has no such lane, LedgerUnreachable, and as `lanes_of` does.
    """
    with _office_in(folder) as office:
        found = next((status for status in lane_statuses(office) if status.lane == lane), None)
        if found is None:
            raise BadAddress(f"{office.bic} has no lane {lane}; `wallet lanes` shows those it has")
        if found.stopped is None:
            return Resumed(was_stopped=False, lost=0)
        agreed(found.stopped)
        return Resumed(was_stopped=True, lost=resume_lane(office, lane))


@contextmanager
def _office_in(folder: Path) -> Iterator[Office]:
    """The institution's office, with its keys; nothing of it is started."""
    try:
        opened = institution_in(folder.expanduser(), read_settings(), worker=None)
    except BadInstitution as fault:
        raise BadNetwork(str(fault)) from fault
    try:
        yield opened.office
    finally:
        opened.close()
