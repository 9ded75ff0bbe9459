"""What a gateway would say of a message that no institution has seen yet: its schema, the rules of its profile.

Nothing is looked up and nothing is kept, so what only a network knows (who an institution is that has no BIC,
whether it takes part) is told as a warning here, though a gateway may refuse for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Final

from api.iso20022.catalogue import Catalogue
from api.iso20022.customer_totals import total_findings
from api.iso20022.fin import FinMessage, read_fin
from api.iso20022.fin_translation import translate_fin
from api.iso20022.pain001 import TRANSFER_OF, NewIds, read_orders
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.refusal import Refusal, RefusalKind
from api.iso20022.rules import Verdict, check_totals
from api.iso20022.transfers import TRANSFERS, number_of_transfers, read_transfer, split
from api.iso20022.tree import find_all
from node.domain.reasons import Finding

# Settled by the directory of a network: a bank may be known there by its clearing number, or not at all.
_OF_A_NETWORK: Final = frozenset({"base.debtor-agent", "base.creditor-agent", "base.no-intermediary"})
_IDS: Final = NewIds("CHECK", "00000000-0000-4000-8000-000000000000")


@dataclass(frozen=True)
class Examination:
    """What was found out about one message.

    `identifier` is the message as it is read (`pacs.008.001.08`), None where that much cannot be told; `came_as`
    names the bytes (`MT103`), the same where they are ISO 20022. `refused` says why the bytes are no message.
    """

    identifier: str | None
    came_as: str | None
    envelope: str | None = None
    refused: RefusalKind | None = None
    transactions: int | None = None
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether nothing in the message itself stands against it."""
        return self.refused is None and not self.errors


def examine(raw: bytes, catalogue: Catalogue, now: datetime, limit_bytes: int) -> Examination:
    """Everything that can be said of a message from its bytes alone, at `now`."""
    is_text = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"<", b"")
    came_as = _fin_name(raw) if is_text else None
    body = translate_fin(raw, now) if is_text else raw
    if isinstance(body, Refusal):
        return _refused(body, came_as, catalogue)
    message = parse(body, catalogue, limit_bytes)
    if isinstance(message, Refusal):
        return _refused(message, came_as, catalogue)
    verdict, transactions = _judged(message, catalogue, now)
    return Examination(
        message.identifier,
        came_as or message.identifier,
        None if came_as else message.envelope,
        transactions=transactions,
        errors=tuple(error for error in verdict.errors if error.rule not in _OF_A_NETWORK),
        warnings=verdict.warnings + tuple(error for error in verdict.errors if error.rule in _OF_A_NETWORK),
    )


def _fin_name(raw: bytes) -> str | None:
    message = read_fin(raw)
    return f"MT{message.type}" if isinstance(message, FinMessage) else None


def _refused(refusal: Refusal, came_as: str | None, catalogue: Catalogue) -> Examination:
    findings = refusal.findings
    if refusal.kind is RefusalKind.UNSUPPORTED_MESSAGE and refusal.identifier is not None:
        findings = tuple(_with_versions(finding, refusal.identifier, catalogue) for finding in findings)
    came_as = came_as or refusal.identifier
    return Examination(refusal.identifier, came_as, refused=refusal.kind, errors=findings)


def _with_versions(finding: Finding, identifier: str, catalogue: Catalogue) -> Finding:
    others = sorted(name for name in catalogue.identifiers if name[:8] == identifier[:8])
    known = f"Known are {', '.join(others)}." if others else "No version of it is known."
    return Finding(finding.reason, f"{finding.text} {known}", finding.element, finding.value, finding.rule)


def _judged(message: ParsedMessage, catalogue: Catalogue, now: datetime) -> tuple[Verdict, int | None]:
    if message.identifier in TRANSFERS:
        return _sum(_of_transfers(message, now)), number_of_transfers(message)
    if message.identifier in TRANSFER_OF:
        return _sum(_of_orders(message, catalogue, now)), len(find_all(message.body, "PmtInf/CdtTrfTxInf"))
    return Verdict((), ()), None


def _of_transfers(message: ParsedMessage, now: datetime) -> Iterator[Verdict]:
    if number_of_transfers(message) > 1:
        yield check_totals(message, now.date())
    for one in split(message):
        read = read_transfer(one, today=now.date(), minted_uetr=_IDS.uetr)
        yield Verdict(read.errors, read.warnings)


def _of_orders(message: ParsedMessage, catalogue: Catalogue, now: datetime) -> Iterator[Verdict]:
    whole, by_block = total_findings(message)
    yield Verdict(whole + tuple(finding for found in by_block.values() for finding in found), ())
    for order in read_orders(message, created_at=now, new_ids=repeat(_IDS)):
        yield Verdict(order.findings, ())
        if order.message is not None:
            yield _of_order(order.message, catalogue, now)


def _of_order(written: bytes, catalogue: Catalogue, now: datetime) -> Verdict:
    """The rules that the pacs.008 breaks which an order becomes; paths are of that message."""
    message = parse(written, catalogue, len(written))
    if isinstance(message, Refusal):
        return Verdict(message.findings, ())
    read = read_transfer(message, today=now.date(), minted_uetr=_IDS.uetr)
    return Verdict(read.errors, read.warnings)


def _sum(verdicts: Iterator[Verdict]) -> Verdict:
    found = tuple(verdicts)
    return Verdict(
        tuple(dict.fromkeys(error for one in found for error in one.errors)),
        tuple(dict.fromkeys(warning for one in found for warning in one.warnings)),
    )
