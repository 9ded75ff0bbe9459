"""Reads a status report (pacs.002) back: which transactions it is about, what became of them, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from api.iso20022.parse import ParsedMessage
from api.iso20022.pieces import REMARK
from api.iso20022.reference_data import external_codes
from api.iso20022.tree import find, find_all, required, text_at
from node.domain.reasons import Finding, Reason

_LABELLED = re.compile(r"(element|value|rule|stated code): (.*)")


@dataclass(frozen=True)
class StatedReason:
    """A reason that another institution gave: its code or own word, and its sentences joined.

    Where it writes as we do, `element`, `value` and `rule` say what it is about, and `is_remark` that nothing was
    refused for it.
    """

    code: str | None
    proprietary: str | None
    text: str
    element: str | None = None
    value: str | None = None
    rule: str | None = None
    is_remark: bool = False

    @property
    def is_code_known(self) -> bool:
        """Whether the code is in the published list; lists grow every quarter."""
        return self.code in external_codes()["StatusReason1"]


@dataclass(frozen=True)
class TransactionStatus:
    """What a report says about one transaction, with the identifiers it quotes."""

    status: str | None
    reasons: tuple[StatedReason, ...]
    message_id: str | None
    message_name: str | None
    instruction_id: str | None
    end_to_end_id: str | None
    transaction_id: str | None
    uetr: str | None


@dataclass(frozen=True)
class StatusReport:
    """A pacs.002: its own identification and the status of each transaction.

    A report on whole groups has one entry per group, without transaction identifiers.
    """

    message_id: str
    transactions: tuple[TransactionStatus, ...]


def read_status_report(message: ParsedMessage) -> StatusReport:
    """The content of a pacs.002; raises LookupError for another message."""
    message_id = required(message.body, "GrpHdr/MsgId").text or ""
    groups = find_all(message.body, "OrgnlGrpInfAndSts")
    transactions = find_all(message.body, "TxInfAndSts")
    shared = groups[0] if len(groups) == 1 else None
    if transactions:
        return StatusReport(message_id, tuple(_transaction(node, shared) for node in transactions))
    return StatusReport(message_id, tuple(_group(node) for node in groups))


def _transaction(node: etree._Element, shared: etree._Element | None) -> TransactionStatus:
    group = find(node, "OrgnlGrpInf")
    group = shared if group is None else group
    return TransactionStatus(
        status=text_at(node, "TxSts") or (None if shared is None else text_at(shared, "GrpSts")),
        reasons=tuple(read_reason(reason) for reason in find_all(node, "StsRsnInf")),
        message_id=None if group is None else text_at(group, "OrgnlMsgId"),
        message_name=None if group is None else text_at(group, "OrgnlMsgNmId"),
        instruction_id=text_at(node, "OrgnlInstrId"),
        end_to_end_id=text_at(node, "OrgnlEndToEndId"),
        transaction_id=text_at(node, "OrgnlTxId"),
        uetr=text_at(node, "OrgnlUETR"),
    )


def _group(node: etree._Element) -> TransactionStatus:
    return TransactionStatus(
        status=text_at(node, "GrpSts"),
        reasons=tuple(read_reason(reason) for reason in find_all(node, "StsRsnInf")),
        message_id=text_at(node, "OrgnlMsgId"),
        message_name=text_at(node, "OrgnlMsgNmId"),
        instruction_id=None,
        end_to_end_id=None,
        transaction_id=None,
        uetr=None,
    )


def read_reason(node: etree._Element) -> StatedReason:
    """One reason of a status, return or cancellation: they all look alike."""
    code, proprietary = text_at(node, "Rsn/Cd"), text_at(node, "Rsn/Prtry")
    lines = [line.text or "" for line in find_all(node, "AddtlInf")]
    is_remark = code is None and proprietary is None and lines[:1] == [REMARK]
    said = _labelled(lines[1:] if is_remark else lines)
    about = {name: " ".join(said[name]) or None for name in ("element", "value", "rule")}
    told = said["text"] + [f"stated code: {stated}" for stated in said["stated code"]]
    return StatedReason(code, proprietary, " ".join(told), is_remark=is_remark, **about)


def _labelled(lines: list[str]) -> dict[str, list[str]]:
    """The lines by what they tell of: each label begins a part, and what follows without one belongs to it."""
    said: dict[str, list[str]] = {"text": [], "element": [], "value": [], "rule": [], "stated code": []}
    part = "text"
    for line in lines:
        match = _LABELLED.fullmatch(line)
        begins = match is not None and not said[match[1]]
        part = match[1] if match is not None and begins else part
        said[part].append(match[2] if match is not None and begins else line)
    return said


def refusal_findings(status: TransactionStatus) -> tuple[Finding, ...]:
    """Another institution's reasons as findings of ours, each with the code it stated; never empty."""
    findings = tuple(
        Finding(
            Reason.CREDITOR_AGENT_REFUSED,
            reason.text or "The creditor agent refused without saying why.",
            element=reason.element or "StsRsnInf/Rsn",
            value=reason.value if reason.element else reason.code or reason.proprietary,
            rule=reason.rule,
            stated_code=reason.code,
        )
        for reason in status.reasons
        if not reason.is_remark
    )
    return findings or (Finding(Reason.CREDITOR_AGENT_REFUSED, "The creditor agent gave no reason."),)


def name_remarks(status: TransactionStatus) -> tuple[Finding, ...]:
    """What the creditor agent remarked on the creditor's name as it accepted: close, another, not known."""
    return tuple(
        Finding(Reason.CREDITOR_NAME_DIFFERS, reason.text, reason.element, reason.value, reason.rule)
        for reason in status.reasons
        if reason.is_remark and (reason.rule or "").startswith("creditor-agent.name-")
    )
