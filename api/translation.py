"""Writes the messages of a payment from its record, and reads what another institution answered.

Implements `node.settlement.ports.Translator`. Pure but for the clock: it may be called inside a unit of work.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

from api.batch_translation import report_on
from api.elements import CREDIT_TRANSFER, all_in_message_words
from api.iso20022.catalogue import Catalogue
from api.iso20022.forward import Hop, forward
from api.iso20022.pacs002 import IDENTIFIER as STATUS_REPORT
from api.iso20022.pacs002 import OnChain, Status, write_status_report
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.refusal import Refusal
from api.iso20022.return_forward import forward_return
from api.iso20022.status_report import TransactionStatus, name_remarks, read_status_report, refusal_findings
from node.book.inbox_records import InboxRecord
from node.book.records import PaymentRecord
from node.domain.lifecycle import State
from node.domain.party import Agent
from node.domain.payment import Side
from node.domain.reasons import Finding
from node.settlement.ports import NOTHING_SAID, Clock, Remarks, Written

_ANY_WORDS: Final = b"AddtlInf>"


@dataclass(frozen=True)
class Iso20022Translator:
    """Writes in the name of one institution; `name` and `lei` stand beside its BIC in what it sends."""

    catalogue: Catalogue
    ourselves: Agent
    clock: Clock

    def forward(self, record: PaymentRecord, original: bytes) -> Written:
        """The credit transfer as the creditor agent shall get it; its identification is made of the UETR."""
        message, payment = self._parsed(original), record.payment
        now = self._now()
        hop = Hop(
            message_id=forward_id(record.uetr),
            created_at=now,
            instructing_agent=self.ourselves,
            instructed_agent=payment.creditor_agent,
            settlement_date=now.date(),
        )
        write = forward if payment.return_of is None else forward_return
        body = write(message, payment, hop, self.catalogue)
        return Written(message.identifier, hop.message_id, body)

    def report(
        self,
        record: PaymentRecord,
        original: bytes,
        remarks: tuple[Finding, ...] = (),
        came_as: str | None = None,
    ) -> Written:
        """The status report on the payment as it stands, for whoever sent `original`; see the protocol."""
        message = self._parsed(original)
        return self.report_on(message, came_as or message.identifier, record, remarks)

    def report_on(
        self, original: ParsedMessage, came_as: str, record: PaymentRecord, remarks: tuple[Finding, ...]
    ) -> Written:
        """The same, where `original` has just been read."""
        head = Status(
            message_id="STS" + uuid.uuid4().hex,
            created_at=self._now(),
            state=record.state,
            instructing_agent=self.ourselves,
            instructed_agent=_asker(record, self.ourselves),
            remarks=all_in_message_words(remarks, came_as, _is_return(record)),
        )
        status = status_of(record, head, came_as)
        return Written(STATUS_REPORT, status.message_id, write_status_report(original, status))

    def report_batch(
        self, entry: InboxRecord, records: Mapping[str, PaymentRecord], remarks: Remarks = NOTHING_SAID
    ) -> Written:
        """The report on all of a message, in the form its sender reads: pain.002, pacs.002, or a reject."""
        return report_on(entry, records, self.catalogue, self.ourselves, self._now(), remarks)

    def _parsed(self, original: bytes) -> ParsedMessage:
        message = parse(original, self.catalogue, len(original))
        return _readable(message)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now_s(), UTC)


def forward_id(uetr: str) -> str:
    """The identification of a credit transfer or return as it leaves for the other institution."""
    return "FWD" + uuid.UUID(uetr).hex


def _readable(message: ParsedMessage | Refusal) -> ParsedMessage:
    match message:
        case ParsedMessage():
            return message
        case Refusal(findings=findings):
            raise LookupError("a message in the book cannot be read any more: " + findings[0].text)


def reasons_of(report: bytes, catalogue: Catalogue) -> tuple[Finding, ...]:
    """The reasons in another institution's pacs.002, with the codes it stated; empty where it is none."""
    return tuple(finding for status in _statuses(report, catalogue) for finding in refusal_findings(status))


def remarks_of(report: bytes, catalogue: Catalogue) -> tuple[Finding, ...]:
    """What another institution remarked on the creditor's name in the pacs.002 with which it accepted."""
    if _ANY_WORDS not in report:  # most have none, and need not be read
        return ()
    return tuple(finding for status in _statuses(report, catalogue) for finding in name_remarks(status))


def _statuses(report: bytes, catalogue: Catalogue) -> tuple[TransactionStatus, ...]:
    message = parse(report, catalogue, len(report))
    if not isinstance(message, ParsedMessage) or message.identifier != STATUS_REPORT:
        return ()
    return read_status_report(message).transactions


def _asker(record: PaymentRecord, ourselves: Agent) -> Agent | None:
    """Who gets the report: the debtor agent where we are the creditor agent, else whoever instructed us."""
    if record.side is Side.CREDITOR_AGENT:
        return record.payment.debtor_agent
    instructing = record.payment.instructing_agent
    return None if instructing is None or instructing.bic == ourselves.bic else instructing


def status_of(record: PaymentRecord, head: Status, came_as: str = CREDIT_TRANSFER) -> Status:
    """What is to be told of a payment as it stands, under the identification and ends of `head`.

    Findings speak of the message called `came_as`.
    """
    return replace(
        head,
        state=record.state,
        findings=all_in_message_words(record.findings, came_as, _is_return(record)),
        uetr=record.uetr,
        accepted_at=_moment_of(record, State.ACCEPTED),
        settled_on=settled_on(record),
        on_chain=_on_chain(record),
    )


def _is_return(record: PaymentRecord) -> bool:
    return record.payment.return_of is not None


def _moment_of(record: PaymentRecord, state: State) -> datetime | None:
    return next((step.at for step in record.history if step.state is state), None)


def settled_on(record: PaymentRecord) -> date | None:
    """The day on which the payment settled, by its block or, without one, by our clock; None where it has not."""
    if record.state is not State.SETTLED:
        return None
    if record.block_time_s is not None:
        return datetime.fromtimestamp(record.block_time_s, UTC).date()
    booked = _moment_of(record, State.SETTLED)
    return booked.date() if booked else None


def _on_chain(record: PaymentRecord) -> OnChain | None:
    if record.transaction_hash is None or record.block_number is None:
        return None
    return OnChain(record.transaction_hash, record.block_number)
