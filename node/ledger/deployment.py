"""Sets a network up on any chain, and takes up where an earlier attempt stopped.

The chain is the only journal: the deployer creates nothing else, so its n-th contract is at a known address; who
is registered and what was issued (by its reference) is read before anything is sent. Running it on a complete
network sends nothing, and never undoes what registrar or issuers have changed since.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import rlp  # type: ignore[import-untyped]

from contracts import artifact
from node.ledger.client import LedgerClient
from node.ledger.deployment_steps import configuring, creating, funding, governing, registering
from node.ledger.orders import DeploymentFailed, carry_out, next_nonces
from node.ledger.plan import DeployedNetwork, NetworkKeys, NetworkPlan
from wallet.address import address_bytes, checksum_address
from wallet.keccak import keccak

__all__ = ["DeploymentFailed", "contract_address", "deploy_network"]

_FIRST_TOKEN_SLOT: Final = 2


def deploy_network(
    client: LedgerClient, plan: NetworkPlan, keys: NetworkKeys, *, patience_s: float = 120
) -> DeployedNetwork:
    """Make the chain look like the plan: contracts, roles, participants, listed currencies, first money.

    `patience_s` is how long one round of transactions may take to get into blocks; there are four rounds at most.
    Raises LedgerUnreachable or DeploymentFailed; in both cases the same call again takes it up.
    """
    _check(plan, keys)
    nonces = next_nonces(client, keys.signers())
    network = planned_network(client.chain_id(), plan, keys)
    carry_out(client, funding(client, plan, keys), nonces, patience_s=patience_s)
    created = nonces[keys.deployer.address]
    carry_out(client, creating(plan, keys, network, created), nonces, patience_s=patience_s)
    _check_contracts(client, plan, network)
    orders = [*governing(client, keys, network), *configuring(client, plan, keys, network)]
    carry_out(client, orders, nonces, patience_s=patience_s)
    carry_out(client, registering(client, plan, keys, network), nonces, patience_s=patience_s)
    settlement = client.read(network.registry, artifact("ParticipantRegistry").abi, "settlement")
    return DeployedNetwork(network.chain_id, network.registry, settlement, network.tokens)


def planned_network(chain_id: int, plan: NetworkPlan, keys: NetworkKeys) -> DeployedNetwork:
    """Where the plan's contracts are or will be: registry, settlement, then the tokens in their order."""
    deployer = keys.deployer.address
    tokens = {
        currency.currency.code: contract_address(deployer, _FIRST_TOKEN_SLOT + index)
        for index, currency in enumerate(plan.currencies)
    }
    return DeployedNetwork(
        chain_id, contract_address(deployer, 0), contract_address(deployer, 1), MappingProxyType(tokens)
    )


def contract_address(deployer: str, nonce: int) -> str:
    """The address of the contract that an account creates with its transaction of this nonce."""
    encoded: bytes = rlp.encode([address_bytes(deployer), nonce])
    return checksum_address(keccak(encoded)[12:])


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
    ):
        if not client.code(address):
            raise DeploymentFailed(f"{name}: no contract at {address}; a fresh deployer's key is needed")
    if client.read(network.settlement, artifact("Settlement").abi, "registry") != network.registry:
        raise DeploymentFailed(f"the contract at {network.settlement} does not settle for {network.registry}")
    for planned in plan.currencies:
        facts = client.token_facts(network.tokens[planned.currency.code])
        if (facts.currency_code, facts.minor_units) != (planned.currency.code, planned.currency.minor_units):
            raise DeploymentFailed(f"{facts.address} is a token of {facts.currency_code}, planned otherwise")
