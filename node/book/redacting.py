"""Finds persons in what is kept of others, and takes them out of messages that we wrote about accounts."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from node.book.payment_json import NO_REFERENCE
from node.book.sealing import ERASED
from node.domain.own_account import is_own
from node.domain.payment import Payment

_UETR: Final = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SHORTEST_WITHIN: Final = 4  # a shorter word, such as a street number, counts only where it stands alone
_TEXT: Final = re.compile(rb">([^<]+)<")


@dataclass(frozen=True)
class Traces:
    """What betrays a person: the UETRs of payments, and names in the forms that XML, JSON and URLs have."""

    uetrs: frozenset[str]
    names: frozenset[bytes]

    @classmethod
    def of(cls, uetrs: Iterable[str], names: Iterable[str]) -> Traces:
        """Of these payments and names; names that are too short to tell anybody are left out."""
        forms = {form.encode() for name in names for form in _forms(name)}
        return cls(frozenset(uetrs), frozenset(form for form in forms if len(form) >= _SHORTEST_WITHIN))

    def are_in(self, *texts: bytes) -> bool:
        """Whether one of these texts speaks of the person."""
        return any(
            not self.uetrs.isdisjoint(uetrs_in(text)) or any(name in text for name in self.names) for text in texts
        )


def _forms(name: str) -> tuple[str, ...]:
    return name, escape(name), json.dumps(name)[1:-1], quote(name, safe="")


def persons_of(payment: Payment) -> set[str]:
    """Every text by which a payment tells who its persons are and what it is for."""
    said = {payment.end_to_end_id, *payment.remittance}
    for party, account in (
        (payment.debtor, payment.debtor_account),
        (payment.creditor, payment.creditor_account),
    ):
        said |= {party.name or "", party.lei or ""}
        if party.address is not None:
            said |= {party.address.town or "", *party.address.lines}
        if account is not None and not is_own(account):
            said.add(account.number)
    return said - {"", NO_REFERENCE, ERASED}


def uetrs_in(body: bytes) -> set[str]:
    """The UETRs that a message names."""
    return {found.decode() for found in _UETR.findall(body)}


def redacted(body: bytes, words: Collection[str]) -> bytes:
    """The message with the mark in place of every text that holds one of these words; its elements stay."""
    hidden = {escape(word).encode() for word in words if word}
    within = tuple(word for word in hidden if len(word) >= _SHORTEST_WITHIN)
    mark = b">" + ERASED.encode() + b"<"

    def told(found: re.Match[bytes]) -> bytes:
        is_one = found[1] in hidden or any(word in found[1] for word in within)
        return mark if is_one else found[0]

    return _TEXT.sub(told, body)
