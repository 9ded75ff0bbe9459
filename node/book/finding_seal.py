"""Findings in a column of text: reason, element and rule in clear, the sentence and the value found sealed.

Once they are erased, a finding still says why, and neither of whom nor what.
"""

from __future__ import annotations

import base64
import json
from typing import Final

from node.book.payment_json import finding_facts, finding_from
from node.book.sealing import ERASED, Key, at_place
from node.book.seals import Seals
from node.domain.reasons import Finding

_NONE: Final = "[]"
Findings = tuple[Finding, ...]


def seal_findings(seals: Seals, key: Key | None, findings: Findings, table: str, row: str) -> str:
    """Findings as the column `findings` of a table keeps them, sealed with a file's key or else the house's."""
    if not findings:
        return _NONE
    said = json.dumps([(one.text, one.value) for one in findings], ensure_ascii=False)
    sealed = seals.vault.seal(key, said.encode(), at_place(table, "findings", row))
    facts = [finding_facts(one) for one in findings]
    return json.dumps({"facts": facts, "sealed": base64.b64encode(sealed).decode()}, separators=(",", ":"))


def open_findings(seals: Seals, key: Key | None, kept: str, table: str, row: str) -> Findings:
    """The findings that `seal_findings` wrote."""
    if kept == _NONE:
        return ()
    read = json.loads(kept)
    plain = seals.vault.open(key, base64.b64decode(read["sealed"]), at_place(table, "findings", row))
    said = json.loads(plain) if plain is not None else [(ERASED, None)] * len(read["facts"])
    return tuple(finding_from(facts, *one) for facts, one in zip(read["facts"], said, strict=True))
