"""Every sentence with which a contract can refuse has its row, and every row is a sentence that stands there."""

from __future__ import annotations

import re
from pathlib import Path

import contracts
from node.domain.reasons import Reason
from node.ledger.revert_reasons import REVERT_REASONS, reason_for

SENTENCE = re.compile(r'"([A-Z][A-Za-z]*: [^"]+)"')
ROOM = Path(contracts.__file__).parent
# Contracts that no payment goes through and that the ledger never calls.
ELSEWHERE = {"Council"}


def sentences() -> set[str]:
    """What stands in the sources."""
    found = {
        sentence
        for source in sorted(ROOM.rglob("*.vy"))
        for sentence in SENTENCE.findall(source.read_text("ascii"))
    }
    return {sentence for sentence in found if sentence.split(":")[0] not in ELSEWHERE}


def test_the_sources_are_found() -> None:
    assert len(sentences()) > 50


def test_every_sentence_has_its_row() -> None:
    assert sorted(sentences() - set(REVERT_REASONS)) == []


def test_no_row_outlives_its_sentence() -> None:
    assert sorted(set(REVERT_REASONS) - sentences()) == []


def test_what_a_payment_can_meet_has_a_reason_of_its_own() -> None:
    assert reason_for("Settlement: quote expired") is Reason.QUOTE_EXPIRED
    assert reason_for("CurrencyToken: balance too low") is Reason.AGENT_LIQUIDITY_TOO_LOW
    assert reason_for("CurrencyToken: creditor account frozen") is Reason.ACCOUNT_FROZEN
    assert reason_for("Settlement: uetr already settled") is Reason.UETR_ALREADY_USED


def test_an_unknown_sentence_is_a_refusal_all_the_same() -> None:
    assert reason_for("panic 0x11") is Reason.SETTLEMENT_REFUSED_BY_CONTRACT
