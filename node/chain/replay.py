"""Running a transaction of an old block again, exactly where it stood, with a tracer watching."""

from collections.abc import Iterator
from dataclasses import dataclass

from eth.abc import ComputationAPI, SignedTransactionAPI
from eth.vm.forks.prague import PragueVM

from node.chain.chain_reader import ChainReader
from node.chain.records import BlockRecord, TransactionRecord
from node.chain.rules import LocalState, apply_system_calls
from node.chain.tracer import Tracer, traced_state
from node.chain.transaction import decode_stored


@dataclass(frozen=True)
class Replayed:
    """A transaction run again: what it did, and the state right after it. The tracer holds the notes."""

    record: TransactionRecord
    transaction: SignedTransactionAPI
    computation: ComputationAPI
    state: LocalState
    gas_used: int


def replay(chain: ChainReader, block: BlockRecord, tracer: Tracer, count: int | None = None) -> Iterator[Replayed]:
    """The transactions of a block again, in order, up to `count`; hold the chain's lock.

    The notes are those of the transaction last yielded.
    """
    state = state_at_start(chain, block, tracer)
    for record in chain.transactions_in(block.number)[:count]:
        transaction = decode_stored(record.raw, record.sender)
        tracer.reset()
        computation = run_traced(state, transaction)
        gas_used = PragueVM.finalize_gas_used(transaction, computation)
        yield Replayed(record, transaction, computation, state, gas_used)


def state_at_start(chain: ChainReader, block: BlockRecord, tracer: Tracer) -> LocalState:
    """The state in which a block's first transaction ran."""
    state = traced_state(chain.state_view(block.number - 1), chain.context_of_block(block), tracer)
    apply_system_calls(state, block.header)
    return state


def run_traced(state: LocalState, transaction: SignedTransactionAPI) -> ComputationAPI:
    """Run one transaction on a state, noting afresh what it touches."""
    state.lock_changes()
    state.account_database.touched.clear()
    return state.apply_transaction(transaction)
