"""What the book's records look like in JSON: the same facts, with ISO codes beside our own names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial

from api.elements import CREDIT_TRANSFER, in_message_words
from api.iso20022.codes import STATUS_OF, reason_code
from api.schemas import (
    AccountView,
    Amount,
    ChainView,
    MessageView,
    ParticipantView,
    PartOf,
    PaymentLine,
    PaymentView,
    QuoteView,
    ReasonView,
    StepView,
    WaitView,
)
from node.book.book import Unit
from node.book.inbox_records import Wait
from node.book.records import CashAccountRecord, MessageRecord, PaymentRecord
from node.domain.lifecycle import State
from node.domain.money import Money
from node.domain.party import Participant, ParticipantRole
from node.domain.payment import credit_leg, debit_leg
from node.domain.quote import rate
from node.domain.reasons import Finding
from node.settlement.intake import CUSTOMER
from node.settlement.quote_taking import Taken

RATE_DIGITS = 12
_INSTRUCTIONS = ("MT103", "pacs.008", "MT202", "MT205", "pacs.009", "pacs.004")


def amount(money: Money) -> Amount:
    """An amount in minor units."""
    return Amount(amount=money.minor, currency=money.currency.code)


@dataclass(frozen=True)
class Beside:
    """What the book says about a payment beside its record."""

    remarks: tuple[Finding, ...] = ()
    wait: Wait | None = None
    message: str | None = None
    position: int | None = None
    came_as: str = CREDIT_TRANSFER


def beside(unit: Unit, uetr: str) -> Beside:
    """Remarks on a payment, what it waits for, and the message it was a line of."""
    key = unit.inbox.key_of(uetr)
    position = None if key is None else unit.inbox.position_of(uetr)
    return Beside(unit.remarks.of(uetr), unit.waits.of(uetr), key, position, name_of_instruction(unit, uetr))


def name_of_instruction(unit: Unit, uetr: str) -> str:
    """The name of what instructed a payment: the customer's before its cover's, FIN before its translation.

    A customer's order (pain.001) was read as the pacs.008 that is kept with its payment.
    """
    came = [one for one in unit.messages.came(uetr) if one[0].startswith(_INSTRUCTIONS)]
    if not came:
        return CREDIT_TRANSFER
    name, counterparty = min(came, key=lambda one: _INSTRUCTIONS.index(one[0][: 5 if one[0][0] == "M" else 8]))
    return "pain.001" if counterparty == CUSTOMER else name


def payment_view(record: PaymentRecord, about: Beside) -> PaymentView:
    """A payment in full; its findings speak of the message that came."""
    words = partial(reason_view, came_as=about.came_as, is_return=record.payment.return_of is not None)
    return PaymentView(
        uetr=record.uetr,
        state=record.state.value,
        status=STATUS_OF[record.state],
        reasons=[words(one) for one in record.findings],
        debit=amount(debit_leg(record.payment)),
        credit=amount(credit_leg(record.payment)),
        history=[
            StepView(state=step.state.value, status=STATUS_OF[step.state], at=step.at) for step in record.history
        ],
        chain=_chain(record),
        return_of=record.payment.return_of,
        warnings=[words(one) for one in about.remarks],
        waits_for=_wait(record, about.wait),
        part_of=_part_of(about),
    )


def _wait(record: PaymentRecord, wait: Wait | None) -> WaitView | None:
    if wait is None or wait.ended_at is not None or record.state is not State.RECEIVED:
        return None
    return WaitView(
        kind=wait.kind,
        until=datetime.fromtimestamp(wait.until_s, UTC),
        requested_date=wait.requested_date,
        settlement_date=wait.settlement_date,
        text=wait.text,
    )


def _part_of(about: Beside) -> PartOf | None:
    if about.message is None or about.position is None:
        return None
    return PartOf(message=f"/v1/iso20022/messages/{about.message}", position=about.position)


def _chain(record: PaymentRecord) -> ChainView | None:
    if record.transaction_hash is None or record.block_number is None or record.block_hash is None:
        return None
    return ChainView(
        transaction_hash=record.transaction_hash, block_number=record.block_number, block_hash=record.block_hash
    )


def reason_view(finding: Finding, came_as: str = CREDIT_TRANSFER, is_return: bool = False) -> ReasonView:
    """A finding on a message of this name; the ISO code another institution gave stands before our translation."""
    return ReasonView(
        code=reason_code(finding),
        text=finding.text,
        reason=finding.reason.sentence,
        element=in_message_words(finding, came_as, is_return).element,
        value=finding.value,
        rule=finding.rule,
        retryable=finding.reason.transient,
        responsible_party=finding.reason.actor.value,
    )


def payment_line(record: PaymentRecord) -> PaymentLine:
    """A payment in one line of a list."""
    return PaymentLine(
        uetr=record.uetr,
        side=record.side.value,
        state=record.state.value,
        status=STATUS_OF[record.state],
        debit=amount(debit_leg(record.payment)),
        credit=amount(credit_leg(record.payment)),
        received_at=record.received_at,
    )


def message_view(message: MessageRecord) -> MessageView:
    """A message with its body as text: XML here is UTF-8, or it would not have been taken."""
    return MessageView(
        direction="in" if message.direction == "in" else "out",
        counterparty=message.counterparty,
        name=message.name,
        message_id=message.message_id,
        at=message.at,
        digest=message.digest.hex(),
        body=message.body.decode("utf-8", "replace"),
    )


def account_view(account: CashAccountRecord) -> AccountView:
    """A cash account with what is booked, reserved and free."""
    return AccountView(
        account=account.number,
        scheme=account.scheme.value,
        kind=account.kind.value,
        status=account.status.value,
        holder=account.holder,
        wallet_address=account.wallet_address,
        currency=account.currency.code,
        balance=account.balance.minor,
        reserved=account.reserved.minor,
        available=account.available.minor,
    )


def role_names(roles: ParticipantRole) -> list[str]:
    """Roles by name: `bank`, `issuer`, `fx_provider`."""
    return [role.name.lower() for role in roles if role.name]


def participant_view(participant: Participant) -> ParticipantView:
    """A participant as the registry has it."""
    return ParticipantView(
        bic=participant.bic,
        lei=participant.lei,
        name=participant.name,
        roles=role_names(participant.roles),
        status=participant.status.name.lower(),
        settlement_address=participant.settlement_account,
        api_address=participant.api_address,
        jurisdiction=participant.jurisdiction,
        message_key=participant.message_key.hex(),
    )


def quote_view(taken: Taken) -> QuoteView:
    """A firm quote as its taker's back office sees it."""
    quote = taken.signed.quote
    return QuoteView(
        quote_id=quote.quote_id,
        sell=amount(quote.sell),
        buy=amount(quote.buy),
        rate=decimal_text(rate(quote)),
        provider=taken.provider.bic,
        expires_at=datetime.fromtimestamp(quote.expiry_s, UTC),
    )


def decimal_text(value: Fraction) -> str:
    """A rate as a decimal, cut after twelve digits: for reading; the amounts beside it are what counts."""
    scaled = value.numerator * 10**RATE_DIGITS // value.denominator
    whole, rest = divmod(scaled, 10**RATE_DIGITS)
    return f"{whole}.{rest:0{RATE_DIGITS}d}".rstrip("0").rstrip(".")
