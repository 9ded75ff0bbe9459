"""What a chain starts from: its id, its limits, the accounts it is born with, and block 0.

Two chains with the same Genesis have the same block 0, so a store can tell whether it is its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from eth.abc import BlockHeaderAPI
from eth.constants import BLANK_ROOT_HASH, EMPTY_SHA256
from eth.vm.forks.cancun.constants import BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CONTRACT_CODE
from eth.vm.forks.prague.blocks import PragueBlockHeader
from eth.vm.forks.prague.constants import HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CONTRACT_CODE
from eth_typing import Address, BlockNumber, Hash32

from node.chain.nodes import NodeDatabase
from node.chain.rules import LocalState, context_of
from node.chain.state_view import StateView

CHAIN_ID = 20022
BLOCK_GAS_LIMIT = 60_000_000
POST_MERGE_NONCE = bytes(8)


@dataclass(frozen=True)
class GenesisAccount:
    """An account that exists from block 0; `balance` in wei."""

    balance: int = 0
    nonce: int = 0
    code: bytes = b""
    storage: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Genesis:
    """The parameters of a chain.

    `gas_limit` is the header's limit; a block takes half of it at most (`usable_gas`), because EIP-1559 raises a
    base fee of zero to one, for ever, after any block that is more than half full. `foreign_header` is block 0 of
    a chain that began elsewhere; it then holds exactly the accounts given, and only its state root is filled in.
    """

    chain_id: int = CHAIN_ID
    gas_limit: int = BLOCK_GAS_LIMIT
    timestamp_s: int = 1_735_689_600
    base_fee: int = 0
    extra_data: bytes = b"corridor"
    accounts: Mapping[bytes, GenesisAccount] = field(default_factory=dict)
    foreign_header: BlockHeaderAPI | None = None

    @property
    def usable_gas(self) -> int:
        """The most gas that one block, and so one transaction, may take."""
        return self.gas_limit // 2


SYSTEM_ACCOUNTS: Mapping[bytes, GenesisAccount] = {
    bytes(BEACON_ROOTS_ADDRESS): GenesisAccount(nonce=1, code=BEACON_ROOTS_CONTRACT_CODE),
    bytes(HISTORY_STORAGE_ADDRESS): GenesisAccount(nonce=1, code=HISTORY_STORAGE_CONTRACT_CODE),
}


def genesis_header(genesis: Genesis, state_root: Hash32) -> BlockHeaderAPI:
    """Block 0 over the state that `write_genesis_state` has laid down."""
    if genesis.foreign_header is not None:
        return genesis.foreign_header.copy(state_root=state_root)
    return PragueBlockHeader(
        difficulty=0,
        block_number=BlockNumber(0),
        gas_limit=genesis.gas_limit,
        timestamp=genesis.timestamp_s,
        nonce=POST_MERGE_NONCE,
        extra_data=genesis.extra_data,
        base_fee_per_gas=genesis.base_fee,
        state_root=state_root,
        requests_hash=EMPTY_SHA256,
    )


def write_genesis_state(genesis: Genesis, nodes: NodeDatabase) -> Hash32:
    """Put the accounts of block 0 into `nodes` and return their state root."""
    context = context_of(genesis_header(genesis, BLANK_ROOT_HASH), genesis.chain_id, ())
    state = LocalState(StateView(nodes, BLANK_ROOT_HASH), context)
    system = SYSTEM_ACCOUNTS if genesis.foreign_header is None else {}
    for raw_address, account in {**system, **genesis.accounts}.items():
        address = Address(raw_address)
        state.set_balance(address, account.balance)
        state.set_nonce(address, account.nonce)
        state.set_code(address, account.code)
        for slot, value in account.storage.items():
            state.set_storage(address, slot, value)
    state.persist()
    return state.state_root
