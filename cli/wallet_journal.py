"""What was sent from a keystore: signed bytes are on disk before they are broadcast, with what became of them.

A transfer whose fate is unknown is looked up, and the same bytes are sent again; it is never signed a second time,
for then it could be paid twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from wallet.audit import Entry, FileAudit, read_entries

_NAME: Final = "sent.log"
SETTLED: Final = "settled"
REFUSED: Final = "refused"  # by the contract, in a block
NOT_TAKEN: Final = "not taken"  # by the engine, and in no block
REPLACED: Final = "replaced"  # another transaction has used its nonce
ENDS: Final = frozenset({SETTLED, REFUSED, NOT_TAKEN, REPLACED})


@dataclass(frozen=True)
class Kept:
    """A transfer that was signed, with the newest that is known of it; `amount` in minor units, `time_ms` unix."""

    time_ms: int
    chain_id: int
    debtor: str
    creditor: str
    currency: str
    decimals: int
    amount: int
    transaction: str
    raw: bytes
    status: str = "signed"
    block: int | None = None

    @property
    def open(self) -> bool:
        """Whether it may still be included."""
        return self.status not in ENDS


class Journal:
    """The transfers of one keystore, in a chained log beside its keys. One command at a time may write to it."""

    def __init__(self, directory: Path) -> None:
        self._log = FileAudit(directory.expanduser() / _NAME, _now_ms())

    def keep(self, kept: Kept) -> None:
        """Record a signed transfer; durable when this returns, and only then may it be broadcast."""
        body = vars(kept) | {"raw": kept.raw.hex(), "amount": str(kept.amount)}
        del body["status"], body["block"]
        self._log.append(_now_ms(), "signed", body)

    def note(self, transaction: str, status: str, block: int | None) -> None:
        """Record what has become of a transfer."""
        self._log.append(_now_ms(), "status", {"transaction": transaction, "status": status, "block": block})

    def transfers(self) -> list[Kept]:
        """Return every transfer with its newest status, oldest first."""
        return list(_replayed(self._log.entries()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let the next command write."""
        self._log.close()


def transfers_of(directory: Path) -> list[Kept]:
    """Return the transfers of a keystore without writing to it, or waiting for a command that does."""
    try:
        content = (directory.expanduser() / _NAME).read_bytes()
    except FileNotFoundError:
        return []
    whole = content.rfind(b"\n") + 1  # another command may be writing its last line
    return list(_replayed(read_entries(content[:whole])))


def _replayed(entries: Iterable[Entry]) -> Iterator[Kept]:
    newest: dict[str, dict[str, Any]] = {}
    for entry in entries:
        body = dict(entry.body)
        if entry.event == "signed":
            fields = body | {"raw": bytes.fromhex(body["raw"]), "amount": int(body["amount"])}
            newest[body["transaction"]] = fields
        elif entry.event == "status":
            newest[body["transaction"]] |= {"status": body["status"], "block": body["block"]}
    return (Kept(**fields) for fields in newest.values())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
