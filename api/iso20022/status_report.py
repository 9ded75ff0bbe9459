"""Reads a status report (pacs.002) back: which transactions it is about, what became of them, and why."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from api.iso20022.parse import ParsedMessage
from api.iso20022.reference_data import external_codes
from api.iso20022.tree import find, find_all, required, text_at
from node.domain.reasons import Finding, Reason


@dataclass(frozen=True)
class StatedReason:
    """A reason that another institution gave: its code or own word, and its sentences joined."""

    code: str | None
    proprietary: str | None
    text: str

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
    sentences = [line.text or "" for line in find_all(node, "AddtlInf")]
    return StatedReason(text_at(node, "Rsn/Cd"), text_at(node, "Rsn/Prtry"), " ".join(sentences))


def refusal_findings(status: TransactionStatus) -> tuple[Finding, ...]:
    """Another institution's reasons as findings of ours, each with the code it stated; never empty."""
    findings = tuple(
        Finding(
            Reason.CREDITOR_AGENT_REFUSED,
            reason.text or "The creditor agent refused without saying why.",
            element="StsRsnInf/Rsn",
            value=reason.code or reason.proprietary,
            stated_code=reason.code,
        )
        for reason in status.reasons
    )
    return findings or (Finding(Reason.CREDITOR_AGENT_REFUSED, "The creditor agent gave no reason."),)
