"""The requests a browser wallet makes to add the network, show a balance and send money, in its order."""

from typing import Any

import httpx
from eth_account.signers.local import LocalAccount

from tests.node.chain.signing import dynamic_fee


def test_add_network_show_balance_send(rpc_url: str, debtor: LocalAccount, creditor: LocalAccount) -> None:
    def ask(method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(rpc_url, json=body).json()["result"]

    assert ask("eth_chainId") == "0x4e36"
    assert ask("net_version") == "20022"
    block = ask("eth_getBlockByNumber", "latest", False)
    assert block["baseFeePerGas"] == "0x0"
    assert ask("eth_getBalance", debtor.address, "latest") == hex(10**18)
    assert ask("eth_getCode", creditor.address, "latest") == "0x"
    assert ask("eth_feeHistory", "0x5", "latest", [10, 20, 30])["oldestBlock"] == "0x0"
    assert ask("eth_gasPrice") == "0x0"
    gas = ask("eth_estimateGas", {"from": debtor.address, "to": creditor.address, "value": "0x5"})
    assert gas == hex(21_000)
    nonce = int(ask("eth_getTransactionCount", debtor.address, "pending"), 16)
    raw = dynamic_fee(debtor, nonce, to=creditor.address, value=5, gas=int(gas, 16))
    sent = ask("eth_sendRawTransaction", "0x" + raw.hex())
    assert ask("eth_blockNumber") == "0x1"
    assert ask("eth_getTransactionReceipt", sent)["status"] == "0x1"
    assert ask("eth_getTransactionByHash", sent)["value"] == "0x5"
    assert ask("eth_getBalance", creditor.address, "latest") == "0x5"
