"""What operators proposed about a person is erased with the person, once it is decided and not before."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from node.book.book import Book
from node.book.databases import open_engines
from node.book.erasing import Erased, NotErased
from node.book.erasure import erase_customer
from node.book.operators import OperatorRecord
from node.book.proposals import ProposalRecord, content_place, path_place
from node.book.revisions import MIGRATIONS
from node.domain.operator import OperatorStatus, Role
from node.domain.proposal import Duty, ProposalState
from tests.keys import MASTER
from tests.node.book.making import NOON
from tests.node.book.persons import keep, keep_house, person

GONE = person("Zebrafish")
MAKER, CHECKER = "op_maker", "op_checker"
OVER = (ProposalState.EXECUTED, ProposalState.REFUSED)


@pytest.fixture
def staffed(book: Book) -> Book:
    """A person in a book with a maker and a checker."""
    keep_house(book)
    keep(book, GONE)
    with book.unit() as unit:
        for name in (MAKER, CHECKER):
            role = frozenset({Role.MAKER if name == MAKER else Role.CHECKER})
            unit.operators.add(OperatorRecord(name, name, role, OperatorStatus.INVITED, NOON))
    return book


def _propose(book: Book, name: str, body: bytes, state: ProposalState, path: str = "/v1/x", **more: bytes) -> None:
    seal = book.vault.seal
    said = {"body": body, **more}
    sealed: dict[str, Any] = {column: seal(None, plain, content_place(name)) for column, plain in said.items()}
    record = ProposalRecord(
        proposal_id=name,
        state=state,
        duty=Duty.BUSINESS,
        method="POST",
        path=base64.b64encode(seal(None, path.encode(), path_place(name))).decode(),
        media_type="application/xml",
        body=b"",
        digest=bytes(32),
        proposed_by=MAKER,
        proposed_at=NOON,
        expires_s=1.0,
        decided_by=None if state is ProposalState.PROPOSED else CHECKER,
    )
    with book.unit() as unit:
        unit.proposals.add(replace(record, **sealed))


def _erase(book: Book) -> Erased | NotErased:
    return erase_customer(book, GONE.number, NOON, "compliance")


def test_a_proposal_that_is_over_loses_every_word(staffed: Book) -> None:
    speaking = {
        "pr_uetr": b"<UETR>%s</UETR>" % GONE.payment.uetr.encode(),
        "pr_name": json.dumps({"holder": GONE.name}).encode(),
        "pr_number": GONE.number.encode(),
    }
    for name, body in speaking.items():
        _propose(staffed, name, body, ProposalState.EXECUTED, answer=b"done", decision_text=b"as agreed")
    _propose(staffed, "pr_path", b"", ProposalState.EXECUTED, f"/v1/aliases/{GONE.phone.replace('+', '%2B')}")
    _propose(staffed, "pr_answer", b"plain", ProposalState.REFUSED, decision_text=GONE.name.encode())
    _propose(staffed, "pr_other", b"of somebody else", ProposalState.EXECUTED, answer=b"done")
    assert isinstance(_erase(staffed), Erased)
    with staffed.view() as view:
        found = {one.proposal_id: one for one in view.proposals.list(OVER)}
    assert len(found) == 6
    for name in (*speaking, "pr_path", "pr_answer"):
        one = found[name]
        assert (one.path, one.body, one.answer or b"", one.decision_text or b"") == ("", b"", b"", b"")
        assert (one.proposed_by, one.decided_by) == (MAKER, CHECKER)
    assert found["pr_name"].answer == b""
    assert found["pr_path"].answer is None
    assert found["pr_other"].body
    assert found["pr_other"].answer


@pytest.mark.parametrize("state", [ProposalState.PROPOSED, ProposalState.APPROVED])
def test_nobody_is_erased_of_whom_a_proposal_speaks_that_may_be_carried_out(
    staffed: Book, state: ProposalState
) -> None:
    _propose(staffed, "pr_open", GONE.number.encode(), state)
    done = _erase(staffed)
    assert isinstance(done, NotErased)
    assert "Proposal pr_open speaks of the person" in done.sentence


def test_the_database_lets_a_proposal_be_emptied_that_is_over_and_changed_never(staffed: Book) -> None:
    _propose(staffed, "pr_open", b"a", ProposalState.APPROVED)
    _propose(staffed, "pr_over", b"b", ProposalState.EXECUTED)
    for change in ("path = ''", "path = 'x'", "body = digest"):
        for name in ("pr_open", "pr_over"):
            if (name, change) != ("pr_over", "path = ''"):
                with pytest.raises(DBAPIError, match="not changed"), staffed._writer.begin() as connection:
                    connection.execute(text(f"UPDATE proposals SET {change} WHERE proposal_id = '{name}'"))
    with staffed._writer.begin() as connection:
        connection.execute(text("UPDATE proposals SET path = '' WHERE proposal_id = 'pr_over'"))


def test_a_path_of_an_older_book_is_sealed_where_it_stands(staffed: Book) -> None:
    _propose(staffed, "pr_old", b"old", ProposalState.EXECUTED)
    config, (writer, reader) = Config(), open_engines(staffed.url)
    config.set_main_option("script_location", str(MIGRATIONS))
    with writer.begin() as connection:  # back to 0015 by hand: the way back is closed while there are proposals
        on = " ON proposals" if connection.dialect.name == "postgresql" else ""
        for trigger in ("proposals_unchanged", "proposals_only_emptied"):
            connection.execute(text(f"DROP TRIGGER {trigger}{on}"))
        connection.execute(text("UPDATE proposals SET path = '/v1/aliases/mei'"))
        run = "EXECUTE FUNCTION refuse_change()" if on else "BEGIN SELECT RAISE(ABORT, 'no'); END"
        connection.execute(
            text(f"CREATE TRIGGER proposals_unchanged BEFORE UPDATE OF path ON proposals FOR EACH ROW {run}")
        )
        connection.execute(text("CREATE INDEX ix_entries_uetr ON entries (uetr)"))  # as it was until 0018
        connection.execute(text("UPDATE alembic_version SET version_num = '0015'"))
    with writer.connect() as connection:
        config.attributes.update(connection=connection)
        with pytest.raises(ValueError, match="needs the master key"):
            command.upgrade(config, "head")
    writer.dispose()
    reader.dispose()
    again = Book.open(staffed.url, MASTER)
    with again.view() as view:
        (one,) = view.proposals.list([ProposalState.EXECUTED])
    sealed = again.vault.open(None, base64.b64decode(one.path), path_place("pr_old"))
    again.close()
    assert sealed == b"/v1/aliases/mei"
