"""One process's worker and webhooks on the town's debtor agent's book: `background_process '{"place": ...}'`.

It says "working" when it has begun, and works until its standard input ends or somebody kills it. Recalls are
passed on to the URL `asked`, which answers slowly and counts how often it was asked; they are refused.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, replace
from random import Random

import httpx

from api.iso20022.catalogue import Catalogue
from api.reporter import Iso20022Reporter
from api.scribe import Iso20022Scribe
from api.webhooks.address import WebhookTargets
from api.webhooks.dispatcher import Dispatcher
from api.webhooks.sending import HttpSender
from node.domain.party import Agent, Participant
from node.domain.reasons import Finding, Reason
from node.settlement.aftercare import Aftercare
from node.settlement.ports import Clock, Refused, Unreachable
from node.settlement.terms import Terms
from node.settlement.worker import Worker
from tests.node.settlement.worker_process import Workplace, office_at


@dataclass(frozen=True)
class Background:
    """Where the worker works, and where recalls are passed on to."""

    place: Workplace
    asked: str

    def command(self) -> list[str]:
        """What starts it."""
        return [sys.executable, "-m", "tests.api.background_process", json.dumps(asdict(self))]


@dataclass(frozen=True)
class Refusing:
    """A messenger to an institution that refuses every recall in the end."""

    url: str

    def pass_on(self, peer: Participant, message: bytes) -> bytes | Refused | Unreachable:
        """Hand it over and wait for the answer."""
        httpx.post(self.url, content=message, timeout=60, trust_env=False)
        return Refused((Finding(Reason.CREDITOR_AGENT_REFUSED, f"{peer.bic} gives nothing back."),))


def aftercare_of(bic: str, clock: Clock, url: str) -> Aftercare:
    """Real messages, carried to the listener."""
    ourselves = Agent(bic)
    return Aftercare(
        Iso20022Scribe(Catalogue(), ourselves, clock), Refusing(url), Iso20022Reporter(ourselves, clock)
    )


def main() -> None:
    """Work until told to stop."""
    told = json.loads(sys.argv[1])
    place = Workplace(**told["place"])
    office = office_at(place)
    aftercare = aftercare_of(office.bic, office.clock, told["asked"])
    office = replace(office, aftercare=aftercare, terms=replace(office.terms, claim_s=Terms().claim_s))
    worker = Worker(office, place.name)
    sender = HttpSender(WebhookTargets.ANY)
    dispatcher = Dispatcher(office.book, office.clock, sender, Random(1).random, place.name)
    worker.start()
    dispatcher.start()
    print("working", flush=True)
    sys.stdin.read()
    worker.stop()
    dispatcher.stop()


if __name__ == "__main__":
    main()
