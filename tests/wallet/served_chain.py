"""A real local chain served over HTTP on a free port, with one currency token and the settlement contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts import artifact
from contracts.roles import TokenRole
from node.chain.chain import LocalChain
from node.chain.genesis import Genesis
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer
from node.ledger.abi import call_data, deploy_data
from node.ledger.client import LedgerClient
from node.ledger.values import CallRefused
from tests.wallet.actors import DEBTOR, ISSUER, network_document
from wallet.transaction import UnsignedTransaction, sign_transaction

ISSUED = 1_000_00


@dataclass(frozen=True)
class ServedChain:
    """The chain's client, the directory with its network.json, and that document."""

    client: LedgerClient
    directory: Path
    document: dict[str, Any]

    @property
    def issuer(self) -> str:
        return ISSUER.address

    @property
    def freezer_role(self) -> int:
        return int(TokenRole.FREEZER)

    def balance(self, holder: str) -> int:
        return self.client.balance_of(self.document["tokens"]["CNY"]["address"], holder)

    def refusal(self, function: str, *arguments: object) -> str:
        """Return the sentence with which the token refuses a call by the issuer."""
        token = self.document["tokens"]["CNY"]["address"]
        data = call_data(artifact("CurrencyToken").abi, function, *arguments)
        answer = self.client.simulate(ISSUER.address, token, data)
        assert isinstance(answer, CallRefused)
        return answer.reason

    def call(self, function: str, *arguments: object) -> None:
        """Have the issuer call its token."""
        token = self.document["tokens"]["CNY"]["address"]
        transact(self.client, token, call_data(artifact("CurrencyToken").abi, function, *arguments))


@contextmanager
def _served(chain: LocalChain) -> Iterator[str]:
    try:
        with BackgroundServer(create_rpc_app(chain)) as server:
            yield server.url
    finally:
        chain.close()


def transact(client: LedgerClient, to: str | None, data: bytes) -> str | None:
    """Send as the issuer, and return the address of what was deployed, if something was."""
    unsigned = UnsignedTransaction(
        chain_id=client.chain_id(),
        nonce=client.next_nonce(ISSUER.address),
        to=to,
        value=0,
        data=data,
        gas=10_000_000,
        max_fee_per_gas=0,
        max_priority_fee_per_gas=0,
        deploys=to is None,
    )
    signed = sign_transaction(unsigned, ISSUER)
    assert client.broadcast(signed.raw).on_its_way
    receipt = client.receipt("0x" + signed.hash.hex())
    assert receipt is not None
    assert receipt.succeeded
    return receipt.contract_address


def deploy(client: LedgerClient, name: str, *arguments: object) -> str:
    code = artifact(name)
    address = transact(client, None, deploy_data(code.abi, code.bytecode, *arguments))
    assert address is not None
    return address


@contextmanager
def served_chain(directory: Path) -> Iterator[ServedChain]:
    """Serve a fresh chain in memory on which the debtor holds ISSUED minor units of CNY."""
    with _served(LocalChain.open(None, Genesis())) as rpc_url:
        client = LedgerClient(rpc_url)
        registry = deploy(client, "ParticipantRegistry", ISSUER.address)
        settlement = deploy(client, "Settlement", registry)
        token = deploy(client, "CurrencyToken", "Digital yuan", "CNY", 2, ISSUER.address)
        document = network_document(rpc_url, client.chain_id(), registry, settlement, token)
        document["contracts"]["holds"] = deploy(client, "Holds")
        (directory / "network.json").write_text(json.dumps(document))
        chain = ServedChain(client, directory, document)
        chain.call("set_hold_operator", document["contracts"]["holds"], 2)  # it may place holds and end them
        chain.call("grant_role", ISSUER.address, int(TokenRole.ISSUER))
        chain.call("set_issue_allowance", ISSUER.address, ISSUED)
        chain.call("issue", DEBTOR, ISSUED, b"\x01" * 32)
        yield chain
        client.close()
