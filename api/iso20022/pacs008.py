"""Reads a customer credit transfer (pacs.008) into a payment, walking the message once.

Nothing is decided here that the rules do not name; what the payment does not hold stays in the message and is
carried on by `forward`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from lxml import etree

from api.iso20022.amounts import amount_of, money_of, rate_of
from api.iso20022.institutions import Directory, other_names, read_agent
from api.iso20022.parse import ParsedMessage
from api.iso20022.parties import read_account, read_party
from api.iso20022.party_rules import date_of
from api.iso20022.rules import Verdict, check, judge
from api.iso20022.subject import Breach, Subject, quote_id_of, subject_of
from api.iso20022.tree import find, find_all, required, shown, text_at
from node.domain.money import Money
from node.domain.party import Agent
from node.domain.payment import Charge, ChargeBearer, Payment
from node.domain.reasons import Finding

CREDIT_TRANSFERS = frozenset(f"pacs.008.001.{version}" for version in ("08", "09", "10", "11", "12", "13"))
"""The versions of pacs.008 that are read, and forwarded in the version they came in."""

# With one of these broken there is no one payment of whole amounts between two known institutions.
_DISABLING = frozenset(
    {"base.one-transaction", "base.currency-known", "base.minor-units", "base.debtor-agent", "base.creditor-agent"}
)


@dataclass(frozen=True)
class CreditTransfer:
    """A payment that could be read; it goes on only if `errors` is empty."""

    payment: Payment
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


@dataclass(frozen=True)
class Unreadable:
    """A valid message in which there is no payment to read, for these reasons (never empty)."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


def read_credit_transfer(
    message: ParsedMessage, *, today: date, minted_uetr: str, directory: Directory | None = None
) -> CreditTransfer | Unreadable:
    """The payment of a pacs.008 with everything the rules have to say about it.

    `minted_uetr` is the payment's UETR where the message has none. `directory` finds BICs of institutions that
    the message names otherwise. `today` is the day at this institution.
    """
    subject = subject_of(message, today)
    agents = _agents(subject, {} if directory is None else directory)
    further = iter([*_agent_breaches(subject, agents), *_quote_breaches(subject)])
    verdict = judged(subject, message, further)
    if isinstance(verdict, Unreadable):
        return verdict
    return CreditTransfer(_payment(subject, agents, minted_uetr), verdict.errors, verdict.warnings)


def judged(subject: Subject, message: ParsedMessage, further: Iterator[Breach]) -> Verdict | Unreadable:
    """What the rules and further breaches amount to; unreadable where one leaves no payment to speak of."""
    first, second = check(message, subject.today), judge(subject, further)
    verdict = Verdict(first.errors + second.errors, first.warnings + second.warnings)
    if any(error.rule in _DISABLING for error in verdict.errors):
        return Unreadable(verdict.errors, verdict.warnings)
    return verdict


def _agents(subject: Subject, directory: Directory) -> dict[str, Agent | None]:
    """The four institutions of a leg; the instructing and instructed may stand in the group header."""
    found = {}
    for tag in ("DbtrAgt", "CdtrAgt", "InstgAgt", "InstdAgt"):
        node = find(subject.transaction, tag)
        found[tag] = read_agent(find(subject.group, tag) if node is None else node, directory)
    return found


def _agent_breaches(subject: Subject, agents: dict[str, Agent | None]) -> Iterator[Breach]:
    for tag, rule in (("DbtrAgt", "base.debtor-agent"), ("CdtrAgt", "base.creditor-agent")):
        if agents[tag] is None:
            node = required(subject.transaction, tag)
            names = ", ".join(other_names(node)) or text_at(node, "FinInstnId/Nm") or "nothing"
            yield Breach(rule, node, f"No BIC is known for this institution, named by {names}.", shown(names))


def _quote_breaches(subject: Subject) -> Iterator[Breach]:
    stated = quote_id_of(subject.transaction)
    if stated is not None and _uuid(stated) is None:
        node = required(subject.transaction, "InstrForNxtAgt")
        yield Breach("base.quote-id", node, "A quote is named by /QUOTE/ and its UUID.", shown(stated))


def _uuid(text: str | None) -> str | None:
    try:
        return str(UUID(text or ""))
    except ValueError:
        return None


def _payment(subject: Subject, agents: dict[str, Agent | None], minted_uetr: str) -> Payment:
    transaction = subject.transaction
    debtor_agent, creditor_agent = agents["DbtrAgt"], agents["CdtrAgt"]
    if debtor_agent is None or creditor_agent is None:
        raise LookupError("the rules let no payment without agents through")
    return Payment(
        uetr=text_at(transaction, "PmtId/UETR") or minted_uetr,
        message_id=text_at(subject.group, "MsgId") or "",
        end_to_end_id=text_at(transaction, "PmtId/EndToEndId") or "NOTPROVIDED",
        instruction_id=text_at(transaction, "PmtId/InstrId"),
        transaction_id=text_at(transaction, "PmtId/TxId"),
        settlement_date=settlement_date_of(subject),
        interbank_settlement_amount=money_of(amount_of(required(transaction, "IntrBkSttlmAmt"))),
        instructed_amount=_money(find(transaction, "InstdAmt")),
        exchange_rate=_rate(transaction),
        charge_bearer=ChargeBearer(text_at(transaction, "ChrgBr")),
        charges=_charges(transaction),
        instructing_agent=agents["InstgAgt"],
        instructed_agent=agents["InstdAgt"],
        debtor=read_party(transaction, "Dbtr"),
        debtor_account=read_account(find(transaction, "DbtrAcct")),
        debtor_agent=debtor_agent,
        creditor=read_party(transaction, "Cdtr"),
        creditor_account=read_account(find(transaction, "CdtrAcct")),
        creditor_agent=creditor_agent,
        quote_id=_uuid(quote_id_of(transaction)),
        remittance=remittance_of(transaction),
        purpose=text_at(transaction, "Purp/Cd") or text_at(transaction, "Purp/Prtry"),
    )


def _money(node: etree._Element | None) -> Money | None:
    return None if node is None else money_of(amount_of(node))


def _rate(transaction: etree._Element) -> Fraction | None:
    stated = text_at(transaction, "XchgRate")
    return None if stated is None else rate_of(stated)[0]


def settlement_date_of(subject: Subject) -> date | None:
    """The day the message asks for; it may stand in the group header."""
    node = find(subject.transaction, "IntrBkSttlmDt")
    node = find(subject.group, "IntrBkSttlmDt") if node is None else node
    return None if node is None else date_of(node)


def _charges(transaction: etree._Element) -> tuple[Charge, ...]:
    """Charges with the agents that took them; an agent without BIC is kept under the BIC that means none."""
    charges = []
    for node in find_all(transaction, "ChrgsInf"):
        agent = read_agent(find(node, "Agt"), {})
        name = text_at(node, "Agt/FinInstnId/Nm")
        charges.append(Charge(money_of(amount_of(required(node, "Amt"))), agent or Agent("", name)))
    return tuple(charges)


def remittance_of(transaction: etree._Element) -> tuple[str, ...]:
    """What the creditor is told the payment is for: free lines, then structured references."""
    free = [node.text or "" for node in find_all(transaction, "RmtInf/Ustrd")]
    references = [node.text or "" for node in find_all(transaction, "RmtInf/Strd/CdtrRefInf/Ref")]
    documents = [node.text or "" for node in find_all(transaction, "RmtInf/Strd/RfrdDocInf/Nb")]
    return tuple(line for line in (*free, *references, *documents) if line.strip())
