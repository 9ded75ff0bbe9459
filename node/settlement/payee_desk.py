"""Saying who is behind an account or an alias here, no more than the asker needs, and whether a name is theirs.

The answer to a payer's question and the creditor agent's own check of a payment are one and the same comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from node.book.book import Unit
from node.book.records import AccountStatus, CashAccountRecord
from node.domain.alias import Alias
from node.domain.names import NameCheck, NameMatch, compare_names
from node.domain.own_account import is_own
from node.domain.party import CashAccount
from node.domain.payment import Payment
from node.domain.reasons import Finding, Reason
from node.settlement.office import Office

NAME_RULES: Final = "creditor-agent.name-"
"""How the rules begin under which a creditor agent speaks of the creditor's name."""


@dataclass(frozen=True)
class PayeeQuestion:
    """Whom the payer means: an account or an alias here, the name they know, the currency they would send."""

    account: str | None
    alias: Alias | None
    name: str | None
    currency: str | None = None


@dataclass(frozen=True)
class PayeeAnswer:
    """How the name compares; `name` is the holder's own, told for a close match only.

    `reason` says why a payment could not be credited, or why no comparison was possible.
    """

    match: NameMatch
    name: str | None = None
    reason: Finding | None = None


@dataclass(frozen=True)
class Payee:
    """Where an alias leads: an account here, with the holder's name masked."""

    account: str
    scheme: str
    currency: str
    masked_name: str | None


def verify_payee(office: Office, question: PayeeQuestion) -> PayeeAnswer:
    """Compare the stated name with the holder's."""
    with office.book.view() as unit:
        account = _account(unit, question)
    if account is None:
        text = "We keep no such account, or it is closed."
        return PayeeAnswer(NameMatch.NOT_POSSIBLE, reason=_reason(Reason.CREDITOR_ACCOUNT_UNKNOWN, text))
    if question.currency not in (None, account.currency.code):
        text = f"The account is kept in {account.currency.code}."
        return PayeeAnswer(NameMatch.NOT_POSSIBLE, reason=_reason(Reason.CREDITOR_ACCOUNT_CURRENCY_DIFFERS, text))
    match = compare_names(question.name, account.holder)
    if match is NameMatch.CLOSE_MATCH:
        return PayeeAnswer(match, name=account.holder)
    if match is NameMatch.NO_MATCH:
        text = "The account's holder has another name."
        return PayeeAnswer(match, reason=_reason(Reason.CREDITOR_NAME_DIFFERS, text))
    return PayeeAnswer(match)


def find_payee(office: Office, alias: Alias) -> Payee | None:
    """The open account that an alias names here."""
    with office.book.view() as unit:
        account = _account(unit, PayeeQuestion(None, alias, None))
    if account is None:
        return None
    return Payee(account.number, account.scheme.value, account.currency.code, masked(account.holder))


def masked(name: str | None) -> str | None:
    """A name that its owner recognises and nobody else learns: the first letter of every word.

    >>> masked("Chan Wai Man")
    'C*** W** M**'
    """
    if name is None:
        return None
    return " ".join(word[0] + "*" * (len(word) - 1) for word in name.split())


def name_finding(account: CashAccountRecord, payment: Payment) -> Finding | None:
    """What is to be said about the creditor's name in a payment to this account; None where it is the holder's."""
    if payment.creditor_account is None or is_own(payment.creditor_account) or payment.return_of is not None:
        return None
    match = compare_names(payment.creditor.name, account.holder)
    if match is NameMatch.MATCH:
        return None
    text = f"The creditor's name {_SAID[match]} ({match.value})."
    rule = f"{NAME_RULES}{match.name.lower().replace('_', '-')}"
    return Finding(Reason.CREDITOR_NAME_DIFFERS, text, "creditor", payment.creditor.name, rule)


def name_remarks(unit: Unit, uetr: str) -> tuple[Finding, ...]:
    """What was said about the creditor's name when a payment was accepted; empty where it is the holder's."""
    return tuple(one for one in unit.remarks.of(uetr) if (one.rule or "").startswith(NAME_RULES))


_SAID: Final = {
    NameMatch.CLOSE_MATCH: "is only close to the account holder's",
    NameMatch.NO_MATCH: "is not the account holder's",
    NameMatch.NOT_POSSIBLE: "cannot be compared: the message or the account has none",
}


def is_refused(check: NameCheck, finding: Finding | None) -> bool:
    """Whether what was found about the name refuses a payment."""
    no_match = finding is not None and finding.rule == f"{NAME_RULES}no-match"
    return check is NameCheck.REFUSE and no_match


def _account(unit: Unit, question: PayeeQuestion) -> CashAccountRecord | None:
    """The customer's open account that is asked about; our own accounts are nobody's business."""
    number = question.account
    if question.alias is not None:
        kept = unit.aliases.find(question.alias)
        number = kept.account if kept else None
    account = unit.accounts.find(number) if number else None
    if account is None or account.status is AccountStatus.CLOSED:
        return None
    return None if is_own(CashAccount(account.number, account.scheme)) else account


def _reason(reason: Reason, text: str) -> Finding:
    return Finding(reason, text, "creditor_account", rule=f"payee.{reason.sentence}")
