"""A person who is erased is gone from book and files, for good and alone; what the money needs stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from node.book import erasing
from node.book.book import Book
from node.book.erasing import Erased, NotErased
from node.book.erasure import erase_customer, erase_payment
from node.book.inbox_records import InboxRecord, InboxVerdict
from node.book.sealing import Unreadable, new_key
from node.book.seals import ERASED_BODY
from node.book.vault import WrongMasterKey
from node.domain.alias import alias_of
from node.domain.lifecycle import State
from node.domain.money import Money
from tests.keys import MASTER
from tests.node.book.making import NOON, account_record, new_uetr, payment_record
from tests.node.book.persons import REQUEST, SECRET, finding, keep, keep_house, person
from tests.node.domain.payments import CNY
from tests.postgresql import PostgresServer

GONE, STAYS = person("Zebrafish"), person("Quicksilver")


@pytest.fixture
def kept(book: Book) -> Book:
    """A book with two persons and the institution's own."""
    keep_house(book)
    keep(book, GONE)
    keep(book, STAYS)
    return book


def _erase(book: Book, number: str = GONE.number) -> Erased | NotErased:
    return erase_customer(book, number, NOON, "compliance")


def test_everything_comes_back_as_it_was_put_in(kept: Book) -> None:
    with kept.view() as unit:
        record = unit.payments.find(STAYS.payment.uetr)
        assert record is not None
        assert (record.payment, record.findings) == (STAYS.payment, (finding(STAYS),))
        assert unit.remarks.of(STAYS.payment.uetr) == (finding(STAYS),)
        account, alias = unit.accounts.find(STAYS.number), unit.aliases.find(alias_of(STAYS.phone))
        assert account is not None
        assert alias is not None
        assert (account.holder, alias.account, alias.alias.value) == (STAYS.name, STAYS.number, STAYS.phone)
        (case,) = unit.cases.of(STAYS.payment.uetr)
        assert (case.reason_text, STAYS.name.encode() in case.request) == (f"{STAYS.name} asks for it", True)
        key = unit.inbox.key_of(STAYS.payment.uetr)
        entry = unit.inbox.find(key or "")
        assert entry is not None
        assert entry.body == entry.answer == entry.final_answer == case.request
        assert entry.lines[0].end_to_end_id == STAYS.payment.end_to_end_id
        assert entry.lines[0].findings == entry.findings == (finding(STAYS),)
        endpoint = unit.webhooks.find("whe_1")
        assert endpoint is not None
        assert endpoint.secrets[0].key == SECRET
        assert [one.uetr for one in unit.payments.of_owner(STAYS.number)] == [STAYS.payment.uetr]
        assert [STAYS.name.encode() in one.body for one in unit.messages.about(STAYS.number)] == [True]


def test_whoever_is_erased_is_marked_so_and_nobody_else(kept: Book) -> None:
    done = _erase(kept)
    assert isinstance(done, Erased)
    assert done.payments == 1
    called = f"erased-{done.subject}"
    with kept.view() as unit:
        record = unit.payments.find(GONE.payment.uetr)
        assert record is not None
        payment = record.payment
        assert payment.debtor.name == payment.creditor.name == payment.remittance[0] == "erased"
        assert (payment.debtor_account, payment.creditor_account) == (None, None)
        assert payment.interbank_settlement_amount == GONE.payment.interbank_settlement_amount
        assert (record.state, record.findings[0].reason) == (State.REJECTED, finding(GONE).reason)
        assert (record.findings[0].text, record.findings[0].value) == ("erased", None)
        assert {message.body for message in unit.messages.of(payment.uetr)} == {ERASED_BODY}
        assert unit.remarks.of(payment.uetr)[0].text == "erased"
        (case,) = unit.cases.of(payment.uetr)
        assert (case.reason_text, case.request) == ("erased", ERASED_BODY)
        entry = unit.inbox.find(unit.inbox.key_of(payment.uetr) or "")
        assert entry is not None
        assert (entry.body, entry.lines[0].end_to_end_id) == (ERASED_BODY, "NOTPROVIDED")
        assert unit.accounts.find(GONE.number) is None
        assert unit.aliases.find(alias_of(GONE.phone)) is None
        account = unit.accounts.find(called)
        assert account is not None
        assert (account.number, account.holder) == (called, "erased")
        assert called in [one.number for one in unit.accounts.list()]
        assert unit.messages.about(called)[0].body == ERASED_BODY
        (record_of_it,) = unit.erasing.list()
        assert (record_of_it.subject, record_of_it.ordered_by) == (done.subject, "compliance")
        stays = unit.payments.find(STAYS.payment.uetr)
        assert stays is not None
        assert stays.payment == STAYS.payment


@pytest.mark.parametrize("at_once", [1, 500])
def test_a_statement_of_ours_loses_the_person_and_keeps_the_rest(
    kept: Book, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(erasing, "AT_ONCE", at_once)
    _erase(kept)
    with kept.view() as unit:
        bodies = [one.body for one in unit.statements.messages("camt.054.001.08", "out", None, 10)]
    ours = [body for body in bodies if body.endswith(b"own")]
    assert len(ours) == 2
    (redacted,) = [body for body in ours if b"<T>erased</T>" in body]
    assert GONE.payment.uetr.encode() in redacted
    assert b"<Amt>100.00</Amt>" in redacted
    assert not [word for word in GONE.words if word.encode() in redacted]
    (whole,) = [body for body in ours if body != redacted]
    assert all(word.encode() in whole for word in STAYS.words)


def test_an_answer_kept_for_the_person_is_gone(kept: Book) -> None:
    _erase(kept)
    with kept.unit() as unit:
        answers = {
            one.number: unit.idempotency.claim(replace(REQUEST, key=one.payment.uetr), "t", NOON, 60)
            for one in (GONE, STAYS)
        }
    assert answers[GONE.number].body == ERASED_BODY  # type: ignore[union-attr]
    assert STAYS.name.encode() in answers[STAYS.number].body  # type: ignore[union-attr]


def test_a_message_that_became_no_payment_is_erased_with_whom_it_names(kept: Book) -> None:
    """It was refused, so no UETR leads to it; the number or the name does."""
    keys = {}
    for one, named in ((GONE, GONE.number), (STAYS, STAYS.name)):
        body, keys[one.number] = f"<Document><Nm>{named}</Nm></Document>".encode(), new_uetr()
        refused = InboxRecord(
            keys[one.number], "back-office", "", None, InboxVerdict.REFUSED, body, bytes(32), NOON, (), body
        )
        with kept.unit() as unit:
            unit.inbox.add(refused)
    _erase(kept)
    with kept.view() as unit:
        gone, stays = (unit.inbox.find(key) for key in keys.values())
    assert gone is not None
    assert stays is not None
    assert (gone.body, gone.answer, gone.verdict) == (ERASED_BODY, ERASED_BODY, InboxVerdict.REFUSED)
    assert STAYS.name.encode() in stays.body


def test_with_the_master_key_in_hand_an_erased_key_is_nowhere(kept: Book) -> None:
    """Not in the tables, nor in a second book opened on the same database."""
    _erase(kept)
    kept.wipe()
    again = Book.open(kept.url, MASTER)
    with again.view() as unit:
        record, other = (unit.payments.find(one.payment.uetr) for one in (GONE, STAYS))
    again.close()
    assert record is not None
    assert other is not None
    assert (record.payment.debtor.name, other.payment.debtor.name) == ("erased", STAYS.name)
    with kept._reader.connect() as connection:
        keys = connection.execute(text("SELECT count(*) FROM subjects WHERE key IS NOT NULL")).scalar()
        files = connection.execute(text("SELECT count(*) FROM payments WHERE file_key IS NOT NULL")).scalar()
    assert (keys, files) == (1, 1)


def test_a_number_may_be_given_to_somebody_new(kept: Book) -> None:
    _erase(kept)
    with kept.unit() as unit:
        assert unit.accounts.open(account_record(GONE.number, holder="Somebody New"))
    with kept.view() as unit:
        found, payments = unit.accounts.find(GONE.number), unit.payments.of_owner(GONE.number)
    assert found is not None
    assert (found.holder, payments) == ("Somebody New", [])


def test_nobody_is_erased_while_money_is_under_way(kept: Book) -> None:
    open_one = payment_record(payment=replace(GONE.payment, uetr="u-2"), uetr="u-2")
    with kept.unit() as unit:
        unit.payments.add(open_one)
    done = _erase(kept)
    assert isinstance(done, NotErased)
    assert "Payment u-2 is still under way" in done.sentence
    with kept.view() as unit:
        account = unit.accounts.find(GONE.number)
        assert account is not None
        assert account.holder == GONE.name


def test_nobody_is_erased_whose_money_we_hold(kept: Book) -> None:
    with kept.unit() as unit:
        unit.accounts.post(
            "OWN-CNY",
            Money(500, CNY),
            uetr=None,
            transaction_hash="0x1",
            block_number=1,
            log_index=1,
            text="t",
            at=NOON,
        )
        assert unit.accounts.transfer("OWN-CNY", GONE.number, Money(500, CNY), reference="r", text="gift", at=NOON)
    done = _erase(kept)
    assert isinstance(done, NotErased)
    assert "is not empty" in done.sentence
    with kept.unit() as unit:
        assert unit.accounts.reserve(STAYS.payment.uetr, GONE.number, Money(500, CNY))
    done = _erase(kept)
    assert isinstance(done, NotErased)
    assert "is held for payments under way" in done.sentence


def test_only_a_customer_is_erased_and_only_once(kept: Book) -> None:
    first = _erase(kept)
    assert isinstance(first, Erased)
    for number, sentence in (
        (GONE.number, "keeps no account"),
        (f"erased-{first.subject}", "erased already"),
        ("OWN-CNY", "own account"),
    ):
        done = _erase(kept, number)
        assert isinstance(done, NotErased)
        assert sentence in done.sentence


def test_a_payment_of_nobody_here_is_erased_by_itself(kept: Book) -> None:
    stranger = person("Xylophone").payment
    with kept.unit() as unit:
        unit.payments.add(payment_record(stranger.uetr, payment=stranger))
    done = erase_payment(kept, stranger.uetr, NOON, "compliance")
    assert isinstance(done, NotErased)
    done = erase_payment(kept, STAYS.payment.uetr, NOON, "compliance")
    assert done == Erased(STAYS.payment.uetr, 1)
    with kept.view() as unit:
        record = unit.payments.find(STAYS.payment.uetr)
        account = unit.accounts.find(STAYS.number)
        assert record is not None
        assert account is not None
        assert (record.payment.creditor.name, account.holder) == ("erased", STAYS.name)
        (told,) = unit.messages.about(STAYS.number)
        assert (b"Omar" in told.body, b"<T>erased</T>" in told.body) == (False, True)
    again = erase_payment(kept, STAYS.payment.uetr, NOON, "compliance")
    unknown = erase_payment(kept, "nobody's", NOON, "compliance")
    assert isinstance(again, NotErased)
    assert "erased already" in again.sentence
    assert isinstance(unknown, NotErased)


def test_what_is_recorded_of_an_erasure_stays(kept: Book) -> None:
    _erase(kept)
    for statement in ("UPDATE erasures SET ordered_by = 'nobody'", "DELETE FROM erasures"):
        with pytest.raises(DBAPIError, match="stays as it is"), kept._writer.begin() as connection:
            connection.execute(text(statement))


def test_a_text_moved_to_another_row_does_not_open(kept: Book) -> None:
    """Bound to its place: whoever can write to the database cannot give one person another's name."""
    with kept._writer.begin() as connection:
        rows = connection.execute(text("SELECT uetr, sealed FROM payments")).all()
        connection.execute(
            text("UPDATE payments SET sealed = :sealed WHERE uetr = :uetr"),
            {"sealed": rows[0].sealed, "uetr": rows[1].uetr},
        )
    with kept.view() as unit, pytest.raises(Unreadable):
        unit.payments.find(rows[1].uetr)


def test_another_master_key_is_refused_at_once(kept: Book) -> None:
    with pytest.raises(WrongMasterKey, match=f"sealed with the master key {MASTER.fingerprint}"):
        Book.open(kept.url, new_key())


def test_a_book_whose_own_keys_are_gone_is_refused(kept: Book) -> None:
    with kept._writer.begin() as connection:
        connection.execute(text("DELETE FROM book_keys"))
    with pytest.raises(WrongMasterKey, match="backup"):
        Book.open(kept.url, MASTER)


def test_a_changed_master_key_opens_what_the_old_one_opened(kept: Book) -> None:
    new = new_key()
    assert kept.change_master(MASTER, new) == 2
    with pytest.raises(WrongMasterKey, match="start this process again"), kept.unit() as unit:
        unit.accounts.open(account_record("4711"))
    with pytest.raises(WrongMasterKey):
        Book.open(kept.url, MASTER)
    again = Book.open(kept.url, new)
    with again.view() as unit:
        record = unit.payments.find(STAYS.payment.uetr)
    again.close()
    assert record is not None
    assert record.payment == STAYS.payment


def test_nothing_personal_is_in_the_files_of_sqlite(sqlite_book: Book, tmp_path: Path) -> None:
    """Neither while it is kept, log and all, nor a wrapped key once it is erased."""
    keep_house(sqlite_book)
    keep(sqlite_book, GONE)
    words = {*GONE.words, SECRET.decode(), SECRET.hex()}
    assert _found(tmp_path, words) == []
    with sqlite_book._reader.connect() as connection:
        (wrapped,) = connection.execute(text("SELECT key FROM subjects")).scalars().all()
        sealed = connection.execute(text("SELECT sealed FROM payments")).scalar_one()
    assert [name for name, content in _files(tmp_path) if wrapped in content]
    assert isinstance(_erase(sqlite_book), Erased)
    assert sqlite_book.wipe()
    assert [name for name, content in _files(tmp_path) if wrapped in content or sealed in content] == []


def test_nothing_personal_is_in_the_files_of_postgresql(postgres: PostgresServer) -> None:
    """Nor in its write-ahead log."""
    one = person("Wolverine")
    book = Book.open(postgres.new_url(), MASTER)
    keep_house(book)
    keep(book, one)
    postgres.run("CHECKPOINT")
    assert _found(postgres.folder / "data", one.words) == []
    with book._reader.connect() as connection:
        wrapped = bytes(connection.execute(text("SELECT key FROM subjects")).scalar_one())
    assert isinstance(_erase(book, one.number), Erased)
    assert book.wipe()
    book.close()
    postgres.run("CHECKPOINT")
    tables = postgres.folder / "data" / "base"
    assert [name for name, content in _files(tables) if wrapped in content] == []


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()


def _found(folder: Path, words: set[str]) -> list[tuple[str, str]]:
    assert any(folder.rglob("*"))
    return [(name, word) for name, content in _files(folder) for word in words if word.encode() in content]
