"""Many transactions of several accounts at once: signed in a row, sent together, waited for together.

For setting up a network. Payments take another way: they keep their signed bytes in the book first.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from node.ledger.client import LedgerClient
from node.ledger.values import Fees, Receipt
from wallet.signer import Signer
from wallet.transaction import SignedTransaction, UnsignedTransaction, sign_transaction

CREATE_GAS: Final = 8_000_000
CALL_GAS: Final = 1_000_000
PAY_GAS: Final = 21_000
_GAS_AT_ONCE: Final = 30_000_000  # the smallest block limit in use (Anvil's, and Ethereum's for long)
_FIRST_PAUSE_S: Final = 0.01
_LONGEST_PAUSE_S: Final = 0.5
_ASKED_AFTER_S: Final = 1.5


class DeploymentFailed(Exception):
    """The network could not be set up as planned; the text says at which step and why. Run it again."""


@dataclass(frozen=True)
class Order:
    """One transaction to be sent: `what` describes it to people, `to` is None to create a contract."""

    what: str
    signer: Signer
    to: str | None
    data: bytes = b""
    gas: int = CALL_GAS
    value_wei: int = 0


def next_nonces(client: LedgerClient, signers: Sequence[Signer]) -> dict[str, int]:
    """The next nonce of each account.

    Ask before reading what has to be done: then an order that gets into a block meanwhile makes the nonce stale,
    and cannot be carried out twice.
    """
    return {address: client.next_nonce(address) for address in {signer.address for signer in signers}}


def carry_out(
    client: LedgerClient, orders: Sequence[Order], nonces: dict[str, int], *, patience_s: float
) -> list[Receipt]:
    """Send all orders, those of one account in their order, and wait until all are in blocks.

    Advances `nonces`. No more goes out at once than fits into a block: an engine that makes blocks on demand may
    leave the rest waiting for the next demand. Raises LedgerUnreachable, and DeploymentFailed for an order that
    the engine refused, that reverted, or that is in no block after `patience_s`.
    """
    receipts: list[Receipt] = []
    for wave in _waves(orders):
        receipts += _carry_out(client, wave, nonces, patience_s)
    return receipts


def _waves(orders: Sequence[Order]) -> list[list[Order]]:
    """The orders in their order, in portions that fit into a block each."""
    waves: list[list[Order]] = []
    gas = _GAS_AT_ONCE
    for order in orders:
        if gas + order.gas > _GAS_AT_ONCE:
            waves.append([])
            gas = 0
        waves[-1].append(order)
        gas += order.gas
    return waves


def _carry_out(
    client: LedgerClient, orders: Sequence[Order], nonces: dict[str, int], patience_s: float
) -> list[Receipt]:
    fees, chain_id = client.fees(), client.chain_id()
    signed = [_sign(order, chain_id, nonces, fees) for order in orders]
    for order, outcome in zip(orders, client.broadcast_many([item.raw for item in signed]), strict=True):
        if not outcome.on_its_way:
            raise DeploymentFailed(f"{order.what}: {outcome}")
    receipts = _await(client, ["0x" + item.hash.hex() for item in signed], patience_s)
    for order, receipt in zip(orders, receipts, strict=True):
        if not receipt.succeeded:
            raise DeploymentFailed(f"{order.what}: {client.revert_reason(receipt.hash)}")
    return receipts


def _sign(order: Order, chain_id: int, nonces: dict[str, int], fees: Fees) -> SignedTransaction:
    nonce = nonces[order.signer.address]
    nonces[order.signer.address] = nonce + 1
    unsigned = UnsignedTransaction(
        chain_id=chain_id,
        nonce=nonce,
        to=order.to,
        value=order.value_wei,
        data=order.data,
        gas=order.gas,
        max_fee_per_gas=fees.max_fee_per_gas,
        max_priority_fee_per_gas=fees.max_priority_fee_per_gas,
        deploys=order.to is None,
    )
    return sign_transaction(unsigned, order.signer)


def _await(client: LedgerClient, hashes: Sequence[str], patience_s: float) -> list[Receipt]:
    """The receipts of all; asks for the missing ones only, ever more rarely.

    Anvil makes a block when it hears of a transaction, and now and then does not hear of one that comes while it
    makes one: then it is asked for another block.
    """
    found: dict[str, Receipt] = {}
    ends_at, pause_s = time.monotonic() + patience_s, _FIRST_PAUSE_S
    asked_at = time.monotonic() + _ASKED_AFTER_S
    while True:
        missing = [item for item in hashes if item not in found]
        answered = zip(missing, client.receipts(missing), strict=True)
        found |= {item: receipt for item, receipt in answered if receipt is not None}
        if len(found) == len(set(hashes)):
            return [found[item] for item in hashes]
        if time.monotonic() > ends_at:
            raise DeploymentFailed(f"{len(hashes) - len(found)} of {len(hashes)} transactions are in no block yet")
        if time.monotonic() > asked_at:
            client.ask_for_block()
            asked_at = time.monotonic() + _ASKED_AFTER_S
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
