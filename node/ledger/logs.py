"""What the chain says happened: the events of settlement and money, read in bounded ranges, in chain order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from contracts import artifact
from node.ledger.abi import decode_log, event_topic
from node.ledger.client import LedgerClient
from node.ledger.errors import EngineRefused, LedgerBehind
from node.ledger.transport import result_of
from wallet.address import ZERO_ADDRESS, to_checksum

# Most public engines serve 1,000 to 10,000 blocks a question; a refusal halves the range.
BLOCKS_A_QUESTION: Final = 2_000


@dataclass(frozen=True)
class LogPlace:
    """Where an event stands: its block, its transaction, and its place among all events of the block."""

    block_number: int
    block_hash: str
    transaction_hash: str
    log_index: int


@dataclass(frozen=True)
class SettledLog(LogPlace):
    """A payment was settled, all its legs at once; `provider` is None within one currency.

    Amounts are minor units of the tokens' currencies; `uetr`, `quote_id` and `return_of` the UUIDs' 16 bytes.
    """

    uetr: bytes
    debtor_agent: str
    creditor_agent: str
    debtor_account: str
    creditor_account: str
    debit_token: str
    debit_amount: int
    credit_token: str
    credit_amount: int
    provider: str | None
    quote_id: bytes
    message_digest: bytes
    return_of: bytes


@dataclass(frozen=True)
class SettledInBatchLog(LogPlace):
    """A payment of a batch was settled; `instruction` is the struct hash of its terms, which no event tells."""

    uetr: bytes
    debtor_agent: str
    instruction: bytes


@dataclass(frozen=True)
class FailedInBatchLog(LogPlace):
    """A payment of a batch was not settled, for this reason; nothing of it has happened."""

    uetr: bytes
    debtor_agent: str
    sequence: int
    reason: str


@dataclass(frozen=True)
class CancelledLog(LogPlace):
    """A debtor agent burnt a UETR: signatures already given for it can never settle."""

    uetr: bytes
    debtor_agent: str


@dataclass(frozen=True)
class TransferLog(LogPlace):
    """Money of one currency moved, by whatever way; the zero address issues and takes back redeemed money."""

    token: str
    debtor: str
    creditor: str
    amount: int


@dataclass(frozen=True)
class IssuedLog(LogPlace):
    """An issuer created money on an account; `reference` is the digest of the order behind it."""

    token: str
    issuer: str
    creditor: str
    amount: int
    reference: bytes


ChainLog = SettledLog | SettledInBatchLog | FailedInBatchLog | CancelledLog | TransferLog


def events(client: LedgerClient, settlement: str, tokens: Sequence[str], first: int, last: int) -> list[ChainLog]:
    """The settlements, cancellations and money movements of blocks `first` to `last` (included), in chain order.

    Raises LedgerUnreachable, and LedgerBehind where the engine has no block `last` yet.
    """
    settlement_abi, token_abi = artifact("Settlement").abi, artifact("CurrencyToken").abi
    readers: dict[str, Callable[[Mapping[str, Any]], ChainLog]] = {
        event_topic(settlement_abi, "Settled"): _settled,
        event_topic(settlement_abi, "SettledInBatch"): _settled_in_batch,
        event_topic(settlement_abi, "FailedInBatch"): _failed_in_batch,
        event_topic(settlement_abi, "Cancelled"): _cancelled,
        event_topic(token_abi, "Transfer"): _transfer,
    }
    of_settlement, of_tokens = {*list(readers)[:-1]}, {list(readers)[-1]}
    own = {to_checksum(settlement): of_settlement} | {to_checksum(token): of_tokens for token in tokens}
    found = raw_logs(client, list(own), [list(readers)], first, last)
    # A token may log anything, even another contract's event: only the right contract is believed.
    believed = [log for log in found if log["topics"][0] in own[to_checksum(log["address"])]]
    return [readers[log["topics"][0]](log) for log in believed]


def issues(client: LedgerClient, token: str, issuer: str, first: int, last: int) -> list[IssuedLog]:
    """What one issuer issued of one currency token in blocks `first` to `last`, in chain order."""
    abi = artifact("CurrencyToken").abi
    topics = [event_topic(abi, "Issued"), "0x" + "0" * 24 + issuer[2:].lower()]
    return [_issued(log) for log in raw_logs(client, [token], topics, first, last)]


def raw_logs(
    client: LedgerClient, addresses: Sequence[str], topics: Sequence[Any], first: int, last: int
) -> list[dict[str, Any]]:
    """Logs as JSON-RPC gives them, from bounded ranges of blocks, sorted into chain order.

    An engine that refuses a range (too many blocks or results) is asked for half of it. One that does not have
    the range's last block yet raises LedgerBehind: many would answer with the logs they know, and say nothing.
    """
    found: list[dict[str, Any]] = []
    size = BLOCKS_A_QUESTION
    while first <= last:
        end = min(last, first + size - 1)
        question = {
            "address": list(addresses),
            "topics": list(topics),
            "fromBlock": hex(first),
            "toBlock": hex(end),
        }
        try:
            found += _ask(client, question, end)
        except EngineRefused:
            if end == first:
                raise
            size = max(1, (end - first + 1) // 2)
            continue
        first = end + 1
    present = (log for log in found if not log.get("removed"))
    return sorted(present, key=lambda log: (int(log["blockNumber"], 16), int(log["logIndex"], 16)))


def _ask(client: LedgerClient, question: dict[str, Any], end: int) -> list[dict[str, Any]]:
    """One range; the last block is asked for in the same breath, so that the same engine answers both."""
    block, logs = client.connection.answers(
        [("eth_getBlockByNumber", (hex(end), False)), ("eth_getLogs", (question,))]
    )
    if result_of("eth_getBlockByNumber", block) is None:
        raise LedgerBehind(f"the engine has no block {end} yet")
    found: list[dict[str, Any]] = result_of("eth_getLogs", logs)
    return found


def _place(log: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "block_number": int(log["blockNumber"], 16),
        "block_hash": log["blockHash"],
        "transaction_hash": log["transactionHash"],
        "log_index": int(log["logIndex"], 16),
    }


def _fields(contract: str, event: str, log: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_decoded(contract, event, tuple(log["topics"]), log["data"]))


# Blocks that are not final are read again at every look, so most of what is decoded was decoded a moment ago.
@lru_cache(maxsize=4096)
def _decoded(contract: str, event: str, topics: tuple[str, ...], data: str) -> Mapping[str, Any]:
    return decode_log(artifact(contract).abi, event, topics, data)


def _settled(log: Mapping[str, Any]) -> SettledLog:
    fields = _fields("Settlement", "Settled", log)
    if fields["provider"] == ZERO_ADDRESS:
        fields["provider"] = None
    return SettledLog(**_place(log), **fields)


def _settled_in_batch(log: Mapping[str, Any]) -> SettledInBatchLog:
    return SettledInBatchLog(**_place(log), **_fields("Settlement", "SettledInBatch", log))


def _failed_in_batch(log: Mapping[str, Any]) -> FailedInBatchLog:
    return FailedInBatchLog(**_place(log), **_fields("Settlement", "FailedInBatch", log))


def _cancelled(log: Mapping[str, Any]) -> CancelledLog:
    return CancelledLog(**_place(log), **_fields("Settlement", "Cancelled", log))


def _transfer(log: Mapping[str, Any]) -> TransferLog:
    fields = _fields("CurrencyToken", "Transfer", log)
    return TransferLog(**_place(log), token=to_checksum(log["address"]), **fields)


def _issued(log: Mapping[str, Any]) -> IssuedLog:
    return IssuedLog(**_place(log), token=to_checksum(log["address"]), **_fields("CurrencyToken", "Issued", log))
