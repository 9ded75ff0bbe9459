"""One institution's settlement office: its identity, its book, its keys and its lines to chain and peers.

It holds no logic; the functions of this room take it as their first argument.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from node.book.book import Book
from node.domain.calendar import Calendars
from node.domain.names import NameCheck
from node.domain.party import Participant, bic11
from node.ledger.client import LedgerClient
from node.ledger.directory import Directory
from node.ledger.settlement_contract import SettlementContract
from node.settlement.aftercare import Aftercare
from node.settlement.ports import Boundary, Clock, Correspondent, Translator
from node.settlement.terms import PriceBook, Terms
from wallet.signer import Signer


def random_id() -> str:
    """A fresh UUID, version 4, as text."""
    return str(uuid.uuid4())


AskAll = Callable[[Callable[[Participant], Any], Sequence[Participant]], Iterable[Any]]
"""Puts a question to several participants and gives their answers in order; a pool asks them all at once."""


def one_by_one(question: Callable[[Participant], Any], asked: Sequence[Participant]) -> Iterable[Any]:
    """One after the other, which a simulation can repeat."""
    return map(question, asked)


@dataclass(frozen=True)
class Office:
    """Everything one institution settles with.

    `account` is the address of its settlement account, whose key is `signer`; `lane_signer` is the operator
    account that sends transactions, `more_lane_signers` are further ones that share its work. `prices` is None
    unless the institution is an FX provider. `fresh_id` names what the office makes; a simulation's is seeded.
    `calendars` say when each currency can settle; without any it is always. `name_check` says whether a payment
    to another name than the account holder's is refused here; `ask_all` puts a question to several institutions.
    Without `aftercare` it takes no recalls.
    """

    bic: str
    account: str
    book: Book
    client: LedgerClient
    directory: Directory
    contract: SettlementContract
    correspondent: Correspondent
    translator: Translator
    signer: Signer
    lane_signer: Signer
    clock: Clock
    boundary: Boundary
    terms: Terms
    prices: PriceBook | None = None
    more_lane_signers: tuple[Signer, ...] = ()
    calendars: Calendars = field(default_factory=Calendars)
    name_check: NameCheck = NameCheck.TELL
    ask_all: AskAll = one_by_one
    fresh_id: Callable[[], str] = random_id
    aftercare: Aftercare | None = None


def now(office: Office) -> datetime:
    """The office's time, in UTC."""
    return datetime.fromtimestamp(office.clock.now_s(), UTC)


def participant(office: Office, bic: str) -> Participant | None:
    """The registered participant behind a BIC; a branch nobody registered is served by its head office."""
    return office.directory.by_bic(bic11(bic)) or office.directory.by_bic(bic11(bic[:8]))
