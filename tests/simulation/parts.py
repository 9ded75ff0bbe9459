"""A sandbox network taken apart: the chain and each institution in a process of its own, each of them mortal."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.outsider import read_network
from tests.processes import Life, corridor, free_ports
from tests.simulation.mother import Mother

INSTITUTIONS = 9
BANKS = ("CNY", "AED")
START_LIMIT_S = 180


@dataclass
class Part:
    """One process of the network, started again and again; `kills` tells how it was ended each time."""

    name: str
    url: str
    diary: Path
    command: tuple[str, ...]
    folder: Path
    mother: Mother
    process: Life | None = None
    kills: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Start it as a user would, and wait until it answers."""
        self.process = corridor(self.diary, *self.command)
        self.process.await_(f"{self.name} answers", self.answers, START_LIMIT_S)

    def start_mortal(self, boundary: str, crossings: int) -> None:
        """Start it so that it dies at the n-th crossing; it may die before it answers at all."""
        self.process = self.mother.bear(self.folder, boundary, crossings, self.diary)
        self.process.await_(f"{self.name} answers", lambda: self.answers() or self.is_dead(), START_LIMIT_S)

    def answers(self) -> bool:
        """Whether it is up."""
        line = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=5)
        try:
            line.request("GET", "/healthz")
            line.getresponse()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()
        return True

    def is_dead(self) -> bool:
        """Whether it has died by SIGKILL; raises AssertionError where it ended in any other way."""
        assert self.process is not None
        if self.process.is_alive:
            return False
        assert self.process.was_killed(), f"{self.name} ended by itself: {self.process.told()[-3000:]}"
        return True

    def kill(self, moment: str) -> None:
        """Pull its plug now."""
        assert self.process is not None
        self.process.kill()
        self.note(moment)

    def note(self, moment: str) -> None:
        """It has died; count it."""
        assert self.is_dead()
        self.kills.append(moment)


@dataclass
class Parts:
    """The whole network; `network` is network.json."""

    folder: Path
    network: dict[str, Any]
    chain: Part
    institutions: dict[str, Part]
    mother: Mother

    def part(self, role: str, currency: str | None = None) -> Part:
        """The first institution of a role (and home currency)."""
        found = (one for one in self.network["participants"] if role in one["roles"])
        return self.institutions[next(one["bic"] for one in found if currency in {None, one["currency"]})]

    def all(self) -> list[Part]:
        """The chain and the institutions that run."""
        return [self.chain, *self.institutions.values()]

    def books(self) -> dict[str, Path]:
        """The books of the institutions that run, by BIC."""
        return {bic: part.folder / "book.sqlite" for bic, part in self.institutions.items()}

    def set_terms(self, part: Part, **terms: float) -> None:
        """Change an institution's terms; they hold from its next start."""
        file = part.folder / "institution.json"
        said = json.loads(file.read_text())
        file.write_text(json.dumps(said | {"terms": terms}))

    def kills(self) -> int:
        """How many processes have been killed so far."""
        return sum(len(part.kills) for part in self.all())

    def end(self) -> None:
        """Leave no process behind."""
        for part in reversed(self.all()):
            if part.process is not None:
                part.process.kill()
        self.mother.close()


def found(folder: Path, terms: dict[str, float]) -> Parts:
    """Set a network up by `corridor up`, stop it, and start two banks and the FX provider by themselves."""
    port = free_ports(INSTITUTIONS + 1)
    data, ports = folder / "data", ("--port", str(port), "--rpc-port", str(port + INSTITUTIONS))
    with corridor(folder / "up.txt", "up", "--data", str(data), *ports) as up:
        up.await_("ready", lambda: "ready; Ctrl-C" in up.told(), 2 * START_LIMIT_S)
        network = read_network(data)
        assert network is not None
        assert up.stop() == 0
    command = ("node", "--data", str(data / "chain"), "--port", str(port + INSTITUTIONS))
    mother = Mother()
    chain = Part("chain", network["rpc_url"], folder / "chain.txt", command, data / "chain", mother)
    institutions = {
        one["bic"]: _institution(folder, data / "institutions" / one["bic"], one, mother)
        for one in network["participants"]
        if "fx_provider" in one["roles"] or ("bank" in one["roles"] and one["currency"] in BANKS)
    }
    parts = Parts(folder, network, chain, institutions, mother)
    for part in institutions.values():
        parts.set_terms(part, **terms)
    return parts


def _institution(folder: Path, home: Path, entry: dict[str, Any], mother: Mother) -> Part:
    command = ("api", "--data", str(home))
    return Part(entry["bic"], entry["api_url"], folder / f"{entry['bic']}.txt", command, home, mother)
