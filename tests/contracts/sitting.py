"""A council of three, two of whom decide, over a network; and proposals for it."""

from dataclasses import dataclass, replace
from typing import Any

from web3.contract.contract import Contract, ContractFunction

from contracts.roles import TokenRole
from tests.contracts.chain import Actor, actor
from tests.contracts.network import ADMIN, RELAY, Network
from tests.contracts.signing import domain, sign_proposal

DAY_S = 86_400
DELAY_S = 2 * DAY_S
LIFETIME_S = 7 * DAY_S

# In ascending order of address, as the council keeps them.
MEMBERS = tuple(sorted((actor(f"council member {i}") for i in range(3)), key=lambda who: int(who.address, 16)))
FIRST, SECOND, THIRD = MEMBERS
EMERGENCY = actor("emergency pauser")


@dataclass(frozen=True)
class Proposal:
    """Calls to be made together, in their order."""

    calls: tuple[tuple[str, bytes], ...]
    members_version: int
    salt: bytes
    expiry: int

    def but(self, **changes: Any) -> "Proposal":
        return replace(self, **changes)

    def as_tuple(self) -> tuple[Any, ...]:
        return list(self.calls), self.members_version, self.salt, self.expiry


@dataclass(frozen=True)
class Sitting:
    """The council at work."""

    network: Network
    council: Contract

    def proposal(self, *calls: ContractFunction, salt: bytes = bytes(32)) -> Proposal:
        return Proposal(
            tuple((call.address, bytes.fromhex(call._encode_transaction_data()[2:])) for call in calls),
            self.council.functions.members_version().call(),
            salt,
            self.network.chain.now() + LIFETIME_S,
        )

    def id_of(self, proposal: Proposal) -> bytes:
        return bytes(self.council.functions.proposal_id(proposal.as_tuple()).call())

    def sign(self, who: Actor, proposal: Proposal) -> bytes:
        return sign_proposal(who, domain(self.council, "Corridor Council"), proposal)

    def propose(self, proposal: Proposal) -> ContractFunction:
        return self.council.functions.propose(proposal.as_tuple())

    def approve(self, proposal: Proposal) -> ContractFunction:
        return self.council.functions.approve(self.id_of(proposal))

    def object(self, proposal: Proposal) -> ContractFunction:
        return self.council.functions.object(self.id_of(proposal))

    def execute(self, proposal: Proposal) -> ContractFunction:
        return self.council.functions.execute(proposal.as_tuple())

    def standing(self, proposal: Proposal) -> dict[str, Any]:
        names = (
            "approvals", "objections", "ready_at", "expiry", "members_version", "executed", "cancelled"
        )  # fmt: skip
        return dict(zip(names, self.council.functions.standing(self.id_of(proposal)).call(), strict=True))

    def decide(self, *calls: ContractFunction, salt: bytes = bytes(32)) -> Proposal:
        """Two members approve; the time lock is yet to end."""
        proposal = self.proposal(*calls, salt=salt)
        self.network.chain.send(FIRST, self.propose(proposal))
        self.network.chain.send(SECOND, self.approve(proposal))
        return proposal

    def wait(self, seconds: int = DELAY_S) -> None:
        self.network.chain.travel_to(self.network.chain.now() + seconds)
        self.network.chain.mine()

    def carry_out(self, *calls: ContractFunction, salt: bytes = bytes(32)) -> Any:
        """The whole way of a proposal; the receipt of its execution."""
        proposal = self.decide(*calls, salt=salt)
        self.wait()
        return self.network.chain.send(RELAY, self.execute(proposal))


def convene(network: Network) -> Sitting:
    """A council that is admin of the whole network and pauser of its currencies."""
    for who in (*MEMBERS, EMERGENCY):
        network.chain.fund(who)
    arguments = ([who.address for who in MEMBERS], 2, DELAY_S, EMERGENCY.address)
    sitting = Sitting(network, network.chain.deploy(ADMIN, "Council", *arguments))
    governed = (network.registry, network.cny, network.aed)
    for contract in governed:
        network.chain.send(ADMIN, contract.functions.propose_admin(sitting.council.address))
    sitting.carry_out(
        *(contract.functions.accept_admin() for contract in governed),
        *(
            token.functions.grant_role(sitting.council.address, TokenRole.PAUSER)
            for token in (network.cny, network.aed)
        ),
    )
    return sitting
