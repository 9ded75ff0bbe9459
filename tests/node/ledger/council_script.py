"""A council at work, for the differential run: proposals approved on chain and by signature, refused, executed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts import artifact
from contracts.roles import TokenRole
from node.ledger.abi import call_data, deploy_data
from node.ledger.bench.network import CNY, ISSUER, BenchNetwork, Call, actor, digest
from node.ledger.deployment import contract_address
from node.ledger.orders import Order, carry_out, next_nonces
from wallet.keccak import keccak
from wallet.typed_data import domain_separator

DEPLOYER, EMERGENCY, STRANGER = "council deployer", "emergency pauser", "stranger"
MEMBERS = tuple(sorted((f"council member {i}" for i in range(3)), key=lambda who: int(actor(who).address, 16)))
FIRST, SECOND, THIRD = MEMBERS
EVERYBODY = (*MEMBERS, DEPLOYER, EMERGENCY, STRANGER)
ABI = artifact("Council").abi

Proposal = tuple[list[tuple[str, bytes]], int, bytes, int]


def deploy_council(network: BenchNetwork) -> str:
    """Two of three decide, without a time lock: two engines do not have the same time."""
    arguments = [actor(who).address for who in MEMBERS], 2, 0, actor(EMERGENCY).address
    create = deploy_data(ABI, artifact("Council").bytecode, *arguments)
    order = Order("Council", actor(DEPLOYER), None, create, gas=6_000_000)
    carry_out(network.client, [order], next_nonces(network.client, [actor(DEPLOYER)]), patience_s=120)
    return contract_address(actor(DEPLOYER).address, 0)


def council(network: BenchNetwork, expiry: int) -> Iterator[tuple[str, Call]]:
    """It becomes admin and pauser of the yuan, changes its members, and its emergency pauser pauses."""
    seat = deploy_council(network)

    def call(who: str, function: str, *arguments: Any) -> Call:
        return Call(actor(who), seat, call_data(ABI, function, *arguments))

    def governed(function: str, *arguments: Any) -> tuple[str, bytes]:
        return network.token(CNY), call_data(artifact("CurrencyToken").abi, function, *arguments)

    takes_over: Proposal = (
        [governed("accept_admin"), governed("grant_role", seat, TokenRole.PAUSER)], 1, digest("take over"), expiry
    )  # fmt: skip
    admission = [actor(who).address for who in MEMBERS[:2]]
    changes: Proposal = ([(seat, call_data(ABI, "change_members", admission, 2))], 1, digest("change"), expiry)
    yield "propose the council as admin", network.token_call(ISSUER, "propose_admin", seat)
    yield "a stranger proposes", call(STRANGER, "propose", takes_over)
    yield "propose", call(FIRST, "propose", takes_over)
    yield "execute with one approval", call(STRANGER, "execute", takes_over)
    yield "approve twice", call(FIRST, "approve", proposal_id(network, seat, takes_over))
    yield "object", call(THIRD, "object", proposal_id(network, seat, takes_over))
    signature = signed(network, seat, SECOND, takes_over)
    forged = signed(network, seat, STRANGER, takes_over)
    approval = proposal_id(network, seat, takes_over), actor(SECOND).address
    yield "approve with a forged signature", call(STRANGER, "approve_signed", *approval, forged)
    yield "approve by signature", call(STRANGER, "approve_signed", *approval, signature)
    yield "execute", call(STRANGER, "execute", takes_over)
    yield "execute again", call(STRANGER, "execute", takes_over)
    yield "propose other members", call(SECOND, "propose", changes)
    yield "approve other members", call(THIRD, "approve", proposal_id(network, seat, changes))
    yield "change the members", call(FIRST, "execute", changes)
    yield "who was a member approves", call(THIRD, "approve", proposal_id(network, seat, changes))
    yield "a stranger pauses", call(STRANGER, "pause", [network.token(CNY)])
    yield "the emergency pauser pauses", call(EMERGENCY, "pause", [network.token(CNY), seat])


def proposal_id(network: BenchNetwork, seat: str, proposal: Proposal) -> bytes:
    return bytes(network.client.read(seat, ABI, "proposal_id", proposal))


def signed(network: BenchNetwork, seat: str, who: str, proposal: Proposal) -> bytes:
    """A member's signature; the id of a proposal is its EIP-712 struct hash."""
    domain = domain_separator(network.deployed.chain_id, seat, name="Corridor Council")
    digest_to_sign = keccak(b"\x19\x01" + domain + proposal_id(network, seat, proposal))
    return actor(who).sign_digest(digest_to_sign).to_bytes()
