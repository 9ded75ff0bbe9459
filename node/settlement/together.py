"""Many payments to one creditor agent at once, from RECEIVED to ACCEPTED: two commits and one question for all.

Each of them still succeeds or fails alone. Whatever cannot be done for all together is done for each by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from node.book.book import Unit
from node.book.records import PaymentRecord, StaleRecord
from node.domain.lifecycle import Event, State
from node.domain.party import Participant
from node.settlement.agreement import instructed, many_under_way, request_for, request_with, take_answer
from node.settlement.batching import may_go_in_bulk
from node.settlement.closing import close
from node.settlement.engine import WAITS, carry, postpone
from node.settlement.office import Office, now, participant
from node.settlement.ports import AcceptanceRequest
from node.settlement.typed import instruction_of
from node.settlement.validation import book_finding, registry_finding

_log = logging.getLogger(__name__)
_Asked = tuple[PaymentRecord, AcceptanceRequest]
_BEFORE_ACCEPTANCE = (State.RECEIVED, State.VALIDATED)


def may_go_together(office: Office, record: PaymentRecord) -> bool:
    """Whether a payment can be taken to its acceptance among others: it needs no quote, and is not too late."""
    now_s = office.clock.now_s()
    in_time = now_s <= record.deadline_s and (record.instruction is None or instruction_of(record).expiry > now_s)
    return record.state in _BEFORE_ACCEPTANCE and in_time and may_go_in_bulk(record.payment)


def carry_together(office: Office, records: Sequence[PaymentRecord]) -> None:
    """Take payments to one creditor agent to their acceptance, or to where they wait or end. Never raises.

    Afterwards each is due again as its state says; what moved meanwhile is taken by itself.
    """
    try:
        _carry(office, records)
    except WAITS as trouble:
        _log.warning("%d payments wait: %s", len(records), trouble)
        for record in records:
            postpone(office, record.uetr)
    except StaleRecord:
        _log.info("one of %d payments moved meanwhile", len(records))
        _singly(office, records)
    except Exception:  # noqa: BLE001  what one payment does to the others must not hold them up
        _log.exception("%d payments could not be taken together", len(records))
        _singly(office, records)


def _singly(office: Office, records: Sequence[PaymentRecord]) -> None:
    for record in records:
        carry(office, record.uetr)


def _carry(office: Office, records: Sequence[PaymentRecord]) -> None:
    ourselves = participant(office, office.bic)
    creditor_agent = participant(office, records[0].payment.creditor_agent.bic)
    if ourselves is None or creditor_agent is None or creditor_agent == ourselves:
        _singly(office, records)
        return
    asked = _written(office, [record for record in records if record.instruction is not None])
    unwritten = [record for record in records if record.instruction is None]
    if unwritten:
        asked += _instruct(office, unwritten, (ourselves, creditor_agent))
    if asked:
        _ask(office, asked, creditor_agent)


def _written(office: Office, records: Sequence[PaymentRecord]) -> list[_Asked]:
    """Payments that somebody was asked about before, with the same question."""
    if not records:
        return []
    with office.book.view() as unit:
        return [(record, request_for(office, unit, record)) for record in records]


def _instruct(
    office: Office, records: Sequence[PaymentRecord], agents: tuple[Participant, Participant]
) -> list[_Asked]:
    """Check payments and write their instructions, all in one commit; returns those that go on."""
    by_registry = {record.uetr: registry_finding(office, record.payment) for record in records}
    crossed: list[tuple[str, str]] = []
    going_on: list[_Asked] = []
    with office.book.unit() as unit:
        in_bulk = many_under_way(office, unit)
        for record in records:
            if record.state is State.RECEIVED:
                finding = by_registry[record.uetr] or book_finding(unit, record.payment)
                if finding is not None:
                    close(office, unit, record, Event.REJECT, (finding,))
                    crossed.append(("rejected", record.uetr))
                    continue
                crossed.append(("validated", record.uetr))
            going_on.append(_instructed(office, unit, record, agents, in_bulk=in_bulk))
            crossed.append(("instructed", record.uetr))
    for boundary, uetr in crossed:
        office.boundary(boundary, uetr)
    return going_on


def _instructed(
    office: Office, unit: Unit, record: PaymentRecord, agents: tuple[Participant, Participant], *, in_bulk: bool
) -> _Asked:
    sequence = unit.payments.number_of(record.uetr) if in_bulk else None
    changes, message = instructed(office, unit, record, agents, sequence)
    if record.state is State.VALIDATED:
        record = unit.payments.save(replace(record, **changes))
    else:
        changes |= {"due_at_s": office.clock.now_s(), "attempts": 0}
        record = unit.payments.move(record, Event.VALIDATE, now(office), **changes)
    return record, request_with(office, record, message)


def _ask(office: Office, asked: Sequence[_Asked], creditor_agent: Participant) -> None:
    answers = office.correspondent.ask_acceptances(creditor_agent, [request for _, request in asked])
    with office.book.unit() as unit:
        crossed = [
            (take_answer(office, unit, record, creditor_agent, answer), record.uetr)
            for (record, _), answer in zip(asked, answers, strict=True)
        ]
    for boundary, uetr in crossed:
        office.boundary(boundary, uetr)
