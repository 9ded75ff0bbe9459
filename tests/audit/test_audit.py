"""The auditor finds nothing in a sound town, and finds each fault that is put into a copy of its books."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from node.book.book import Book
from node.domain.party import Agent
from tests.audit import audit
from tests.audit.books import Book as ReadBook
from tests.audit.chain import Chain, Settled, Transfer, read_chain
from tests.audit.payments import both_legs, returns_bounded, returns_bounded_in_books
from tests.audit.rpc import Rpc
from tests.keys import MASTER, MASTER_TEXT
from tests.node.book.making import account_record
from tests.node.settlement.town import CREDITOR_BIC, DEBTOR_BIC, Town, found_town, payment

_ANOTHER = "SELECT number FROM cash_accounts WHERE number <> entries.account LIMIT 1"
_CUSTOMER = "SELECT number FROM cash_accounts WHERE kind = 'customer' LIMIT 1"


@dataclass(frozen=True)
class Audited:
    """A town that has settled and refused payments; its books are copied to be doctored."""

    town: Town
    folder: Path
    network: dict[str, Any]
    answered: dict[str, str]
    crossing: str
    domestic: str
    refused: str

    def audit(self, folder: Path | None = None) -> list[str]:
        books = {office.bic: (folder or self.folder) / f"{office.bic}.sqlite" for office in self.town.offices()}
        return audit(self.network, books, self.answered)

    def doctored(self, folder: Path, bic: str, *statements: str) -> list[str]:
        """What the auditor says once these statements have changed a copy of the books."""
        for path in self.folder.iterdir():
            shutil.copy(path, folder / path.name)
        with closing(sqlite3.connect(folder / f"{bic}.sqlite")) as connection, connection:
            for statement in statements:
                assert connection.execute(statement).rowcount > 0, statement
        return self.audit(folder)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    folder = Path(tmp_path_factory.mktemp("town"))
    town = found_town(folder)
    (folder / "master_key").write_bytes(MASTER_TEXT)
    crossing = payment(20_000, credit_minor=10_200)
    domestic = payment(500, remittance=("invoice of a customer",))
    refused = payment(700, creditor_agent=Agent("ZZZZZZ22XXX"))
    for made in (crossing, domestic, refused):
        town.post(made)
    for made in (crossing, domestic, refused):
        town.run(made.uetr, lambda record: record.state.value in ("SETTLED", "REJECTED"))
    town.turn()
    directory = town.debtor_agent.directory
    network = {
        "rpc_url": town.debtor_agent.client.rpc_url,
        "contracts": {"registry": directory.registry, "settlement": town.debtor_agent.contract.address},
        "tokens": {code: {"address": info.address} for code, info in directory.tokens().items()},
        "participants": [{"bic": office.bic, "settlement_address": office.account} for office in town.offices()],
    }
    answered = {made.uetr: DEBTOR_BIC for made in (crossing, domestic, refused)}
    yield Audited(town, folder, network, answered, crossing.uetr, domestic.uetr, refused.uetr)
    town.close()


def test_a_sound_town_has_no_faults(audited: Audited) -> None:
    assert audited.audit() == []


@pytest.mark.parametrize(
    ("bic", "statement", "sentence"),
    [
        (DEBTOR_BIC, "UPDATE payments SET state = 'VALIDATED' WHERE uetr = '{refused}'", "has not ended"),
        (DEBTOR_BIC, "UPDATE payments SET uetr = '{nobody}' WHERE uetr = '{refused}'", "is not in its book"),
        (DEBTOR_BIC, "UPDATE payments SET state = 'EXPIRED' WHERE uetr = '{crossing}'", "has settled in block"),
        (CREDITOR_BIC, "UPDATE payments SET state = 'ACCEPTED' WHERE uetr = '{domestic}'", "it is ACCEPTED"),
        (CREDITOR_BIC, "DELETE FROM payments WHERE uetr = '{domestic}'", "it is unknown"),
        (DEBTOR_BIC, "UPDATE payments SET block_number = 1 WHERE uetr = '{domestic}'", "names block 1"),
        (DEBTOR_BIC, "UPDATE payments SET payment = replace(payment, '\"500\"', '\"501\"')", "the message debits"),
        (
            DEBTOR_BIC,
            'UPDATE payments SET instruction = replace(instruction, \'"expiry": "1\', \'"expiry": "2\')',
            "another instruction",
        ),
        (DEBTOR_BIC, "UPDATE messages SET body = x'78' WHERE direction = 'out'", "no message in the book"),
        (
            DEBTOR_BIC,
            "INSERT INTO payment_steps (uetr, state, at) VALUES ('{domestic}', 'SETTLED', '2027-01-01')",
            "with the history",
        ),
        (CREDITOR_BIC, "UPDATE cash_accounts SET balance = '501' WHERE balance = '500'", "book 501, chain 500"),
        (
            CREDITOR_BIC,
            f"UPDATE entries SET account = ({_ANOTHER}) WHERE uetr = '{{domestic}}'",
            "booked for",
        ),
        (DEBTOR_BIC, "DELETE FROM entries WHERE uetr = '{domestic}'", "booked -500 too low"),
        (
            DEBTOR_BIC,
            "UPDATE entries SET amount = '-7' WHERE account = 'OWN-CNY' AND text = 'opening'",
            "of nothing",
        ),
        (DEBTOR_BIC, "UPDATE cash_accounts SET reserved = '5' WHERE kind = 'customer'", "reserved 5, for 0"),
        (
            DEBTOR_BIC,
            f"INSERT INTO reservations (uetr, account, amount) VALUES ('{{domestic}}', ({_CUSTOMER}), '5')",
            "still reserves",
        ),
        (DEBTOR_BIC, "UPDATE evm_transactions SET nonce = nonce + 5 WHERE uetr = '{domestic}'", "has the nonces"),
        (DEBTOR_BIC, "UPDATE watched_block SET number = number + 10", "which is not the chain's"),
    ],
)
def test_a_doctored_book_is_found(
    audited: Audited, tmp_path: Path, bic: str, statement: str, sentence: str
) -> None:
    names = {"nobody": "00000000-0000-4000-8000-000000000000"}
    names |= {"crossing": audited.crossing, "domestic": audited.domestic, "refused": audited.refused}
    assert sentence in "\n".join(audited.doctored(tmp_path, bic, statement.format(**names)))


@pytest.mark.parametrize(
    ("holder", "sentence"), [("Chinese, of a Yuan", ""), ("Institution AAAA", "is on chain, in clear")]
)
def test_a_customer_named_on_chain_is_found(audited: Audited, tmp_path: Path, holder: str, sentence: str) -> None:
    book = tmp_path / f"{DEBTOR_BIC}.sqlite"
    shutil.copytree(audited.folder, tmp_path, dirs_exist_ok=True)
    opened = Book.open_file(book, MASTER)
    with opened.unit() as unit:
        unit.accounts.open(account_record("6299999999999999", holder=holder))
    opened.close()
    found = audited.audit(tmp_path)
    assert bool(found) is bool(sentence)
    assert sentence in "\n".join(found)


def test_legs_that_do_not_move_together_are_found(audited: Audited) -> None:
    rpc = Rpc(audited.network["rpc_url"])
    tokens = {code: token["address"] for code, token in audited.network["tokens"].items()}
    chain = read_chain(rpc, audited.network["contracts"]["settlement"], tokens)
    rpc.close()
    (crossing,) = [event for event in chain.settled if event.uetr == audited.crossing]
    legs = [transfer for transfer in chain.transfers if transfer.transaction == crossing.transaction]
    assert len(legs) == 2
    assert both_legs(chain) == []
    for leg in legs:
        assert "without its leg" in both_legs(_without(chain, leg))[0]
        assert "did not settle" in both_legs(_with(chain, leg))[0]


def test_returns_beyond_the_original_are_found(audited: Audited) -> None:
    rpc = Rpc(audited.network["rpc_url"])
    chain = read_chain(rpc, audited.network["contracts"]["settlement"], {})
    rpc.close()
    original = chain.settled[0]
    back = _return_of(original, original.credit_amount)
    assert returns_bounded(_settled_too(chain, back)) == []
    assert "returned of" in returns_bounded(_settled_too(chain, back, back))[0]
    stranger = _return_of(original, 1, return_of="00000000-0000-4000-8000-000000000000")
    assert "has not settled" in returns_bounded(_settled_too(chain, stranger))[0]


def _without(chain: Chain, leg: Transfer) -> Chain:
    return replace(chain, transfers=tuple(transfer for transfer in chain.transfers if transfer != leg))


def _with(chain: Chain, leg: Transfer) -> Chain:
    return replace(chain, transfers=(*chain.transfers, leg))


def _settled_too(chain: Chain, *events: Settled) -> Chain:
    return replace(chain, settled=(*chain.settled, *events))


def _return_of(original: Settled, amount: int, return_of: str | None = None) -> Settled:
    return replace(
        original,
        debtor_agent=original.creditor_agent,
        creditor_agent=original.debtor_agent,
        debit_amount=amount,
        return_of=return_of or original.uetr,
    )


def _book_with_returns(state: str, *amounts: int) -> ReadBook:
    def row(minor: int, of: str | None, ended: str) -> dict[str, Any]:
        amount = {"minor": str(minor), "currency": "CNY", "minor_units": 2}
        return {"state": ended, "payment": {"interbank_settlement_amount": amount, "return_of": of}}

    returns = {f"return-{number}": row(minor, "original", "SETTLED") for number, minor in enumerate(amounts)}
    payments = {"original": row(1000, None, state), **returns}
    return ReadBook("BBBBAE0XXXX", "0x", None, payments, [], [], {}, [], [], [])


def test_returns_beyond_the_original_are_found_in_books_too() -> None:
    assert returns_bounded_in_books([_book_with_returns("SETTLED", 600, 400)]) == []
    assert "had credited 1000" in returns_bounded_in_books([_book_with_returns("SETTLED", 600, 401)])[0]
    assert "has not settled" in returns_bounded_in_books([_book_with_returns("REJECTED", 1)])[0]
