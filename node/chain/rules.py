"""The rules of execution: py-evm's Prague virtual machine, and the context a block gives it.

Everything about *what* a transaction does is py-evm's; this file gives it our account database and sets the scene
of a block.
"""

from collections.abc import Iterable

from eth.abc import BlockHeaderAPI, TransactionExecutorAPI
from eth.typing import JournalDBCheckpoint
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun.constants import BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CONTRACT_CODE, HISTORY_BUFFER_LENGTH
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.constants import (
    HISTORY_SERVE_WINDOW,
    HISTORY_STORAGE_ADDRESS,
    HISTORY_STORAGE_CONTRACT_CODE,
)
from eth.vm.forks.prague.state import PragueState
from eth_typing import Address, Hash32
from eth_utils.logging import get_extended_debug_logger

from node.chain.account_database import AccountDatabase
from node.chain.execution import PlainTransactionExecutor
from node.chain.state_view import StateView


class LocalState(PragueState):
    """py-evm's Prague state over our account database.

    It does not rewrite the system contracts' code each time it is opened, as py-evm does where it already is;
    that changes no state root.
    """

    _account_db: AccountDatabase
    transaction_executor_class: type[TransactionExecutorAPI] = PlainTransactionExecutor
    logger = get_extended_debug_logger("node.chain.rules.LocalState")  # py-evm looks it up at every use

    def __init__(self, view: StateView, context: ExecutionContext) -> None:
        self.execution_context = context
        self._account_db = AccountDatabase(view)

    @property
    def account_database(self) -> AccountDatabase:
        """The accounts this state works on."""
        return self._account_db

    def set_system_contracts(self) -> None:
        """Do nothing: genesis holds the system contracts."""

    def snapshot(self) -> tuple[Hash32, JournalDBCheckpoint]:
        """Remember this point; transient storage is in the same undo log as everything else."""
        accounts = self._account_db
        return accounts.state_root, accounts.record()

    def revert(self, snapshot: tuple[Hash32, JournalDBCheckpoint]) -> None:
        """Go back to a point."""
        self._account_db.discard(snapshot[1])

    def commit(self, snapshot: tuple[Hash32, JournalDBCheckpoint]) -> None:
        """Keep what happened since a point."""
        self._account_db.commit(snapshot[1])

    def get_transient_storage(self, address: Address, slot: int) -> bytes:
        """A transient slot (EIP-1153)."""
        return self._account_db.get_transient(address, slot)

    def set_transient_storage(self, address: Address, slot: int, value: bytes) -> None:
        """Write a transient slot."""
        self._account_db.set_transient(address, slot, value)

    def clear_transient_storage(self) -> None:
        """Forget transient storage, at the end of a transaction."""
        self._account_db.clear_transient()


class LocalVM(PragueVM):
    """Prague, with one rule relaxed: a block may carry the same second as its parent.

    A chain that makes hundreds of blocks a second would otherwise run hours ahead of the wall clock, and every
    expiry in a settlement contract with it. All other validation is py-evm's own.
    """

    @classmethod
    def validate_header(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        """Validate as Prague does, but accept a timestamp equal to the parent's."""
        if header.timestamp == parent_header.timestamp:
            parent_header = parent_header.copy(timestamp=parent_header.timestamp - 1)
        super().validate_header(header, parent_header)


def context_of(header: BlockHeaderAPI, chain_id: int, previous_hashes: Iterable[Hash32]) -> ExecutionContext:
    """The scene in which a block's transactions run. `previous_hashes` starts with the parent's."""
    return ExecutionContext(
        coinbase=header.coinbase,
        timestamp=header.timestamp,
        block_number=header.block_number,
        difficulty=header.difficulty,
        mix_hash=header.mix_hash,
        gas_limit=header.gas_limit,
        prev_hashes=previous_hashes,
        chain_id=chain_id,
        base_fee_per_gas=getattr(header, "base_fee_per_gas", 0),
        excess_blob_gas=getattr(header, "excess_blob_gas", 0),
    )


def apply_system_calls(state: LocalState, header: BlockHeaderAPI) -> None:
    """Record the parent beacon root (EIP-4788) and the parent hash (EIP-2935), as every block must at its start.

    py-evm does this on import but not when it mines, which is why a block of its own miner fails its own import.
    """
    beacon_root = getattr(header, "parent_beacon_block_root", None)
    if beacon_root is not None and state.get_code(BEACON_ROOTS_ADDRESS) == BEACON_ROOTS_CONTRACT_CODE:
        slot = header.timestamp % HISTORY_BUFFER_LENGTH
        state.set_storage(BEACON_ROOTS_ADDRESS, slot, header.timestamp)
        root = int.from_bytes(beacon_root, "big")
        state.set_storage(BEACON_ROOTS_ADDRESS, slot + HISTORY_BUFFER_LENGTH, root)
    if (
        hasattr(header, "requests_hash")
        and state.get_code(HISTORY_STORAGE_ADDRESS) == HISTORY_STORAGE_CONTRACT_CODE
    ):
        slot = (header.block_number - 1) % HISTORY_SERVE_WINDOW
        state.set_storage(HISTORY_STORAGE_ADDRESS, slot, int.from_bytes(header.parent_hash, "big"))
