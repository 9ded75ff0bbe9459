"""Aliases in the book: a phone number, e-mail address or handle names one account here, until it is withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from node.book.alias_table import aliases
from node.domain.alias import Alias


@dataclass(frozen=True)
class AliasRecord:
    """An alias and the account that it names."""

    alias: Alias
    account: str
    since: datetime


class Aliases:
    """The aliases of a unit."""

    def __init__(self, connection: Connection) -> None:
        """Made by Unit."""
        self._connection = connection

    def find(self, alias: Alias) -> AliasRecord | None:
        """The account behind an alias."""
        row = self._connection.execute(select(aliases).where(aliases.c.alias == alias.value)).one_or_none()
        return None if row is None else AliasRecord(Alias(row.kind, row.alias), row.account, row.since)

    def add(self, record: AliasRecord) -> bool:
        """Let an alias name an account; False where it names another, which stays so."""
        kept = self.find(record.alias)
        if kept is not None:
            return kept.account == record.account
        row = {
            "alias": record.alias.value,
            "kind": record.alias.kind,
            "account": record.account,
            "since": record.since,
        }
        self._connection.execute(insert(aliases), row)
        return True

    def remove(self, alias: Alias) -> bool:
        """Withdraw an alias; False where there was none."""
        return self._connection.execute(delete(aliases).where(aliases.c.alias == alias.value)).rowcount == 1

    def list(self) -> Records:
        """All aliases, in the order in which they were given."""
        rows = self._connection.execute(select(aliases).order_by(aliases.c.id))
        return [AliasRecord(Alias(row.kind, row.alias), row.account, row.since) for row in rows]


Records = list[AliasRecord]
