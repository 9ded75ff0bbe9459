"""Seals what a book of revision 0013 holds in clear, table by table, a few hundred rows at a time.

It speaks of the tables as they were and as they became then, in plain SQL: later changes do not reach it.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, text

from node.book.sealing import Key, at_place
from node.book.vault import Vault, new_vault

_AT_ONCE: Final = 500
_PERSONS: Final = ("end_to_end_id", "debtor", "debtor_account", "creditor", "creditor_account", "remittance")
_OURS: Final = {"debtor_agent": "debtor_account", "creditor_agent": "creditor_account"}
_ACCOUNT_IN: Final = re.compile(rb"<Acct>\s*<Id>\s*(?:<IBAN>|<Othr>\s*<Id>)([^<]+)<")
_TABLES: Final = (
    *("cash_accounts", "payments", "messages", "cases", "payment_remarks", "inbox"),
    *("aliases", "webhook_endpoints", "idempotency_keys", "entries"),
)


def seal_old_rows(connection: Connection, master: Key | None) -> None:
    """Seal everything; a book without a row needs no keys yet. Raises ValueError without the master key."""
    if not any(connection.execute(text(f"SELECT 1 FROM {name} LIMIT 1")).first() for name in _TABLES):  # noqa: S608
        return
    if master is None:
        raise ValueError("this book holds persons' data in clear; sealing them needs the master key")
    work = _Sealing(connection, new_vault(connection, master))
    for step in (
        *(work.accounts, work.entries, work.aliases, work.payments, work.messages),
        *(work.cases, work.remarks, work.inbox, work.webhooks, work.answers),
    ):
        step()


class _Sealing:
    """One book being sealed; `owners` are the customers' keys by account number."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault
        self._owners: dict[str, tuple[str, Key]] = {}
        self._keys: dict[str | None, Key] = {}

    def accounts(self) -> None:
        """Give every customer a key, and every customer's account another name in all tables."""
        for row in self._rows("cash_accounts"):
            values = {"number_index": self._vault.index_of("account", row.number)}
            if row.kind == "customer":
                values |= self._customer(row)
            self._set("cash_accounts", row.id, **values)

    def _customer(self, row: Any) -> dict[str, Any]:
        subject = secrets.token_hex(8)
        key, wrapped = self._vault.new_subject_key(subject)
        self._run("INSERT INTO subjects (subject, key) VALUES (:subject, :key)", subject=subject, key=wrapped)
        self._owners[row.number], self._keys[subject] = (subject, key), key
        reference = f"account-{subject}"
        for table in ("entries", "reservations", "statements", "aliases"):
            self._run(f"UPDATE {table} SET account = :new WHERE account = :old", new=reference, old=row.number)  # noqa: S608
        said = json.dumps({"number": row.number, "holder": row.holder}, ensure_ascii=False)
        sealed = key.seal(said.encode(), at_place("cash_accounts", "sealed", reference))
        return {"number": reference, "holder": None, "subject": subject, "sealed": sealed}

    def entries(self) -> None:
        """What entries within the book came from may name an account."""
        for row in self._rows("entries", "source LIKE 'book:%'"):
            digest = self._vault.index_of("source", row.source.removeprefix("book:")).hex()
            self._set("entries", row.id, source=f"book:{digest}")

    def aliases(self) -> None:
        """An alias belongs to its account's owner."""
        owners = {f"account-{subject}": key for subject, key in self._owners.values()}
        for row in self._rows("aliases"):
            index = self._vault.index_of("alias", row.alias).hex()
            place = at_place("aliases", "sealed", index)
            sealed = self._vault.seal(owners.get(row.account), row.alias.encode(), place)
            self._set("aliases", row.id, alias=index, sealed=sealed)

    def payments(self) -> None:
        """Give every payment a file of its own, and take the persons out of what stays in clear."""
        for row in self._rows("payments"):
            facts = json.loads(row.payment)
            persons = {name: facts.pop(name) for name in _PERSONS if name in facts}
            within = facts["debtor_agent"]["bic"] == facts["creditor_agent"]["bic"]
            owner = self._owner(persons.get(_OURS[row.side]))
            (theirs,) = set(_OURS.values()) - {_OURS[row.side]}
            other = self._owner(persons.get(theirs)) if within else None
            key, wrapped = self._vault.new_file_key("payments", row.uetr, owner[1] if owner else None)
            said = json.dumps(persons, ensure_ascii=False, separators=(",", ":")).encode()
            self._set(
                "payments",
                row.id,
                payment=json.dumps(facts, ensure_ascii=False, separators=(",", ":")),
                sealed=key.seal(said, at_place("payments", "sealed", row.uetr)),
                file_key=wrapped,
                subject=owner[0] if owner else None,
                other_subject=other[0] if other else None,
                findings=self._findings(key, row.findings, "payments", row.uetr),
            )

    def messages(self) -> None:
        """A message belongs to its payment, a statement to the owner of its account."""
        for row in self._rows("messages"):
            subject, key = None, self._file(row.uetr) if row.uetr else None
            if row.uetr is None:
                named = _ACCOUNT_IN.search(row.body)
                subject, key = self._owners.get(named[1].decode() if named else "", (None, None))
            place = at_place("messages", "body", bytes(row.digest).hex())
            self._set("messages", row.id, body=self._vault.seal(key, bytes(row.body), place), subject=subject)

    def cases(self) -> None:
        """A case belongs to its payment."""
        for row in self._rows("cases"):
            key = self._file(row.uetr)
            sealed: dict[str, Any] = {}
            for name in ("request", "answer"):
                body, place = bytes(getattr(row, name)), at_place("cases", name, row.reference)
                sealed[name] = self._vault.seal(key, body, place)
            for name in ("reason_text", "answer_text"):
                sealed[name] = self._text(key, getattr(row, name), at_place("cases", name, row.reference))
            self._set("cases", row.id, **sealed)

    def remarks(self) -> None:
        """Remarks belong to their payment."""
        for row in self._rows("payment_remarks"):
            sealed = self._findings(self._file(row.uetr), row.findings, "payment_remarks", row.uetr)
            self._set("payment_remarks", row.id, findings=sealed)

    def inbox(self) -> None:
        """A message of several payments has a key of its own."""
        for row in self._rows("inbox"):
            key, wrapped = self._vault.new_file_key("inbox", row.key, None)
            bodies = {
                name: key.seal(bytes(getattr(row, name)), at_place("inbox", name, row.key))
                for name in ("body", "answer", "final_answer")
                if getattr(row, name) is not None
            }
            findings = self._findings(key, row.findings, "inbox", row.key)
            self._set("inbox", row.id, file_key=wrapped, findings=findings, **bodies)
            for line in self._run("SELECT * FROM inbox_lines WHERE key = :key", key=row.key).all():
                self._line(key, line)

    def _line(self, key: Key, line: Any) -> None:
        name = f"{line.key}/{line.position}"
        said = {
            "end_to_end_id": self._text(key, line.end_to_end_id, at_place("inbox_lines", "sealed", name)),
            "findings": self._findings(key, line.findings, "inbox_lines", name),
        }
        self._set("inbox_lines", line.id, findings=json.dumps(said), end_to_end_id="")

    def webhooks(self) -> None:
        """Signing secrets are the house's."""
        for row in self._rows("webhook_endpoints"):
            place = at_place("webhook_endpoints", "secrets", row.endpoint_id)
            self._set("webhook_endpoints", row.id, secrets=self._text(None, row.secrets, place))

    def answers(self) -> None:
        """Kept answers are the house's, for as long as they are kept."""
        for row in self._rows("idempotency_keys", "body IS NOT NULL"):
            place = at_place("idempotency_keys", "body", json.dumps((row.caller, row.route, row.key)))
            self._set("idempotency_keys", row.id, body=self._vault.seal(None, bytes(row.body), place))

    def _owner(self, account: dict[str, Any] | None) -> tuple[str, Key] | None:
        return self._owners.get(account["number"]) if account else None

    def _file(self, uetr: str) -> Key | None:
        row = self._run("SELECT file_key, subject FROM payments WHERE uetr = :uetr", uetr=uetr).one()
        over = self._keys.get(row.subject)
        return self._vault.file_key("payments", uetr, bytes(row.file_key), over)

    def _text(self, key: Key | None, plain: str, place: bytes) -> str:
        return base64.b64encode(self._vault.seal(key, plain.encode(), place)).decode() if plain else plain

    def _findings(self, key: Key | None, kept: str, table: str, row: str) -> str:
        found = json.loads(kept)
        if not found:
            return "[]"
        said = json.dumps([(one.pop("text"), one.pop("value", None)) for one in found], ensure_ascii=False)
        sealed = self._vault.seal(key, said.encode(), at_place(table, "findings", row))
        return json.dumps({"facts": found, "sealed": base64.b64encode(sealed).decode()}, separators=(",", ":"))

    def _rows(self, table: str, where: str = "TRUE") -> Iterator[Any]:
        after = 0
        while some := self._run(_PAGE.format(table=table, where=where), after=after, most=_AT_ONCE).all():
            yield from some
            after = some[-1].id

    def _set(self, table: str, row: int, **values: Any) -> None:
        columns = ", ".join(f"{name} = :{name}" for name in values)
        self._run(f"UPDATE {table} SET {columns} WHERE id = :row_id", row_id=row, **values)  # noqa: S608

    def _run(self, statement: str, **values: Any) -> Any:
        return self._connection.execute(text(statement), values)


_PAGE: Final = "SELECT * FROM {table} WHERE id > :after AND {where} ORDER BY id LIMIT :most"
