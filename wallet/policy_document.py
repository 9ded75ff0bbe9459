"""A policy as JSON: read strictly, every fault named by its place, so that a typing error never opens a door.

Its hash is taken over the canonical form (sorted names, no blanks), so it does not depend on layout.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from wallet.address import BadAddress, address_bytes
from wallet.intent import KINDS
from wallet.policy import SENSITIVE, Limit, Policy, QuietHours, Rule, Scope

T = TypeVar("T")

_AMOUNT = re.compile(r"[1-9][0-9]{0,77}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_ALL_KINDS = frozenset(KINDS.values())
_RULE = {"id", "then", "kinds", "currencies", "counterparties", "at_most", "approvals", "roles"}
_LIMIT = {"id", "currency", "amount", "kinds", "per_counterparty"}
_QUIET = {"id", "from", "to", "kinds"}
_POLICY = {"version", "utc_offset_min", "rules", "limits", "quiet_hours", "people"}


class BadPolicy(ValueError):
    """A policy document that must not come into force; the message begins with the place of its fault."""


def policy_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document's canonical JSON, in hexadecimal."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def parse_policy(document: object) -> Policy:
    """Read a policy. Raises BadPolicy."""
    fields = _fields("policy", document, _POLICY)
    policy = Policy(
        version=_whole("version", fields.get("version"), 1, 2**31),
        hash=policy_hash(fields),
        utc_offset_min=_whole("utc_offset_min", fields.get("utc_offset_min"), -14 * 60, 14 * 60),
        rules=_each("rules", fields.get("rules"), _rule),
        limits=_each("limits", fields.get("limits", []), _limit),
        quiet_hours=_each("quiet_hours", fields.get("quiet_hours", []), _quiet),
        people=_people(fields.get("people", {})),
    )
    ids = [rule.id for rule in policy.rules]
    ids += [limit.id for limit in policy.limits] + [quiet.id for quiet in policy.quiet_hours]
    for name in ids:
        if ids.count(name) > 1:
            raise BadPolicy(f"id {name!r} stands twice")
    return policy


def _rule(where: str, document: object) -> Rule:
    fields = _fields(where, document, _RULE)
    then = fields.get("then")
    if then not in ("allow", "deny", "approve"):
        raise BadPolicy(f"{where}.then: {then!r} is not allow, deny or approve")
    at_most = fields.get("at_most")
    scope = Scope(
        kinds=_texts(f"{where}.kinds", fields.get("kinds", []), _kind),
        currencies=_texts(f"{where}.currencies", fields.get("currencies", []), _currency),
        counterparties=_texts(f"{where}.counterparties", fields.get("counterparties", []), address_bytes),
        at_most=None if at_most is None else _amount(f"{where}.at_most", at_most),
    )
    if then == "allow" and scope.kinds & SENSITIVE:
        raise BadPolicy(f"{where}.kinds: {', '.join(scope.kinds & SENSITIVE)} takes two people; approve it")
    if then != "approve":
        if "approvals" in fields or "roles" in fields:
            raise BadPolicy(f"{where}: only approve has approvals and roles")
        return Rule(_id(where, fields), then, scope)
    roles = _texts(f"{where}.roles", fields.get("roles", []), str)
    if not roles:
        raise BadPolicy(f"{where}.roles: nobody could approve")
    approvals = _whole(f"{where}.approvals", fields.get("approvals"), 1, 100)
    return Rule(_id(where, fields), then, scope, approvals, roles)


def _limit(where: str, document: object) -> Limit:
    fields = _fields(where, document, _LIMIT)
    currency = fields.get("currency")
    per_counterparty = fields.get("per_counterparty", False)
    if not isinstance(currency, str) or not isinstance(per_counterparty, bool):
        raise BadPolicy(f"{where}: currency is a code, per_counterparty true or false")
    _currency(currency)
    kinds = _texts(f"{where}.kinds", fields.get("kinds", sorted(_ALL_KINDS)), _kind)
    amount = _amount(f"{where}.amount", fields.get("amount"))
    return Limit(_id(where, fields), currency, amount, kinds, per_counterparty)


def _quiet(where: str, document: object) -> QuietHours:
    fields = _fields(where, document, _QUIET)
    kinds = _texts(f"{where}.kinds", fields.get("kinds", sorted(_ALL_KINDS)), _kind)
    start, end = (_minute(f"{where}.{name}", fields.get(name)) for name in ("from", "to"))
    return QuietHours(_id(where, fields), start, end, kinds)


def _people(document: object) -> dict[str, frozenset[str]]:
    if not isinstance(document, Mapping):
        raise BadPolicy("people: not an object of names with their roles")
    return {str(name): _texts(f"people.{name}", roles, str) for name, roles in document.items()}


def _fields(where: str, document: object, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(document, Mapping):
        raise BadPolicy(f"{where}: not an object")
    for name in document:
        if name not in known:
            raise BadPolicy(f"{where}.{str(name)[:64]}: unknown field")
    return document


def _each(where: str, items: object, read: Callable[[str, object], T]) -> tuple[T, ...]:
    if not isinstance(items, Sequence) or isinstance(items, str):
        raise BadPolicy(f"{where}: not a list")
    return tuple(read(f"{where}[{place}]", item) for place, item in enumerate(items))


def _texts(where: str, items: object, check: Callable[[str], object]) -> frozenset[str]:
    if not isinstance(items, Sequence) or isinstance(items, str):
        raise BadPolicy(f"{where}: not a list")
    for item in items:
        if not isinstance(item, str):
            raise BadPolicy(f"{where}: {item!r} is not text")
        try:
            check(item)
        except BadAddress as error:
            raise BadPolicy(f"{where}: {error}") from error
    return frozenset(items)


def _id(where: str, fields: Mapping[str, Any]) -> str:
    name = fields.get("id")
    if not isinstance(name, str) or not name:
        raise BadPolicy(f"{where}.id: missing, or not text")
    return name


def _kind(text: str) -> None:
    if text not in _ALL_KINDS:
        raise BadPolicy(f"kind {text!r} is not one of {', '.join(sorted(_ALL_KINDS))}")


def _currency(text: str) -> None:
    if not (len(text) == 3 and text.isascii() and text.isupper() and text.isalpha()):
        raise BadPolicy(f"currency {text!r} is not three capital letters")


def _amount(where: str, text: object) -> int:
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise BadPolicy(f"{where}: {text!r} is not minor units as decimal text, above zero")
    return int(text)


def _whole(where: str, number: object, least: int, most: int) -> int:
    if type(number) is not int or not least <= number <= most:
        raise BadPolicy(f"{where}: {number!r} is not an integer within {least} .. {most}")
    return number


def _minute(where: str, text: object) -> int:
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise BadPolicy(f"{where}: {text!r} is not a time such as 22:00")
    return int(found[1]) * 60 + int(found[2])
