"""What comes after settlement, cut off at each of its boundaries: taken up again, it is done once.

A boundary is crossed right after a commit, so a process that dies there leaves the very book that the exception
leaves here; the institution's own worker stands still meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from api.account_reports import reporter_of
from api.correspondent import HttpCorrespondent
from cli.running_network import RunningNetwork
from node.book.cases import CaseRecord
from node.book.records import StaleRecord
from node.settlement import follow_up
from node.settlement.office import Office
from node.settlement.ports import Unreachable
from node.settlement.recall_deciding import Decided, accept, attend
from node.settlement.recalling import pursue
from node.settlement.statements import notify
from tests.api.test_recalls import Recall, brought, concluded, opened, told, until
from tests.api.test_returns import HK_ACCOUNT, paid
from tests.audit.books import read_book
from tests.audit.payments import returns_bounded_in_books
from tests.network import Bank, Transfer


class Killed(BaseException):
    """The plug is pulled."""


def mortal(office: Office, boundary: str) -> Office:
    """The office, dying at its next crossing of a boundary."""

    def cross(name: str, _uetr: str) -> None:
        if name == boundary:
            raise Killed(name)

    return replace(office, boundary=cross)


def case_of(bank: Bank, reference: str) -> CaseRecord:
    with bank.office.book.view() as unit:
        case = unit.cases.find(reference)
    assert case is not None
    return case


def dies(step: Callable[[Office, CaseRecord], Any], bank: Bank, reference: str, boundary: str) -> None:
    """Take the step until it dies; a payment that the bank's own worker moves meanwhile is looked at again."""

    def until_it_dies() -> None:
        for _ in range(100):
            with suppress(StaleRecord):
                step(mortal(bank.office, boundary), case_of(bank, reference))
                break

    with pytest.raises(Killed):
        until_it_dies()


def take(office: Office, case: CaseRecord) -> Any:
    return accept(office, case, None, False, lambda _original, order: order)


def test_a_recall_cut_off_everywhere_brings_the_money_back_once(
    network: RunningNetwork, debtor_agent: Bank, creditor_agent: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    credited = creditor_agent.accounts()[HK_ACCOUNT][0]
    follows = follow_up.follow_cases
    monkeypatch.setattr(follow_up, "follow_cases", lambda *_: False)
    recall = Recall(uetr)
    reference = opened(debtor_agent, recall)
    assert opened(debtor_agent, recall) == reference
    dies(pursue, debtor_agent, reference, "recalled")
    dies(pursue, debtor_agent, reference, "asked")
    asked = brought(creditor_agent, uetr)["reference"]
    dies(take, creditor_agent, asked, "case accepted")
    assert isinstance(take(creditor_agent.office, case_of(creditor_agent, asked)), Decided)
    dies(attend, creditor_agent, asked, "told")
    with suppress(Killed):
        attend(mortal(creditor_agent.office, "told"), replace(case_of(creditor_agent, asked), is_told=False))
    monkeypatch.setattr(follow_up, "follow_cases", follows)

    assert concluded(debtor_agent, reference)["state"] == "ACCEPTED"
    (back,) = creditor_agent.http.get(f"/v1/payments/{uetr}/returns").json()["returns"]
    assert creditor_agent.ended(back["uetr"])["state"] == debtor_agent.ended(back["uetr"])["state"] == "SETTLED"
    assert creditor_agent.accounts()[HK_ACCOUNT][0] == credited - 1_000_000
    assert told(debtor_agent, uetr).count("CNCL") == 2  # as it came, and as it went to the back office
    assert debtor_agent.reconciles()
    assert creditor_agent.reconciles()
    if network.options.database:
        return  # the outside auditor reads files
    folders = {bank.bic: network.data / "institutions" / bank.bic for bank in (debtor_agent, creditor_agent)}
    books = [read_book(bic, "0x", folder / "book.sqlite") for bic, folder in folders.items()]
    assert returns_bounded_in_books(books) == []


def test_a_stopped_payment_and_its_case_end_together(
    debtor_agent: Bank, creditor_agent: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HttpCorrespondent, "ask_acceptance", lambda *_: Unreachable("the line is cut"))
    monkeypatch.setattr(follow_up, "follow_cases", lambda *_: False)
    transfer = Transfer()
    debtor_agent.post(transfer.body())
    until(lambda: debtor_agent.payment(transfer.uetr)["state"], lambda state: state == "VALIDATED")
    reference = opened(debtor_agent, Recall(transfer.uetr))
    dies(pursue, debtor_agent, reference, "stopped")
    assert debtor_agent.payment(transfer.uetr)["state"] == "CANCELLED"
    assert case_of(debtor_agent, reference).state.value == "STOPPED"


def test_an_entry_is_notified_once(
    network: RunningNetwork, debtor_agent: Bank, creditor_agent: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter = reporter_of(network.institutions[creditor_agent.bic])
    monkeypatch.setattr(follow_up, "notify", lambda *_: False)
    uetr = paid(debtor_agent, creditor_agent)
    with suppress(Killed):
        notify(mortal(creditor_agent.office, "notified"), reporter)
    while notify(creditor_agent.office, reporter):
        pass
    query = {"name": "camt.054.001.08", "limit": "200"}
    kept = creditor_agent.http.get("/v1/messages", params=query).json()["messages"]
    bodies = [creditor_agent.http.get(f"/v1/messages/{one['digest']}").content for one in kept[:20]]
    assert [etree.fromstring(body).findtext(".//{*}UETR") for body in bodies].count(uetr) == 1
