"""A sandbox network as a user runs it: `corridor up` in a process of its own, on any engine, again and again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from web3 import HTTPProvider, Web3

from tests.audit import audit
from tests.outsider import BackOffice, books, read_network
from tests.processes import Process, corridor, free_ports

START_LIMIT_S = 120
INSTITUTIONS = 9


@dataclass
class Site:
    """One folder with its network; `arguments` choose the engine. `answered` are the payments answered 202.

    `port` is the first of the APIs' ports, kept over restarts; 0 moves every API to a new one at each start.
    """

    folder: Path
    arguments: tuple[str, ...] = ("--rpc-port", "0")
    port: int = field(default_factory=lambda: free_ports(INSTITUTIONS))
    network: dict[str, Any] = field(default_factory=dict)
    answered: dict[str, str] = field(default_factory=dict)
    process: Process | None = None

    @property
    def document(self) -> Path:
        """Where network.json is while the network runs."""
        return self.folder / "data" / "network.json"

    @property
    def running(self) -> Process:
        """The process of the network."""
        assert self.process is not None
        return self.process

    def start(self) -> None:
        """Start it, and wait until it says that it is ready."""
        diary = self.folder / "diary.txt"
        diary.unlink(missing_ok=True)
        data = self.folder / "data"
        self.process = corridor(diary, "up", "--data", str(data), "--port", str(self.port), *self.arguments)
        self.running.await_("ready", lambda: "ready; Ctrl-C" in self.running.told(), START_LIMIT_S)
        network = read_network(data)
        assert network is not None, "ready without network.json"
        self.network = network

    def back_office(self, bic: str) -> BackOffice:
        """The back office of one institution."""
        return BackOffice(self.network, bic)

    def send(self, office: BackOffice, uetr: str, message: bytes) -> bytes:
        """Post a message that must be taken in; its pacs.002."""
        answer = office.send(message)
        assert answer.status_code == 202, answer.text
        self.answered[uetr] = office.entry["bic"]
        return answer.content

    def on_chain(self, bic: str, currency: str) -> int:
        """What an institution has on chain, read by web3.py with nothing but network.json and ERC-20."""
        token = self.network["tokens"][currency]["address"]
        holder = next(one["settlement_address"] for one in self.network["participants"] if one["bic"] == bic)
        web3 = Web3(HTTPProvider(self.network["rpc_url"]))
        return int(web3.eth.contract(token, abi=_ERC_20).functions.balanceOf(holder).call())

    def faults(self) -> list[str]:
        """What the auditor finds, in all books and on chain."""
        return audit(self.network, books(self.folder / "data", self.network), self.answered)


_ERC_20 = [
    {
        "type": "function",
        "name": "balanceOf",
        "stateMutability": "view",
        "inputs": [{"name": "holder", "type": "address"}],
        "outputs": [{"name": "", "type": "uint256"}],
    }
]
