"""A book with two customers in everything that a book keeps, and the words that nobody may find in its files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from node.book.aliases import AliasRecord
from node.book.book import Book, Unit
from node.book.cases import CaseRecord
from node.book.idempotency import KeptAnswer, KeyedRequest
from node.book.inbox_records import InboxLine, InboxRecord, InboxVerdict
from node.book.records import MessageRecord
from node.book.webhooks import EndpointRecord, SigningSecret
from node.domain.alias import alias_of
from node.domain.lifecycle import Event, State
from node.domain.party import AccountScheme, CashAccount, Party, PostalAddress
from node.domain.payment import Payment
from node.domain.reasons import Finding, Reason
from node.domain.recall import CaseSide, CaseState
from tests.node.book.making import NOON, account_record, message_record, new_uetr, payment_record
from tests.node.domain.payments import CNY, domestic

SECRET = b"whsec-nobody-may-read-this-one-0"
REQUEST = KeyedRequest("back-office", "POST /v1/messages", "key-1", bytes(32))


@dataclass(frozen=True)
class Person:
    """A customer of ours and a payment to somebody elsewhere, with every word that tells who they are."""

    number: str
    name: str
    payment: Payment
    phone: str

    @property
    def words(self) -> set[str]:
        """What must not be found."""
        payment = self.payment
        places = [party.address for party in (payment.debtor, payment.creditor) if party.address]
        lines = {line for place in places for line in (*place.lines, place.town or "")}
        numbers = {account.number for account in (payment.debtor_account, payment.creditor_account) if account}
        names = {self.name, payment.creditor.name or "", payment.end_to_end_id, self.phone}
        return lines | numbers | names | set(payment.remittance)


def person(mark: str) -> Person:
    """A person all of whose words but the phone number hold the mark."""
    number = f"6222944517{mark}"
    plain: dict[str, Any] = vars(domestic(new_uetr()))
    name = f"Debtor Wanda {mark}"
    payment = replace(
        Payment(**plain),
        end_to_end_id=f"Invoice-Wanda-{mark}",
        debtor=Party(name, PostalAddress("CN", f"Old Town {mark}", (f"7 Silk Lane {mark}",))),
        debtor_account=CashAccount(number, AccountScheme.OTHER),
        creditor=Party(f"Creditor Omar {mark}", PostalAddress("AE", f"Harbour {mark}", (f"9 Pearl Quay {mark}",))),
        creditor_account=CashAccount(f"AE07033{mark}7654321", AccountScheme.OTHER),
        remittance=(f"for the wedding of {mark}",),
    )
    phone = "+86139" + f"{int.from_bytes(hashlib.sha256(mark.encode()).digest()[:4]) % 10**8:08}"
    return Person(number, name, payment, phone)


def keep(book: Book, one: Person, state: State = State.REJECTED) -> None:
    """Put a person into every table that speaks of persons, in the units in which it would happen."""
    with book.unit() as unit:
        unit.accounts.open(account_record(one.number, holder=one.name))
        unit.aliases.add(AliasRecord(alias_of(one.phone), one.number, NOON))
        _payment(unit, one)
        if state is State.REJECTED:
            _end(unit, one)
        _case(unit, one)
        _inbox(unit, one)
        _statements(unit, one)
        said = f'{{"uetr":"{one.payment.uetr}","name":"{one.name}"}}'.encode()
        request = replace(REQUEST, key=one.payment.uetr)
        unit.idempotency.claim(request, "token", NOON, 60)
        unit.idempotency.keep(request, "token", KeptAnswer(202, (), said))


def keep_house(book: Book) -> None:
    """Put in what is the institution's own: its account and the secret of a webhook."""
    with book.unit() as unit:
        unit.accounts.own(CNY)
        secrets = (SigningSecret(SECRET),)
        unit.webhooks.add(EndpointRecord("whe_1", "https://bank.example", (), secrets, None, 0, None, NOON))


def finding(one: Person) -> Finding:
    """A finding that repeats what it was found on."""
    return Finding(
        Reason.DEBTOR_ACCOUNT_CLOSED, f"{one.name} has left.", "debtor_account", one.number, "account.x"
    )


def _payment(unit: Unit, one: Person) -> None:
    uetr = one.payment.uetr
    unit.payments.add(payment_record(uetr, payment=one.payment))
    unit.messages.add(message_record(uetr, body=_body(one)))
    unit.messages.add(message_record(uetr, direction="out", body=_body(one), message_id=None))
    unit.remarks.add(uetr, (finding(one),))


def _end(unit: Unit, one: Person) -> None:
    record = unit.payments.find(one.payment.uetr)
    assert record is not None
    unit.payments.move(record, Event.REJECT, NOON, (finding(one),))


def _case(unit: Unit, one: Person) -> None:
    case = CaseRecord(
        reference=new_uetr(),
        case_id=new_uetr()[:30],
        side=CaseSide.ASKED,
        state=CaseState.REFUSED,
        counterparty="BANKAEADXXX",
        uetr=one.payment.uetr,
        reason_code="CUST",
        reason_text=f"{one.name} asks for it",
        request=_body(one),
        request_id="R-1",
        answer=_body(one),
        opened_at=NOON,
        deadline_s=1,
        due_at_s=None,
        answer_text=f"{one.name} says no",
    )
    unit.cases.add(case)


def _inbox(unit: Unit, one: Person) -> None:
    line = InboxLine(
        1, "", None, one.payment.end_to_end_id, None, one.payment.uetr, one.payment.uetr, (finding(one),)
    )
    body = _body(one)
    record = InboxRecord(
        key=new_uetr(),
        counterparty="back-office",
        name="pain.001.001.09",
        message_id=one.payment.uetr[:30],
        verdict=InboxVerdict.TAKEN,
        body=body,
        digest=hashlib.sha256(body).digest(),
        at=NOON,
        findings=(finding(one),),
        answer=body,
        lines=(line,),
    )
    unit.inbox.add(record)
    unit.inbox.finish(record.key, body)


def _statements(unit: Unit, one: Person) -> None:
    """A notification to the owner, and one about our own account that names the same payment."""
    for account, word in ((one.number, b"owner"), ("OWN-CNY", b"own")):
        body = _body(one) + word
        digest = hashlib.sha256(body).digest()
        unit.messages.add(
            MessageRecord(None, "out", "back-office", "camt.054.001.08", None, body, NOON, digest, account)
        )


def _body(one: Person) -> bytes:
    texts = "".join(f"<T>{word}</T>" for word in sorted(one.words))
    return f"<Document><UETR>{one.payment.uetr}</UETR><Amt>100.00</Amt>{texts}</Document>".encode()
