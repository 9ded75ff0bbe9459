"""Rules on institutions, accounts, identifiers, the chain of agents, and when and how to settle."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from lxml import etree

from api.iso20022.check_digits import bic_problem, iban_problem, lei_problem
from api.iso20022.rulebook import RULES
from api.iso20022.subject import Breach, Subject, breach, profile_of
from api.iso20022.tree import find, name_of, text_at

FURTHEST_AHEAD = timedelta(days=366)
_DAYS_BETWEEN_PLACES = timedelta(days=1)  # where it is latest the day before has not ended


def identifiers(subject: Subject) -> Iterator[Breach]:
    """Every BIC names a country that there is, every LEI has right check digits."""
    checks = {
        "BICFI": ("base.bic", bic_problem),
        "AnyBIC": ("base.bic", bic_problem),
        "LEI": ("base.lei", lei_problem),
    }
    for node in subject.document.iter("{*}BICFI", "{*}AnyBIC", "{*}LEI"):
        rule, problem_with = checks[name_of(node)]
        problem = problem_with((node.text or "").strip())
        if problem is not None:
            yield breach(rule, node, f"{name_of(node)} {node.text} {problem}.")


def accounts(subject: Subject) -> Iterator[Breach]:
    """The debtor's and the creditor's IBAN have the right length and check digits."""
    for side, rule in (("DbtrAcct", "base.debtor-iban"), ("CdtrAcct", "base.creditor-iban")):
        node = find(subject.transaction, f"{side}/Id/IBAN")
        problem = None if node is None else iban_problem((node.text or "").strip())
        if node is not None and problem is not None:
            yield breach(rule, node, f"The IBAN {problem}.")


def uetr(subject: Subject) -> Iterator[Breach]:
    """A UETR is there; its form is the schema's business."""
    node = find(subject.transaction, "PmtId")
    if node is None or find(node, "UETR") is not None:
        return
    profile = profile_of(subject)
    if profile in RULES["base.uetr-present"].error_in:
        demands = f"There is no UETR, which {profile.value.upper()} demands"
        text = f"{demands}; in a FIN message it is field 121 of block 3."
    else:
        text = "There is no UETR; one is given to the payment here."
    yield breach("base.uetr-present", node, text)


def settlement(subject: Subject) -> Iterator[Breach]:
    """Settlement is on this network, on the day asked for; a cover is waited for, and a day to come."""
    method = find(subject.group, "SttlmInf/SttlmMtd")
    if method is not None and method.text == "COVE":
        text = "The money comes with a cover of its own: the payment waits for the pacs.009 COV of the same UETR."
        yield breach("base.settlement-method", method, text)
    nodes = [find(subject.transaction, "IntrBkSttlmDt"), find(subject.group, "IntrBkSttlmDt")]
    dated = [node for node in nodes if node is not None]
    for node in dated[:1]:
        yield from _date_breaches(node, subject.today)
    if len(dated) == 2 and date_of(dated[0]) != date_of(dated[1]):
        text = "The settlement date in the group header is not the transaction's."
        yield breach("base.settlement-date-one", dated[1], text)


def _date_breaches(node: etree._Element, today: date) -> Iterator[Breach]:
    """`today` is the day where it comes first: a day is to come until it is today somewhere, and passes last."""
    day = date_of(node)
    if day is None:
        yield breach("base.settlement-date-readable", node, f"{node.text} is not a day in the years 1 to 9999.")
    elif day > today + FURTHEST_AHEAD:
        text = f"The settlement date {day} is more than {FURTHEST_AHEAD.days} days ahead; today is {today}."
        yield breach("base.settlement-date-too-far", node, text)
    elif day > today:
        text = f"The settlement date {day} is in the future: the payment waits until then."
        yield breach("base.settlement-date-future", node, text)
    elif day < today - _DAYS_BETWEEN_PLACES:
        text = f"The settlement date {day} has passed; the payment settles as soon as it can."
        yield breach("base.settlement-date-past", node, text)


def date_of(node: etree._Element) -> date | None:
    """The calendar day in an element; a time zone behind it is dropped, years beyond 9999 give None."""
    try:
        return date.fromisoformat((node.text or "").strip()[:10])
    except ValueError:
        return None


def chain(subject: Subject) -> Iterator[Breach]:
    """Nobody stands between the debtor agent's side and the creditor agent: settlement here is direct."""
    creditor_agent = text_at(subject.transaction, "CdtrAgt/FinInstnId/BICFI") or ""
    for number in (1, 2, 3):
        agent = find(subject.transaction, f"IntrmyAgt{number}")
        bic = None if agent is None else text_at(agent, "FinInstnId/BICFI")
        if agent is not None and (bic is None or bic[:8] != creditor_agent[:8]):
            text = "Settlement here is direct with the creditor agent; no intermediary agent can be used."
            yield Breach("base.no-intermediary", agent, text, bic)
