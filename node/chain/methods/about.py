"""What this chain is and keeps: eth_config (EIP-7910) and eth_capabilities."""

from typing import Any

from eth.vm.forks.cancun.constants import BEACON_ROOTS_ADDRESS
from eth.vm.forks.prague.constants import (
    BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE,
    CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
    DEPOSIT_CONTRACT_ADDRESS,
    HISTORY_STORAGE_ADDRESS,
    WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
)

from node.chain.hexadecimal import data, quantity
from node.chain.method import Method, MethodTable, RpcNode
from node.chain.parameters import Parameters

PRECOMPILES = (
    "ECREC",
    "SHA256",
    "RIPEMD160",
    "ID",
    "MODEXP",
    "BN254_ADD",
    "BN254_MUL",
    "BN254_PAIRING",
    "BLAKE2F",
    "KZG_POINT_EVALUATION",
    "BLS12_G1ADD",
    "BLS12_G1MSM",
    "BLS12_G2ADD",
    "BLS12_G2MSM",
    "BLS12_PAIRING_CHECK",
    "BLS12_MAP_FP_TO_G1",
    "BLS12_MAP_FP2_TO_G2",
)
SYSTEM_CONTRACTS = {
    "BEACON_ROOTS_ADDRESS": BEACON_ROOTS_ADDRESS,
    "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS": CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
    "DEPOSIT_CONTRACT_ADDRESS": DEPOSIT_CONTRACT_ADDRESS,
    "HISTORY_STORAGE_ADDRESS": HISTORY_STORAGE_ADDRESS,
    "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS": WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
}
EVERYTHING = {"disabled": False, "oldestBlock": "0x0"}


def config(node: RpcNode, _: Parameters) -> Any:
    """eth_config: Prague from the beginning, and no fork to come."""
    current = {
        "activationTime": 0,
        "blobSchedule": {"target": 6, "max": 9, "baseFeeUpdateFraction": BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE},
        "chainId": quantity(node.chain.genesis.chain_id),
        "precompiles": {name: f"0x{number:040x}" for number, name in enumerate(PRECOMPILES, start=1)},
        "systemContracts": {name: data(address) for name, address in SYSTEM_CONTRACTS.items()},
    }
    return {"current": current, "next": None, "last": None}


def capabilities(node: RpcNode, _: Parameters) -> Any:
    """eth_capabilities: nothing is ever pruned."""
    head = node.chain.head
    kept = ("state", "tx", "logs", "receipts", "blocks", "stateproofs")
    return {"head": {"number": quantity(head.number), "hash": data(head.hash)}, **dict.fromkeys(kept, EVERYTHING)}


METHODS: MethodTable = {
    "eth_config": Method(config, 0),
    "eth_capabilities": Method(capabilities, 0),
}
