"""The bench's transactions are what they say: the shipped bytes are the source's, and each does its work."""

from collections.abc import Iterator

import pytest

from node.chain.bench import workload
from node.chain.bench.beside import SPINS, InProcess
from node.chain.bench.compile import compiled
from node.chain.bench.workload import (
    ARTIFACT,
    BATCH,
    BATCH_GAS,
    TRANSFER_GAS,
    fresh_address,
    fresh_batch,
    transfer,
)
from node.chain.chain import LocalChain
from node.chain.simulation import CallRequest


@pytest.fixture(scope="module")
def inside() -> Iterator[InProcess]:
    chain = LocalChain.open(None)
    yield InProcess(chain)
    chain.close()


def balance_of(inside: InProcess, holder: bytes) -> int:
    data = workload._selector("balances(address)") + holder.rjust(32, b"\0")
    return int.from_bytes(inside.chain.call(CallRequest(to=inside.token, data=data)).output, "big")


def test_the_shipped_contract_is_what_the_source_gives() -> None:
    assert ARTIFACT.read_text(encoding="ascii") == compiled()


def test_every_sender_holds_the_token(inside: InProcess) -> None:
    assert min(balance_of(inside, one.address) for one in inside.senders) >= 10**9


def test_a_transfer_moves_one_unit_to_an_account_never_seen(inside: InProcess) -> None:
    creditor = fresh_address()
    raw = inside.senders[1].signed(inside.token, transfer(creditor), TRANSFER_GAS)
    sent = inside.chain.transaction(inside.chain.send_raw_transaction(raw))
    assert sent is not None
    assert sent.succeeded
    assert sent.sender == inside.senders[1].address
    assert balance_of(inside, creditor) == 1


def test_a_batch_is_five_million_gas(inside: InProcess) -> None:
    raw = inside.senders[0].signed(inside.token, fresh_batch(), BATCH_GAS)
    sent = inside.chain.transaction(inside.chain.send_raw_transaction(raw))
    assert sent is not None
    assert sent.succeeded
    assert len(inside.chain.logs_of(sent)) == BATCH
    assert 4_900_000 < sent.gas_used < 5_200_000


def test_a_block_holds_a_transfer_of_every_sender(inside: InProcess) -> None:
    inside.block()
    records = inside.chain.transactions_in(inside.chain.head.number)
    assert len(records) == len(inside.senders)
    assert all(record.succeeded for record in records)


def test_the_loop_only_computes(inside: InProcess) -> None:
    expected = 1
    for index in range(SPINS):
        expected = (expected * 3 + index) % 1_000_003
    result = inside.chain.call(CallRequest(to=inside.token, data=workload.spin(SPINS)))
    assert int.from_bytes(result.output, "big") == expected
    assert 1_000_000 < result.gas_used < 2_000_000
