"""The checks that let a store be used: it is this chain's, and its newest blocks hold together.

Anything else refuses to start, and says where and why. The cost does not depend on the chain's length.
"""

from eth.abc import BlockHeaderAPI
from eth.constants import BLANK_ROOT_HASH

from node.chain.errors import ForeignStore, StoreDamaged
from node.chain.genesis import Genesis, genesis_header, write_genesis_state
from node.chain.header import encode_block
from node.chain.nodes import NodeDatabase
from node.chain.records import BlockRecord, SealedBlock
from node.chain.store import ChainStore

BLOCKS_CHECKED = 64


def open_head(store: ChainStore, genesis: Genesis) -> BlockRecord:
    """The newest block of a store; an empty one gets block 0 first. Raises ForeignStore or StoreDamaged."""
    nodes = NodeDatabase(store)
    header = genesis_header(genesis, write_genesis_state(genesis, nodes))
    if not store.meta():
        identity = {"chain_id": str(genesis.chain_id).encode(), "genesis": header.hash}
        body = b"\xc0\xc0" if hasattr(header, "withdrawals_root") else b"\xc0"
        size = len(encode_block(header, (), body))
        store.begin(SealedBlock(header, (), (), size, body), nodes.open_writes, identity)
    return check_store(store, genesis, header)


def check_store(store: ChainStore, genesis: Genesis, genesis_block: BlockHeaderAPI) -> BlockRecord:
    """The head of a store that passes every check. Raises ForeignStore or StoreDamaged."""
    _check_identity(store, genesis, genesis_block)
    head = store.head()
    if head is None:
        raise StoreDamaged(f"{store.name}: it has an identity but no blocks")
    _check_links(store, head)
    _check_state(store, head)
    return head


def _check_identity(store: ChainStore, genesis: Genesis, genesis_block: BlockHeaderAPI) -> None:
    meta = store.meta()
    chain_id = meta.get("chain_id", b"").decode()
    if chain_id != str(genesis.chain_id):
        raise ForeignStore(f"{store.name} holds chain id {chain_id or 'none'}, not {genesis.chain_id}")
    kept = meta.get("genesis", b"")
    if kept != genesis_block.hash or store.block_hash(0) != genesis_block.hash:
        raise ForeignStore(
            f"{store.name} holds a chain that began differently: genesis 0x{kept.hex()}, "
            f"expected 0x{genesis_block.hash.hex()}"
        )


def _check_links(store: ChainStore, head: BlockRecord) -> None:
    child = head
    for number in range(head.number - 1, max(-1, head.number - BLOCKS_CHECKED), -1):
        block = store.block_by_number(number)
        if block is None:
            raise StoreDamaged(f"{store.name}: block {number} is missing below head {head.number}")
        if child.header.parent_hash != block.hash:
            raise StoreDamaged(f"{store.name}: block {child.number} does not name block {number} as its parent")
        child = block


def _check_state(store: ChainStore, head: BlockRecord) -> None:
    root = head.header.state_root
    if root != BLANK_ROOT_HASH and store.node(root) is None:
        raise StoreDamaged(f"{store.name}: the state root of block {head.number}, 0x{root.hex()}, is missing")
