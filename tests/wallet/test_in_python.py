"""The wallet from Python: a few lines create a key, sign and send."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from cli.running_network import RunningNetwork
from node.ledger.client import LedgerClient
from tests.wallet.actors import CREDITOR, DEBTOR_SECRET
from tests.wallet.served_chain import served_chain
from wallet import LIGHT_COST, Keystore, Secret, read_network, sign_transaction, transfer

ROOT = Path(__file__).parents[2]


def test_a_key_is_created_and_money_is_sent(tmp_path: Path) -> None:
    with served_chain(tmp_path) as chain:
        here, password = read_network(tmp_path), Secret(b"correct horse")
        keystore, client = Keystore(tmp_path / "keys", LIGHT_COST), LedgerClient(here.rpc_url)
        assert keystore.unlock(keystore.create(password), password).address in keystore.addresses()
        debtor = keystore.unlock(keystore.add(Secret(DEBTOR_SECRET), password), password)
        nonce = client.next_nonce(debtor.address)
        signed = sign_transaction(transfer(here, here.token("CNY"), CREDITOR, 1234, nonce=nonce), debtor)
        assert client.broadcast(signed.raw).on_its_way
        assert chain.balance(CREDITOR) == 1234
        client.close()


def test_the_readmes_six_lines_create_a_key_sign_and_send(network: RunningNetwork, tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    (program,) = [block for block in blocks if "Keystore" in block]
    assert len(program.rpartition("\n\n")[2].splitlines()) == 6
    (tmp_path / "corridor-data").symlink_to(network.data)
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert ran.stdout.endswith(" 1234\n"), ran.stdout
    (key,) = Keystore(tmp_path / "my-keys").addresses()
    assert key
