"""A whole sandbox network running in this process: chain, institutions, APIs, each on a port of its own.

`corridor up`, the demo and the tests start it the same way. Everything lies in one folder, and starting on a
folder that a kill left half-made completes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import credential_digest
from api.app import create_app
from api.institution import DESCRIPTION, Institution, InstitutionDescription, open_institution
from api.limits import BodyLimits
from api.views import role_names
from api.webhooks.address import WebhookTargets
from cli.atomic_file import replace_json
from cli.claim import NETWORK_FILE, claimed
from cli.deployment import SandboxKeys, deploy
from cli.folders import InstitutionFolder, chosen_members, kept_key, kept_secret, prepare_institution
from cli.network import CUSTOMERS, INSTITUTIONS, SPREAD_BPS, middle_rates
from cli.openings import open_accounts
from cli.ports import HOST, not_listening
from cli.sandbox_operators import enrol_operators
from node.chain.chain import LocalChain
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer, listening_socket
from node.domain.party import ParticipantRole
from node.ledger.client import LedgerClient
from node.ledger.directory import Directory
from node.ledger.plan import DeployedNetwork
from node.ledger.slots import SETTLEMENT_SLOT, contract_address
from node.settlement.ports import Boundary
from wallet.signer import Signer

Progress = Callable[[str], None]


@dataclass(frozen=True)
class NetworkOptions:
    """Where to listen and which chain to use; a port 0 takes any free one, also for all APIs.

    `rpc_url` names a chain that runs elsewhere; then `funder` pays for gas if that chain wants any. `terms`
    overrides the institutions' terms by name. The institutions of `elsewhere` (BICs) are prepared and registered
    but not run: each is left to a process of its own. `database` is the PostgreSQL database of the books, which
    are files in the folder otherwise. `is_claimed` says that the caller holds the folder already.
    """

    port: int = 8000
    rpc_port: int = 8545
    rpc_url: str | None = None
    funder: Signer | None = None
    limits: BodyLimits | None = None
    terms: Mapping[str, float] | None = None
    boundary: Boundary | None = None
    elsewhere: frozenset[str] = frozenset()
    database: str | None = None
    schemas: Path | None = None
    is_claimed: bool = False


class RunningNetwork:
    """Start it, read `document`, stop it; or use it as a context manager."""

    def __init__(self, data: Path, options: NetworkOptions, progress: Progress = lambda _text: None) -> None:
        """Nothing happens before `start`; `progress` is told in a few words what is being done."""
        self.data = data
        self.institutions: dict[str, Institution] = {}
        self.applications: dict[str, FastAPI] = {}
        self.document: dict[str, Any] = {}
        self.options = options
        self._progress = progress
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_failure: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Bring everything up; when this returns, payments can be sent and network.json is written.

        Raises PortTaken, FolderInUse, LedgerUnreachable, DeploymentFailed; whatever had been started is stopped.
        """
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the APIs, then the chain; everything acknowledged is on disk."""
        self._undo.close()

    def _start(self) -> None:
        if not self.options.is_claimed:
            self._undo.enter_context(claimed(self.data))
        doors = {plan.bic: _Door() for plan in INSTITUTIONS if plan.bic not in self.options.elsewhere}
        servers, api_urls = self._listen(doors)
        rpc_url = self.options.rpc_url or self._start_chain()
        client = LedgerClient(rpc_url)
        self._undo.callback(client.close)
        self._progress("opening keys")
        keys = self._keys(client)
        self._progress("setting the network up on the chain")
        network = deploy(client, keys, api_urls)
        for folder in keys.folders.values():
            folder.keys.close()  # what lives in a hardware module is opened next by the institution itself
        self._progress("opening the institutions' books")
        self._describe(keys, network, rpc_url, api_urls)
        self._open(keys)
        for bic, door in doors.items():
            door.app = self.applications[bic] = create_app(self.institutions[bic])
        self._serve(list(servers.values()))
        self.document = self._document(keys, network, client, api_urls)
        replace_json(self.data / NETWORK_FILE, self.document)

    def _listen(self, doors: Mapping[str, _Door]) -> tuple[dict[str, BackgroundServer], dict[str, str]]:
        """Take all API ports before anything else is done; the servers start later. Also every API's address."""
        servers: dict[str, BackgroundServer] = {}
        urls: dict[str, str] = {}
        for index, plan in enumerate(INSTITUTIONS):
            port = self.options.port + index if self.options.port else 0
            if plan.bic in doors:
                servers[plan.bic] = _server(doors[plan.bic], port, "--port")
                urls[plan.bic] = servers[plan.bic].url
            else:
                urls[plan.bic] = f"http://{HOST}:{_free_port(port)}"
        return servers, urls

    def _start_chain(self) -> str:
        self._progress("starting the chain")
        door = _Door()
        server = _server(door, self.options.rpc_port, "--rpc-port")
        chain = LocalChain.open(self.data / "chain")
        self._undo.callback(chain.close)
        door.app = create_rpc_app(chain)
        self._undo.callback(server.stop)
        return server.start().url

    def _keys(self, client: LedgerClient) -> SandboxKeys:
        authority = self.data / "authority"
        password = kept_secret(authority / "password")
        customers = self.data / "customers"
        deployer = kept_key(authority / "deployer_key", password)

        def chain() -> tuple[int, str]:
            return client.chain_id(), contract_address(deployer.address, SETTLEMENT_SLOT)

        return SandboxKeys(
            deployer=deployer,
            governor=kept_key(authority / "governor_key", password),
            folders={plan.bic: self._prepared(plan.bic, chain) for plan in INSTITUTIONS},
            wallets={
                customer.key: kept_key(
                    customers / customer.key / "keystore", kept_secret(customers / customer.key / "password")
                )
                for customer in CUSTOMERS
            },
            funder=self.options.funder,
        )

    def _prepared(self, bic: str, chain: Callable[[], tuple[int, str]]) -> InstitutionFolder:
        folder = prepare_institution(self._folder(bic), chain)
        self._undo.callback(folder.keys.close)
        return folder

    def _folder(self, bic: str) -> Path:
        return self.data / "institutions" / bic

    def _describe(
        self, keys: SandboxKeys, network: DeployedNetwork, rpc_url: str, api_urls: Mapping[str, str]
    ) -> None:
        """Write what each institution must know of itself and of the network."""
        for plan in INSTITUTIONS:
            folder = keys.folders[plan.bic]
            gives_quotes = ParticipantRole.FX_PROVIDER in plan.role
            description = InstitutionDescription(
                bic=plan.bic,
                name=plan.name,
                lei=plan.lei,
                rpc_url=rpc_url,
                registry=network.registry,
                settlement=network.settlement,
                settlement_account=folder.settlement.address,
                operator_account=folder.operator.address,
                api_address=api_urls[plan.bic],
                credential_sha256=credential_digest(folder.credential).hex(),
                prices=middle_rates() if gives_quotes else {},
                spread_bps=SPREAD_BPS,
                terms=dict(self.options.terms or {}),
                signers=folder.signers,
                webhook_targets=WebhookTargets.ANY.value,
            )
            replace_json(folder.path / DESCRIPTION, asdict(description) | self._chosen(folder.path))

    def _chosen(self, folder: Path) -> dict[str, Any]:
        """What somebody has set for an institution of a network that was here before; it stays theirs."""
        chosen = chosen_members(folder)
        if self.options.terms is not None:
            chosen.pop("terms", None)
        return chosen

    def _open(self, keys: SandboxKeys) -> None:
        wallets = {key: signer.address for key, signer in keys.wallets.items()}
        for plan in INSTITUTIONS:
            institution = open_institution(
                self._folder(plan.bic),
                boundary=self.options.boundary,
                limits=self.options.limits,
                database=self.options.database,
                schemas=self.options.schemas,
            )
            self._undo.callback(institution.close)
            open_accounts(institution.office, wallets)
            enrol_operators(self._folder(plan.bic), institution)
            if plan.bic in self.options.elsewhere:
                institution.close()
            else:
                self.institutions[plan.bic] = institution

    def _serve(self, servers: list[BackgroundServer]) -> None:
        self._undo.callback(_all_at_once, [server.stop for server in servers])
        _all_at_once([server.start for server in servers])

    def _document(
        self, keys: SandboxKeys, network: DeployedNetwork, client: LedgerClient, api_urls: Mapping[str, str]
    ) -> dict[str, Any]:
        tokens = Directory(client, network.registry).tokens()
        return {
            "rpc_url": client.rpc_url,
            "chain_id": network.chain_id,
            "contracts": _contracts(network),
            "tokens": {
                code: {"address": info.address, "decimals": info.currency.minor_units}
                for code, info in tokens.items()
            },
            "participants": [
                {
                    "bic": plan.bic,
                    "lei": plan.lei,
                    "name": plan.name,
                    "roles": role_names(plan.role),
                    "currency": plan.currency,
                    "settlement_address": keys.folders[plan.bic].settlement.address,
                    "api_url": api_urls[plan.bic],
                    "credential": keys.folders[plan.bic].credential,
                }
                for plan in INSTITUTIONS
            ],
            "customers": [
                {
                    "participant_bic": customer.bank,
                    "name": customer.name,
                    "account": account.number,
                    "wallet_address": keys.wallets[customer.key].address,
                }
                for customer in CUSTOMERS
                for account in customer.accounts
                if account.listed
            ],
        }


def _contracts(network: DeployedNetwork) -> dict[str, str]:
    found = {"registry": network.registry, "settlement": network.settlement}
    return found | ({} if network.holds is None else {"holds": network.holds})


class _Door:
    """An ASGI application that is hung in later: ports are taken long before there is anything to serve."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None, "the server was started before its application was there"  # noqa: S101
        await self.app(scope, receive, send)


def _server(app: ASGIApp, port: int, option: str) -> BackgroundServer:
    try:
        return BackgroundServer(app, HOST, port)
    except OSError as error:
        raise not_listening(HOST, port, option, error) from None


def _free_port(port: int) -> int:
    """A port that somebody else is going to take: this one, or any that is free."""
    try:
        with listening_socket(HOST, port) as opened:
            number: int = opened.getsockname()[1]
            return number
    except OSError as error:
        raise not_listening(HOST, port, "--port", error) from None


def _all_at_once(actions: list[Callable[[], object]]) -> None:
    with ThreadPoolExecutor(max(1, len(actions))) as pool:
        for done in [pool.submit(action) for action in actions]:
            done.result()
