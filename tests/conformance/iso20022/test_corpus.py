"""Every corpus file of the messages we process: read, judged, answered and forwarded, valid by official schema."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from lxml import etree

from api.iso20022.camt029 import Answer, read_resolutions, write_resolution
from api.iso20022.camt056 import read_recalls
from api.iso20022.catalogue import Catalogue
from api.iso20022.codes import STATUS_OF
from api.iso20022.forward import Hop, forward
from api.iso20022.pacs002 import OnChain, Status, write_status_report
from api.iso20022.pacs004 import read_returns
from api.iso20022.pacs008 import CreditTransfer, Unreadable, read_credit_transfer
from api.iso20022.pacs028 import read_status_request
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.reference_data import external_codes, status_reasons
from api.iso20022.refusal import Refusal, RefusalKind
from api.iso20022.status_report import read_status_report
from node.domain.lifecycle import State
from node.domain.party import Agent
from node.domain.reasons import Finding, Reason
from tests.conformance.iso20022.corpus import folder, official_schema

CATALOGUE = Catalogue()
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINTED = "00000000-0000-4000-8000-000000000001"
US = Agent("CRDACNSHXXX")


class _AnyMember(dict[str, str]):
    """A directory that knows every institution, so that schemes without BICs can be read to the end."""

    def get(self, key: str, default: object = None) -> str:
        return "CRDCCNBJXXX" if key.endswith(("2", "4", "6", "8", "0")) else "CRDBAEADXXX"


def _read_all() -> list[tuple[Path, ParsedMessage | Refusal]]:
    return [(path, parse(path.read_bytes(), CATALOGUE)) for path in sorted((folder() / "corpus").rglob("*.xml"))]


def _messages(identifier: str) -> list[tuple[Path, ParsedMessage]]:
    return [
        (path, message)
        for path, message in _read_all()
        if isinstance(message, ParsedMessage) and message.identifier == identifier
    ]


def _is_officially_valid(raw: bytes) -> bool:
    root = etree.fromstring(raw)
    parts = list(root.iter("{*}Document", "{*}AppHdr"))
    names = [(etree.QName(part).namespace or "").rpartition(":")[2] for part in parts]
    return bool(parts) and all(
        official_schema(name).validate(etree.fromstring(etree.tostring(part)))
        for name, part in zip(names, parts, strict=True)
    )


def test_every_file_is_a_message_or_refused_for_what_it_is() -> None:
    kinds = Counter[RefusalKind]()
    for path, outcome in _read_all():
        if not isinstance(outcome, Refusal):
            assert _is_officially_valid(path.read_bytes()), path
            continue
        kinds[outcome.kind] += 1
        if outcome.kind is RefusalKind.SCHEMA_INVALID:
            assert not _is_officially_valid(path.read_bytes()), path

    assert RefusalKind.NOT_XML not in kinds
    assert RefusalKind.DOCUMENT_TYPE not in kinds
    assert kinds[RefusalKind.WRONG_NAMESPACE] == 1
    assert kinds[RefusalKind.SCHEMA_INVALID] >= 6


def test_every_credit_transfer_becomes_a_payment_or_is_refused_with_a_reason() -> None:
    outcomes = Counter[str]()
    for _, message in _messages("pacs.008.001.08"):
        transfer = read_credit_transfer(message, today=TODAY, minted_uetr=MINTED)
        rules = sorted({error.rule or "" for error in transfer.errors})
        outcomes[" ".join([type(transfer).__name__, *rules])] += 1

    assert outcomes == {
        "Unreadable base.creditor-agent base.debtor-agent": 30,  # FedNow names banks by routing number
        "CreditTransfer": 4,  # of which two wait for their cover
        "CreditTransfer base.no-intermediary": 2,
    }


def test_every_credit_transfer_can_be_forwarded_and_answered() -> None:
    for path, message in _messages("pacs.008.001.08"):
        transfer = read_credit_transfer(message, today=TODAY, minted_uetr=MINTED, directory=_AnyMember())
        assert isinstance(transfer, CreditTransfer), path
        hop = Hop("HOP-1", NOW, US, transfer.payment.creditor_agent, TODAY)
        forwarded = forward(message, transfer.payment, hop, CATALOGUE)
        assert _is_officially_valid(forwarded), path
        for state in (State.RECEIVED, State.SETTLED, State.REJECTED):
            assert _is_officially_valid(_answer(message, state)), path


def _answer(message: ParsedMessage, state: State) -> bytes:
    findings = (Finding(Reason.CREDITOR_ACCOUNT_UNKNOWN, "No such account here.", "CdtrAcct", "1", "x.y"),)
    status = Status(
        "STS-1",
        NOW,
        state,
        US,
        findings=findings if STATUS_OF[state] == "RJCT" else (),
        uetr=MINTED,
        accepted_at=NOW,
        settled_on=TODAY,
        on_chain=OnChain("0x" + "00" * 32, 1),
    )
    return write_status_report(message, status)


def test_payments_without_uetr_get_one() -> None:
    minted = 0
    for _, message in _messages("pacs.008.001.08"):
        transfer = read_credit_transfer(message, today=TODAY, minted_uetr=MINTED, directory=_AnyMember())
        assert not isinstance(transfer, Unreadable)
        minted += transfer.payment.uetr == MINTED

    assert minted == 11


def test_every_status_report_is_read() -> None:
    statuses = Counter(
        transaction.status
        for _, message in _messages("pacs.002.001.10")
        for transaction in read_status_report(message).transactions
    )

    assert sum(statuses.values()) >= 38
    assert set(statuses) <= {
        "ACTC",
        "RJCT",
        "ACSC",
        "ACWP",
        "PDNG",
        "ACCC",
        "BLCK",
        "RCVD",
        "ACSP",
        "ACWC",
        "ACCP",
        "CANC",
    }


def test_every_code_we_write_is_an_external_code() -> None:
    published = json.loads((folder() / "codesets" / "2Q2026_v3.json").read_text("utf-8"))["definitions"]

    assert set(status_reasons()) <= set(published["ExternalStatusReason1Code"]["enum"])
    for name, codes in external_codes().items():
        assert codes == set(published[f"External{name}Code"]["enum"]), name
    assert set(STATUS_OF.values()) <= set(published["ExternalPaymentTransactionStatus1Code"]["enum"])


def test_every_return_recall_answer_and_inquiry_is_read() -> None:
    counts = Counter[str]()
    for path, message in _read_all():
        if isinstance(message, Refusal):
            continue
        for kind, read in READERS.items():
            if message.identifier.startswith(kind):
                found = read(message)
                assert found, path
                counts[kind] += len(found)

    assert counts["pacs.004."] >= 15
    assert counts["camt.056."] >= 8
    assert counts["camt.029."] >= 13
    assert counts["pacs.028."] >= 3


READERS: dict[str, Callable[[ParsedMessage], tuple[object, ...]]] = {
    "pacs.004.": read_returns,
    "camt.056.": read_recalls,
    "camt.029.": read_resolutions,
    "pacs.028.": read_status_request,
}


def test_every_recall_can_be_answered() -> None:
    answered = 0
    for path, message in _messages("camt.056.001.08"):
        for recall in read_recalls(message):
            for answer in Answer:
                raw = write_resolution(
                    recall, answer, assignment_id="RSL-1", created_at=NOW, assigner=US, assignee=US
                )
                assert _is_officially_valid(raw), path
                answered += 1

    assert answered >= 24
