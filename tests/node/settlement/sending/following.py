"""Following payments through a lane whose engine misbehaves: steps one by one, and what must hold in the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from node.book.records import EvmTransactionRecord, EvmTransactionStatus, PaymentRecord
from node.domain.lifecycle import State
from node.ledger.client import LedgerClient
from node.ledger.errors import LedgerUnreachable
from node.ledger.logs import SettledLog, events
from node.settlement.engine import due_payments, step
from node.settlement.lane import LaneStatus, lane_statuses
from node.settlement.office import Office
from node.settlement.sender import send_pending
from node.settlement.watcher import watch
from tests.node.ledger.proxies import Answer, serving
from tests.node.settlement.town import Town, payment

PATIENCE_S = 120.0


@dataclass
class Following:
    """A town and the payments that a test has posted in it; `wanted` is how they must all end."""

    town: Town
    posted: list[str] = field(default_factory=list)
    wanted: State = State.SETTLED

    @property
    def office(self) -> Office:
        """The institution whose lane is tested."""
        return self.town.debtor_agent

    @property
    def lane(self) -> LaneStatus:
        """How its first lane is."""
        return lane_statuses(self.office)[0]

    def rpc(self, method: str, *params: Any) -> Any:
        """Ask the engine itself."""
        return self.office.client.connection.call(method, *params)

    def submitted(self, amount_minor: int = 100) -> EvmTransactionRecord:
        """A new payment, its transaction signed and kept and not yet sent."""
        uetr = self.town.post(payment(amount_minor)).uetr
        self.posted.append(uetr)
        for _ in range(20):
            if self.state(uetr) is State.SUBMITTED:
                return self.kept(uetr)[-1]
            for due in due_payments(self.office):
                step(self.office, due)
        raise AssertionError(self.state(uetr))

    def state(self, uetr: str) -> State:
        """Where a payment stands."""
        return self.town.record(uetr).state

    def kept(self, uetr: str) -> list[EvmTransactionRecord]:
        """Every transaction that was signed for a payment."""
        with self.office.book.view() as unit:
            return unit.lanes.of(uetr)

    def attempts(self, nonce: int) -> list[EvmTransactionRecord]:
        """Every attempt at a nonce of the lane."""
        with self.office.book.view() as unit:
            return unit.lanes.at(self.office.lane_signer.address, nonce)

    def unfinished(self) -> list[EvmTransactionRecord]:
        """What the lane still follows."""
        with self.office.book.view() as unit:
            return unit.lanes.unfinished(self.office.lane_signer.address)

    def is_pooled(self, kept: EvmTransactionRecord) -> bool:
        """Whether the engine has it."""
        return self.office.client.is_known(kept.transaction_hash)

    @contextmanager
    def behind(self, respond: Callable[[bytes], Answer]) -> Iterator[Office]:
        """The office, with a line to its engine whose every answer is up to `respond`."""
        with serving(respond) as url:
            client = LedgerClient(url, timeout_s=2)
            yield replace(self.office, client=client)
            client.close()

    def turn(self, office: Office | None = None) -> None:
        """Send and watch once; an unreachable engine is met as the worker meets it: by coming again."""
        try:
            send_pending(office or self.office)
            watch(office or self.office)
        except LedgerUnreachable:
            pass

    def turn_until(self, holds: Callable[[], bool], office: Office | None = None) -> None:
        """Take turns until something holds."""
        ends_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_at:
            if holds():
                return
            self.turn(office)
            time.sleep(0.01)
        raise AssertionError([(uetr, self.state(uetr), self.kept(uetr)) for uetr in self.posted])

    def settle(self, office: Office | None = None) -> None:
        """Take turns until every posted payment is settled."""
        self.turn_until(lambda: all(self.state(uetr) is State.SETTLED for uetr in self.posted), office)

    def assert_settled_once(self) -> None:
        """Every posted payment ended as wanted, settled once or not at all; nothing is left over or lost."""
        self.turn_until(lambda: all(self.state(uetr) is self.wanted for uetr in self.posted))
        self.turn_until(lambda: self.unfinished() == [])
        client, contract = self.office.client, self.office.contract
        settled = [
            log.uetr.hex()
            for log in events(client, contract.address, [], 0, client.head().number)
            if isinstance(log, SettledLog)
        ]
        times = 1 if self.wanted is State.SETTLED else 0
        for uetr in self.posted:
            assert settled.count(uetr.replace("-", "")) == times
            self._assert_one_in_a_block(self.town.record(uetr))
        self.town.assert_sound()

    def _assert_one_in_a_block(self, record: PaymentRecord) -> None:
        """At most one attempt at each nonce is in a block, and a settled payment names the one that settled it."""
        found = {
            kept.transaction_hash: self.office.client.receipt(kept.transaction_hash)
            for kept in self.kept(record.uetr)
        }
        included = [transaction_hash for transaction_hash, receipt in found.items() if receipt is not None]
        if self.wanted is State.SETTLED:
            assert included == [record.transaction_hash]
        for kept in self.kept(record.uetr):
            ended = (
                EvmTransactionStatus.FINAL if kept.transaction_hash in included else EvmTransactionStatus.REPLACED
            )
            assert kept.status is ended
