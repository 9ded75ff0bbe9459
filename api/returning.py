"""From a pacs.004 to the payment that gives back: posted by our back office, or proposed by another institution.

Both sides build the same payment from the message and their own record of the original; what their books say
against it is for settlement to see.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import Final

from api.institution import Institution
from api.iso20022.amounts import Amount, money_of
from api.iso20022.pacs004 import PaymentReturn, read_returns
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.reference_data import external_codes
from api.iso20022.refusal import Refusal as Unread
from api.iso20022.refusal import RefusalKind
from api.iso20022.return_forward import RETURNS
from api.originals import uetr_of_original
from api.problems import Kind, Problem, problem_of
from api.reading import Incoming, Taken
from api.refusals import Refusal
from node.book.records import PaymentRecord
from node.domain.lifecycle import TERMINAL, State
from node.domain.money import Money, TooManyDecimals
from node.domain.party import Agent
from node.domain.payment import Charge, ChargeBearer, Side, credit_leg, is_cross_currency
from node.domain.payment_return import ReturnOrder, return_payment, return_uetr
from node.domain.reasons import Finding, Reason
from node.settlement.book_transfer import credited_again, stays_within
from node.settlement.ports import QuoteRequest, Refused, Unreachable, Written
from node.settlement.quote_taking import take
from node.settlement.returning import usable_account

NO_RETURN: Final[tuple[Kind, ...]] = (
    Refusal.NOT_YOUR_PAYMENT,
    Refusal.PROVIDERS_UNREACHABLE,
    Reason.ORIGINAL_UNKNOWN,
    Reason.ORIGINAL_NOT_SETTLED,
    Reason.UETR_MALFORMED,
    Reason.NUMBER_OF_TRANSACTIONS_WRONG,
    Reason.CURRENCY_UNKNOWN,
    Reason.AMOUNT_HAS_TOO_MANY_DECIMALS,
)
_QUOTE: Final = re.compile(r"/QUOTE/([0-9a-fA-F-]{36})")
_NAMED: Final = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:pacs\.004\.001\.\d\d")
_RETURN_ID: Final = re.compile(r"[0-9a-f]{32}")


def looks_like_a_return(raw: bytes) -> bool:
    """Whether these bytes name the namespace of a pacs.004; only reading them tells whether they are one."""
    return _NAMED.search(raw) is not None


def read_own_return(institution: Institution, incoming: Incoming) -> Taken:
    """The return that our back office orders; raises Problem where it names no payment of ours to give back.

    The message is what came, FIN or not. Where the original came through an FX provider and only the amount
    we credited is stated, a quote is taken.
    """
    read, original = _read(institution, incoming.message, Side.CREDITOR_AGENT)
    name = read.return_id or read.message_id
    order = _order(read, return_uetr(institution.office.bic, original.uetr, name), name)
    written = incoming.came
    with institution.office.book.view() as unit:
        known = unit.payments.find(order.uetr)
    if known is not None:
        return Taken(known.payment, (), written)
    payment = return_payment(original.payment, quoted(institution, original, order))
    with institution.office.book.unit() as unit:
        payment = credited_again(institution.office, unit, original, payment)
    return Taken(payment, _faults(read), written)


def read_proposed_return(institution: Institution, raw: bytes) -> Taken:
    """The return that another institution proposes to us, who sent the original."""
    message = parse(raw, institution.catalogue, institution.limits.max_bytes)
    if isinstance(message, Unread):
        raise Problem(message.kind, message.findings[0].text, message.findings)
    if message.identifier not in RETURNS:
        raise Problem(RefusalKind.UNSUPPORTED_MESSAGE, f"{message.identifier} is no return that is read here.")
    read, original = _read(institution, message, Side.DEBTOR_AGENT)
    if original.state not in TERMINAL:
        raise problem_of((_not_yet(original),))
    name = read.return_id or ""
    if _RETURN_ID.fullmatch(name) is None or uuid.UUID(name).version != 4:
        text = "Between institutions RtrId is the return's own UETR without its hyphens."
        raise problem_of((_finding(Reason.UETR_MALFORMED, text, "TxInf/RtrId", name),))
    payment = return_payment(original.payment, _order(read, str(uuid.UUID(name)), name))
    with institution.office.book.unit() as unit:
        payment = replace(payment, creditor_account=usable_account(unit, original.payment))
    return Taken(payment, _faults(read), Written(message.identifier, read.message_id, raw))


def quoted(institution: Institution, original: PaymentRecord, order: ReturnOrder) -> ReturnOrder:
    """The order with both amounts: those of a quote taken now, where two currencies need one and none is told."""
    payment = original.payment
    credited = credit_leg(payment).currency
    if not is_cross_currency(payment) or order.instructed is not None or order.returned.currency != credited:
        return order
    debited = (payment.instructed_amount or credit_leg(payment)).currency
    wish = QuoteRequest(institution.office.bic, credited.code, debited.code, order.returned, None)
    answer = take(institution.office, wish)
    if isinstance(answer, Refused):
        raise problem_of(answer.findings)
    if isinstance(answer, Unreachable):
        raise Problem(Refusal.PROVIDERS_UNREACHABLE, f"No FX provider answers: {answer.text}.")
    quote = answer.signed.quote
    return replace(order, returned=quote.buy, instructed=quote.sell, quote_id=quote.quote_id)


def _read(institution: Institution, message: ParsedMessage, side: Side) -> tuple[PaymentReturn, PaymentRecord]:
    directory = {one.lei: one.bic for one in institution.office.directory.participants()}
    found = read_returns(message, directory)
    if len(found) != 1:
        text = f"One return a message; this has {len(found)}."
        raise problem_of((_finding(Reason.NUMBER_OF_TRANSACTIONS_WRONG, text, "GrpHdr/NbOfTxs"),))
    uetr = found[0].original.uetr
    if side is Side.CREDITOR_AGENT:  # between institutions nothing but the UETR names a payment
        uetr = uetr_of_original(institution, found[0].original, side, found[0].returned)
    if not uetr:
        text = "OrgnlUETR must name the payment that is given back; its other references fit none, or several."
        raise problem_of((_finding(Reason.UETR_MALFORMED, text, "TxInf/OrgnlUETR"),))
    return found[0], original_record(institution, uetr, side)


def original_record(institution: Institution, uetr: str, side: Side) -> PaymentRecord:
    """The payment to be given back or asked for, in which we stood on this side, or on both; raises Problem."""
    with institution.office.book.view() as unit:
        record = unit.payments.find(uetr)
    if record is not None and (record.side is side or stays_within(institution.office, record.payment)):
        return record
    element = "PmtRtr/TxInf/OrgnlUETR"
    text = f"{uetr} was paid by this institution; who received it returns it. Ask for it by a camt.056."
    rule = "return.original-received"
    if side is Side.DEBTOR_AGENT:
        element = "FIToFIPmtCxlReq/Undrlyg/TxInf/OrgnlUETR"
        text = f"{uetr} was paid to this institution; who paid it asks for it. Give it back by a pacs.004."
        rule = "recall.original-sent"
    if record is None:
        text = f"This institution knows no payment {uetr}."
        raise problem_of((Finding(Reason.ORIGINAL_UNKNOWN, text, element, uetr, rule),))
    raise Problem(
        Refusal.NOT_YOUR_PAYMENT, text, (Finding(Reason.AGENT_IN_CHAIN_IS_WRONG, text, element, uetr, rule),)
    )


def _order(read: PaymentReturn, uetr: str, name: str) -> ReturnOrder:
    texts = [reason.text for reason in read.reasons]
    quote = next((match for match in map(_QUOTE.search, texts) if match), None)
    return ReturnOrder(
        uetr=uetr,
        message_id=read.message_id,
        return_id=name,
        returned=_money(read.returned, "TxInf/RtrdIntrBkSttlmAmt"),
        instructed=None if read.instructed is None else _money(read.instructed, "TxInf/RtrdInstdAmt"),
        charges=tuple(
            Charge(_money(amount, "TxInf/ChrgsInf/Amt"), agent or Agent("")) for amount, agent in read.charges
        ),
        charge_bearer=read.charge_bearer or ChargeBearer.SHARED,
        reason=read.reasons[0].code if read.reasons else None,
        settlement_date=read.settlement_date,
        quote_id=str(uuid.UUID(quote[1])) if quote else None,
    )


def _money(amount: Amount, element: str) -> Money:
    try:
        return money_of(amount)
    except KeyError:
        found = _finding(Reason.CURRENCY_UNKNOWN, "This is no currency of ISO 4217.", element, amount.currency)
    except TooManyDecimals as error:
        found = _finding(Reason.AMOUNT_HAS_TOO_MANY_DECIMALS, f"{error}.", element, str(amount.number))
    raise problem_of((found,))


def _faults(read: PaymentReturn) -> tuple[Finding, ...]:
    """A return says why, by a code of the published list."""
    return wish_faults(read.reasons[0].code if read.reasons else None)


def wish_faults(code: str | None) -> tuple[Finding, ...]:
    """What is wrong with the reason stated for a return."""
    if code in external_codes()["ReturnReason1"]:
        return ()
    text = "A return states its reason by a code of ExternalReturnReason1Code."
    return (_finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, "TxInf/RtrRsnInf/Rsn/Cd", code),)


def _not_yet(original: PaymentRecord) -> Finding:
    text = f"Here the payment is still {original.state.value}; ask again when it is {State.SETTLED.value}."
    return _finding(Reason.ORIGINAL_NOT_SETTLED, text, "TxInf/OrgnlUETR", original.uetr)


def _finding(reason: Reason, text: str, element: str, value: str | None = None) -> Finding:
    return Finding(reason, text, element=f"PmtRtr/{element}", value=value, rule=f"return.{reason.sentence}")
