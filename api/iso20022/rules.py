"""Applies the rules to a credit transfer and sorts what they find into errors and warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain

from api.iso20022 import (
    amount_rules,
    cbpr_party_rules,
    cbpr_rules,
    code_rules,
    header_rules,
    party_rules,
    profile_rules,
)
from api.iso20022.parse import ParsedMessage
from api.iso20022.rulebook import RULES, Profile, Severity, severity_in
from api.iso20022.subject import Breach, Subject, profile_of, subject_of
from api.iso20022.tree import path_of, shown
from node.domain.reasons import Finding

Check = Callable[[Subject], Iterator[Breach]]

_CHECKS: tuple[Check, ...] = (
    profile_rules.one_transaction,
    amount_rules.counts,
    amount_rules.money_is_possible,
    amount_rules.charges,
    amount_rules.exchange_rate,
    party_rules.uetr,
    party_rules.identifiers,
    party_rules.accounts,
    party_rules.chain,
    party_rules.settlement,
    code_rules.codes,
    header_rules.header,
)

# Their rules apply in one profile only, so that in messages of another there is nothing to look for.
_CHECKS_OF: dict[Profile, tuple[Check, ...]] = {
    Profile.CBPR_PLUS: (
        cbpr_rules.instruction_id,
        cbpr_rules.characters,
        cbpr_rules.moments,
        cbpr_rules.amounts,
        cbpr_rules.agents,
        cbpr_rules.addresses,
        cbpr_rules.remittance,
        cbpr_party_rules.parties,
        cbpr_party_rules.address_lines,
        cbpr_party_rules.charges,
        cbpr_party_rules.instructions,
        cbpr_party_rules.remittance_length,
    ),
    Profile.HVPS_PLUS: (profile_rules.addresses, profile_rules.high_value),
    Profile.INSTANT: (profile_rules.instant,),
}


MOST_FINDINGS = 50


@dataclass(frozen=True)
class Verdict:
    """What the rules say: with an error the payment is refused, warnings are only told."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


def check(message: ParsedMessage, today: date) -> Verdict:
    """Every rule that a pacs.008 breaks, in the rules' order; `today` is the day at this institution."""
    subject = subject_of(message, today)
    checks = (*_CHECKS, *_CHECKS_OF.get(profile_of(subject), ()))
    return judge(subject, (breach for check_ in checks for breach in check_(subject)))


def check_totals(message: ParsedMessage, today: date) -> Verdict:
    """What the group header of a message of several payments says wrongly about all of them."""
    subject = subject_of(message, today)
    return judge(subject, chain(amount_rules.counts(subject), profile_rules.one_message(subject)))


def judge(subject: Subject, breaches: Iterator[Breach]) -> Verdict:
    """Breaches as findings, sorted by how bad they are in the message's profile.

    Each kind is told so many times at most: a message can break a rule ten thousand times.
    """
    profile = profile_of(subject)
    errors: list[Finding] = []
    warnings: list[Finding] = []
    for broken in breaches:
        severity = severity_in(RULES[broken.rule], profile, subject.today)
        if severity is None:
            continue
        kept = errors if severity is Severity.ERROR else warnings
        if len(kept) < MOST_FINDINGS:
            kept.append(finding_of(broken, subject))
        if len(errors) == MOST_FINDINGS:
            break
    return Verdict(tuple(errors), tuple(warnings))


def finding_of(broken: Breach, subject: Subject) -> Finding:
    """A breach in the domain's terms, with the path of its element."""
    element = path_of(broken.node, subject.document)
    return Finding(RULES[broken.rule].reason, broken.text, element, shown(broken.value), broken.rule)
