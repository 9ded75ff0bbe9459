"""Blocks at hand are told as SQLite tells them, and no longer than they are in the chain."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from node.chain.chain import LocalChain
from node.chain.genesis import Genesis
from node.chain.rpc import JsonRpc
from node.chain.writes import Statement, Write, joined
from tests.node.chain.assembly import creation
from tests.node.chain.signing import dynamic_fee, legacy

LOGGING = bytes.fromhex("6007600960206000a2600160005500")  # LOG2, SSTORE


@pytest.fixture
def kept(tmp_path: Path, genesis: Genesis) -> Iterator[LocalChain]:
    opened = LocalChain.open(tmp_path, genesis)
    yield opened
    opened.close()


def told(chain: LocalChain, hashes: list[bytes]) -> list[Any]:
    """Everything there is to ask about these transactions and their blocks."""
    rpc = JsonRpc(chain)
    records = [chain.transaction(one) for one in hashes]
    found: list[Any] = [record for record in records if record is not None]
    logs = [chain.logs_of(record) for record in records if record is not None]
    blocks = [chain._store.block_by_number(number) for number in range(chain.head.number + 1)]
    again = [chain.block_by_hash(block.hash) for block in blocks if block is not None]
    within = [chain.transactions_in(block.number) for block in blocks if block is not None]
    failed = [chain.failed_in(number) for number in range(chain.head.number + 1)]
    answers = [rpc.dispatch("eth_getTransactionReceipt", ["0x" + one.hex()]) for one in hashes]
    shown = [rpc.dispatch("eth_getTransactionByHash", ["0x" + one.hex()]) for one in hashes]
    return [found, logs, blocks, again, answers, shown, within, failed]


def test_what_is_at_hand_is_what_sqlite_tells(kept: LocalChain, debtor: LocalAccount) -> None:
    """Transactions of two types, with logs, creating, failing, several in a block."""
    hashes = [kept.send_raw_transaction(dynamic_fee(debtor, 0, data=creation(LOGGING)))]
    contract = JsonRpc(kept).dispatch("eth_getTransactionReceipt", ["0x" + hashes[0].hex()])["contractAddress"]
    hashes.append(kept.send_raw_transaction(legacy(debtor, 1, value=1)))
    hashes.append(kept.send_raw_transaction(dynamic_fee(debtor, 2, to=contract)))
    kept.automine = False
    hashes += [kept.send_raw_transaction(dynamic_fee(debtor, nonce, to=contract)) for nonce in (3, 4)]
    hashes.append(kept.send_raw_transaction(dynamic_fee(debtor, 5, to=contract, gas=22_000)))
    kept.mine()
    assert kept._store._recent.transaction(hashes[-1]) is not None
    at_hand = told(kept, hashes)
    kept._store.settle()
    assert kept._store._recent.transaction(hashes[-1]) is None
    assert at_hand == told(kept, hashes)
    assert [answer["status"] for answer in at_hand[4]] == ["0x1"] * 5 + ["0x0"]
    assert len(at_hand[1][4]) == 1
    assert at_hand[7][-1] == [hashes[-1]]


def test_a_block_gone_back_from_is_not_at_hand(kept: LocalChain, debtor: LocalAccount) -> None:
    kept.send_raw_transaction(dynamic_fee(debtor, 0))
    gone = kept.send_raw_transaction(dynamic_fee(debtor, 1))
    gone_block = kept.head.hash
    kept.revert_to(1)
    assert kept.transaction(gone) is None
    assert kept.block_by_hash(gone_block) is None
    other = kept.send_raw_transaction(dynamic_fee(debtor, 1, value=1))
    found = kept.transaction(other)
    assert found is not None
    assert found.block_number == 2


def test_rows_of_many_records_keep_their_order_where_it_matters() -> None:
    """Rows that are only added go together; nothing passes what takes rows away."""
    records: list[list[Write]] = [
        [(Statement.NODE, [(b"1", b"a")]), (Statement.BLOCK, [(1,)]), (Statement.UNQUEUE, [])],
        [(Statement.NODE, [(b"2", b"b")]), (Statement.BLOCK, [(2,)]), (Statement.UNQUEUE, [(b"9",)])],
        [(Statement.CUT_BLOCKS, [(1,)])],
        [(Statement.BLOCK, [(3,)])],
    ]
    assert list(joined(records)) == [
        (Statement.NODE, [(b"1", b"a"), (b"2", b"b")]),
        (Statement.BLOCK, [(1,), (2,)]),
        (Statement.UNQUEUE, [(b"9",)]),
        (Statement.CUT_BLOCKS, [(1,)]),
        (Statement.BLOCK, [(3,)]),
    ]
