"""Turns a customer's instruction (pain.001) into one pacs.008 per payment, the message that everything else reads.

The customer's elements are carried over as they stand: releases of pain.001 and pacs.008 of the same year share
their parts. The version of 2009 is lifted to the names of today first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from api.iso20022.customer_exchange import Exchange, QuoteNamed, exchange_of
from api.iso20022.forward import CLEARING_SYSTEM
from api.iso20022.parse import ParsedMessage
from api.iso20022.release_2009 import lifted
from api.iso20022.tree import children, find, find_all, namespace_of, path_of, required, shown, text_at
from api.iso20022.writing import add, add_if, new_root, plain_copy, serialise, timestamp
from node.domain.reasons import Finding, Reason

# The pacs.008 that has the same parts as a pain.001.
TRANSFER_OF = {
    "pain.001.001.03": "pacs.008.001.08",
    "pain.001.001.09": "pacs.008.001.08",
    "pain.001.001.10": "pacs.008.001.09",
    "pain.001.001.11": "pacs.008.001.10",
    "pain.001.001.12": "pacs.008.001.12",
}
_INTERMEDIARIES = tuple(f"IntrmyAgt{number}{end}" for number in (1, 2, 3) for end in ("", "Acct"))
_ENDING = ("Purp", "RgltryRptg", "Tax", "RltdRmtInf", "RmtInf", "SplmtryData")


@dataclass(frozen=True)
class NewIds:
    """The identifiers that a new pacs.008 gets; `uetr` is used where the customer gave none."""

    message_id: str
    uetr: str


@dataclass(frozen=True)
class CustomerOrder:
    """One payment of a pain.001: the pacs.008 it becomes, or why it becomes none (`findings`)."""

    payment_information_id: str
    instruction_id: str | None
    end_to_end_id: str
    uetr: str
    message: bytes | None
    findings: tuple[Finding, ...]


def no_quote(_quote_id: str) -> None:
    """Nobody has taken any quote."""


def read_orders(
    message: ParsedMessage, *, created_at: datetime, new_ids: Iterator[NewIds], quotes: QuoteNamed = no_quote
) -> tuple[CustomerOrder, ...]:
    """Every payment of a pain.001, in order; one that cannot be carried out does not stop the others.

    Raises KeyError for a message that is no pain.001. `new_ids` must yield at least one per payment; `quotes`
    finds the quotes that payments across two currencies name.
    """
    identifier = TRANSFER_OF[message.identifier]
    document = plain_copy(message.document)
    if message.identifier == "pain.001.001.03":
        document = lifted(document)
    body = next(children(document))
    initiator = required(body, "GrpHdr/InitgPty")
    return tuple(
        _order(identifier, information, transaction, initiator, created_at, next(new_ids), quotes)
        for information in find_all(body, "PmtInf")
        for transaction in find_all(information, "CdtTrfTxInf")
    )


def _order(
    identifier: str,
    information: etree._Element,
    transaction: etree._Element,
    initiator: etree._Element,
    created_at: datetime,
    ids: NewIds,
    quotes: QuoteNamed,
) -> CustomerOrder:
    exchange = exchange_of(information, transaction, quotes)
    findings = tuple(_obstacles(information, transaction))
    if isinstance(exchange, Finding):
        findings, exchange = (*findings, exchange), None
    uetr = text_at(transaction, "PmtId/UETR") or ids.uetr
    message = None
    if not findings:
        message = _transfer(identifier, information, transaction, initiator, created_at, ids, exchange)
    return CustomerOrder(
        payment_information_id=text_at(information, "PmtInfId") or "",
        instruction_id=text_at(transaction, "PmtId/InstrId"),
        end_to_end_id=text_at(transaction, "PmtId/EndToEndId") or "NOTPROVIDED",
        uetr=uetr,
        message=message,
        findings=findings,
    )


def _obstacles(information: etree._Element, transaction: etree._Element) -> Iterator[Finding]:
    """What a pacs.008 cannot say: cheques, a creditor without institution."""
    if text_at(information, "PmtMtd") == "CHK" or find(transaction, "ChqInstr") is not None:
        text = "Cheques cannot be issued here; PmtMtd must be TRF."
        yield _finding(Reason.SETTLEMENT_METHOD_NOT_SUPPORTED, information, "PmtMtd", text, "pain001.no-cheque")
    if find(transaction, "CdtrAgt") is None:
        text = "CdtrAgt is missing: the creditor's institution must be named."
        yield _finding(Reason.CREDITOR_AGENT_UNKNOWN, transaction, "CdtrAgt", text, "pain001.creditor-agent")
    if find(transaction, "Cdtr") is None:
        text = "Cdtr is missing: the creditor must be named."
        yield _finding(Reason.CREDITOR_ACCOUNT_UNKNOWN, transaction, "Cdtr", text, "pain001.creditor")


def _finding(reason: Reason, node: etree._Element, path: str, text: str, rule: str) -> Finding:
    found = find(node, path)
    value = None if found is None or len(found) else shown(found.text)
    element = f"{path_of(node, node.getroottree().getroot())}/{path}"
    return Finding(reason, text, element, value, rule)


def _transfer(
    identifier: str,
    information: etree._Element,
    transaction: etree._Element,
    initiator: etree._Element,
    created_at: datetime,
    ids: NewIds,
    exchange: Exchange | None,
) -> bytes:
    document = new_root(identifier)
    body = add(document, "FIToFICstmrCdtTrf")
    group = add(body, "GrpHdr")
    add(group, "MsgId", ids.message_id)
    add(group, "CreDtTm", timestamp(created_at))
    add(group, "NbOfTxs", "1")
    settlement = add(group, "SttlmInf")
    add(settlement, "SttlmMtd", "CLRG")
    add(settlement, "ClrSys/Prtry", CLEARING_SYSTEM)
    node = add(body, "CdtTrfTxInf")
    _write_amount(node, information, transaction, ids, exchange)
    _write_chain(node, information, transaction, initiator)
    _write_end(node, information, transaction, exchange)
    return serialise(document)


def _write_amount(
    node: etree._Element,
    information: etree._Element,
    transaction: etree._Element,
    ids: NewIds,
    exchange: Exchange | None,
) -> None:
    identification = add(node, "PmtId")
    add_if(identification, "InstrId", text_at(transaction, "PmtId/InstrId"))
    add(identification, "EndToEndId", text_at(transaction, "PmtId/EndToEndId") or "NOTPROVIDED")
    add(identification, "UETR", text_at(transaction, "PmtId/UETR") or ids.uetr)
    _carry_first(node, "PmtTpInf", transaction, information)
    if exchange is None:
        instructed = required(transaction, "Amt/InstdAmt")
        add(node, "IntrBkSttlmAmt", instructed.text).set("Ccy", instructed.get("Ccy", ""))
    else:
        add(node, "IntrBkSttlmAmt", exchange.buy.plain()).set("Ccy", exchange.buy.currency.code)
    day = text_at(information, "ReqdExctnDt/Dt") or text_at(information, "ReqdExctnDt/DtTm")
    add_if(node, "IntrBkSttlmDt", (day or text_at(information, "ReqdExctnDt") or "")[:10])
    if exchange is not None:
        add(node, "InstdAmt", exchange.sell.plain()).set("Ccy", exchange.sell.currency.code)
    bearer = text_at(transaction, "ChrgBr") or text_at(information, "ChrgBr") or "SHAR"
    add(node, "ChrgBr", bearer)
    _carry(node, transaction, "MndtRltdInf")


def _write_chain(
    node: etree._Element, information: etree._Element, transaction: etree._Element, initiator: etree._Element
) -> None:
    _carry(node, transaction, *_INTERMEDIARIES)
    _carry_first(node, "UltmtDbtr", transaction, information)
    _append(node, initiator)
    _carry(node, information, "Dbtr", "DbtrAcct", "DbtrAgt", "DbtrAgtAcct")
    _carry(node, transaction, "CdtrAgt", "CdtrAgtAcct", "Cdtr", "CdtrAcct", "UltmtCdtr", "InstrForCdtrAgt")


def _write_end(
    node: etree._Element, information: etree._Element, transaction: etree._Element, exchange: Exchange | None
) -> None:
    """What was said to us, the debtor agent, stands where the agent next in line reads it: that is us."""
    if exchange is not None and not exchange.is_told:
        add(node, "InstrForNxtAgt/InstrInf", f"/QUOTE/{exchange.quote_id}")
    for place in (information, transaction):
        instruction = find(place, "InstrForDbtrAgt")
        if instruction is not None:
            text = text_at(instruction, "InstrInf") or instruction.text
            add_if(node, "InstrForNxtAgt/InstrInf", (text or "").strip())
    _carry(node, transaction, *_ENDING)


def _carry(node: etree._Element, source: etree._Element, *tags: str) -> None:
    for tag in tags:
        for found in find_all(source, tag):
            _append(node, found)


def _carry_first(node: etree._Element, tag: str, *sources: etree._Element) -> None:
    found = next((found for source in sources if (found := find(source, tag)) is not None), None)
    if found is not None:
        _append(node, found)


def _append(node: etree._Element, found: etree._Element) -> None:
    """Append a copy in the namespace of `node`; what is of another namespace inside stays of it."""
    node.append(plain_copy(found, namespace_of(node)))
