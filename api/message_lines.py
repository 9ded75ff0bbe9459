"""From a message of several instructions to its lines: each read and judged by itself, for its own fate."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from api.elements import in_message_words
from api.institution import Institution
from api.iso20022.customer_totals import total_findings
from api.iso20022.pacs008 import Unreadable
from api.iso20022.pain001 import CustomerOrder, NewIds, read_orders
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.references import references_of
from api.iso20022.rules import check_totals
from api.iso20022.transfers import split
from api.reading import Incoming, latest_today, role_of, transfer_in
from node.book.records import QuoteDirection
from node.domain.party import Agent
from node.domain.payment import Payment
from node.domain.quote import Quote
from node.domain.reasons import Finding, Reason
from node.settlement.batch import Batch, BatchLine
from node.settlement.intake import BACK_OFFICE, CUSTOMER, Received
from node.settlement.office import Office, participant
from node.settlement.ports import Written


def transfer_batch(institution: Institution, incoming: Incoming) -> Batch:
    """A pacs.008 or pacs.009 of several transactions, each as an instruction of its own."""
    message = incoming.message
    totals = check_totals(message, latest_today(institution.office.clock))
    lines = tuple(_transfer_line(institution, one) for one in split(message))
    return Batch(incoming.came, BACK_OFFICE, lines, totals.errors)


def order_batch(institution: Institution, incoming: Incoming) -> Batch:
    """A customer's instruction (pain.001): each of its payments as the pacs.008 that it becomes."""
    message = incoming.message
    at = datetime.fromtimestamp(institution.office.clock.now_s(), UTC)
    quotes = partial(_taken_quote, institution)
    orders = read_orders(message, created_at=at, new_ids=_new_ids(), quotes=quotes)
    whole, by_block = total_findings(message)
    lines = tuple(
        _order_line(institution, message, order, by_block.get(order.payment_information_id, ()))
        for order in orders
    )
    return Batch(incoming.came, BACK_OFFICE, lines, whole)


def _taken_quote(institution: Institution, quote_id: str) -> Quote | None:
    """A quote that this institution has taken from a provider."""
    with institution.office.book.view() as unit:
        found = unit.quotes.find(quote_id)
    return found.quote if found is not None and found.direction is QuoteDirection.TAKEN else None


def foreign_agent(office: Office, payment: Payment, came_as: str) -> Finding | None:
    """The agent for whom this institution is asked to instruct though it is not itself, by a message so named."""
    ourselves = office.directory.by_bic(office.bic)
    stated: tuple[tuple[str, Agent | None], ...] = (
        ("DbtrAgt", payment.debtor_agent),
        ("InstgAgt", payment.instructing_agent),
    )
    for element, agent in stated:
        if agent is not None and (ourselves is None or participant(office, agent.bic) != ourselves):
            text = f"{element} is {agent.bic}; this is the API of {office.bic}, which instructs for itself only."
            path = f"FIToFICstmrCdtTrf/CdtTrfTxInf/{element}/FinInstnId/BICFI"
            finding = Finding(Reason.AGENT_IN_CHAIN_IS_WRONG, text, path, agent.bic, "network.own-payments-only")
            return in_message_words(finding, came_as)
    return None


def _new_ids() -> Iterator[NewIds]:
    while True:
        yield NewIds("ORD" + uuid.uuid4().hex, str(uuid.uuid4()))


def _transfer_line(institution: Institution, message: ParsedMessage) -> BatchLine:
    references = references_of(message).transaction
    read = transfer_in(institution, message)
    line = BatchLine(
        block="",
        instruction_id=references.instruction_id,
        end_to_end_id=references.end_to_end_id or "NOTPROVIDED",
        transaction_id=references.transaction_id,
        uetr=references.uetr or str(uuid.uuid4()),
        received=None,
    )
    if isinstance(read, Unreadable):
        return replace(line, findings=read.errors)
    foreign = foreign_agent(institution.office, read.payment, message.identifier)
    if foreign is not None:
        return replace(line, findings=(foreign,))
    received = Received(
        payment=read.payment,
        findings=read.errors,
        message=Written(message.identifier, "", message.raw),
        remarks=read.warnings,
        role=role_of(message),
    )
    return replace(line, uetr=read.payment.uetr, received=received)


def _order_line(
    institution: Institution, whole: ParsedMessage, order: CustomerOrder, findings: tuple[Finding, ...]
) -> BatchLine:
    line = BatchLine(
        block=order.payment_information_id,
        instruction_id=order.instruction_id,
        end_to_end_id=order.end_to_end_id,
        transaction_id=None,
        uetr=order.uetr,
        received=None,
        findings=findings or order.findings,
    )
    if line.findings or order.message is None:
        return line
    message = parse(order.message, institution.catalogue, len(order.message))
    if not isinstance(message, ParsedMessage):
        return replace(line, findings=message.findings)
    read = _transfer_line(institution, replace(message, header=whole.header))
    if read.received is None:
        return replace(line, findings=read.findings)
    return replace(line, received=replace(read.received, counterparty=CUSTOMER))
