"""Moving a chain as a file: its blocks as RLP, one after another, and back again by executing them.

An import trusts nothing: a block whose execution does not give the very header it came with stops it.
"""

from collections.abc import Iterator
from typing import BinaryIO

import rlp  # type: ignore[import-untyped]
from eth.vm.forks.prague.blocks import PragueBlock
from eth_utils.exceptions import ValidationError

from node.chain.chain import LocalChain
from node.chain.errors import ChainError, ImportRefused
from node.chain.foreign_chain import split_blocks
from node.chain.header import encode_block
from node.chain.transaction import check_transaction


def export_blocks(chain: LocalChain, file: BinaryIO) -> int:
    """Write blocks 1 to the head; returns how many."""
    for number in range(1, chain.head.number + 1):
        block = chain.block(number)
        file.write(encode_block(block.header, [one.raw for one in chain.transactions_in(number)], block.body))
    return chain.head.number


def import_own_blocks(chain: LocalChain, encoded: bytes) -> int:
    """Execute blocks that a chain with the same genesis exported; those already here are passed over.

    Returns how many were added. Raises ImportRefused; the blocks before the one refused stay.
    """
    added = 0
    for block in _decoded(encoded):
        if block.number <= chain.head.number:
            if chain.block(block.number).hash != block.hash:
                raise ImportRefused(f"block {block.number} differs from the one already here")
            continue
        _import_one(chain, block)
        added += 1
    return added


def _decoded(encoded: bytes) -> Iterator[PragueBlock]:
    for position, raw in enumerate(split_blocks(encoded), start=1):
        try:
            yield rlp.decode(raw, sedes=PragueBlock)
        except rlp.exceptions.RLPException as error:
            raise ImportRefused(f"entry {position} of the file is not a block: {error}") from error


def _import_one(chain: LocalChain, block: PragueBlock) -> None:
    header = block.header
    with chain.lock:
        if header.parent_hash != chain.head.hash:
            raise ImportRefused(f"block {block.number} does not follow block {chain.head.number}")
        opened = chain.begin_block(
            coinbase=header.coinbase, prev_randao=header.mix_hash, timestamp_s=header.timestamp
        )
        try:
            for transaction in block.transactions:
                check_transaction(transaction, chain.genesis)  # py-evm does not look at the chain id
                opened.apply(transaction)
        except (ChainError, ValidationError) as error:
            raise ImportRefused(f"block {block.number} is not valid: {error}") from error
        chain.commit_block(opened, expected_hash=header.hash)
