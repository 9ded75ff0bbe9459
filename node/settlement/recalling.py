"""Asking for a payment of ours back: stop it while it can be stopped, else pass the request on and wait.

Before anything is signed the payment is simply cancelled; a signed one is withdrawn on chain; one that has settled
is the creditor agent's to give back. Every step is committed before the next, and may be taken twice.
"""

from __future__ import annotations

from contextlib import suppress

from node.book.book import Unit
from node.book.cases import CaseRecord
from node.book.records import PaymentRecord
from node.domain.lifecycle import TERMINAL, Event, State
from node.domain.reasons import Finding, Reason
from node.domain.recall import ANSWER_OF, Answer, CaseSide, CaseState
from node.settlement.aftercare import Aftercare, NoAftercare, ReadAnswer
from node.settlement.closing import close
from node.settlement.intake import BACK_OFFICE, inbound, outbound
from node.settlement.office import Office, now, participant
from node.settlement.ports import Refused, Unreachable, Written
from node.settlement.returning import return_asked_for
from node.settlement.submission import AlreadyDecided, withdraw_if_open
from node.settlement.terms import retry_delay_s

LOOK_AGAIN_S = 0.5
NO_ANSWER = "NOAS"
# The other institution's own deadline must have passed before we stop waiting for its word.
GRACE_S = 86_400
_UNSIGNED = frozenset(
    {
        State.RECEIVED,
        State.VALIDATED,
        State.AWAITING_INFORMATION,
        State.SCREENING_HOLD,
        State.AWAITING_APPROVAL,
        State.ACCEPTED,
    }
)


def aftercare(office: Office) -> Aftercare:
    """The office's scribe and messenger; raises NoAftercare."""
    if office.aftercare is None:
        raise NoAftercare(office.bic)
    return office.aftercare


def pursue(office: Office, case: CaseRecord) -> None:
    """Take a case of ours one step, by where its payment stands."""
    with office.book.view() as unit:
        record = unit.payments.find(case.uetr)
    if record is None:
        raise LookupError(f"case {case.reference} is about {case.uetr}, which is not in the book")
    if case.state is CaseState.PASSED_ON:
        _lapse_or_wait(office, case)
    elif record.state in _UNSIGNED:
        _stop(office, case, record)
    elif record.state is State.SETTLED:
        _pass_on(office, case, record)
    elif record.state in TERMINAL:
        _conclude_alone(office, case, CaseState.STOPPED)
    else:
        _withdraw(office, case)


def _stop(office: Office, case: CaseRecord, record: PaymentRecord) -> None:
    """Cancel what no signature of ours exists for; the case and the payment end in one commit."""
    with office.book.unit() as unit:
        close(office, unit, record, Event.CANCEL, (wish(case),))
        conclude(office, unit, case, CaseState.STOPPED)
    office.boundary("stopped", case.uetr)


def wish(case: CaseRecord) -> Finding:
    """Why a payment is cancelled: its own side wishes it."""
    text = f"Recalled in case {case.case_id}: {case.reason_text or case.reason_code or 'no reason given'}"
    return Finding(Reason.CANCELLED_BY_DEBTOR_AGENT, text, rule="recall.before-settlement")


def _withdraw(office: Office, case: CaseRecord) -> None:
    with suppress(AlreadyDecided):  # the chain knows which it is, and the watcher will tell
        withdraw_if_open(office, case.uetr, lambda: wish(case))
    _look_later(office, case)


def _pass_on(office: Office, case: CaseRecord, record: PaymentRecord) -> None:
    peer = participant(office, case.counterparty)
    with office.book.unit() as unit:
        sent = [one for one in unit.messages.of(case.uetr) if one.message_id == recall_id(case.reference)]
        if not sent:
            written = aftercare(office).scribe.recall(case, record)
            unit.messages.add(outbound(office, case.uetr, case.counterparty, written))
    body = sent[0].body if sent else written.body
    office.boundary("recalled", case.uetr)
    answer: bytes | Refused | Unreachable
    answer = Unreachable("not registered") if peer is None else aftercare(office).messenger.pass_on(peer, body)
    read = aftercare(office).scribe.read_answer(answer) if isinstance(answer, bytes) else None
    if isinstance(answer, Refused):
        text = "; ".join(finding.text for finding in answer.findings)
        _conclude_alone(office, case, CaseState.REFUSED, answer_code="NARR", answer_text=text)
    elif read is None or not isinstance(answer, bytes):
        _look_later(office, case)
    else:
        _passed_on(office, case, read, answer)


def recall_id(reference: str) -> str:
    """A request's identification between institutions (Max35Text)."""
    return "RCL" + reference.replace("-", "")


def _passed_on(office: Office, case: CaseRecord, read: ReadAnswer, body: bytes) -> None:
    due_at_s = case.deadline_s + GRACE_S
    with office.book.unit() as unit:
        case = unit.cases.save(case, CaseState.PASSED_ON, due_at_s=due_at_s, attempts=0)
        unit.events.case_moved(case.reference, case.uetr, case.state, now(office))
        heard(office, unit, case, read, body)
    office.boundary("asked", case.uetr)


def heard(office: Office, unit: Unit, case: CaseRecord, read: ReadAnswer, body: bytes) -> CaseRecord:
    """Keep the other institution's answer once, and tell the back office where it is more than "pending"."""
    message = inbound(office, case.uetr, case.counterparty, Written("camt.029.001.09", "", body))
    if not any(kept.digest == message.digest for kept in unit.messages.of(case.uetr)):
        unit.messages.add(message)
    if read.answer is Answer.PENDING or case.state in (CaseState.ACCEPTED, CaseState.REFUSED):
        return case
    state = CaseState.ACCEPTED if read.answer is Answer.ACCEPTED else CaseState.REFUSED
    named = _return_of(unit, case, read) if state is CaseState.ACCEPTED else None
    said = {"answer_code": read.code, "answer_text": read.text, "return_uetr": named}
    return conclude(office, unit, case, state, **said)


def _return_of(unit: Unit, case: CaseRecord, read: ReadAnswer) -> str | None:
    """The return that an acceptance means: the one it names, else one that has come.

    Elsewhere a return has the UETR of its original, so an answer that repeats it names no return of ours.
    """
    if read.return_uetr not in (None, case.uetr):
        return read.return_uetr
    return case.return_uetr or return_asked_for(unit, case.uetr)


def _lapse_or_wait(office: Office, case: CaseRecord) -> None:
    _conclude_alone(
        office, case, CaseState.LAPSED, answer_code=NO_ANSWER, answer_text="No answer came before the deadline."
    )


def _conclude_alone(office: Office, case: CaseRecord, state: CaseState, **said: str | None) -> None:
    with office.book.unit() as unit:
        conclude(office, unit, case, state, **said)
    office.boundary("concluded", case.uetr)


def conclude(office: Office, unit: Unit, case: CaseRecord, state: CaseState, **said: str | None) -> CaseRecord:
    """Bring a case to an answer and write it to whoever asked; the other institution is still to be told."""
    case = unit.cases.save(case, state, **said)
    unit.events.case_moved(case.reference, case.uetr, case.state, now(office))
    written = aftercare(office).scribe.answer(case, ANSWER_OF[state])
    asked = case.side is CaseSide.ASKED
    unit.messages.add(outbound(office, case.uetr, case.counterparty if asked else BACK_OFFICE, written))
    due_at_s = office.clock.now_s() if asked else None
    return unit.cases.save(case, answer=written.body, due_at_s=due_at_s, attempts=0, is_told=not asked)


def _look_later(office: Office, case: CaseRecord) -> None:
    due_at_s = office.clock.now_s() + max(LOOK_AGAIN_S, retry_delay_s(office.terms, case.attempts))
    with office.book.unit() as unit:
        unit.cases.save(case, due_at_s=due_at_s, attempts=case.attempts + 1)
