"""A message as a row, its body sealed with the key of its payment or its account's owner, or else the house's."""

from __future__ import annotations

from typing import Any

from node.book.records import MessageRecord
from node.book.sealing import Key, at_place
from node.book.seals import Seals


def message_row(seals: Seals, record: MessageRecord) -> dict[str, Any]:
    """The columns of a message; its payment must be in the book."""
    owner = seals.owner_of(record.account) if record.account and not record.uetr else None
    key = seals.file(record.uetr) if record.uetr else owner.key if owner else None
    return {
        "uetr": record.uetr,
        "direction": record.direction,
        "counterparty": record.counterparty,
        "name": record.name,
        "message_id": record.message_id or None,
        "body": seals.vault.seal(key, record.body, message_place(record.digest)),
        "at": record.at,
        "digest": record.digest,
        "subject": owner.subject if owner else None,
    }


def read_message(seals: Seals, row: Any) -> MessageRecord:
    """The message of a row; its body is one word where it is erased."""
    return MessageRecord(
        uetr=row.uetr,
        direction=row.direction,
        counterparty=row.counterparty,
        name=row.name,
        message_id=row.message_id,
        body=seals.open_body(key_of_message(seals, row), row.body, message_place(row.digest)),
        at=row.at,
        digest=row.digest,
    )


def key_of_message(seals: Seals, row: Any) -> Key | None:
    """Whose key a message is sealed with; None for the house key, and where it is erased."""
    if row.uetr is not None:
        return seals.file(row.uetr)
    return None if row.subject is None else seals.owner(row.subject).key


def message_place(digest: bytes) -> bytes:
    """Where a message's body stands: by the digest of what it says."""
    return at_place("messages", "body", digest.hex())
