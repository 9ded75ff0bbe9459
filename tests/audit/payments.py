"""Invariants 1, 4 and 5: how payments ended, both legs moving together, returns within bounds."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from tests.audit.books import TERMINAL, Book, Row, debtor_pays, is_booked_only
from tests.audit.chain import ZERO, Chain, Settled, Transfer

NOT_A_RETURN = str(uuid.UUID(int=0))


def answered_once(books: Iterable[Book], answered: Mapping[str, str]) -> list[str]:
    """Every instruction answered 202 (UETR -> BIC that answered) is one payment in exactly one end."""
    by_bic = {book.bic: book for book in books}
    wrong: list[str] = []
    for uetr, bic in answered.items():
        payment = by_bic[bic].payments.get(uetr)
        if payment is None:
            wrong.append(f"1: {uetr} was answered 202 by {bic} and is not in its book")
        elif payment["state"] not in TERMINAL:
            wrong.append(f"1: {uetr} has not ended at {bic}, it is {payment['state']}")
    return wrong


def ended_once(chain: Chain, books: Iterable[Book]) -> list[str]:
    """States are consistent in themselves; settled on chain means exactly one event, all else means none."""
    wrong: list[str] = []
    events: dict[tuple[str, str], list[Settled]] = defaultdict(list)
    for event in chain.settled:
        events[event.debtor_agent, event.uetr].append(event)
    for book in books:
        for uetr, row in book.payments.items():
            states = book.states_of(uetr)
            ends = [state for state in states if state in TERMINAL]
            where = f"1: {uetr} at {book.bic}"
            if states[-1:] != [row["state"]] or len(ends) > 1 or (ends and states[-1] != ends[0]):
                wrong.append(f"{where} is {row['state']} with the history {' '.join(states)}")
            found = events[_debtor_agent(book, row), uetr]
            if is_booked_only(row["payment"]):
                wrong += [f"{where} is booked in one book, and is on chain too"] if found else []
            elif row["state"] == "SETTLED":
                wrong += _settled(chain, book, row, found, where)
            elif row["state"] in TERMINAL and found:
                wrong.append(f"{where} is {row['state']} and has settled in block {found[0].block}")
    return wrong + _unknown(chain, books) + _unmarked(chain, books)


def both_legs(chain: Chain) -> list[str]:
    """Every settlement's legs are in its own transaction, and such a transaction moves nothing else."""
    moved: dict[str, Counter[tuple[str, str, str, int]]] = defaultdict(Counter)
    for transfer in chain.transfers:
        moved[transfer.transaction][_leg(transfer)] += 1
    owed: dict[str, Counter[tuple[str, str, str, int]]] = defaultdict(Counter)
    for event in chain.settled:
        owed[event.transaction].update(_legs(event))
    wrong: list[str] = []
    for transaction, legs in owed.items():
        wrong += [f"4: {transaction} settled without its leg {leg}" for leg in legs - moved[transaction]]
        wrong += [f"4: {transaction} moved {leg}, which it did not settle" for leg in moved[transaction] - legs]
    return wrong


def returns_bounded(chain: Chain) -> list[str]:
    """The returns of a payment are settled after it and never add up to more than it credited."""
    originals = {(event.creditor_agent, event.uetr): event for event in chain.settled}
    returned: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    for event in chain.settled:
        if event.return_of != NOT_A_RETURN:
            returned[event.debtor_agent, event.return_of] += event.debit_amount
            if (event.debtor_agent, event.return_of) not in originals:
                wrong.append(f"5: {event.uetr} returns {event.return_of}, which has not settled")
    for key, amount in returned.items():
        if key in originals and amount > originals[key].credit_amount:
            wrong.append(f"5: {amount} returned of {key[1]}, which had credited {originals[key].credit_amount}")
    return wrong


def returns_bounded_in_books(books: Iterable[Book]) -> list[str]:
    """The same by each book, which alone knows the returns of what settled in batches."""
    wrong: list[str] = []
    for book in books:
        returned: Counter[str] = Counter()
        for uetr, row in book.payments.items():
            original = row["payment"].get("return_of")
            if original is None or row["state"] != "SETTLED":
                continue
            returned[original] += int(debtor_pays(row["payment"])["minor"])
            if book.payments.get(original, {}).get("state") != "SETTLED":
                wrong.append(f"5: {book.bic}: {uetr} returns {original}, which has not settled there")
        for original, amount in returned.items():
            if original in book.payments:
                credited = int(book.payments[original]["payment"]["interbank_settlement_amount"]["minor"])
                if amount > credited:
                    wrong.append(f"5: {book.bic}: {amount} returned of {original}, which had credited {credited}")
    return wrong


def _settled(chain: Chain, book: Book, row: Row, found: list[Settled], where: str) -> list[str]:
    if len(found) != 1:
        return [f"{where} is SETTLED with {len(found)} events"]
    event, instruction, wrong = found[0], row["instruction"], list[str]()
    if (row["transaction_hash"], row["block_number"]) != (event.transaction, event.block):
        wrong.append(f"{where} names block {row['block_number']}, it settled in {event.block}")
    for name in ("debtor_agent", "creditor_agent", "debtor_account", "creditor_account"):
        if instruction[name].lower() != getattr(event, name):
            wrong.append(f"{where}: {name} is {instruction[name]} in the book, {getattr(event, name)} on chain")
    debit, credit = _book_legs(row)
    if (event.debit_token, event.debit_amount) != (chain.tokens[debit[0]], debit[1]):
        wrong.append(f"{where}: the message debits {debit}, the chain {event.debit_amount}")
    if (event.credit_token, event.credit_amount) != (chain.tokens[credit[0]], credit[1]):
        wrong.append(f"{where}: the message credits {credit}, the chain {event.credit_amount}")
    bodies = [message["body"] for message in book.messages if message["uetr"] == row["uetr"]]
    if event.message_digest not in [hashlib.sha256(body).digest() for body in bodies]:
        wrong.append(f"{where}: no message in the book has the digest on chain")
    return wrong


def _unknown(chain: Chain, books: Iterable[Book]) -> list[str]:
    """Settlements of an institution that its own book, having read their block, does not call settled."""
    wrong: list[str] = []
    for book in books:
        for event in chain.settled:
            if book.address not in (event.debtor_agent, event.creditor_agent):
                continue
            if book.watched is None or event.block > book.watched[0]:
                continue
            state = book.payments.get(event.uetr, {}).get("state", "unknown")
            if state != "SETTLED":
                wrong.append(f"1: {event.uetr} settled in block {event.block}, at {book.bic} it is {state}")
    return wrong


def _unmarked(chain: Chain, books: Iterable[Book]) -> list[str]:
    """Settled payments whose instruction, hashed anew, is not the one the contract has kept.

    In the bulk grade it keeps their sequence only, and the event of a batch names the instruction.
    """
    settled = [(b, row) for b in books for row in b.payments.values() if row["state"] == "SETTLED"]
    settled = [(book, row) for book, row in settled if row["instruction"]]
    strict = [(book, row) for book, row in settled if not _sequence(row)]
    bulk = [(book, row) for book, row in settled if _sequence(row)]
    marks = chain.settled_marks((_debtor_agent(book, row), row["uetr"]) for book, row in strict)
    used = chain.sequences_used((_debtor_agent(book, row), _sequence(row)) for book, row in bulk)
    named = {(event.debtor_agent, event.uetr): event.instruction for event in chain.settled}
    wrong = [
        (book, row)
        for (book, row), mark in zip(strict, marks, strict=True)
        if chain.instruction_hash(row["instruction"]) != mark
    ]
    for (book, row), is_used in zip(bulk, used, strict=True):
        told = named.get((_debtor_agent(book, row), row["uetr"]))
        if not is_used or (told is not None and told != chain.instruction_hash(row["instruction"])):
            wrong.append((book, row))
    return [
        f"1: {row['uetr']} at {book.bic} is settled with another instruction than the book's"
        for book, row in wrong
    ]


def _sequence(row: Row) -> int:
    return int(row["instruction"]["sequence"])


def _debtor_agent(book: Book, row: Row) -> str:
    if row["side"] == "debtor_agent":
        return book.address
    return str(row["instruction"]["debtor_agent"]).lower() if row["instruction"] else ZERO


def _book_legs(row: Row) -> tuple[tuple[str, int], tuple[str, int]]:
    """Debit and credit as the message states them; across currencies the debtor agent's charges stay with it."""
    paid, received = debtor_pays(row["payment"]), row["payment"]["interbank_settlement_amount"]
    credit = (received["currency"], int(received["minor"]))
    if paid["currency"] == received["currency"]:
        return credit, credit
    kept = [charge["amount"] for charge in row["payment"]["charges"]]
    charges = sum(int(amount["minor"]) for amount in kept if amount["currency"] == paid["currency"])
    return (paid["currency"], int(paid["minor"]) - charges), credit


def _leg(transfer: Transfer) -> tuple[str, str, str, int]:
    return transfer.token, transfer.debtor, transfer.creditor, transfer.amount


def _legs(event: Settled) -> list[tuple[str, str, str, int]]:
    if event.provider == ZERO:
        return [(event.debit_token, event.debtor_account, event.creditor_account, event.debit_amount)]
    return [
        (event.debit_token, event.debtor_account, event.provider, event.debit_amount),
        (event.credit_token, event.provider, event.creditor_account, event.credit_amount),
    ]
