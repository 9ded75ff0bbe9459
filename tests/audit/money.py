"""Invariants 2 and 3: every book equals the chain to the last unit, and all money is money that was issued."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.audit.books import TERMINAL, Book, debtor_pays, stays_within
from tests.audit.chain import ZERO, Chain

USED = frozenset({"included", "final", "reverted"})


def book_equals_chain(chain: Chain, books: Iterable[Book]) -> list[str]:
    """Per currency at the block the book has read, per transaction since the first, and per account within."""
    wrong: list[str] = []
    for book in books:
        if book.watched is None:
            wrong.append(f"2: {book.bic} has read no block")
            continue
        number, block_hash = book.watched
        if chain.block_hash(number) != block_hash:
            wrong.append(f"2: {book.bic} has read block {number} {block_hash}, which is not the chain's")
            continue
        wrong += _totals(chain, book, number) + _movements(chain, book, number)
        wrong += _accounts(book) + _reservations(book) + _customers(book) + _lanes(book)
    return wrong


def all_money_was_issued(chain: Chain) -> list[str]:
    """Adding up all transfers gives everybody's balance, and their sum is issued less redeemed."""
    wrong: list[str] = []
    for code, token in chain.tokens.items():
        moved: Counter[str] = Counter()
        for transfer in chain.transfers:
            if transfer.token == token:
                moved[transfer.debtor] -= transfer.amount
                moved[transfer.creditor] += transfer.amount
        del moved[ZERO]
        owned, supply = chain.owned(token, moved, chain.head), chain.supply[code]
        wrong += [
            f"3: {holder} owns {owned[holder]} of {code}, its transfers say {amount}"
            for holder, amount in moved.items()
            if owned[holder] != amount or amount < 0
        ]
        sums = {sum(owned.values()), supply.total, supply.issued - supply.redeemed}
        sums.add(supply.issued_events - supply.redeemed_events)
        if len(sums) != 1:
            wrong.append(f"3: {code}: owned {sum(owned.values())}, {supply}")
    return wrong


def _totals(chain: Chain, book: Book, block: int) -> list[str]:
    booked: Counter[str] = Counter()
    for account in book.accounts.values():
        booked[account["currency"]] += int(account["balance"])
    wrong = []
    for code, token in chain.tokens.items():
        owned = chain.owned(token, [book.address], block)[book.address]
        if owned != booked[code]:
            wrong.append(f"2: {book.bic} {code}: book {booked[code]}, chain {owned}, at block {block}")
    return wrong


def _movements(chain: Chain, book: Book, block: int) -> list[str]:
    """Each transaction that touches the settlement account is booked with its net amount, and none other is."""
    codes = {token: code for code, token in chain.tokens.items()}
    net: Counter[tuple[str, str]] = Counter()
    for transfer in chain.transfers:
        if transfer.block <= block and book.address in (transfer.debtor, transfer.creditor):
            sign = (transfer.creditor == book.address) - (transfer.debtor == book.address)
            net[transfer.transaction, codes[transfer.token]] += sign * transfer.amount
    for entry in book.entries:
        if entry["transaction_hash"]:
            net[entry["transaction_hash"], book.accounts[entry["account"]]["currency"]] -= int(entry["amount"])
    return [
        f"2: {book.bic}: {code} of transaction {transaction} is booked {amount} too low"
        for (transaction, code), amount in net.items()
        if amount
    ]


def _accounts(book: Book) -> list[str]:
    booked: Counter[str] = Counter()
    reserved: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for entry in book.entries:
        booked[entry["account"]] += int(entry["amount"])
        if entry["transaction_hash"] is None:
            within[entry["source"]] += int(entry["amount"])
    for reservation in book.reservations:
        reserved[reservation["account"]] += int(reservation["amount"])
    wrong = [f"2: {book.bic}: {source} made {amount} of nothing" for source, amount in within.items() if amount]
    for number, account in book.accounts.items():
        if int(account["balance"]) != booked[number]:
            wrong.append(f"2: {book.bic} {number}: balance {account['balance']}, entries {booked[number]}")
        if int(account["reserved"]) != reserved[number]:
            wrong.append(f"2: {book.bic} {number}: reserved {account['reserved']}, for {reserved[number]}")
        if account["kind"] == "customer" and int(account["balance"]) < 0:
            wrong.append(f"2: {book.bic} {number}: a customer's account is at {account['balance']}")
    return wrong


def _reservations(book: Book) -> list[str]:
    """Money is set aside only for payments under way."""
    ended = {uetr for uetr, row in book.payments.items() if row["state"] in TERMINAL}
    return [
        f"2: {book.bic}: {kept['uetr']} has ended and still reserves {kept['amount']}"
        for kept in book.reservations
        if kept["uetr"] in ended
    ]


def _customers(book: Book) -> list[str]:
    """A settled payment is on its customer's account once, or on the bank's own for its own; any other on none.

    One between two customers of the bank is on both.
    """
    owed: Counter[tuple[str, str]] = Counter()
    for uetr, row in book.payments.items():
        if row["state"] == "SETTLED":
            payment, debtor = row["payment"], row["side"] == "debtor_agent"
            amount = debtor_pays(payment) if debtor else payment["interbank_settlement_amount"]
            number = payment["debtor_account" if debtor else "creditor_account"]["number"]
            owed[uetr, number] += int(amount["minor"]) * (-1 if debtor else 1)
            if stays_within(payment):
                credited = int(payment["interbank_settlement_amount"]["minor"])
                owed[uetr, payment["creditor_account"]["number"]] += credited
    booked: Counter[tuple[str, str]] = Counter()
    for entry in book.entries:
        place = entry["uetr"], entry["account"]
        if entry["uetr"] and (book.accounts[entry["account"]]["kind"] == "customer" or place in owed):
            booked[place] += int(entry["amount"])
    return [
        f"2: {book.bic} {number}: {booked[uetr, number]} booked for {uetr}, not {owed[uetr, number]}"
        for uetr, number in booked.keys() | owed.keys()
        if booked[uetr, number] != owed[uetr, number]
    ]


def _lanes(book: Book) -> list[str]:
    """A lane's nonces leave no gap, or nothing after it could settle; of several attempts at one, one is used."""
    wrong: list[str] = []
    for lane in {row["lane"] for row in book.transactions}:
        mine = [row for row in book.transactions if row["lane"] == lane]
        numbers = {row["nonce"] for row in mine}
        if numbers != set(range(min(numbers), min(numbers) + len(numbers))):
            wrong.append(f"2: {book.bic}: lane {lane} has the nonces {sorted(numbers)}")
        used = Counter(row["nonce"] for row in mine if row["status"] in USED)
        wrong += [f"2: {book.bic}: lane {lane} used {nonce} twice" for nonce, times in used.items() if times > 1]
    return wrong
