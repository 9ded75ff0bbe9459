from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.iso20022.camt056 import read_recalls
from api.iso20022.mt192 import translate_mt192
from api.iso20022.refusal import Refusal, RefusalKind
from node.domain.party import Agent
from tests.api.iso20022.messages import parsed

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
UETR = "3f1c2f5e-0b8a-4c8e-9d7b-5a1f0c9e2d41"
FIELDS = f""":20:CASE-1
:21:REF-1
:11S:103
261123
:79:/DUPL/Sent twice
/UETR/{UETR[:20]}
//{UETR[20:]}
:32A:261123AED5114,97"""


def fin(fields: str) -> bytes:
    return f"{{1:F01CRDACNSHAXXX0000000000}}{{2:I192CRDBAEADXXXXN}}{{4:\n{fields}\n-}}".encode()


def test_request_for_cancellation_becomes_a_recall() -> None:
    outcome = translate_mt192(fin(FIELDS), NOW)
    assert isinstance(outcome, bytes)

    (recall,) = read_recalls(parsed(outcome))

    assert recall.assignment.case_id == "CASE-1"
    assert recall.assignment.assigner == Agent("CRDACNSHXXX")
    assert recall.original.uetr == UETR
    assert recall.original.message_id == "REF-1"
    assert recall.original.amount is not None
    assert str(recall.original.amount.number) == "5114.97"
    assert [(reason.code, reason.text) for reason in recall.reasons] == [("DUPL", "Sent twice")]


def test_reason_without_a_code_is_told_in_words() -> None:
    outcome = translate_mt192(fin(FIELDS.replace("/DUPL/Sent", "Sent")), NOW)
    assert isinstance(outcome, bytes)

    (recall,) = read_recalls(parsed(outcome))

    assert [(reason.code, reason.text) for reason in recall.reasons] == [("NARR", "Sent twice")]


@pytest.mark.parametrize(
    ("old", "new", "element"),
    [
        (":21:REF-1\n", "", "MT192/21"),
        (":11S:103\n261123\n", "", "MT192/11S"),
        (":11S:103\n261123\n", ":11S:950\n261123\n", "MT192/11S"),
        (":11S:103\n261123\n", ":11S:103\nnoday\n", "MT192/11S"),
        ("AED5114,97", "AED", "MT192/32A"),
    ],
)
def test_wrong_field_is_named(old: str, new: str, element: str) -> None:
    refusal = translate_mt192(fin(FIELDS.replace(old, new)), NOW)

    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.FIELD_INVALID
    assert refusal.findings[0].element == element
