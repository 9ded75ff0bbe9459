"""What a development chain allows and no other: known accounts, time travel, snapshots, borrowed identities.

A chain not started for development has none of this, and answers its methods as unknown.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eth.abc import SignedTransactionAPI
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_typing import Address

from node.chain.chain import LocalChain
from node.chain.errors import ChainError
from node.chain.genesis import Genesis, GenesisAccount

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

MNEMONIC = "test test test test test test test test test test test junk"
ACCOUNTS = 10
FUNDS = 10_000 * 10**18


class UnknownAccount(ChainError):
    """The node holds no key of this account."""


@dataclass(frozen=True)
class Snapshot:
    """A point to go back to."""

    number: int
    offset_s: int
    amended_root: bytes


@dataclass
class DevelopmentChain:
    """The extra powers over one chain."""

    chain: LocalChain
    signers: dict[bytes, LocalAccount]
    impersonated: set[bytes] = field(default_factory=set)
    impersonate_all: bool = False
    snapshots: dict[int, Snapshot] = field(default_factory=dict)
    _miner: IntervalMiner | None = None

    @property
    def interval_s(self) -> float:
        """Seconds between blocks of interval mining; 0 when it is off."""
        return self._miner.seconds if self._miner else 0

    def take_snapshot(self) -> int:
        """Remember this point; costs nothing."""
        with self.chain.lock:
            key = max(self.snapshots, default=0) + 1
            root = self.chain.state_view().root
            self.snapshots[key] = Snapshot(self.chain.head.number, self.chain.clock.offset_s, root)
            return key

    def revert(self, key: int) -> bool:
        """Go back to a snapshot, which is used up by it, as are those taken later."""
        with self.chain.lock:
            snapshot = self.snapshots.get(key)
            if snapshot is None:
                return False
            self.chain.clear_pool()
            self.chain.revert_to(snapshot.number, snapshot.amended_root)
            self.chain.clock.offset_s = snapshot.offset_s
            self.snapshots = {other: kept for other, kept in self.snapshots.items() if other < key}
            return True

    def mine_every(self, seconds: float) -> None:
        """Make a block every so many seconds; 0 stops that."""
        if self._miner is not None:
            self._miner.stop()
        self._miner = IntervalMiner(seconds, self.chain.mine) if seconds else None

    def may_send_as(self, address: bytes) -> bool:
        """Whether an account's transactions need no signature here."""
        return self.impersonate_all or address in self.impersonated

    def signer(self, address: bytes) -> LocalAccount:
        """The key of a development account. Raises UnknownAccount."""
        found = self.signers.get(address)
        if found is None:
            raise UnknownAccount("unknown account")
        return found


class IntervalMiner:
    """A thread that makes a block at a steady pace."""

    def __init__(self, seconds: float, mine: Callable[[], Any]) -> None:
        self.seconds = seconds
        self._mine = mine
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="interval-miner", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop; a block under way is finished."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self.seconds):
            self._mine()


def development_signers(mnemonic: str = MNEMONIC, count: int = ACCOUNTS) -> dict[bytes, LocalAccount]:
    """The accounts that Anvil and Hardhat use too: everybody knows their keys."""
    # Only a development chain pays for importing it, which is a fifth of a second.
    from eth_account import Account  # noqa: PLC0415
    from eth_account.hdaccount import ETHEREUM_DEFAULT_PATH  # noqa: PLC0415

    Account.enable_unaudited_hdwallet_features()
    base = ETHEREUM_DEFAULT_PATH.rsplit("/", 1)[0]
    signers = [Account.from_mnemonic(mnemonic, account_path=f"{base}/{index}") for index in range(count)]
    return {bytes.fromhex(signer.address[2:]): signer for signer in signers}


def development_genesis(chain_id: int, signers: dict[bytes, LocalAccount]) -> Genesis:
    """A genesis in which the development accounts are rich."""
    return Genesis(chain_id=chain_id, accounts={address: GenesisAccount(balance=FUNDS) for address in signers})


def borrowed_transaction(sender: bytes, fields: dict[str, Any]) -> SignedTransactionAPI:
    """A transaction in someone's name, without their signature: its r is their address, so its hash is its own."""
    transaction = PragueTransactionBuilder.new_dynamic_fee_transaction(
        **fields, y_parity=0, r=int.from_bytes(sender, "big") or 1, s=1
    )
    transaction.__dict__["sender"] = Address(sender)  # where py-evm's cached property keeps it
    return transaction
