"""The sandbox network's plan in the ledger's terms, and what is put on the chain when it starts.

Everything here can be done again: what is on the chain already is found there and left as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from cli.folders import InstitutionFolder
from cli.network import CURRENCIES, CUSTOMERS, INSTITUTIONS, TOKEN_NAMES, amount, first_money, institution
from contracts import artifact
from node.domain.party import ParticipantRole
from node.ledger.abi import call_data
from node.ledger.client import LedgerClient
from node.ledger.deployment import deploy_network
from node.ledger.directory import Directory
from node.ledger.orders import Order, carry_out, next_nonces
from node.ledger.plan import (
    CurrencyPlan,
    DeployedNetwork,
    IssuePlan,
    NetworkKeys,
    NetworkPlan,
    ParticipantPlan,
)
from wallet.signer import LocalSigner, Signer

PATIENCE_S = 120.0
# What an issuer may issue beyond the first money: ten thousand million units of its currency.
ISSUE_ALLOWANCE_UNITS = 10_000_000_000


@dataclass(frozen=True)
class SandboxKeys:
    """Everybody who signs when the network is set up; wallets by customer key, institutions by BIC."""

    deployer: LocalSigner
    governor: LocalSigner
    folders: Mapping[str, InstitutionFolder]
    wallets: Mapping[str, LocalSigner]
    funder: Signer | None = None


def deploy(client: LedgerClient, keys: SandboxKeys, api_urls: Mapping[str, str]) -> DeployedNetwork:
    """Put contracts, participants and first money on the chain, and every API address as it is now."""
    network = deploy_network(client, _plan(keys, api_urls), _network_keys(keys), patience_s=PATIENCE_S)
    _move_addresses(client, network, keys, api_urls)
    return network


def _plan(keys: SandboxKeys, api_urls: Mapping[str, str]) -> NetworkPlan:
    return NetworkPlan(
        participants=tuple(
            ParticipantPlan(
                account=keys.folders[plan.bic].settlement.address,
                bic=plan.bic,
                lei=plan.lei,
                name=plan.name,
                roles=plan.role,
                message_key=keys.folders[plan.bic].message_key,
                api_address=api_urls[plan.bic],
                jurisdiction=plan.jurisdiction,
            )
            for plan in INSTITUTIONS
        ),
        currencies=tuple(
            CurrencyPlan(
                currency,
                TOKEN_NAMES[currency.code],
                issue_allowance=ISSUE_ALLOWANCE_UNITS * 10**currency.minor_units,
            )
            for currency in CURRENCIES
        ),
        issues=(*_issues_to_institutions(keys), *_issues_to_wallets(keys)),
        operators=tuple(
            signer.address
            for folder in keys.folders.values()
            # The settlement account says where its API has moved.
            for signer in (folder.operator, *folder.more_operators, folder.settlement)
        ),
        holds=True,
    )


def _issues_to_institutions(keys: SandboxKeys) -> tuple[IssuePlan, ...]:
    return tuple(
        IssuePlan(keys.folders[plan.bic].settlement.address, money, _reference(plan.bic, money.currency.code))
        for plan in INSTITUTIONS
        for money in first_money(plan.bic)
    )


def _issues_to_wallets(keys: SandboxKeys) -> tuple[IssuePlan, ...]:
    issues = []
    for customer in CUSTOMERS:
        code = institution(customer.bank).currency
        money = amount(code, customer.wallet_balance)
        issues.append(IssuePlan(keys.wallets[customer.key].address, money, _reference(customer.key, code)))
    return tuple(issues)


def _reference(holder: str, code: str) -> bytes:
    return hashlib.sha256(f"corridor sandbox: first {code} of {holder}".encode()).digest()


def _network_keys(keys: SandboxKeys) -> NetworkKeys:
    issuers = {
        plan.currency: keys.folders[plan.bic].settlement
        for plan in INSTITUTIONS
        if plan.role is ParticipantRole.ISSUER
    }
    return NetworkKeys(keys.deployer, keys.governor, keys.governor, issuers, keys.funder)


def _move_addresses(
    client: LedgerClient, network: DeployedNetwork, keys: SandboxKeys, api_urls: Mapping[str, str]
) -> None:
    """Let every institution whose API moved since it was registered say so on chain."""
    registered = {one.bic: one.api_address for one in Directory(client, network.registry).participants()}
    abi = artifact("ParticipantRegistry").abi
    moved = [bic for bic, url in api_urls.items() if registered.get(bic) != url]
    signers = [keys.folders[bic].settlement for bic in moved]
    orders = [
        Order(f"move the API of {bic}", signer, network.registry, call_data(abi, "set_api_address", api_urls[bic]))
        for bic, signer in zip(moved, signers, strict=True)
    ]
    carry_out(client, orders, next_nonces(client, signers), patience_s=PATIENCE_S)
