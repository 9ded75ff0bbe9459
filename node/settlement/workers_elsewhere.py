"""What stands in a process that only serves for the workers it does not run: they are processes of their own."""

from __future__ import annotations

from node.settlement.bell import Bell
from node.settlement.duty import FOLLOWING
from node.settlement.office import Office
from node.settlement.worker import WorkerStatus


class WorkersElsewhere:
    """Wakes the workers of other processes, and knows of them what the book says."""

    def __init__(self, office: Office, bell: Bell) -> None:
        """Workers on other machines hear no bell: they look into the book by themselves."""
        self._office = office
        self._bell = bell

    def start(self) -> None:
        """Nothing: each of them is started by itself."""

    def stop(self) -> None:
        """Let go of the bell; they go on."""
        self._bell.close()

    def wake(self) -> None:
        """There is something new to do."""
        self._bell.ring()

    def status(self) -> WorkerStatus:
        """Whether one of them has the duty to follow the chain, and when it last took it."""
        with self._office.book.view() as unit:
            until_s = unit.duties.held_until(FOLLOWING)
        if until_s is None:
            return WorkerStatus(alive=False, last_pass_s=None, last_error=None)
        taken_s = until_s - self._office.terms.duty_s
        return WorkerStatus(alive=until_s > self._office.clock.now_s(), last_pass_s=taken_s, last_error=None)
