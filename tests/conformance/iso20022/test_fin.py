"""Every MT103, 202, 205, 192 and 292 of the corpus: equal, field by field, to the message expected, or refused."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from api.iso20022.catalogue import Catalogue
from api.iso20022.fin_translation import translate_fin
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.refusal import Refusal, RefusalKind
from tests.conformance.iso20022.corpus import folder, official_schema

CATALOGUE = Catalogue()
NOW = datetime(2026, 11, 23, tzinfo=UTC)
TRANSACTION = "Document/FIToFICstmrCdtTrf/CdtTrfTxInf"
COVERED = "Document/FICdtTrf/CdtTrfTxInf/UndrlygCstmrCdtTrf"
TYPES = ("MT103", "MT192", "MT202", "MT205", "MT292")
RETURN = "Document/PmtRtr/TxInf"
# They add a sentence to a reason that has none.
UNSAID = {("-Document/FIToFIPmtCxlReq/Undrlyg/TxInf/CxlRsnInf/AddtlInf", "NOTPROVIDED")}
NOBODY = {
    (f"-{RETURN}/RtrChain/Dbtr/Pty/Id/OrgId/Othr/Id", "NOTPROVIDED"),
    (f"-{RETURN}/RtrChain/Dbtr/Pty/Id/OrgId/Othr/SchmeNm/Cd", "TXID"),
    (f"-{RETURN}/RtrChain/Cdtr/Pty/Id/OrgId/Othr/Id", "NOTPROVIDED"),
}

# Where we differ from the expected message, and why. The times are the test's own: an input message has none,
# and the expected files hold the word CURRENT_TIME there.
EXPLAINED = {
    "a_2014": {
        # They write the zero charge of a payment in yen in dollars.
        (f"+{TRANSACTION}/ChrgsInf/Amt@JPY", "0"),
        (f"-{TRANSACTION}/ChrgsInf/Amt@USD", "0"),
    },
    "finMessage_p_2_3_1_b_A_D": {
        # For a creditor without an account they add an identification that says it is not provided.
        (f"-{TRANSACTION}/Cdtr/Id/OrgId/Othr/Id", "NOTPROVIDED"),
    },
    # CHGS is no return reason of ISO 20022; the code behind it is, and what is said besides is kept.
    "finMessage_205RETN_pacs004_2": {
        (f"+{RETURN}/RtrRsnInf/Rsn/Cd", "AC04"),
        (f"-{RETURN}/RtrRsnInf/Rsn/Cd", "NARR"),
    },
    "finMessage_205RETN_pacs004_3": {(f"+{RETURN}/RtrRsnInf/AddtlInf", "/CHGS/reason")},
    "finMessage_205RETN_pacs004_4": {
        (f"+{RETURN}/RtrRsnInf/Rsn/Cd", "AC04"),
        (f"+{RETURN}/RtrRsnInf/AddtlInf", "sd"),
        (f"-{RETURN}/RtrRsnInf/Rsn/Cd", "NARR"),
        (f"-{RETURN}/RtrRsnInf/AddtlInf", "/CHGS/"),
    },
    # Parties without an account get an identification that is not provided, a zero charge its unknown taker.
    "finMessage_p_2_1_2_B_A": NOBODY,
    "finMessage_p_2_1_2_B_B": {
        *NOBODY,
        (f"-{RETURN}/ChrgsInf/Amt@USD", "0"),
        (f"-{RETURN}/ChrgsInf/Agt/FinInstnId/Nm", "NOTPROVIDED"),
        (f"-{RETURN}/ChrgsInf/Agt/FinInstnId/PstlAdr/AdrLine", "NOTPROVIDED"),
    },
    "finMessage_2922_A_D": UNSAID,
    "finMessage_5641_B_E": UNSAID,
    "finMessage_c2941_B_E_camt": UNSAID,
    "finMessage_p_2_3_1_b_A_B": {
        (f"-{COVERED}/Cdtr/Id/OrgId/Othr/Id", "NOTPROVIDED"),
    },
}

# Its block 1 is not valid.
REFUSED = {"fin1"}


def _pairs() -> list[tuple[str, Path, Path]]:
    base = folder() / "corpus" / "wso2-cbprplus-mt2mx"
    pairs = json.loads((base / "mt" / "pairs.json").read_text("utf-8"))
    found = []
    for key, expected in pairs.items():
        name = key.removeprefix("MT:")
        sources = [base / "mt" / f"{kind}_{name}.fin" for kind in TYPES]
        target = base / "swiftmt_to_iso20022" / "tests" / expected
        found += [(name, source, target) for source in sources if source.exists()]
    return found


def _translate(source: Path) -> bytes | Refusal:
    return translate_fin(source.read_bytes(), NOW)


def _leaves(root: etree._Element) -> Counter[tuple[str, str]]:
    """Every leaf of a message by its path, with its currency where it has one."""
    leaves = Counter[tuple[str, str]]()
    for node in root.iter("{*}*"):
        if any(isinstance(child.tag, str) for child in node):
            continue
        steps = [etree.QName(step).localname for step in (node, *node.iterancestors())]
        path = "/".join(reversed(steps[:-1]))
        leaves[path + (f"@{node.get('Ccy')}" if node.get("Ccy") else ""), node.text or ""] += 1
    return leaves


def _differences(ours: bytes, expected: Path) -> set[tuple[str, str]]:
    mine, theirs = _leaves(etree.fromstring(ours)), _leaves(etree.parse(expected).getroot())
    extra = {(f"+{path}", value) for path, value in mine - theirs if not path.endswith(("CreDt", "CreDtTm"))}
    lacking = {(f"-{path}", value) for path, value in theirs - mine if value != "CURRENT_TIME"}
    return extra | lacking


def test_translation_is_the_expected_message_field_for_field() -> None:
    compared = 0
    for name, source, expected in _pairs():
        translated = _translate(source)
        if name in REFUSED:
            assert isinstance(translated, Refusal)
            continue
        assert isinstance(translated, bytes), name
        assert _differences(translated, expected) == EXPLAINED.get(name, set()), name
        compared += 1

    assert compared == 33


def test_every_message_of_these_types_is_translated_into_a_valid_message_or_refused() -> None:
    outcomes = Counter[str]()
    sources = [path for path in (folder() / "corpus").rglob("*.fin") if path.name[:5] in TYPES]
    for source in sorted(sources):
        translated = _translate(source)
        if isinstance(translated, Refusal):
            outcomes[translated.kind.value] += 1
            assert translated.findings[0].text.endswith("."), source.name
            continue
        message = parse(translated, CATALOGUE)
        assert isinstance(message, ParsedMessage), source.name
        assert official_schema(message.identifier).validate(etree.fromstring(etree.tostring(message.document)))
        outcomes["translated"] += 1

    assert outcomes["translated"] >= 55
    assert set(outcomes) == {"translated", RefusalKind.NOT_FIN.value, RefusalKind.FIELD_INVALID.value}
