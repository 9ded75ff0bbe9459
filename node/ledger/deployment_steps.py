"""What is still to be sent to set a network up, step by step: each function reads the chain and returns orders.

An order is returned only for what was never done; what was done and later changed by its owner stays changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from contracts import artifact
from contracts.roles import RegistryRole
from node.ledger.abi import call_data, deploy_data, event_topic
from node.ledger.client import LedgerClient
from node.ledger.logs import BLOCKS_A_QUESTION, issues, raw_logs
from node.ledger.orders import CREATE_GAS, PAY_GAS, DeploymentFailed, Order
from node.ledger.plan import (
    CurrencyPlan,
    DeployedNetwork,
    IssuePlan,
    NetworkKeys,
    NetworkPlan,
    ParticipantPlan,
    TokenRole,
)
from node.ledger.slots import Slots
from wallet.address import ZERO_ADDRESS, to_checksum
from wallet.signer import Signer

_REGISTRAR_AND_SUSPENDER: Final = RegistryRole.REGISTRAR | RegistryRole.SUSPENDER
_MAY_HOLD: Final = 2  # place holds and end them (CurrencyToken.set_hold_operator)


def funding(client: LedgerClient, plan: NetworkPlan, keys: NetworkKeys) -> list[Order]:
    """Coin for everybody who will send transactions, where gas is not free; who still has half of it gets none."""
    if client.fees().free:
        return []
    funder = keys.funder
    accounts = {*plan.operators, *(signer.address for signer in keys.signers() if signer is not funder)}
    poor = sorted(item for item in accounts if client.gas_balance(item) < plan.gas_funds_wei // 2)
    if poor and funder is None:
        raise DeploymentFailed("gas is not free on this chain, and no funder's key is given")
    return [
        Order(f"fund {account}", funder, account, gas=PAY_GAS, value_wei=plan.gas_funds_wei)
        for account in poor
        if funder is not None
    ]


def creating(
    plan: NetworkPlan, keys: NetworkKeys, network: DeployedNetwork, slots: Slots, created: int
) -> list[Order]:
    """The contracts that the deployer has not yet created, in the order that gives them their addresses."""
    parts: dict[int, tuple[str, str, tuple[Any, ...]]] = {
        slots.registry: ("create the registry", "ParticipantRegistry", (keys.governor.address,)),
        slots.settlement: ("create the settlement contract", "Settlement", (network.registry,)),
    }
    for slot, planned in zip(slots.tokens, plan.currencies, strict=True):
        code, admin = planned.currency.code, keys.issuers[planned.currency.code].address
        arguments = (planned.name, code, planned.currency.minor_units, admin)
        parts[slot] = (f"create the token of {code}", "CurrencyToken", arguments)
    if slots.holds is not None:
        parts[slots.holds] = ("create the contract for holds", "Holds", ())
    return [_creation(keys.deployer, *parts[slot]) for slot in sorted(parts) if slot >= created]


def _creation(deployer: Signer, what: str, contract: str, arguments: tuple[Any, ...]) -> Order:
    made = artifact(contract)
    return Order(what, deployer, None, deploy_data(made.abi, made.bytecode, *arguments), CREATE_GAS)


def governing(client: LedgerClient, keys: NetworkKeys, network: DeployedNetwork) -> list[Order]:
    """The governor's part: name the registrar, name the settlement contract."""
    abi = artifact("ParticipantRegistry").abi
    registrar = keys.registrar.address
    settlement, roles = client.read_many(
        abi, [(network.registry, "settlement"), (network.registry, "roles", registrar)]
    )
    if settlement != ZERO_ADDRESS:
        return []  # it is the last thing the governor does
    orders = []
    if not roles:
        data = call_data(abi, "grant_role", registrar, _REGISTRAR_AND_SUSPENDER)
        orders.append(Order("name the registrar", keys.governor, network.registry, data))
    data = call_data(abi, "set_settlement", network.settlement)
    return [*orders, Order("name the settlement contract", keys.governor, network.registry, data)]


def configuring(
    client: LedgerClient, plan: NetworkPlan, keys: NetworkKeys, network: DeployedNetwork
) -> list[Order]:
    """The issuers' part: open each token to settlement, hand out its roles, issue the first money."""
    orders: list[Order] = []
    for planned in plan.currencies:
        code = planned.currency.code
        wanted = [issue for issue in plan.issues if issue.amount.currency.code == code]
        orders += _configuring(client, planned, wanted, keys.issuers[code], network)
    return orders


def _configuring(
    client: LedgerClient,
    planned: CurrencyPlan,
    wanted: Sequence[IssuePlan],
    issuer: Signer,
    network: DeployedNetwork,
) -> list[Order]:
    token, abi, code = network.tokens[planned.currency.code], artifact("CurrencyToken").abi, planned.currency.code
    issued, operator, allowance, roles, *may_hold = client.read_many(
        abi,
        [
            (token, "issued_total"),
            (token, "settlement_operator"),
            (token, "issue_allowance", issuer.address),
            (token, "roles", issuer.address),
            *([] if network.holds is None else [(token, "hold_operator", network.holds)]),
        ],
    )
    missing = _not_issued(client, token, issuer.address, wanted) if issued else list(wanted)
    calls: list[tuple[str, bytes]] = []
    if not issued:  # once money is issued, operator and roles are the issuer's own business
        if operator == ZERO_ADDRESS:
            calls.append(("open to settlement", call_data(abi, "set_settlement_operator", network.settlement)))
        calls += _granting(client, planned, issuer.address, roles, token)
    if (
        network.holds is not None
        and may_hold == [0]
        and not (issued and _ever_named(client, token, network.holds))
    ):
        calls.append(("let money be reserved", call_data(abi, "set_hold_operator", network.holds, _MAY_HOLD)))
    needed = sum(issue.amount.minor for issue in missing)
    if allowance < needed or not (issued or allowance):
        new = needed + planned.issue_allowance
        calls.append(("set the issue allowance", call_data(abi, "set_issue_allowance", issuer.address, new)))
    for issue in missing:
        data = call_data(abi, "issue", issue.to, issue.amount.minor, issue.reference)
        calls.append((f"issue {issue.amount} to {issue.to}", data))
    return [Order(f"{code}: {what}", issuer, token, data) for what, data in calls]


def _granting(
    client: LedgerClient, planned: CurrencyPlan, issuer: str, issuer_roles: int, token: str
) -> list[tuple[str, bytes]]:
    """The calls that give the issuer and the plan's further accounts the roles they do not have yet."""
    abi = artifact("CurrencyToken").abi
    wanted: dict[str, TokenRole] = {issuer: TokenRole.ISSUER}
    for account, roles in planned.powers:
        wanted[account] = wanted.get(account, TokenRole(0)) | roles
    others = [account for account in wanted if account != issuer]
    answers = client.read_many(abi, [(token, "roles", account) for account in others])
    present = {issuer: issuer_roles, **dict(zip(others, answers, strict=True))}
    return [
        (f"give {account} the roles {roles!r}", call_data(abi, "grant_role", account, int(roles)))
        for account, roles in wanted.items()
        if int(roles) & ~present[account]
    ]


def _ever_named(client: LedgerClient, token: str, holds: str) -> bool:
    """Whether the issuer has ever decided about this contract for holds; what it decided since is its own."""
    topics = [event_topic(artifact("CurrencyToken").abi, "HoldOperatorChanged")]
    decided = raw_logs(client, [token], topics, 0, client.head().number)
    return any(to_checksum("0x" + log["topics"][1][-40:]) == holds for log in decided)


def _not_issued(client: LedgerClient, token: str, issuer: str, wanted: Sequence[IssuePlan]) -> list[IssuePlan]:
    """The planned issues whose reference is in no event yet; reads from the first block until all are found."""
    missing = {issue.reference: issue for issue in wanted}
    head = client.head().number
    for first in range(0, head + 1, BLOCKS_A_QUESTION):
        if not missing:
            break
        for log in issues(client, token, issuer, first, min(head, first + BLOCKS_A_QUESTION - 1)):
            missing.pop(log.reference, None)
    return list(missing.values())


def registering(
    client: LedgerClient, plan: NetworkPlan, keys: NetworkKeys, network: DeployedNetwork
) -> list[Order]:
    """The registrar's part: list each currency that was never listed, register everybody who never was."""
    abi, registry = artifact("ParticipantRegistry").abi, network.registry
    accounts = [participant.account for participant in plan.participants]
    codes = list(network.tokens)
    standings = client.read_many(abi, [(registry, "standing", account) for account in accounts])
    listed = client.read_many(abi, [(registry, "token_of", code) for code in codes])
    unlisted = [code for code, token in zip(codes, listed, strict=True) if token == ZERO_ADDRESS]
    delisted = _ever_listed(client, registry) if unlisted else set()
    calls = [
        (f"list {code}", call_data(abi, "list_token", code, network.tokens[code]))
        for code in unlisted
        if network.tokens[code] not in delisted
    ]
    for participant, standing in zip(plan.participants, standings, strict=True):
        if not standing:
            calls.append((f"register {participant.bic}", _registration(participant)))
    return [Order(what, keys.registrar, registry, data) for what, data in calls]


def _registration(participant: ParticipantPlan) -> bytes:
    return call_data(
        artifact("ParticipantRegistry").abi,
        "register",
        participant.account,
        participant.bic,
        participant.lei,
        participant.name,
        participant.roles.value,
        participant.message_key,
        participant.api_address,
        participant.jurisdiction,
    )


def _ever_listed(client: LedgerClient, registry: str) -> set[str]:
    topics = [event_topic(artifact("ParticipantRegistry").abi, "TokenListed")]
    found = raw_logs(client, [registry], topics, 0, client.head().number)
    return {to_checksum("0x" + log["topics"][1][-40:]) for log in found}
