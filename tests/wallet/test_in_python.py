"""The wallet from Python: a few lines create a key, sign and send."""

from __future__ import annotations

from pathlib import Path

from node.ledger.client import LedgerClient
from tests.wallet.actors import CREDITOR, DEBTOR_SECRET
from tests.wallet.served_chain import served_chain
from wallet import LIGHT_COST, Keystore, Secret, read_network, sign_transaction, transfer


def test_a_key_is_created_and_money_is_sent(tmp_path: Path) -> None:
    with served_chain(tmp_path) as chain:
        network, password = read_network(tmp_path), Secret(b"correct horse")
        keystore, client = Keystore(tmp_path / "keys", LIGHT_COST), LedgerClient(network.rpc_url)
        assert keystore.unlock(keystore.create(password), password).address in keystore.addresses()
        debtor = keystore.unlock(keystore.add(Secret(DEBTOR_SECRET), password), password)
        nonce = client.next_nonce(debtor.address)
        signed = sign_transaction(transfer(network, network.token("CNY"), CREDITOR, 1234, nonce=nonce), debtor)
        assert client.broadcast(signed.raw).on_its_way
        assert chain.balance(CREDITOR) == 1234
        client.close()
