"""Measures every operation on a chain: prepares it, sends one transaction, and reads what it used."""

from __future__ import annotations

from collections.abc import Iterator

from contracts import artifact
from node.ledger.abi import event_topic
from node.ledger.bench import batch_operations, netting_operations, settlement_operations, token_operations
from node.ledger.bench.floor import floor_gas
from node.ledger.bench.network import BenchNetwork
from node.ledger.bench.operation import Measured, Operation

OPERATIONS: tuple[Operation, ...] = (
    *token_operations.OPERATIONS,
    *settlement_operations.OPERATIONS,
    *batch_operations.OPERATIONS,
    *netting_operations.OPERATIONS,
)


class NothingMeasured(Exception):
    """A payment of a measured batch has failed alone, so the batch's gas says nothing."""


def measure(network: BenchNetwork) -> Iterator[Measured]:
    """A row for each operation, in the order of the table. Once for each network: a UETR settles once."""
    for operation in OPERATIONS:
        yield measure_one(network, operation)


def measure_one(network: BenchNetwork, operation: Operation) -> Measured:
    """The row of one operation. Raises NothingMeasured."""
    call = operation.prepare(network)
    (receipt,) = network.send(call)
    found = network.client.connection.call("eth_getTransactionReceipt", receipt.hash)
    failed = event_topic(artifact("Settlement").abi, "FailedInBatch")
    if any(log["topics"][0] == failed for log in found["logs"]):
        raise NothingMeasured(operation.name)
    floor = floor_gas(call.data, found["logs"], operation.least)
    return Measured(
        operation=operation.name,
        payments=operation.payments,
        gas_per_payment=-(-receipt.gas_used // operation.payments),
        floor=floor // operation.payments,
        limit=operation.limit,
    )
