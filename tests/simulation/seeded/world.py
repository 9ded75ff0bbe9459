"""The whole of it: three banks, an FX provider, a chain, and the order in which everything happens and fails."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from node.domain.lifecycle import TERMINAL, State
from node.domain.money import Currency
from node.domain.party import Participant, ParticipantRole, ParticipantStatus
from node.domain.payment import Payment, Side
from node.settlement.intake import Received, receive
from node.settlement.ports import Written
from tests.simulation.seeded.crash import Crash
from tests.simulation.seeded.customers import random_payment, random_return, set_up_customers
from tests.simulation.seeded.fake_chain import FakeChain
from tests.simulation.seeded.fake_contracts import FakeContracts
from tests.simulation.seeded.fake_network import FakeNetwork
from tests.simulation.seeded.fake_time import WorldTime
from tests.simulation.seeded.institution import Institution
from wallet.address import to_checksum
from wallet.signer import LocalSigner

BANKS = ("AAAACN0XXXX", "BBBBAE0XXXX", "CCCCSG0XXXX")
PROVIDER = "FFFFHK0XXXX"
CURRENCIES = (Currency("CNY", 2), Currency("AED", 2))
ISSUED_MINOR = 10**15
DRAIN_TURNS = 2_000


class World:
    """One run; `payments` is how many instructions customers give, and the seed decides all else."""

    def __init__(self, seed: int, folder: Path, *, intensity: float = 1) -> None:
        self.seed = seed
        self.intensity = intensity  # how often misfortunes begin; a short run needs more of them
        self.random = Random(seed)
        self.time = WorldTime()
        self.posted: dict[str, str] = {}  # UETR and the BIC of the bank it was given to
        self.crossings: Counter[str] = Counter()
        self._trace = hashlib.sha256()
        tokens = {to_checksum("0x" + f"{index + 1:02x}" * 20): one for index, one in enumerate(CURRENCIES)}
        signers = {bic: LocalSigner(bytes([index + 1] * 32)) for index, bic in enumerate((*BANKS, PROVIDER))}
        registered = [_participant(bic, signer.address) for bic, signer in signers.items()]
        self.contracts = FakeContracts(registered, tokens)
        self.chain = FakeChain(self.contracts, self.time, self.random)
        self.network = FakeNetwork(self.random)
        holders = [one.settlement_account for one in registered]
        self.chain.begin(
            [
                event
                for token in tokens
                for to in holders
                for event in self.contracts.issue(token, to, ISSUED_MINOR)
            ]
        )
        for index, one in enumerate(registered):
            lane = LocalSigner(bytes([index + 101] * 32))
            self.network.institutions[one.bic] = Institution(
                one,
                (signers[one.bic], lane),
                folder,
                self.chain,
                self.network,
                self.time,
                self.random,
                self._crossed,
            )
        for bic in BANKS:
            set_up_customers(self.network.institutions[bic].office, CURRENCIES)

    @property
    def institutions(self) -> list[Institution]:
        """All of them, the provider last."""
        return list(self.network.institutions.values())

    def run(self, payments: int, progress: Callable[[int], None] = lambda _: None) -> None:
        """Give that many instructions while things fail, then let calm come and everything end."""
        while len(self.posted) < payments:
            self.turn()
            for _ in range(self.random.randrange(7)):
                self.post()
            progress(len(self.posted))
        self.calm()
        for _ in range(DRAIN_TURNS):
            self.turn(faulty=False)
            if not self.still_open():
                break
        for _ in range(20):  # the last events become final and are booked by everybody
            self.turn(faulty=False)

    def turn(self, *, faulty: bool = True) -> None:
        """Some time passes; everybody does something; the chain may make a block; things go wrong."""
        self.time.at_s += self.random.uniform(0.2, 3) if faulty else 20
        for one in self.random.sample(self.institutions, len(self.institutions)):
            one.turn(self.random)
        if not faulty or self.random.random() < 0.6:
            self._trace.update(self.chain.mine().hash.encode())
        self.network.deliver_late()
        if faulty:
            self.misfortune()

    def post(self) -> None:
        """A customer gives an instruction; now and then an earlier one again, which must change nothing."""
        bank = self.network.institutions[self.random.choice(BANKS)]
        payment = self._return_from(bank) or random_payment(self.random, bank.bic, BANKS, CURRENCIES)
        body = f"please pay {payment.uetr}".encode()
        self.network.payments[body] = payment
        received = Received(payment, (), Written("pacs.008.001.08", payment.message_id, body))
        for _ in range(2 if self.random.random() < 0.05 else 1):
            while not self._answered(bank, received):
                pass  # the back office sends the same message again until it has an answer
        self.posted[payment.uetr] = bank.bic

    def _return_from(self, bank: Institution) -> Payment | None:
        """Now and then, the return of a payment that has settled with this bank's customer."""
        if not self.posted or self.random.random() > 0.15:
            return None
        with bank.office.book.view() as unit:
            record = unit.payments.find(self.random.choice(list(self.posted)))
        if record is None or record.state is not State.SETTLED:
            return None
        if record.side is not Side.CREDITOR_AGENT and record.payment.creditor_agent != record.payment.debtor_agent:
            return None
        return None if record.payment.return_of else random_return(self.random, record.payment)

    def _answered(self, bank: Institution, received: Received) -> bool:
        try:
            receive(bank.office, received)
        except Crash:
            bank.restart()
            return False
        except bank.busy:
            return False
        return True

    def misfortune(self) -> None:
        """What chance has in store for this turn."""
        one = self.random.choice(self.institutions)
        clock_error_s = self.random.choice((-3600.0, 3600.0))
        begins: list[tuple[float, Callable[[], None]]] = [
            (0.02, lambda: self.chain.reorganise(self.random.randint(1, 5))),
            (0.02, lambda: self.chain.forget(0.3)),
            (0.04, lambda: one.die_after(self.random.randint(1, 12))),
            (0.004, lambda: self._set_clock(one, clock_error_s)),
            (0.05, lambda: self._worsen(one)),
        ]
        ends = [(0.25, lambda: self._set_clock(one, 0.0)), (0.15, lambda: self._better(one))]
        for share, happen in [*((share * self.intensity, begin) for share, begin in begins), *ends]:
            if self.random.random() < share:
                happen()

    def calm(self) -> None:
        """From now on nothing fails."""
        for one in self.institutions:
            self._better(one)
            self._set_clock(one, 0.0)

    def still_open(self) -> list[str]:
        """The UETRs of payments that have not ended, on any side."""
        found = []
        for one in self.institutions:
            with one.office.book.view() as unit:
                for state in State:
                    if state not in TERMINAL:
                        found += [record.uetr for record in unit.payments.in_state(state)]
        return found

    def trace(self) -> str:
        """A digest over everything that happened, in its order."""
        return self._trace.hexdigest()

    def _crossed(self, bic: str, boundary: str, uetr: str) -> None:
        self.crossings[boundary] += 1
        self._trace.update(f"{bic} {boundary} {uetr}".encode())

    def _set_clock(self, one: Institution, error_s: float) -> None:
        one.clock.error_s = error_s

    def _worsen(self, one: Institution) -> None:
        share = self.random.choice((0.02, 0.1, 0.3))
        kind = self.random.choice(("request_lost", "answer_lost", "down", "lag", "twice", "late", "wrong", "book"))
        if kind in {"request_lost", "answer_lost"}:
            setattr(one.connection.weather, kind, share)
            setattr(one.line.weather, kind, share)
        elif kind == "down":
            self.random.choice((one.connection.weather, one.line.weather)).down = True
        elif kind == "lag":
            one.connection.weather.lag_blocks = self.random.randint(1, 4)
        elif kind == "book":
            one.book_weather.busy, one.book_weather.dies_before, one.book_weather.dies_after = share, 0.01, 0.01
        else:
            setattr(one.line.weather, kind, share)

    def _better(self, one: Institution) -> None:
        for weather in (one.connection.weather, one.line.weather, one.book_weather):
            weather.__dict__.update(type(weather)().__dict__)


def _participant(bic: str, account: str) -> Participant:
    roles = ParticipantRole.BANK if bic != PROVIDER else ParticipantRole.FX_PROVIDER
    return Participant(
        bic=bic,
        lei="5493001KJTIIGC8Y1R12",
        name=f"Institution {bic[:4]}",
        roles=roles,
        status=ParticipantStatus.ACTIVE,
        settlement_account=account,
        message_key=bytes([1] * 32),
        api_address="http://nowhere",
        jurisdiction=bic[4:6],
    )
