"""The threads that keep an institution moving: one watches the chain and sends, one takes due payments a step.

Payments are stepped by a few threads of their own, so that one slow counterparty holds up only its payment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from node.book.records import PaymentRecord
from node.settlement.courtesy import Courtesy
from node.settlement.duty import CARING, FOLLOWING, Duty
from node.settlement.engine import carry, claim_due, step_batch
from node.settlement.follow_up import FollowUp
from node.settlement.loop import Loop, Pause
from node.settlement.office import Office, now
from node.settlement.sender import send_pending
from node.settlement.together import carry_together, may_go_together
from node.settlement.watcher import watch

# Passes of a loop begin so far apart at least: what comes meanwhile is done together, however often it is woken.
_ENGINE_PACE_S: Final = 0.05
_CHAIN_PACE_S: Final = 0.05
_AFTERCARE_PACE_S: Final = 0.25
# Payments that may settle together are gathered for so long, and looked at for expiry so often.
_GATHER_S: Final = 0.2
_EXPIRY_S: Final = 1.0
_MOST_TOGETHER: Final = 50
_GROUPS_AN_AGENT: Final = 2


@dataclass(frozen=True)
class WorkerStatus:
    """How the worker is: when the slower of its loops last made a whole pass (unix s), and the last trouble."""

    alive: bool
    last_pass_s: float | None
    last_error: str | None


class Worker:
    """Runs one office until stopped; `wake()` makes it look at once instead of at the next poll."""

    def __init__(self, office: Office, name: str = "worker") -> None:
        """Prepare; nothing runs before `start()`. Several workers on one book need different names.

        A worker that comes back under its name has what it had claimed at once, not after its claims' end.
        """
        self.name = name
        self._courtesy = Courtesy()
        self._office = office
        book, now_s, terms = office.book, office.clock.now_s, office.terms
        self._following = Duty(book, now_s, FOLLOWING, name, terms.duty_s)
        # A step of a case asks a counterparty, as a payment's step does, and so may take as long.
        self._caring = Duty(book, now_s, CARING, name, terms.claim_s)
        self._pool = ThreadPoolExecutor(office.terms.parallel_payments, thread_name_prefix=f"step-{office.bic}")
        self._in_flight: dict[str, Future[None]] = {}
        self._groups_of: dict[str, list[Future[None]]] = {}
        self._held_back: dict[str, str] = {}  # UETR and creditor agent
        self._loops = (
            Loop(office, "engine", self._take_forward, _ENGINE_PACE_S, self._courtesy),
            Loop(office, "chain", self._follow_chain, _CHAIN_PACE_S, self._courtesy),
            Loop(office, "aftercare", FollowUp(office, self._caring.is_ours), _AFTERCARE_PACE_S, self._courtesy),
        )
        self._tidy_at_s = 0.0
        self._gathered = Pause(_GATHER_S)
        self._expiry = Pause(_EXPIRY_S)

    def start(self) -> None:
        """Begin; what a crash left unfinished is taken up first, for it is simply what is due."""
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """Stop after the step in hand; nothing is lost by not waiting longer."""
        for loop in self._loops:
            loop.ask_to_stop()
        for loop in self._loops:
            loop.join()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for duty in (self._following, self._caring):
            duty.leave()

    def wake(self) -> None:
        """Something new to do has come in, here or elsewhere: passes give way where more follows."""
        self._courtesy.note()
        for loop in self._loops:
            loop.wake()

    def status(self) -> WorkerStatus:
        """How things stand, for a readiness probe; one failing loop is not hidden by the other's passing."""
        passes = [loop.last_pass_s for loop in self._loops if loop.last_pass_s is not None]
        errors = [loop.last_error for loop in self._loops if loop.last_error is not None]
        whole = len(passes) == len(self._loops)
        return WorkerStatus(
            alive=all(loop.is_alive() for loop in self._loops),
            last_pass_s=min(passes) if whole else None,
            last_error="; ".join(errors) or None,
        )

    def _take_forward(self) -> bool:
        self._in_flight = {uetr: future for uetr, future in self._in_flight.items() if not future.done()}
        gathering = self._gathered.is_over()
        due = claim_due(self._office, self.name, together=gathering)
        if not gathering and not due.singly and not self._in_flight:
            gathering, due = True, claim_due(self._office, self.name)  # nobody is on the way who could join them
        if gathering and due.together:
            self._gathered.begin()
        batch = [uetr for uetr in due.together if uetr not in self._in_flight]
        if batch:
            self._start(step_batch, batch, batch)
        fresh = [uetr for uetr in due.singly if uetr not in self._in_flight]
        for records in self._groups(fresh):
            self._start(carry_together, records, [record.uetr for record in records])
        singly = [uetr for uetr in fresh if uetr not in self._in_flight and uetr not in self._held_back]
        for uetr in singly:
            self._start(carry, uetr, [uetr])
        return bool(singly or batch) and len(self._in_flight) < self._office.terms.parallel_payments

    def _groups(self, uetrs: list[str]) -> Iterator[list[PaymentRecord]]:
        """Payments to be taken to their acceptance together, by creditor agent; one alone only beside many others.

        Of each creditor agent two groups at most are under way: the longer it takes, the larger the next ones.
        """
        held, self._held_back = self._held_back, {}
        if len(uetrs) <= 1 and len(uetrs) + len(self._in_flight) <= self._office.terms.batch_above:
            return
        self._held_back = {uetr: held[uetr] for uetr in uetrs if uetr in held and self._is_full(held[uetr])}
        with self._office.book.view() as unit:
            found = unit.payments.find_many([uetr for uetr in uetrs if uetr not in self._held_back])
        by_agent: defaultdict[str, list[PaymentRecord]] = defaultdict(list)
        for record in found:
            if may_go_together(self._office, record):
                by_agent[record.payment.creditor_agent.bic].append(record)
        for bic, records in by_agent.items():
            now = 0 if self._is_full(bic) else _MOST_TOGETHER
            self._held_back |= {record.uetr: bic for record in records[now:]}
            if now:
                yield records[:now]
                self._groups_of[bic].append(self._in_flight[records[0].uetr])

    def _is_full(self, bic: str) -> bool:
        """Whether as many groups as may be are under way to a creditor agent."""
        groups = self._groups_of[bic] = [one for one in self._groups_of.get(bic, []) if not one.done()]
        return len(groups) >= _GROUPS_AN_AGENT

    def _start(self, work: Callable[[Office, Any], None], on: Any, uetrs: list[str]) -> None:
        """Let the pool do some work on these payments."""
        self._in_flight |= dict.fromkeys(uetrs, self._pool.submit(self._do, work, on))

    def _do(self, work: Callable[[Office, Any], None], on: Any) -> None:
        try:
            work(self._office, on)
        finally:
            self._wake_for_what_was_done()

    def _wake_for_what_was_done(self) -> None:
        """There may be more to take forward, and something to send."""
        engine, chain, _ = self._loops
        engine.wake()
        chain.wake()

    def _follow_chain(self) -> bool:
        if not self._following.is_ours():
            return False
        if self._office.clock.now_s() >= self._tidy_at_s:
            tidy(self._office)
            self._tidy_at_s = self._office.clock.now_s() + self._office.terms.tidy_s
        sent = send_pending(self._office)
        looks_for_expired = self._expiry.is_over()
        if looks_for_expired:
            self._expiry.begin()
        moved = watch(self._office, looks_for_expired=looks_for_expired)
        if moved:
            self._loops[-1].wake()
        return moved or sent


def tidy(office: Office) -> None:
    """Mark the quotes that have run out; forget request nonces past replay and idempotency keys past retention."""
    with office.book.unit() as unit:
        unit.quotes.expire(office.clock.now_s())
        unit.nonces.purge(office.clock.now_s())
        unit.idempotency.purge(now(office) - timedelta(seconds=office.terms.keys_kept_s))
