"""Reads a transfer between institutions (pacs.009, core and cover) into a payment.

Debtor and creditor are institutions: where they are the two that settle here, the money is their own and moves
between their own accounts; else they hold accounts with those two, as customers do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from lxml import etree

from api.iso20022.amounts import amount_of, money_of
from api.iso20022.institutions import Directory, other_names, read_agent
from api.iso20022.pacs008 import CreditTransfer, Unreadable, judged, remittance_of, settlement_date_of
from api.iso20022.parse import ParsedMessage
from api.iso20022.parties import read_account, read_institution_party
from api.iso20022.subject import Breach, Subject, subject_of
from api.iso20022.tree import find, required, shown, text_at
from node.domain.own_account import own_account
from node.domain.party import Agent, CashAccount
from node.domain.payment import ChargeBearer, Payment

INSTITUTION_TRANSFERS = frozenset(f"pacs.009.001.{version}" for version in ("08", "09", "10", "11"))
"""The versions of pacs.009 that are read, and forwarded in the version they came in."""

# Who keeps the account of a party that names no agent: whoever is next in the chain, at last the party itself.
_DEBTOR_SIDE = ("DbtrAgt", "InstgAgt", "Dbtr")
_CREDITOR_SIDE = ("CdtrAgt", "InstdAgt", "Cdtr")


def is_cover(message: ParsedMessage) -> bool:
    """Whether this pacs.009 tells of a customer payment underneath, which it brings the money for."""
    transaction = find(message.body, "CdtTrfTxInf")
    return transaction is not None and find(transaction, "UndrlygCstmrCdtTrf") is not None


def read_institution_transfer(
    message: ParsedMessage, *, today: date, minted_uetr: str, directory: Directory | None = None
) -> CreditTransfer | Unreadable:
    """The payment of a pacs.009 with everything the rules have to say; arguments as `read_credit_transfer`."""
    subject = subject_of(message, today)
    known = {} if directory is None else directory
    debtor_agent = _first(subject, _DEBTOR_SIDE, known)
    creditor_agent = _first(subject, _CREDITOR_SIDE, known)
    verdict = judged(subject, message, iter(_agent_breaches(subject, debtor_agent, creditor_agent)))
    if isinstance(verdict, Unreadable) or debtor_agent is None or creditor_agent is None:
        return verdict if isinstance(verdict, Unreadable) else Unreadable(verdict.errors, verdict.warnings)
    payment = _payment(subject, debtor_agent, creditor_agent, known, minted_uetr)
    return CreditTransfer(payment, verdict.errors, verdict.warnings)


def _first(subject: Subject, tags: tuple[str, ...], directory: Directory) -> Agent | None:
    return next((agent for tag in tags if (agent := _agent(subject, tag, directory)) is not None), None)


def _agent(subject: Subject, tag: str, directory: Directory) -> Agent | None:
    node = find(subject.transaction, tag)
    return read_agent(find(subject.group, tag) if node is None else node, directory)


def _agent_breaches(subject: Subject, debtor: Agent | None, creditor: Agent | None) -> Iterator[Breach]:
    for tag, agent, rule in (
        ("Dbtr", debtor, "base.debtor-agent"),
        ("Cdtr", creditor, "base.creditor-agent"),
    ):
        if agent is None:
            node = required(subject.transaction, tag)
            names = ", ".join(other_names(node)) or text_at(node, "FinInstnId/Nm") or "nothing"
            yield Breach(rule, node, f"No BIC is known for this institution, named by {names}.", shown(names))


def _payment(
    subject: Subject, debtor_agent: Agent, creditor_agent: Agent, directory: Directory, minted_uetr: str
) -> Payment:
    transaction = subject.transaction
    amount = money_of(amount_of(required(transaction, "IntrBkSttlmAmt")))
    code = amount.currency.code
    return Payment(
        uetr=text_at(transaction, "PmtId/UETR") or minted_uetr,
        message_id=text_at(subject.group, "MsgId") or "",
        end_to_end_id=text_at(transaction, "PmtId/EndToEndId") or "NOTPROVIDED",
        instruction_id=text_at(transaction, "PmtId/InstrId"),
        transaction_id=text_at(transaction, "PmtId/TxId"),
        settlement_date=settlement_date_of(subject),
        interbank_settlement_amount=amount,
        instructed_amount=None,
        exchange_rate=None,
        charge_bearer=ChargeBearer.SHARED,
        charges=(),
        instructing_agent=_agent(subject, "InstgAgt", directory),
        instructed_agent=_agent(subject, "InstdAgt", directory),
        debtor=read_institution_party(transaction, "Dbtr"),
        debtor_account=_account(transaction, "Dbtr", debtor_agent, code, directory),
        debtor_agent=debtor_agent,
        creditor=read_institution_party(transaction, "Cdtr"),
        creditor_account=_account(transaction, "Cdtr", creditor_agent, code, directory),
        creditor_agent=creditor_agent,
        remittance=remittance_of(transaction),
        purpose=text_at(transaction, "Purp/Cd") or text_at(transaction, "Purp/Prtry"),
    )


def _account(
    transaction: etree._Element, tag: str, keeper: Agent, currency_code: str, directory: Directory
) -> CashAccount | None:
    """The keeper's own account where the party is the keeper itself, else the one the message names."""
    party = read_agent(find(transaction, tag), directory)
    if party is not None and party.bic[:8] == keeper.bic[:8]:
        return own_account(currency_code)
    return read_account(find(transaction, f"{tag}Acct"))
