"""Aliases in the book: a phone number, e-mail address or handle names one account here, until it is withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from node.book.alias_table import aliases
from node.book.sealing import at_place
from node.book.seals import Seals
from node.domain.alias import Alias


@dataclass(frozen=True)
class AliasRecord:
    """An alias and the account that it names."""

    alias: Alias
    account: str
    since: datetime


class Aliases:
    """The aliases of a unit; each is sealed with the key of the account's owner, and found by a keyed digest."""

    def __init__(self, connection: Connection, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._seals = seals

    def find(self, alias: Alias) -> AliasRecord | None:
        """The account behind an alias."""
        named = aliases.c.alias_index == self._index(alias)
        row = self._connection.execute(select(aliases).where(named)).one_or_none()
        return None if row is None else self._record(row)

    def add(self, record: AliasRecord) -> bool:
        """Let an alias name an account; False where it names another, which stays so."""
        kept = self.find(record.alias)
        if kept is not None:
            return kept.account == record.account
        index, owner = self._index(record.alias), self._seals.owner_of(record.account)
        row = {
            "alias_index": index,
            "sealed": self._seals.vault.seal(
                owner.key if owner else None, record.alias.value.encode(), alias_place(index)
            ),
            "kind": record.alias.kind,
            "account": self._seals.accounts.reference(record.account),
            "since": record.since,
        }
        self._connection.execute(insert(aliases), row)
        return True

    def remove(self, alias: Alias) -> bool:
        """Withdraw an alias; False where there was none."""
        named = aliases.c.alias_index == self._index(alias)
        return self._connection.execute(delete(aliases).where(named)).rowcount == 1

    def list(self) -> Records:
        """All aliases, in the order in which they were given."""
        rows = self._connection.execute(select(aliases).order_by(aliases.c.id)).all()
        return [self._record(row) for row in rows]

    def _index(self, alias: Alias) -> str:
        return self._seals.vault.index_of("alias", alias.value).hex()

    def _record(self, row: Any) -> AliasRecord:
        account = self._seals.accounts.number(row.account)
        owner = self._seals.owner_of(account)
        said = self._seals.open_body(owner.key if owner else None, row.sealed, alias_place(row.alias_index))
        return AliasRecord(Alias(row.kind, said.decode()), account, row.since)


def alias_place(index: str) -> bytes:
    """Where a sealed alias stands."""
    return at_place("aliases", "sealed", index)


Records = list[AliasRecord]
