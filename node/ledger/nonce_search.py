"""Which transaction used a nonce: JSON-RPC cannot be asked, so the block that used it is searched for.

An engine that keeps the state of recent blocks only can answer for those; the search goes back no further.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from node.ledger.client import LedgerClient
from node.ledger.errors import EngineRefused
from node.ledger.values import BlockReference


def nonces_used(client: LedgerClient, address: str, block: BlockReference) -> int:
    """How many nonces an account had used after this block. Raises LedgerBehind where the engine lacks it."""
    return int(client.connection.call("eth_getTransactionCount", address, hex(block.number)), 16)


def used_by_none_of(
    client: LedgerClient, address: str, nonce: int, ours: Sequence[str], block: BlockReference
) -> bool:
    """Whether, as one engine sees it, the nonce is used up by this block and by none of these transactions."""
    count, *receipts = client.connection.batch(
        [
            ("eth_getTransactionCount", (address, hex(block.number))),
            *(("eth_getTransactionReceipt", (transaction_hash,)) for transaction_hash in ours),
        ]
    )
    return int(count, 16) > nonce and not any(receipts)


def transaction_at(client: LedgerClient, address: str, nonce: int, until: BlockReference) -> str | None:
    """The hash of the account's transaction with this nonce, in `until` or before; None if it cannot be found.

    Raises LedgerBehind where the engine has not seen that block yet.
    """
    number = _block_that_used(client, address, nonce, until.number)
    if number is None:
        return None
    block: Any = client.connection.call("eth_getBlockByNumber", hex(number), True)
    for found in block["transactions"] if block else ():
        if found["from"].lower() == address.lower() and int(found["nonce"], 16) == nonce:
            return str(found["hash"])
    return None


def _block_that_used(client: LedgerClient, address: str, nonce: int, last: int) -> int | None:
    """Back in growing steps to a block before the nonce was used, then between the two by halves."""

    def used_by(number: int) -> bool:
        return nonces_used(client, address, BlockReference(number, "", 0)) > nonce

    try:
        if not used_by(last):
            return None
        after, step = last, 1
        while after > 0 and used_by(before := max(0, after - step)):
            after, step = before, step * 2
        before = max(0, after - step) if after > 0 else 0
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (before, middle) if used_by(middle) else (middle, after)
    except EngineRefused:
        return None  # the engine no longer has the state of that block
    return after
