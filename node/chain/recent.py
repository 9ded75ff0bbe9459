"""The newest blocks as they were made: on disk in the log, while SQLite does not have their rows yet.

Who sends a transaction asks for its receipt next: that comes from here, and rows are written many at a time.
"""

from node.chain.records import BlockRecord, LogRecord, SealedBlock, TransactionRecord


class RecentBlocks:
    """Blocks by height and by hash, their transactions by hash."""

    def __init__(self) -> None:
        self._blocks: dict[int, SealedBlock] = {}
        self._heights: dict[bytes, int] = {}
        self._places: dict[bytes, tuple[int, int]] = {}

    def add(self, block: SealedBlock) -> None:
        """Note a block that the log has."""
        number = block.header.block_number
        self._blocks[number] = block
        self._heights[block.header.hash] = number
        for index, transaction in enumerate(block.transactions):
            self._places[transaction.hash] = number, index

    def clear(self) -> None:
        """Forget all of them: SQLite knows."""
        if self._blocks:
            self._blocks, self._heights, self._places = {}, {}, {}

    def block(self, number: int) -> BlockRecord | None:
        """The block at a height."""
        block = self._blocks.get(number)
        return None if block is None else BlockRecord(block.header, block.header.hash, block.size, block.body)

    def block_by_hash(self, block_hash: bytes) -> BlockRecord | None:
        """The block with a hash."""
        return self.block(self._heights.get(block_hash, -1))

    def transaction(self, transaction_hash: bytes) -> TransactionRecord | None:
        """A transaction by its hash."""
        place = self._places.get(transaction_hash)
        return None if place is None else _record(self._blocks[place[0]], place[1])

    def transactions_in(self, number: int) -> list[TransactionRecord] | None:
        """All transactions of a block, in order; None when it is not here."""
        block = self._blocks.get(number)
        return None if block is None else [_record(block, index) for index in range(len(block.transactions))]

    def failed_in(self, number: int) -> list[bytes] | None:
        """The hashes of a block's transactions that failed; None when it is not here."""
        block = self._blocks.get(number)
        if block is None:
            return None
        outcomes = zip(block.transactions, block.outcomes, strict=True)
        return [bytes(transaction.hash) for transaction, outcome in outcomes if not outcome.succeeded]

    def logs_of(self, transaction: TransactionRecord) -> list[LogRecord] | None:
        """The logs of one transaction; None when its block is not here."""
        block = self._blocks.get(transaction.block_number)
        if block is None:
            return None
        number, index = transaction.block_number, transaction.index
        outcome = block.outcomes[index]
        return [
            LogRecord(number, position, index, address, topics, data)
            for position, (address, topics, data) in enumerate(outcome.logs, outcome.first_log_index)
        ]


def _record(block: SealedBlock, index: int) -> TransactionRecord:
    transaction, outcome = block.transactions[index], block.outcomes[index]
    return TransactionRecord(
        block.header.block_number,
        index,
        bytes(transaction.hash),
        bytes(transaction.sender),
        transaction.encode(),
        outcome.succeeded,
        outcome.gas_used,
        outcome.cumulative_gas_used,
        outcome.first_log_index,
        len(outcome.logs),
        outcome.post_state,
        transaction,
    )
