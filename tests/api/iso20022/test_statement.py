from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from api.iso20022.camt053 import (
    BookedEntry,
    Statement,
    closing_balance,
    write_interim_report,
    write_statement,
)
from api.iso20022.camt054 import Direction, Notice, rate_text
from api.iso20022.pacs008 import CreditTransfer, read_credit_transfer
from node.domain.money import Currency, CurrencyMismatch, Money
from node.domain.party import AccountScheme, Agent, CashAccount
from node.domain.payment import Payment
from tests.api.iso20022.messages import MINTED, TODAY, full, parsed

AED, CNY = Currency("AED", 2), Currency("CNY", 2)
ACCOUNT = CashAccount("AE070331234567890123456", AccountScheme.IBAN, "AED")
AGENT = Agent("CRDBAEADXXX")
OPENED, CLOSED = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)


def payment() -> Payment:
    transfer = read_credit_transfer(parsed(full()), today=TODAY, minted_uetr=MINTED)
    assert isinstance(transfer, CreditTransfer)
    return transfer.payment


PAYMENT = payment()


def entry(minor: int, currency: Currency = AED) -> BookedEntry:
    direction = Direction.CREDIT if minor > 0 else Direction.DEBIT
    notice = Notice(
        message_id="unused",
        created_at=CLOSED,
        account=ACCOUNT,
        servicer=AGENT,
        direction=direction,
        amount=Money(abs(minor), currency),
        booked_on=date(2026, 11, 23),
        servicer_reference="0xabc",
    )
    return BookedEntry(notice, PAYMENT)


def statement(opening: int, *entries: BookedEntry) -> Statement:
    return Statement("STMT-1", CLOSED, 7, ACCOUNT, AGENT, OPENED, CLOSED, Money(opening, AED), entries)


def balances(raw: bytes) -> dict[str, Decimal]:
    found = {}
    for node in etree.fromstring(raw).findall(".//{*}Bal"):
        amount = Decimal(node.findtext("{*}Amt") or "")
        sign = -1 if node.findtext("{*}CdtDbtInd") == "DBIT" else 1
        found[node.findtext("{*}Tp/{*}CdOrPrtry/{*}Cd") or ""] = sign * amount
    return found


@pytest.mark.parametrize(
    ("write", "identifier", "last"),
    [(write_statement, "camt.053.001.08", "CLBD"), (write_interim_report, "camt.052.001.08", "ITBD")],
)
def test_statement_tells_balances_entries_and_sums(
    write: Callable[[Statement], bytes], identifier: str, last: str
) -> None:
    raw = write(statement(100_000, entry(511_497), entry(-20_000)))
    root = etree.fromstring(raw)

    assert parsed(raw).identifier == identifier
    assert balances(raw) == {"OPBD": Decimal("1000.00"), last: Decimal("5914.97")}
    assert root.findtext(".//{*}ElctrncSeqNb") == "7"
    assert [node.text for node in root.findall(".//{*}Ntry/{*}Amt")] == ["5114.97", "200.00"]
    assert [node.text for node in root.findall(".//{*}NbOfNtries")] == ["2", "1", "1"]
    assert [node.text for node in root.findall(".//{*}TxsSummry//{*}Sum")] == ["5314.97", "5114.97", "200.00"]
    assert root.findtext(".//{*}Ntry//{*}UETR") == PAYMENT.uetr


def test_an_entry_says_what_was_exchanged_for_what() -> None:
    raw = write_statement(statement(0, entry(511_497)))
    details = etree.fromstring(raw).find(".//{*}TxDtls/{*}AmtDtls")

    assert details is not None
    sold, bought = details.find("{*}InstdAmt/{*}Amt"), details.find("{*}TxAmt/{*}Amt")
    assert sold is not None
    assert bought is not None
    assert (sold.get("Ccy"), bought.get("Ccy"), bought.text) == ("CNY", "AED", "5114.97")
    rate = Decimal(details.findtext("{*}InstdAmt/{*}CcyXchg/{*}XchgRate") or "")
    assert abs(Decimal(sold.text or "") * rate - Decimal("5114.97")) < Decimal("0.01")


@given(st.fractions(min_value=Fraction(1, 10**14), max_value=10**14))
def test_a_rate_fits_its_eleven_digits_or_is_left_out(rate: Fraction) -> None:
    text = rate_text(rate)

    if text is not None:
        digits = Decimal(text).as_tuple()
        assert len(digits.digits) <= 11
        assert -10 <= int(digits.exponent) <= 0
        assert 0 <= rate - Fraction(text) < Fraction(1, 10 ** -int(digits.exponent))


@given(
    opening=st.integers(-(10**12), 10**12), moves=st.lists(st.integers(-(10**10), 10**10).filter(bool), max_size=5)
)
def test_opening_plus_entries_is_closing(opening: int, moves: list[int]) -> None:
    made = statement(opening, *(entry(minor) for minor in moves))
    raw = write_statement(made)
    parsed(raw)
    told = balances(raw)
    signs = {"CRDT": 1, "DBIT": -1}
    entries = [
        signs[node.findtext("{*}CdtDbtInd") or ""] * Decimal(node.findtext("{*}Amt") or "")
        for node in etree.fromstring(raw).findall(".//{*}Ntry")
    ]

    assert closing_balance(made).minor == opening + sum(moves)
    assert told["OPBD"] + sum(entries) == told["CLBD"]


def test_entry_in_another_currency_makes_no_statement() -> None:
    with pytest.raises(CurrencyMismatch):
        write_statement(statement(0, entry(1, CNY)))
