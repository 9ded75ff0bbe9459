"""web3_ and net_: who this node is."""

from eth_hash.auto import keccak

from node.chain.hexadecimal import data, quantity
from node.chain.method import Method, MethodTable, RpcNode, always
from node.chain.parameters import Parameters


def client_version(node: RpcNode, _: Parameters) -> str:
    """web3_clientVersion."""
    return node.client_version


def sha3(_: RpcNode, parameters: Parameters) -> str:
    """web3_sha3: keccak-256 of the data."""
    return data(keccak(parameters.data(0)))


def network_version(node: RpcNode, _: Parameters) -> str:
    """net_version: the chain id in decimal, as text."""
    return str(node.chain.genesis.chain_id)


def listening(_: RpcNode, __: Parameters) -> bool:
    """net_listening: there is no peer-to-peer network, but the node answers."""
    return True


def peer_count(_: RpcNode, __: Parameters) -> str:
    """net_peerCount: always zero."""
    return quantity(0)


def chain_id(node: RpcNode, _: Parameters) -> str:
    """eth_chainId."""
    return quantity(node.chain.genesis.chain_id)


def syncing(_: RpcNode, __: Parameters) -> bool:
    """eth_syncing: a chain of one process is never behind."""
    return False


def accounts(_: RpcNode, __: Parameters) -> list[str]:
    """eth_accounts: the node holds no keys."""
    return []


def protocol_version(_: RpcNode, __: Parameters) -> str:
    """eth_protocolVersion: the last wire protocol, for clients that still ask."""
    return quantity(68)


METHODS: MethodTable = {
    "web3_clientVersion": Method(client_version, 0, brief=always),
    "web3_sha3": Method(sha3, 1),
    "net_version": Method(network_version, 0, brief=always),
    "net_listening": Method(listening, 0),
    "net_peerCount": Method(peer_count, 0),
    "eth_chainId": Method(chain_id, 0, brief=always),
    "eth_syncing": Method(syncing, 0),
    "eth_accounts": Method(accounts, 0),
    "eth_protocolVersion": Method(protocol_version, 0),
}
