"""Rules of HVPS+, the usage of high-value systems, and of instant schemes; told to messages that follow them."""

from __future__ import annotations

from collections.abc import Iterator

from api.iso20022.cbpr_rules import is_unstructured
from api.iso20022.party_rules import date_of
from api.iso20022.rulebook import Profile
from api.iso20022.subject import Breach, Subject, breach, profile_of
from api.iso20022.tree import find, required, text_at

_ONE_TRANSACTION = {Profile.CBPR_PLUS: "cbpr.one-transaction", Profile.HVPS_PLUS: "hvps.one-transaction"}


def one_transaction(subject: Subject) -> Iterator[Breach]:
    """There is one transaction: a message of several is split before its payments are read."""
    number = len(subject.transactions)
    if number > 1:
        rule = _ONE_TRANSACTION.get(profile_of(subject), "base.one-transaction")
        yield breach(rule, subject.transactions[1], f"One payment at a time; this message has {number}.")


def one_message(subject: Subject) -> Iterator[Breach]:
    """CBPR+ and HVPS+ know messages of one transaction only; others may have several, which are split."""
    if profile_of(subject) in _ONE_TRANSACTION:
        yield from one_transaction(subject)


def addresses(subject: Subject) -> Iterator[Breach]:
    """Addresses state town and country; since November 2026 high-value systems take no others."""
    for node in subject.document.iter("{*}PstlAdr"):
        if is_unstructured(node):
            yield breach("hvps.address", node, "PstlAdr needs TwnNm and Ctry; address lines alone will not do.")


def high_value(subject: Subject) -> Iterator[Breach]:
    """A high-value system clears, says which one it is, and lets each side bear its own charges."""
    settlement = required(subject.group, "SttlmInf")
    method = required(settlement, "SttlmMtd")
    if method.text != "CLRG":
        yield breach("hvps.settlement-method", method, "SttlmMtd in a high-value system is CLRG.")
    elif find(settlement, "ClrSys") is None:
        yield breach("hvps.settlement-method", settlement, "ClrSys must name the high-value system.")
    bearer = find(subject.transaction, "ChrgBr")
    if bearer is not None and bearer.text not in ("SHAR", "SLEV"):
        yield breach("hvps.charge-bearer", bearer, "ChrgBr in a high-value system is SHAR, or SLEV where it says.")


def instant(subject: Subject) -> Iterator[Breach]:
    """An instant payment clears today, to an account, shares charges by the service level, converts nothing."""
    bearer = find(subject.transaction, "ChrgBr")
    if bearer is not None and bearer.text != "SLEV":
        yield breach("instant.charge-bearer", bearer, "ChrgBr of an instant payment is SLEV.")
    instructed, settled = find(subject.transaction, "InstdAmt"), find(subject.transaction, "IntrBkSttlmAmt")
    if instructed is not None and settled is not None and instructed.get("Ccy") != settled.get("Ccy"):
        text = f"An instant payment of {text_at(subject.transaction, 'IntrBkSttlmAmt')} converts no currency."
        yield breach("instant.one-currency", instructed, text)
    method = required(subject.group, "SttlmInf/SttlmMtd")
    if method.text != "CLRG":
        yield breach("instant.settlement-method", method, "SttlmMtd of an instant payment is CLRG.")
    if find(subject.transaction, "CdtrAcct") is None:
        yield breach("instant.creditor-account", subject.transaction, "An instant payment names CdtrAcct.")
    yield from _instant_day(subject)


def _instant_day(subject: Subject) -> Iterator[Breach]:
    for place in (subject.group, subject.transaction):
        node = find(place, "IntrBkSttlmDt")
        day = None if node is None else date_of(node)
        if node is not None and day is not None and day > subject.today:
            yield breach("instant.settlement-date", node, "An instant payment settles when it is sent.")
