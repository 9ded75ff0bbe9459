"""Holds to place: their terms, the signatures that belong to them, and the contract under test."""

import hashlib
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any

from web3.contract.contract import Contract, ContractFunction

from contracts.roles import HoldPower
from tests.contracts.chain import ZERO_ADDRESS, Actor
from tests.contracts.network import ADMIN, CREDITOR, DEBTOR, OUTSIDER, Network
from tests.contracts.signing import domain, sign_typed

HOUR_S = 3600
SECRET = hashlib.sha256(b"the secret of a test").digest()
LOCK = hashlib.sha256(SECRET).digest()
ORDER_DIGEST = bytes.fromhex("d4" * 32)
NO_LOCK = bytes(32)

HOLD_KINDS = [
    {"name": name, "type": kind}
    for name, kind in (
        ("token", "address"),
        ("debtor", "address"),
        ("creditor", "address"),
        ("confirmer", "address"),
        ("amount", "uint256"),
        ("premium", "uint256"),
        ("lock", "bytes32"),
        ("reference", "bytes32"),
        ("salt", "bytes32"),
        ("expiry", "uint64"),
    )
]


class Status:
    """Where a hold is in its life, as Holds.status gives it."""

    UNKNOWN = 0
    PLACED = 1
    RELEASED = 2
    PAID = 3
    LIFTED = 4


@dataclass(frozen=True)
class Hold:
    """The terms of a hold, field for field."""

    token: str
    debtor: str
    creditor: str
    confirmer: str
    amount: int
    premium: int
    lock: bytes
    reference: bytes
    salt: bytes
    expiry: int

    def but(self, **changes: Any) -> "Hold":
        return replace(self, **changes)


@dataclass(frozen=True)
class HoldDesk:
    """A Holds contract in use by both currencies of a network."""

    network: Network
    contract: Contract

    def terms(self, **changes: Any) -> Hold:
        """500.00 CNY of the debtor for the creditor, due when an outsider to both confirms, within an hour."""
        hold = Hold(
            token=self.network.cny.address,
            debtor=DEBTOR.address,
            creditor=CREDITOR.address,
            confirmer=OUTSIDER.address,
            amount=500_00,
            premium=0,
            lock=NO_LOCK,
            reference=ORDER_DIGEST,
            salt=bytes(32),
            expiry=self.network.chain.now() + HOUR_S,
        )
        return replace(hold, **changes)

    def locked(self, **changes: Any) -> Hold:
        """The same, due to whoever knows the secret."""
        return self.terms(**{"confirmer": ZERO_ADDRESS, "lock": LOCK, **changes})

    def place(self, hold: Hold, signature: bytes = b"", premium_signature: bytes = b"") -> ContractFunction:
        return self.contract.functions.place(astuple(hold), signature, premium_signature)

    def release(self, hold: Hold, secret: bytes = NO_LOCK, confirmation: bytes = b"") -> ContractFunction:
        return self.contract.functions.release(astuple(hold), secret, confirmation)

    def pay_out(self, hold: Hold) -> ContractFunction:
        return self.contract.functions.pay_out(astuple(hold))

    def lift(self, hold: Hold) -> ContractFunction:
        return self.contract.functions.lift(astuple(hold))

    def id_of(self, hold: Hold) -> bytes:
        return bytes(self.contract.functions.hold_id(astuple(hold)).call())

    def status(self, hold: Hold) -> int:
        return int(self.contract.functions.status(self.id_of(hold)).call())

    def sign_terms(self, who: Actor, hold: Hold) -> bytes:
        return sign_typed(who, domain(self.contract, "Corridor Holds"), "Hold", HOLD_KINDS, asdict(hold))

    def sign_premium(self, who: Actor, hold: Hold) -> bytes:
        kinds = [{"name": "hold", "type": "bytes32"}, {"name": "premium", "type": "uint256"}]
        value = {"hold": self.id_of(hold), "premium": hold.premium}
        return sign_typed(who, domain(self.contract, "Corridor Holds"), "Premium", kinds, value)

    def sign_confirmation(self, who: Actor, hold: Hold) -> bytes:
        kinds = [{"name": "hold", "type": "bytes32"}]
        value = {"hold": self.id_of(hold)}
        return sign_typed(who, domain(self.contract, "Corridor Holds"), "Confirmation", kinds, value)

    def money(self, account: str) -> tuple[int, int]:
        """What an account has free and what it has on hold, in CNY."""
        found = self.network.cny.functions
        return found.balanceOf(account).call(), found.held_of(account).call()

    def expire(self, hold: Hold) -> None:
        """Let the hold's last second pass."""
        self.network.chain.travel_to(hold.expiry + 1)
        self.network.chain.mine()


def open_hold_desk(network: Network) -> HoldDesk:
    contract = network.chain.deploy(ADMIN, "Holds")
    for token in (network.cny, network.aed):
        network.chain.send(ADMIN, token.functions.set_hold_operator(contract.address, HoldPower.HOLD))
    return HoldDesk(network, contract)
