"""The network that is measured: ten banks, two currencies, an FX provider; every account has held money before.

Everything in it is fixed, down to the keys: a signature's zero bytes are cheaper than its other ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from contracts import artifact
from node.domain.money import Currency, Money
from node.domain.party import ParticipantRole
from node.ledger.abi import call_data
from node.ledger.client import LedgerClient
from node.ledger.deployment import deploy_network
from node.ledger.orders import Order, carry_out, next_nonces
from node.ledger.plan import CurrencyPlan, DeployedNetwork, IssuePlan, NetworkKeys, NetworkPlan, ParticipantPlan
from node.ledger.settlement_contract import SettlementContract
from node.ledger.values import Receipt
from wallet.signer import LocalSigner, Signer
from wallet.typed_data import Struct, domain_separator, signing_digest

CNY, AED = Currency("CNY", 2), Currency("AED", 2)
EXPIRY_S: Final = 2_000_000_000
FIRST_MONEY: Final = 10**12
BATCH: Final = 100
# EIP-7825: no transaction may use more.
MOST_GAS: Final = 16_777_216
PATIENCE_S: Final = 120


def actor(role: str) -> LocalSigner:
    """The key of a role; the same role has the same key in every run."""
    return LocalSigner(sha256(b"gas bench: " + role.encode()).digest())


def digest(text: str) -> bytes:
    """Some 32 bytes, by a text."""
    return sha256(text.encode()).digest()


def uetr(number: int) -> bytes:
    """The 16 bytes of a UUID of version 4, by its number."""
    drawn = digest(f"uetr {number}")[:16]
    return drawn[:6] + bytes([0x40 | drawn[6] & 0x0F, drawn[7], 0x80 | drawn[8] & 0x3F]) + drawn[9:]


BANKS = tuple(f"bank {number}" for number in range(10))
PROVIDER, ISSUER, RELAY, HOLDER, CREDITOR = "fx provider", "issuer", "relay", "holder", "creditor"
CLEARING_AGENT: Final = "clearing agent"


@dataclass(frozen=True)
class Call:
    """A transaction to be measured."""

    signer: Signer
    to: str
    data: bytes


@dataclass(frozen=True)
class BenchNetwork:
    """The deployed network, with everybody's keys."""

    client: LedgerClient
    deployed: DeployedNetwork

    @property
    def settlement(self) -> SettlementContract:
        """The settlement contract."""
        return SettlementContract(self.client, self.deployed.settlement)

    def token(self, currency: Currency) -> str:
        """The address of a currency's token."""
        return self.deployed.tokens[currency.code]

    def token_call(self, who: str, function: str, *arguments: object) -> Call:
        """Somebody's call of a function of the yuan."""
        return Call(actor(who), self.token(CNY), call_data(artifact("CurrencyToken").abi, function, *arguments))

    def settlement_call(self, function: str, *arguments: object) -> Call:
        """A call of the settlement contract, carried by the relay."""
        return Call(
            actor(RELAY), self.settlement.address, call_data(artifact("Settlement").abi, function, *arguments)
        )

    def sign(self, who: str, value: Struct) -> bytes:
        """Somebody's signature under the settlement contract's domain."""
        return actor(who).sign_digest(signing_digest(self.settlement.domain(), value)).to_bytes()

    def sign_for_token(self, who: str, value: Struct) -> bytes:
        """Somebody's signature under the domain of the yuan."""
        domain = domain_separator(self.deployed.chain_id, self.token(CNY), name=f"Digital {CNY.code}")
        return actor(who).sign_digest(signing_digest(domain, value)).to_bytes()

    def send(self, *calls: Call) -> list[Receipt]:
        """Send transactions that must all succeed."""
        orders = [Order("gas bench", call.signer, call.to, call.data, gas=MOST_GAS) for call in calls]
        nonces = next_nonces(self.client, [call.signer for call in calls])
        return carry_out(self.client, orders, nonces, patience_s=PATIENCE_S)

    def warm(self, currency: Currency, roles: Sequence[str], amount: int = FIRST_MONEY // 1000) -> None:
        """Give everybody some money, so that no account's slot is new when it is measured."""
        abi, token, payer = artifact("CurrencyToken").abi, self.token(currency), actor(ISSUER)
        for start in range(0, len(roles), BATCH):
            payments = [(actor(role).address, amount, bytes(16)) for role in roles[start : start + BATCH]]
            self.send(Call(payer, token, call_data(abi, "pay_batch", payments, bytes(32))))


def deploy_bench_network(client: LedgerClient, funder: Signer | None = None) -> BenchNetwork:
    """Set the network up, or take up where an earlier attempt stopped."""
    keys = NetworkKeys(
        deployer=actor("deployer"),
        governor=actor("governor"),
        registrar=actor("registrar"),
        issuers={"CNY": actor(ISSUER), "AED": actor(ISSUER)},
        funder=funder,
    )
    network = BenchNetwork(client, deploy_network(client, _plan(), keys))
    for currency in (CNY, AED):
        network.warm(currency, (*BANKS, PROVIDER, HOLDER, CREDITOR))
    return network


def _plan() -> NetworkPlan:
    banks = [_participant(number, role, ParticipantRole.BANK) for number, role in enumerate(BANKS)]
    provider = _participant(len(BANKS), PROVIDER, ParticipantRole.FX_PROVIDER)
    clearing_agent = _participant(len(BANKS) + 1, CLEARING_AGENT, ParticipantRole.CLEARING_AGENT)
    return NetworkPlan(
        participants=(*banks, provider, clearing_agent),
        currencies=tuple(CurrencyPlan(currency, f"Digital {currency.code}") for currency in (CNY, AED)),
        issues=tuple(
            IssuePlan(actor(ISSUER).address, Money(FIRST_MONEY, currency), digest(f"first {currency.code}"))
            for currency in (CNY, AED)
        ),
        operators=tuple(actor(role).address for role in (RELAY, HOLDER, BANKS[0])),
    )


def _participant(number: int, role: str, roles: ParticipantRole) -> ParticipantPlan:
    return ParticipantPlan(
        account=actor(role).address,
        bic=f"BENCCN{number:02d}",
        lei=f"5493000000000000{number:02d}00",
        name=role.title(),
        roles=roles,
        message_key=digest(f"message key of {role}"),
        api_address="http://127.0.0.1",
        jurisdiction="CN",
    )
