"""Blocks built here are blocks by py-evm's rules: its own import accepts them, bit for bit."""

from itertools import count
from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]
from eth.chains.base import Chain
from eth.db.atomic import AtomicDB
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.blocks import PragueBlock, PragueBlockHeader
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_account.signers.local import LocalAccount
from eth_utils.exceptions import ValidationError

from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.genesis import Genesis, write_genesis_state
from node.chain.header import encode_header
from node.chain.nodes import NodeDatabase
from node.chain.presentation import receipt_json
from node.chain.rules import LocalVM
from tests.node.chain.assembly import creation, error_data, keeper, refuser
from tests.node.chain.signing import dynamic_fee, legacy


class Nothing:
    """A store that holds no nodes."""

    def node(self, key: bytes) -> None:
        del key


def reference_chain(genesis: Genesis, local: LocalChain, machine: type[PragueVM]) -> Chain:
    """py-evm's own chain from the same block 0."""
    nodes = NodeDatabase(Nothing())
    write_genesis_state(genesis, nodes)
    database = AtomicDB()
    for key, value in nodes.open_writes.items():
        database[key] = value
    configured: Any = type(
        "Reference", (Chain,), {"vm_configuration": ((0, machine),), "chain_id": genesis.chain_id}
    )
    chain: Chain = configured.from_genesis_header(database, stock_header(local, 0))
    return chain


def stock_header(local: LocalChain, number: int) -> PragueBlockHeader:
    """A header of ours as py-evm reads its bytes."""
    read: PragueBlockHeader = rlp.decode(encode_header(local.block(number).header), PragueBlockHeader)
    return read


def import_all(reference: Chain, local: LocalChain) -> None:
    for number in range(1, local.head.number + 1):
        transactions = [PragueTransactionBuilder.decode(record.raw) for record in local.transactions_in(number)]
        block = PragueBlock(stock_header(local, number), transactions, [], [])
        imported = reference.import_block(block).imported_block
        assert imported.hash == local.block(number).hash


def fill(chain: LocalChain, debtor: LocalAccount, creditor: LocalAccount) -> None:
    """Deployments, calls, a revert, both kinds of transaction, an empty block, a block of several."""
    address = "0x" + chain_address(chain, dynamic_fee(debtor, 0, data=creation(keeper())))
    refusing = "0x" + chain_address(chain, dynamic_fee(debtor, 1, data=creation(refuser(error_data("no")))))
    chain.send_raw_transaction(dynamic_fee(debtor, 2, to=address, data=(1).to_bytes(32, "big")))
    chain.send_raw_transaction(dynamic_fee(debtor, 3, to=address, data=bytes(32)))
    chain.send_raw_transaction(legacy(debtor, 4, to=creditor.address, value=7, gasPrice=3))
    chain.send_raw_transaction(dynamic_fee(debtor, 5, to=refusing))
    chain.mine()
    chain.automine = False
    for nonce in range(6, 12):
        chain.send_raw_transaction(dynamic_fee(debtor, nonce, to=address, data=nonce.to_bytes(32, "big")))
    chain.send_raw_transaction(dynamic_fee(creditor, 0, to=debtor.address, value=1))
    chain.mine()
    chain.automine = True


def chain_address(chain: LocalChain, raw: bytes) -> str:
    record = chain.transaction(chain.send_raw_transaction(raw))
    assert record is not None
    shown = receipt_json(record, chain.head, chain.logs_of(record))
    return str(shown["contractAddress"])[2:]


def test_stock_py_evm_imports_our_blocks(genesis: Genesis, debtor: LocalAccount, creditor: LocalAccount) -> None:
    seconds = count(genesis.timestamp_s + 1)
    chain = LocalChain.open(None, genesis, ChainClock(lambda: float(next(seconds))))
    fill(chain, debtor, creditor)
    assert chain.head.number == 8
    assert len(chain.transactions_in(8)) == 7
    import_all(reference_chain(genesis, chain, PragueVM), chain)


def test_blocks_of_one_second_break_exactly_one_rule(
    genesis: Genesis, debtor: LocalAccount, creditor: LocalAccount
) -> None:
    """Blocks may share a second, so that chain time stays wall time; py-evm objects to that and nothing else."""
    chain = LocalChain.open(None, genesis, ChainClock(lambda: genesis.timestamp_s + 5.0))
    fill(chain, debtor, creditor)
    import_all(reference_chain(genesis, chain, LocalVM), chain)
    with pytest.raises(ValidationError, match="timestamp must be strictly later"):
        import_all(reference_chain(genesis, chain, PragueVM), chain)
