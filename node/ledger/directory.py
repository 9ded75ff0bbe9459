"""Who takes part and which currencies settle, as the registry on chain says, kept in memory per head block.

A read costs nothing while the head stands still, one question while the registry does, and a whole reading only
when the registry has changed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from contracts import artifact
from contracts.roles import ParticipantPolicy
from node.domain.money import Currency
from node.domain.party import Participant, ParticipantRole, ParticipantStatus, bic11
from node.ledger.client import LedgerClient
from node.ledger.errors import LedgerBehind
from node.ledger.logs import raw_logs
from node.ledger.values import BlockReference

_FRESH_S: Final = 1.0
_STALE_AFTER: Final = 5
_HOLDS_ITS_BIC: Final = {ParticipantStatus.ACTIVE, ParticipantStatus.SUSPENDED, ParticipantStatus.TERMINATING}


@dataclass(frozen=True)
class CurrencyTokenInfo:
    """A listed currency token: its address, its currency with the minor units it counts in, its name."""

    address: str
    currency: Currency
    name: str


@dataclass(frozen=True)
class DirectorySnapshot:
    """The whole registry as it stood at one block."""

    block: BlockReference
    participants: tuple[Participant, ...]
    tokens: Mapping[str, CurrencyTokenInfo]
    settlement: str


class Directory:
    """The registry at address `registry`. Threads may share it. Raises LedgerUnreachable.

    An answer looked up within `fresh_s` is given as it is. After that one thread asks the chain, and the others go
    on with what is kept; from five times `fresh_s` on everybody waits for it, so no answer is older. The contract
    checks everything again when it settles. `told_of(block)` ends that at once: from then on nothing older than
    that block is served, whatever a lagging engine shows.
    """

    def __init__(self, client: LedgerClient, registry: str, *, fresh_s: float = _FRESH_S) -> None:
        """Nothing is asked yet; `registry` is checksummed."""
        self.registry = registry
        self._client = client
        self._fresh_s = fresh_s
        self._asking = threading.Lock()
        self._kept: tuple[DirectorySnapshot | None, float] = (None, float("-inf"))  # with when it was asked for
        self._known_of = 0
        self._token_infos: dict[str, CurrencyTokenInfo] = {}

    def participants(self) -> tuple[Participant, ...]:
        """All participants in order of registration, terminated ones too."""
        return self.snapshot().participants

    def by_bic(self, bic: str) -> Participant | None:
        """The participant that holds a BIC; 8 characters mean the head office.

        An applicant does not hold the BIC it wrote into its application, nor does one that was terminated.
        """
        wanted = bic11(bic)
        holders = (item for item in self.participants() if item.status in _HOLDS_ITS_BIC)
        return next((item for item in holders if item.bic == wanted), None)

    def by_account(self, address: str) -> Participant | None:
        """The participant whose settlement account this is."""
        return next((item for item in self.participants() if item.settlement_account == address), None)

    def settlement_address(self) -> str:
        """The settlement contract in force."""
        return self.snapshot().settlement

    def tokens(self) -> Mapping[str, CurrencyTokenInfo]:
        """The listed currency tokens by ISO 4217 code."""
        return self.snapshot().tokens

    def told_of(self, block_number: int) -> None:
        """The registry is known to have changed in this block: serve nothing older from now on."""
        with self._asking:
            self._known_of = max(self._known_of, block_number)
            self._kept = (self._kept[0], float("-inf"))

    def snapshot(self) -> DirectorySnapshot:
        """The registry at the newest block; raises LedgerBehind before the block that `told_of` named."""
        kept, asked_at = self._kept
        age_s = time.monotonic() - asked_at
        if kept is not None and age_s <= self._fresh_s:
            return kept
        if kept is None or age_s > _STALE_AFTER * self._fresh_s:
            with self._asking:
                return self._looked_up()
        if not self._asking.acquire(blocking=False):
            return kept
        try:
            return self._looked_up()
        finally:
            self._asking.release()

    def _looked_up(self) -> DirectorySnapshot:
        """What is kept, where another thread has asked while we waited; else what the chain says now."""
        kept, asked_at = self._kept
        now = time.monotonic()
        if kept is None or now - asked_at > self._fresh_s:
            kept = self._current(kept)
            self._kept = (kept, now)  # what changes while we read may be missing, so its age counts from before
        return kept

    def _current(self, kept: DirectorySnapshot | None) -> DirectorySnapshot:
        head = self._client.head()
        newest = max(head.number, kept.block.number if kept else 0)
        if newest < self._known_of:
            raise LedgerBehind(f"the engine is at block {head.number}, the registry changed in {self._known_of}")
        if kept is None:
            return self._read(head)
        if head.number < kept.block.number:
            return kept  # this engine lags behind the one that answered before
        if self._client.block(kept.block.number).hash != kept.block.hash:
            return self._read(head)  # reorganised: what we had read may never have happened
        if head.number > kept.block.number and self._changed(kept.block.number + 1, head.number):
            return self._read(head)
        return replace(kept, block=head)

    def _changed(self, first: int, last: int) -> bool:
        return bool(raw_logs(self._client, [self.registry], [], first, last))

    def _read(self, block: BlockReference) -> DirectorySnapshot:
        participant_count, token_count, settlement = self._ask(
            block, ("participant_count",), ("token_count",), ("settlement",)
        )
        addresses = self._ask(
            block,
            *(("participant_at", index) for index in range(participant_count)),
            *(("token_at", index) for index in range(token_count)),
        )
        records = self._ask(block, *(("participant", account) for account in addresses[:participant_count]))
        tokens = {info.currency.code: info for info in map(self._token, addresses[participant_count:])}
        participants = tuple(map(participant_from, records))
        return DirectorySnapshot(block, participants, MappingProxyType(tokens), settlement)

    def _ask(self, block: BlockReference, *questions: tuple[Any, ...]) -> list[Any]:
        abi = artifact("ParticipantRegistry").abi
        requests = [(self.registry, *question) for question in questions]
        return self._client.read_many(abi, requests, block=block.number)

    def _token(self, address: str) -> CurrencyTokenInfo:
        """What a token is never changes, so it is asked once."""
        if address not in self._token_infos:
            facts = self._client.token_facts(address)
            currency = Currency(facts.currency_code, facts.minor_units)
            self._token_infos[address] = CurrencyTokenInfo(address, currency, facts.name)
        return self._token_infos[address]


def participant_from(record: Mapping[str, Any]) -> Participant:
    """A participant from the registry's own record of it."""
    return Participant(
        bic=bic11(record["bic"]),
        lei=record["lei"],
        name=record["name"],
        roles=ParticipantRole(record["roles"]),
        status=ParticipantStatus(record["status"]),
        settlement_account=record["account"],
        message_key=record["message_key"],
        api_address=record["api_address"],
        jurisdiction=record["jurisdiction"],
        requires_acceptance=not record["policy"] & ParticipantPolicy.ACCEPTANCE_WAIVED,
    )
