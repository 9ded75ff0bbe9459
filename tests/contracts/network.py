"""A small Corridor network on a fresh chain: two currencies, three banks, one FX provider, two customers."""

from dataclasses import dataclass

from web3.contract.contract import Contract

from contracts.roles import ParticipantRole, RegistryRole, TokenRole
from tests.contracts.chain import Actor, Chain, actor

CNY_SUPPLY = 1_000_000_00
AED_SUPPLY = 500_000_00
REFERENCE = b"\x07" * 32
KEY = b"\x55" * 32

ADMIN = actor("admin")
ISSUER = actor("issuer")
PAUSER = actor("pauser")
UNPAUSER = actor("unpauser")
FREEZER = actor("freezer")
ENFORCER = actor("enforcer")
TIER_KEEPER = actor("tier keeper")
REGISTRAR = actor("registrar")
SUSPENDER = actor("suspender")
DEBTOR_AGENT = actor("debtor agent")
CREDITOR_AGENT = actor("creditor agent")
OTHER_AGENT = actor("other agent")
PROVIDER = actor("fx provider")
DEBTOR = actor("debtor")
CREDITOR = actor("creditor")
OUTSIDER = actor("outsider")
RELAY = actor("relay")

EVERYBODY = (
    ADMIN, ISSUER, PAUSER, UNPAUSER, FREEZER, ENFORCER, TIER_KEEPER, REGISTRAR, SUSPENDER, DEBTOR_AGENT,
    CREDITOR_AGENT, OTHER_AGENT, PROVIDER, DEBTOR, CREDITOR, OUTSIDER, RELAY,
)  # fmt: skip

TOKEN_ROLES = (
    (ISSUER, TokenRole.ISSUER),
    (PAUSER, TokenRole.PAUSER),
    (UNPAUSER, TokenRole.UNPAUSER),
    (FREEZER, TokenRole.FREEZER),
    (ENFORCER, TokenRole.ENFORCER),
    (TIER_KEEPER, TokenRole.TIER_KEEPER),
)


@dataclass(frozen=True)
class Network:
    """The deployed contracts, and the chain they are on."""

    chain: Chain
    registry: Contract
    settlement: Contract
    cny: Contract
    aed: Contract

    def balances(self) -> dict[tuple[str, str], int]:
        """Every actor's balance in every currency: what "nothing moved" means."""
        return {
            (who.role, currency): token.functions.balanceOf(who.address).call()
            for who in EVERYBODY
            for currency, token in (("CNY", self.cny), ("AED", self.aed))
        }


def deploy_token(chain: Chain, name: str, currency: str, decimals: int) -> Contract:
    token = chain.deploy(ADMIN, "CurrencyToken", name, currency, decimals, ADMIN.address)
    for who, role in TOKEN_ROLES:
        chain.send(ADMIN, token.functions.grant_role(who.address, role))
    chain.send(ADMIN, token.functions.set_issue_allowance(ISSUER.address, 10**15))
    return token


def register(chain: Chain, registry: Contract, who: Actor, bic: str, roles: int) -> None:
    lei = f"{bic:0<20}"
    details = (bic, lei, who.role.title(), roles, KEY, f"https://{bic.lower()}.example", "CN")
    chain.send(REGISTRAR, registry.functions.register(who.address, *details))


def deploy_network(chain: Chain) -> Network:
    for who in EVERYBODY:
        chain.fund(who)
    registry = chain.deploy(ADMIN, "ParticipantRegistry", ADMIN.address)
    settlement = chain.deploy(ADMIN, "Settlement", registry.address)
    cny = deploy_token(chain, "Digital yuan", "CNY", 2)
    aed = deploy_token(chain, "Digital dirham", "AED", 2)
    chain.send(ADMIN, registry.functions.grant_role(REGISTRAR.address, RegistryRole.REGISTRAR))
    chain.send(ADMIN, registry.functions.grant_role(SUSPENDER.address, RegistryRole.SUSPENDER))
    chain.send(ADMIN, registry.functions.set_settlement(settlement.address))
    for currency, token in (("CNY", cny), ("AED", aed)):
        chain.send(ADMIN, token.functions.set_settlement_operator(settlement.address))
        chain.send(REGISTRAR, registry.functions.list_token(currency, token.address))
    for who, bic in ((DEBTOR_AGENT, "AAAACNBJ"), (CREDITOR_AGENT, "BBBBAEAD"), (OTHER_AGENT, "CCCCCNSH")):
        register(chain, registry, who, bic, ParticipantRole.BANK)
    register(chain, registry, PROVIDER, "FXFXHKHH", ParticipantRole.FX_PROVIDER)
    network = Network(chain, registry, settlement, cny, aed)
    _issue(network)
    return network


def _issue(network: Network) -> None:
    """Puts the inventories in place, so that every account of a payment is warm: it has held money before."""
    issue = network.cny.functions.issue
    for who, amount in ((DEBTOR_AGENT, 400_000_00), (DEBTOR, 200_000_00), (PROVIDER, 400_000_00)):
        network.chain.send(ISSUER, issue(who.address, amount, REFERENCE))
    issue = network.aed.functions.issue
    for who, amount in ((PROVIDER, 400_000_00), (CREDITOR_AGENT, 90_000_00), (CREDITOR, 10_000_00)):
        network.chain.send(ISSUER, issue(who.address, amount, REFERENCE))
