"""Who takes part in the wallet's tests, and a network that knows them by name."""

from __future__ import annotations

from typing import Any

from wallet.keccak import keccak
from wallet.signer import LocalSigner

ISSUER = LocalSigner(keccak(b"issuer"))
DEBTOR_SECRET = keccak(b"debtor")
DEBTOR = LocalSigner(DEBTOR_SECRET).address
CREDITOR = LocalSigner(keccak(b"creditor")).address


def network_document(rpc_url: str, chain_id: int, registry: str, settlement: str, token: str) -> dict[str, Any]:
    """Return a network description in which debtor and creditor are known by name."""
    return {
        "rpc_url": rpc_url,
        "chain_id": chain_id,
        "contracts": {"registry": registry, "settlement": settlement},
        "tokens": {"CNY": {"address": token, "decimals": 2}},
        "participants": [
            {
                "bic": "AAAACNBJ",
                "lei": "5493001KJTIIGC8Y1R12",
                "name": "Bank of the Debtor",
                "roles": ["BANK"],
                "currency": "CNY",
                "settlement_address": ISSUER.address,
                "api_url": "http://127.0.0.1:1",
                "credential": "c",
            }
        ],
        "customers": [
            {"participant_bic": "AAAACNBJ", "name": "Debtor Ltd", "account": "1", "wallet_address": DEBTOR},
            {"participant_bic": "AAAACNBJ", "name": "Creditor Ltd", "account": "2", "wallet_address": CREDITOR},
        ],
    }
