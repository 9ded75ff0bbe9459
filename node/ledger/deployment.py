"""Sets a network up on any chain, and takes up where an earlier attempt stopped.

The chain is the only journal: the deployer creates nothing else, so its n-th contract is at a known address; who
is registered and what was issued (by its reference) is read before anything is sent. Running it on a complete
network sends nothing, and never undoes what registrar or issuers have changed since; on one of an older plan it
adds what is missing.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from contracts import artifact
from node.ledger.client import LedgerClient
from node.ledger.deployment_steps import configuring, creating, funding, governing, registering
from node.ledger.orders import DeploymentFailed, carry_out, next_nonces
from node.ledger.plan import DeployedNetwork, NetworkKeys, NetworkPlan
from node.ledger.slots import Slots, contract_address, slots_of

__all__ = ["DeploymentFailed", "contract_address", "deploy_network"]


def deploy_network(
    client: LedgerClient, plan: NetworkPlan, keys: NetworkKeys, *, patience_s: float = 120
) -> DeployedNetwork:
    """Make the chain look like the plan: contracts, roles, participants, listed currencies, first money.

    `patience_s` is how long one round of transactions may take to get into blocks; there are four rounds at most.
    Raises LedgerUnreachable or DeploymentFailed; in both cases the same call again takes it up.
    """
    _check(plan, keys)
    nonces = next_nonces(client, keys.signers())
    created = nonces[keys.deployer.address]
    slots = slots_of(client, plan, keys.deployer.address, created)
    network = _planned_network(client.chain_id(), plan, keys.deployer.address, slots)
    carry_out(client, funding(client, plan, keys), nonces, patience_s=patience_s)
    carry_out(client, creating(plan, keys, network, slots, created), nonces, patience_s=patience_s)
    _check_contracts(client, plan, network)
    orders = [*governing(client, keys, network), *configuring(client, plan, keys, network)]
    carry_out(client, orders, nonces, patience_s=patience_s)
    carry_out(client, registering(client, plan, keys, network), nonces, patience_s=patience_s)
    settlement = client.read(network.registry, artifact("ParticipantRegistry").abi, "settlement")
    return replace(network, settlement=settlement)


def _planned_network(chain_id: int, plan: NetworkPlan, deployer: str, slots: Slots) -> DeployedNetwork:
    """Where the plan's contracts are or will be."""
    codes = [currency.currency.code for currency in plan.currencies]
    return DeployedNetwork(
        chain_id,
        contract_address(deployer, slots.registry),
        contract_address(deployer, slots.settlement),
        MappingProxyType(
            {code: contract_address(deployer, slot) for code, slot in zip(codes, slots.tokens, strict=True)}
        ),
        holds=None if slots.holds is None else contract_address(deployer, slots.holds),
    )


def _check(plan: NetworkPlan, keys: NetworkKeys) -> None:
    deployer, *others = (signer.address for signer in keys.signers())
    if deployer in others:
        raise ValueError("the deployer's key is used for something else too")
    codes = [currency.currency.code for currency in plan.currencies]
    if len(set(codes)) != len(codes):
        raise ValueError("a currency is planned twice")
    missing = sorted(set(codes) - set(keys.issuers))
    if missing:
        raise ValueError(f"no issuer's key for {', '.join(missing)}")
    unknown = sorted({issue.amount.currency.code for issue in plan.issues} - set(codes))
    if unknown:
        raise ValueError(f"money of a currency that is not planned: {', '.join(unknown)}")
    references = [(issue.amount.currency.code, issue.reference) for issue in plan.issues]
    if len(set(references)) != len(references):
        raise ValueError("two issues of one currency have the same reference")


def _check_contracts(client: LedgerClient, plan: NetworkPlan, network: DeployedNetwork) -> None:
    """Refuse to go on among contracts that are not the plan's, as after the deployer's key was used otherwise."""
    for name, address in (
        ("registry", network.registry),
        ("settlement", network.settlement),
        *network.tokens.items(),
        *([] if network.holds is None else [("the contract for holds", network.holds)]),
    ):
        if not client.code(address):
            raise DeploymentFailed(f"{name}: no contract at {address}; a fresh deployer's key is needed")
    if client.read(network.settlement, artifact("Settlement").abi, "registry") != network.registry:
        raise DeploymentFailed(f"the contract at {network.settlement} does not settle for {network.registry}")
    for planned in plan.currencies:
        facts = client.token_facts(network.tokens[planned.currency.code])
        if (facts.currency_code, facts.minor_units) != (planned.currency.code, planned.currency.minor_units):
            raise DeploymentFailed(f"{facts.address} is a token of {facts.currency_code}, planned otherwise")
