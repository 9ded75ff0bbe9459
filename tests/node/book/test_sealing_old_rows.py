"""A book of an older program, with everybody in clear, is sealed when it is opened, and nothing of it is lost."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

import node.book.upgrade
from node.book.book import Book
from node.book.databases import open_engines
from node.book.idempotency import KeptAnswer, KeyedRequest
from node.book.payment_json import facts_to_json, finding_facts, persons_to_json
from node.book.revisions import MIGRATIONS
from node.book.vault import PROPOSAL
from node.domain.alias import alias_of
from node.domain.proposal import ProposalState
from tests.keys import MASTER
from tests.node.book.making import NOON, new_uetr
from tests.node.book.persons import SECRET, Person, finding, person

ONE = person("Marmalade")
KEY, CASE = new_uetr(), new_uetr()
BODY = b"<Document><Acct><Id><Othr><Id>%s</Id></Othr></Id></Acct><Nm>%s</Nm></Document>" % (
    ONE.number.encode(),
    ONE.name.encode(),
)


def _upgrade_to(revision: str, connection: Connection, **attributes: Any) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes.update(connection=connection, **attributes)
    command.upgrade(config, revision)


def _insert(connection: Connection, table: str, **values: Any) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


def _old_findings(one: Person) -> str:
    found = finding(one)
    return json.dumps([finding_facts(found) | {"text": found.text, "value": found.value}])


def _fill(connection: Connection, one: Person) -> None:
    """What the program of revision 0013 would have kept."""
    uetr, at = one.payment.uetr, NOON.replace(tzinfo=None)
    payment = json.dumps(json.loads(facts_to_json(one.payment)) | json.loads(persons_to_json(one.payment)))
    account = {"scheme": "OTHER", "currency": "CNY", "minor_units": 2, "status": "open"}
    account |= {"balance": "5", "reserved": "0"}
    _insert(connection, "cash_accounts", number=one.number, kind="customer", holder=one.name, **account)
    _insert(connection, "cash_accounts", number="OWN-CNY", kind="own", holder=None, **account | {"balance": "-5"})
    _insert(
        connection,
        "payments",
        uetr=uetr,
        side="debtor_agent",
        state="REJECTED",
        payment=payment,
        findings=_old_findings(one),
        deadline_s=1,
        due_at_s=1.0,
        attempts=0,
        version=2,
        received_at=at,
        claimed_until_s=0.0,
    )
    for table in ("entries",):
        for number, amount in ((one.number, "5"), ("OWN-CNY", "-5")):
            source = f"book:opening:{one.number}"
            _insert(connection, table, account=number, amount=amount, source=source, text="opening", at=at)
    _insert(connection, "reservations", uetr=uetr, account=one.number, amount="1")
    _insert(connection, "aliases", alias=one.phone, kind="phone", account=one.number, since=at)
    _fill_messages(connection, one, uetr)


def _fill_messages(connection: Connection, one: Person, uetr: str) -> None:
    at = NOON.replace(tzinfo=None)
    message = {"counterparty": "back-office", "name": "camt.054.001.08", "body": BODY, "at": at}
    _insert(connection, "messages", uetr=uetr, direction="in", message_id="M1", digest=b"1" * 32, **message)
    _insert(connection, "messages", direction="out", digest=b"2" * 32, **message)
    _insert(connection, "payment_remarks", uetr=uetr, findings=_old_findings(one))
    _insert(
        connection,
        "cases",
        reference=CASE,
        case_id="C1",
        side="asked",
        state="REFUSED",
        counterparty="BANK",
        uetr=uetr,
        reason_text=one.name,
        request=BODY,
        request_id="R1",
        answer=b"",
        opened_at=at,
        deadline_s=1,
        attempts=0,
        is_told=True,
        answer_text="",
        version=1,
    )
    _insert(
        connection,
        "inbox",
        key=KEY,
        counterparty="back-office",
        name="pain.001.001.09",
        verdict="taken",
        body=BODY,
        digest=b"3" * 32,
        at=at,
        findings="[]",
        answer=BODY,
    )
    _insert(
        connection,
        "inbox_lines",
        key=KEY,
        position=1,
        block="",
        end_to_end_id=one.payment.end_to_end_id,
        stated_uetr=uetr,
        uetr=uetr,
        findings=_old_findings(one),
    )
    _fill_house(connection)


PROPOSED = hashlib.sha256(b"POST /v1/aliases +8613800000000").digest()


def _fill_operators(connection: Connection) -> None:
    at = NOON.replace(tzinfo=None)
    mei = {"operator_id": "op_mei", "name": "mei", "roles": "[]", "status": "invited", "last_step": 0}
    _insert(connection, "operators", failures=0, locked_until_s=0.0, created_at=at, **mei)
    asked = {"method": "POST", "path": "/v1/aliases", "media_type": "application/json", "body": b"sealed"}
    made = {"proposed_by": "op_mei", "proposed_at": at, "expires_s": 1.0, "digest": PROPOSED}
    _insert(connection, "proposals", proposal_id="pr_1", state="PROPOSED", duty="business", **asked, **made)


def _fill_house(connection: Connection) -> None:
    at = NOON.replace(tzinfo=None)
    secrets = json.dumps([{"key": SECRET.hex(), "until_s": None}])
    endpoint = {"url": "https://bank.example", "kinds": "[]", "cursor": 0, "created_at": at}
    _insert(connection, "webhook_endpoints", endpoint_id="whe_1", secrets=secrets, **endpoint)
    claim = {"claim": "token", "claimed_until_s": 1.0, "status": 202, "headers": "[]", "at": at}
    request = {"caller": "back-office", "route": "POST /x", "key": "k", "fingerprint": bytes(32)}
    _insert(connection, "idempotency_keys", body=BODY, **request, **claim)
    _fill_operators(connection)


@pytest.fixture
def old_url(book_url: str) -> str:
    """A book as revision 0013 left it."""
    writer, reader = open_engines(book_url)
    with writer.begin() as connection:
        _upgrade_to("0013", connection)
        _fill(connection, ONE)
    writer.dispose()
    reader.dispose()
    return book_url


def test_an_old_book_is_sealed_and_says_the_same(old_url: str) -> None:
    book = Book.open(old_url, MASTER)
    uetr = ONE.payment.uetr
    with book.view() as unit:
        record, account = unit.payments.find(uetr), unit.accounts.find(ONE.number)
        assert record is not None
        assert account is not None
        assert (record.payment, record.findings) == (ONE.payment, (finding(ONE),))
        assert (account.holder, account.balance.minor) == (ONE.name, 5)
        assert [entry.amount.minor for entry in unit.accounts.entries(ONE.number)] == [5]
        reservation = unit.accounts.reservation(uetr)
        assert reservation is not None
        assert reservation.account == ONE.number
        assert [(one.account, one.alias) for one in unit.aliases.list()] == [(ONE.number, alias_of(ONE.phone))]
        assert [one.body for one in unit.messages.of(uetr)] == [BODY]
        assert [one.body for one in unit.messages.about(ONE.number)] == [BODY]
        assert unit.remarks.of(uetr) == (finding(ONE),)
        (case,) = unit.cases.of(uetr)
        assert (case.reason_text, case.request, case.answer) == (ONE.name, BODY, b"")
        entry = unit.inbox.find(KEY)
        assert entry is not None
        assert (entry.body, entry.final_answer, entry.findings) == (BODY, None, ())
        assert entry.lines[0].end_to_end_id == ONE.payment.end_to_end_id
        assert entry.lines[0].findings == (finding(ONE),)
        assert [one.secrets[0].key for one in unit.webhooks.list()] == [SECRET]
    with book.unit() as unit:
        again = KeyedRequest("back-office", "POST /x", "k", bytes(32))
        kept = unit.idempotency.claim(again, "t", NOON, 60.0)
        assert isinstance(kept, KeptAnswer), "a repetition is known across the upgrade"
        assert kept.body == BODY
    with book.unit() as unit:
        own = unit.accounts.own(account.currency)
        assert own.balance.minor == -5
        reference, balance = f"opening:{ONE.number}", account.balance
        assert unit.accounts.transfer("OWN-CNY", ONE.number, balance, reference=reference, text="opening", at=NOON)
        assert unit.accounts.own(account.currency).balance.minor == -5, "booked once, also across the upgrade"
    book.close()


def test_the_digest_of_an_old_proposal_is_marked_and_cannot_be_changed_again(old_url: str) -> None:
    book = Book.open(old_url, MASTER)
    with book.view() as unit:
        (proposal,) = unit.proposals.list(list(ProposalState))
    assert proposal.digest == book.vault.marked(PROPOSED, PROPOSAL)
    assert proposal.digest not in (PROPOSED, book.vault.marked(PROPOSED))
    with pytest.raises(DBAPIError), book._writer.begin() as connection:
        connection.execute(text("UPDATE proposals SET digest = body"))
    book.close()


def test_nothing_of_an_old_book_is_left_in_its_files(old_url: str, database: str) -> None:
    if database != "sqlite":
        pytest.skip("on PostgreSQL the old rows go with VACUUM FULL; its log keeps them until it is recycled")
    folder = Path(old_url.removeprefix("sqlite:///")).parent
    words = [word.encode() for word in (*ONE.words, SECRET.hex())]
    assert any(word in path.read_bytes() for path in folder.iterdir() for word in words)
    book = Book.open(old_url, MASTER)
    left = [(path.name, word) for path in folder.iterdir() for word in words if word in path.read_bytes()]
    book.close()
    assert left == []


def test_without_the_master_key_an_old_book_stays_as_it_is(old_url: str) -> None:
    writer, reader = open_engines(old_url)
    with pytest.raises(ValueError, match="needs the master key"), writer.begin() as connection:
        _upgrade_to("head", connection)
    with reader.connect() as connection:
        assert connection.execute(text("SELECT holder FROM cash_accounts ORDER BY id")).first() == (ONE.name,)
    writer.dispose()
    reader.dispose()
    assert node.book.upgrade.LAST_SEALING == "0019"
