"""cast, Foundry's command line, against a real `corridor node --dev`: what people type at a chain."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts import artifact
from node.ledger.abi import deploy_data
from tests.end_to_end.conftest import ANVIL_FUNDER
from tests.node.ledger.engines import foundry_program

FIRST = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
SECOND_KEY = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
SPENDER = "0x" + "5a" * 20
ZERO = "0x" + "00" * 32
HOW_TO_INSTALL = "cast is not installed: npm install --no-package-lock --ignore-scripts --prefix tests/end_to_end"


@dataclass(frozen=True)
class Cast:
    """The program, pointed at the node, with a home of its own; and the token it has deployed."""

    program: str
    url: str
    home: Path
    token: str = ""
    deployment: str = ""

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "ETH_RPC_URL": self.url}
        return subprocess.run(
            [self.program, *arguments], capture_output=True, text=True, timeout=60, check=False, env=environment
        )

    def __call__(self, *arguments: str) -> str:
        ran = self.run(*arguments)
        assert ran.returncode == 0, (arguments, ran.stderr)
        return ran.stdout.strip()

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))

    def send(self, *arguments: str) -> Any:
        return self.json("send", "--private-key", ANVIL_FUNDER, *arguments)


@pytest.fixture(scope="module")
def cast(development_node: str, tmp_path_factory: pytest.TempPathFactory) -> Cast:
    program = foundry_program("cast")
    if program is None:
        pytest.skip(HOW_TO_INSTALL)
    bare = Cast(program, development_node, tmp_path_factory.mktemp("cast"))
    code = artifact("CurrencyToken")
    creation = deploy_data(code.abi, code.bytecode, "Digital yuan", "CNY", 2, FIRST)
    receipt = bare.send("--create", "0x" + creation.hex())
    return Cast(program, development_node, bare.home, receipt["contractAddress"], receipt["transactionHash"])


def test_block(cast: Cast) -> None:
    number = int(cast("block-number"))
    block = cast.json("block", "latest")
    assert int(block["number"], 16) == number
    assert cast("block", str(number), "-f", "hash") == block["hash"]
    assert cast("block", "finalized", "-f", "number") == str(number)
    assert [cast("base-fee"), cast("gas-price"), cast("chain-id")] == ["0", "0", "20022"]
    assert cast("client").startswith("Corridor/")


def test_transaction_and_receipt(cast: Cast) -> None:
    assert cast("tx", cast.deployment, "from") == FIRST
    raw = cast("tx", cast.deployment, "--raw")
    assert cast("keccak", raw) == cast.deployment
    receipt = cast.json("receipt", cast.deployment)
    assert (receipt["status"], receipt["contractAddress"]) == ("0x1", cast.token)
    assert cast("codesize", cast.token) == str(len(cast("code", cast.token)[2:]) // 2)


def test_call(cast: Cast) -> None:
    assert cast("call", cast.token, "name()(string)") == '"Digital yuan"'
    refused = cast.run("call", cast.token, "issue(address,uint256,bytes32)", SPENDER, "5", ZERO)
    assert "execution reverted: CurrencyToken: not an issuer" in refused.stderr
    assert '← [Return] "Digital yuan"' in cast("call", "--trace", cast.token, "name()(string)")


def test_send_logs_and_estimate(cast: Cast) -> None:
    approve = (cast.token, "approve(address,uint256)", SPENDER, "77")
    estimate = int(cast("estimate", "--from", FIRST, *approve))
    receipt = cast.send(*approve)
    used = int(receipt["gasUsed"], 16)
    assert used <= estimate <= used * 1.03
    event = "Approval(address indexed,address indexed,uint256)"
    logs = cast.json("logs", "--from-block", receipt["blockNumber"], "--address", cast.token, event, FIRST)
    assert [log["transactionHash"] for log in logs] == [receipt["transactionHash"]]
    assert int(logs[0]["data"], 16) == 77
    unlocked = cast.json("send", "--unlocked", "--from", FIRST, SPENDER, "--value", "3")
    assert (unlocked["status"], unlocked["gasUsed"]) == ("0x1", hex(21_000))


def test_storage_proof_and_access_list(cast: Cast) -> None:
    value = cast("storage", cast.token, "0")
    proof = json.loads(cast("proof", cast.token, "0"))
    assert int(proof["storageProof"][0]["value"], 16) == int(value, 16)
    assert proof["storageHash"] != ZERO
    listed = cast("access-list", "--from", FIRST, cast.token, "approve(address,uint256)", SPENDER, "1")
    assert cast.token.lower() in listed.lower()


def test_rpc(cast: Cast) -> None:
    assert json.loads(cast("rpc", "eth_chainId")) == hex(20022)
    taken = json.loads(cast("rpc", "evm_snapshot"))
    before = cast("balance", SPENDER)
    cast.send(SPENDER, "--value", "9")
    assert int(cast("balance", SPENDER)) == int(before) + 9
    assert json.loads(cast("rpc", "evm_revert", taken)) is True
    assert cast("balance", SPENDER) == before
    assert json.loads(cast("tx-pool", "status")) == {"pending": "0x0", "queued": "0x0"}
    unknown = cast.run("rpc", "wallet_switchEthereumChain")
    assert "-32601" in unknown.stderr


def test_run_executes_the_transaction_again_and_agrees(cast: Cast) -> None:
    """cast's own virtual machine on our state: the same gas, to the unit."""
    sent = cast.send(cast.token, "approve(address,uint256)", SPENDER, "78")
    told = cast("run", sent["transactionHash"])
    assert "Transaction successfully executed." in told
    assert f"Gas used: {int(sent['gasUsed'], 16)}" in told


def test_wallets(cast: Cast) -> None:
    assert cast("wallet", "address", "--private-key", ANVIL_FUNDER) == FIRST
    second = cast("wallet", "address", "--private-key", SECOND_KEY)
    signature = cast("wallet", "sign", "--private-key", SECOND_KEY, "paid")
    assert "succeeded" in cast("wallet", "verify", "--address", second, "paid", signature)
    keystore = ("--keystore-dir", str(cast.home), "--unsafe-password", "open sesame")
    cast("wallet", "import", "second", "--private-key", SECOND_KEY, *keystore)
    opened = ("--keystore", str(cast.home / "second"), "--password", "open sesame")
    nonce = int(cast("nonce", second))
    receipt = cast.json("send", *opened, SPENDER, "--value", "1")
    assert (receipt["from"], int(cast("nonce", second))) == (second.lower(), nonce + 1)
    raw = cast("mktx", *opened, SPENDER, "--value", "1")
    assert json.loads(cast("publish", raw, "--json"))["status"] == "0x1"
