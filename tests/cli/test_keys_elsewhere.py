"""Institutions whose keys live elsewhere, on a real chain: SoftHSM2, a key service, remote signers over TLS."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from api.institution import DESCRIPTION, BadInstitution, open_institution
from cli.network import BANK_TH
from cli.running_network import NetworkOptions, RunningNetwork
from node.chain.genesis import CHAIN_ID
from node.settlement.lane import lane_signers
from tests.network import BANK_AE, BANK_CN, BANK_HK, PATIENCE_S, Bank, Transfer, bank, settled
from tests.wallet.served_key_service import ServedKeyService, served_key_service
from tests.wallet.served_signer import ServedSigner, served_signer
from tests.wallet.soft_module import LABEL, SoftModule, soft_module
from tests.wallet.test_hardware_module import make_key
from wallet.hardware_module import HardwareSigner
from wallet.keccak import keccak
from wallet.signer import LocalSigner, SignerUnreachable

# Accounts in yuan of three banks' customers.
ACCOUNTS = {BANK_CN: "6228901020030040051", BANK_HK: "388104567156", BANK_AE: "AE929990000004200099911"}
SECRETS = {"settlement": keccak(b"remote settlement"), "operator": keccak(b"remote operator")}
LANE = ec.derive_private_key(int.from_bytes(keccak(b"second lane")), ec.SECP256K1())


@dataclass(frozen=True)
class Elsewhere:
    """A running network and the places where three of its banks have their keys."""

    network: RunningNetwork
    soft: SoftModule
    service: ServedKeyService
    remote: dict[str, ServedSigner]


def key_service(service: ServedKeyService) -> ServedKeyService:
    for name in ("settlement", "operator"):
        service.keys[name] = ec.generate_private_key(ec.SECP256K1())
    service.keys["lane"] = LANE
    return service


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    data = tmp_path_factory.mktemp("elsewhere")
    with ExitStack() as stack:
        monkeypatch = stack.enter_context(pytest.MonkeyPatch.context())
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "for-the-stand-in")
        soft = soft_module(tmp_path_factory.mktemp("soft"), monkeypatch)
        for label in ("settlement", "operator"):
            make_key(soft, label)
        service = key_service(stack.enter_context(served_key_service()))
        remote = {
            name: stack.enter_context(served_signer(tmp_path_factory.mktemp(name), secret, CHAIN_ID))
            for name, secret in SECRETS.items()
        }
        describe(
            data, BANK_CN, in_hardware(soft) | {"more_operators": [in_service(service, "lane", address(LANE))]}
        )
        private(data / "institutions" / BANK_CN / "pin", "2468\n")
        describe(data, BANK_HK, {name: in_service(service, name) for name in SECRETS})
        describe(data, BANK_AE, {name: at_a_remote_signer(remote[name], SECRETS[name]) for name in SECRETS})
        network = stack.enter_context(RunningNetwork(data, NetworkOptions(port=0, rpc_port=0)))
        yield Elsewhere(network, soft, service, remote)


def in_hardware(soft: SoftModule) -> dict[str, Any]:
    place = {"kind": "pkcs11", "library": str(soft.library), "token": LABEL, "pin_file": "pin"}
    return {name: place | {"key": name} for name in ("settlement", "operator")}


def in_service(service: ServedKeyService, key_id: str, whose: str | None = None) -> dict[str, str]:
    place = {"kind": "kms", "key_id": key_id, "region": "eu-central-1", "endpoint_url": service.url}
    return place if whose is None else place | {"address": whose}


def at_a_remote_signer(signer: ServedSigner, secret: bytes) -> dict[str, str]:
    whose = LocalSigner(secret).address
    return {"kind": "remote", "url": signer.url, "certificate": str(signer.certificate), "address": whose}


def address(key: ec.EllipticCurvePrivateKey) -> str:
    return LocalSigner(key.private_numbers().private_value.to_bytes(32, "big")).address


def describe(data: Path, bic: str, signers: dict[str, Any]) -> None:
    """Say where a bank's keys live before anything else is said of it."""
    folder = data / "institutions" / bic
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / DESCRIPTION).write_text(json.dumps({"signers": signers}))


def private(file: Path, content: str) -> None:
    file.write_text(content)
    file.chmod(0o600)


def pays(network: RunningNetwork, debtor_agent: str, creditor_agent: str) -> dict[str, Any]:
    transfer = payment(debtor_agent, creditor_agent)
    return settled(bank(network, debtor_agent), transfer.body(), transfer.uetr)


def payment(debtor_agent: str, creditor_agent: str) -> Transfer:
    return Transfer(
        amount="100.00",
        debtor_agent=debtor_agent,
        debtor_account=ACCOUNTS[debtor_agent],
        creditor_agent=creditor_agent,
        creditor_account=ACCOUNTS[creditor_agent],
    )


def test_keys_in_hardware_in_a_service_and_at_a_remote_signer_settle_payments(elsewhere: Elsewhere) -> None:
    """Round a ring of three: each key signs as debtor's agent and as creditor's agent."""
    for debtor_agent, creditor_agent in ((BANK_CN, BANK_HK), (BANK_HK, BANK_AE), (BANK_AE, BANK_CN)):
        assert pays(elsewhere.network, debtor_agent, creditor_agent)["state"] == "SETTLED"
    assert isinstance(elsewhere.network.institutions[BANK_CN].office.signer, HardwareSigner)
    assert elsewhere.service.signatures
    told = {request["method"] for signer in elsewhere.remote.values() for request in signer.asked}
    assert told == {"eth_signTransaction", "eth_signTypedData"}


def test_a_further_lane_has_its_own_key(elsewhere: Elsewhere) -> None:
    office = elsewhere.network.institutions[BANK_CN].office
    assert [type(signer).__name__ for signer in lane_signers(office)] == ["HardwareSigner", "DerSigner"]
    assert office.more_lane_signers[0].address == address(LANE)


def test_a_payment_waits_while_the_module_is_removed_and_settles_once_it_is_back(elsewhere: Elsewhere) -> None:
    debtor_agent, transfer = bank(elsewhere.network, BANK_CN), payment(BANK_CN, BANK_HK)
    elsewhere.soft.remove()
    try:
        _until_the_key_fails(debtor_agent)
        assert debtor_agent.post(transfer.body()).status_code == 202
        _until_it_was_tried(debtor_agent, transfer.uetr)
        assert debtor_agent.payment(transfer.uetr)["state"] == "ACCEPTED"
    finally:
        elsewhere.soft.put_back()
    assert debtor_agent.ended(transfer.uetr)["state"] == "SETTLED"
    assert debtor_agent.reconciles()


def _until_the_key_fails(debtor_agent: Bank) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            debtor_agent.office.signer.sign_digest(keccak(b"still there?"))
        except SignerUnreachable:
            return
    raise AssertionError("the module signs although its token is gone")


def _until_it_was_tried(debtor_agent: Bank, uetr: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with debtor_agent.office.book.view() as unit:
            record = unit.payments.find(uetr)
        if record is not None and record.state.value == "ACCEPTED" and record.attempts:
            return
        time.sleep(0.05)
    raise AssertionError("nobody tried to sign")


@pytest.mark.parametrize(
    ("signers", "complaint"),
    [
        ({"operator": {"kind": "keystore"}}, r"signers\.operator\.folder: missing"),
        ({"operator": {"kind": "paper"}}, r"signers\.operator\.kind: not one of keystore, pkcs11, kms, remote"),
        ({"operator": {"kind": "keystore", "folder": "x", "pin": "1"}}, r"signers\.operator\.pin: unknown"),
        ({"freezer": {}}, r"signers\.freezer: unknown"),
        ({"operator": {"kind": "remote", "url": "https://x", "certificate": "y"}}, r"operator\.address: missing"),
        ({"more_operators": [{"kind": "keystore", "folder": "x"}]}, r"more_operators\[0\]\.address: missing"),
        ({"operator": {"kind": "keystore", "folder": "x", "address": "0x1"}}, r"signers\.operator\.address"),
    ],
)
def test_a_description_that_cannot_be_used_names_its_element(
    elsewhere: Elsewhere, tmp_path: Path, signers: dict[str, Any], complaint: str
) -> None:
    folder = _copied(elsewhere, tmp_path, signers)
    with pytest.raises(BadInstitution, match=complaint):
        open_institution(folder)


def test_another_key_than_the_one_on_record_is_refused(elsewhere: Elsewhere, tmp_path: Path) -> None:
    other = {"kind": "keystore", "folder": "settlement_key", "address": address(LANE)}
    with pytest.raises(BadInstitution, match="on record"):
        open_institution(_copied(elsewhere, tmp_path, {"settlement": other}))


def _copied(elsewhere: Elsewhere, folder: Path, signers: dict[str, Any]) -> Path:
    """A bank's folder with another place for its keys."""
    of = elsewhere.network.data / "institutions" / BANK_TH
    for name in ("password", "message_key.json"):
        private(folder / name, (of / name).read_text())
    document = json.loads((of / DESCRIPTION).read_text()) | {"signers": signers}
    (folder / DESCRIPTION).write_text(json.dumps(document))
    return folder
