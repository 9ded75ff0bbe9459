"""Rules on counts, sums, currencies, charges and exchange rates; every comparison is exact.

Rates are read in both directions, because messages quote them both ways: as what one unit of the instructed
currency buys, and the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from lxml import etree

from api.iso20022.amounts import Amount, amount_of, number_of, rate_of
from api.iso20022.reference_data import currencies
from api.iso20022.subject import Breach, Subject, breach, quote_id_of
from api.iso20022.tree import find, find_all, required, text_at


def counts(subject: Subject) -> Iterator[Breach]:
    """NbOfTxs, CtrlSum and TtlIntrBkSttlmAmt agree with the transactions."""
    number = len(subject.transactions)
    stated = find(subject.group, "NbOfTxs")
    if stated is not None and int(stated.text or "0") != number:
        yield breach("base.transaction-count", stated, f"NbOfTxs is {stated.text}; the message has {number}.")
    yield from _sums(subject)


def _sums(subject: Subject) -> Iterator[Breach]:
    amounts = [amount_of(node) for node in _settlement_nodes(subject)]
    total = sum(Fraction(amount.number) for amount in amounts)
    control = find(subject.group, "CtrlSum")
    if control is not None and Fraction(number_of(control.text or "")) != total:
        yield breach("base.control-sum", control, "CtrlSum is not the sum of the transactions' amounts.")
    stated = find(subject.group, "TtlIntrBkSttlmAmt")
    if stated is None:
        return
    expected = amount_of(stated)
    if Fraction(expected.number) != total or {amount.currency for amount in amounts} != {expected.currency}:
        text = "TtlIntrBkSttlmAmt is not the sum of the interbank settlement amounts in their currency."
        yield breach("base.total-amount", stated, text)


def _settlement_nodes(subject: Subject) -> Iterator[etree._Element]:
    for transaction in subject.transactions:
        yield from find_all(transaction, "IntrBkSttlmAmt")


def money_is_possible(subject: Subject) -> Iterator[Breach]:
    """Every amount that moves is of a real currency, in its minor units, and more than nothing."""
    paths = ("IntrBkSttlmAmt", "InstdAmt", "ChrgsInf/Amt")
    for path in paths:
        for node in find_all(subject.transaction, path):
            amount = amount_of(node)
            yield from _unit_breaches(node, amount)
            if path != "ChrgsInf/Amt" and amount.number == 0:
                yield breach("base.amount-positive", node, f"{node.text} {amount.currency} moves no money.")


def _unit_breaches(node: etree._Element, amount: Amount) -> Iterator[Breach]:
    currency = currencies().get(amount.currency)
    if currency is None:
        text = f"{amount.currency} is not an active currency of ISO 4217."
        yield breach("base.currency-known", node, text)
    elif (Fraction(amount.number) * 10**currency.minor_units).denominator != 1:
        text = f"{amount.currency} has {currency.minor_units} decimals; {(node.text or '').strip()} has more."
        yield breach("base.minor-units", node, text)


def charges(subject: Subject) -> Iterator[Breach]:
    """Within one currency the settlement amount is the instructed amount less the charges taken.

    Charges the debtor bears (DEBT) may also be untouched, or be passed on on top; SLEV may be untouched.
    """
    settled, instructed = _amounts(subject.transaction)
    if instructed is None:
        return
    if instructed.currency != settled.currency:
        yield from _swallowed(subject.transaction, instructed)
        return
    nodes = find_all(subject.transaction, "ChrgsInf/Amt")
    taken = [amount_of(node) for node in nodes]
    foreign = [node for node in nodes if amount_of(node).number and amount_of(node).currency != settled.currency]
    if foreign:
        text = "A charge in a third currency cannot be checked against the amounts."
        yield breach("base.charges-currency", foreign[0], text)
        return
    total = sum((Fraction(amount.number) for amount in taken), Fraction(0))
    if Fraction(settled.number) not in _expected(Fraction(instructed.number), total, subject.transaction):
        node = required(subject.transaction, "IntrBkSttlmAmt")
        text = (
            f"InstdAmt {instructed.number} less charges of {_plain(total)} is not IntrBkSttlmAmt {settled.number} "
            f"({settled.currency})."
        )
        yield breach("base.charges-add-up", node, text)


def _swallowed(transaction: etree._Element, instructed: Amount) -> Iterator[Breach]:
    """Across currencies the charges are taken before the exchange, and something must be left to exchange."""
    taken = _charges_in(transaction, instructed.currency)
    if taken and taken >= Fraction(instructed.number):
        node = required(transaction, "InstdAmt")
        text = f"Charges of {_plain(taken)} {instructed.currency} leave nothing of InstdAmt {instructed.number}."
        yield breach("base.charges-add-up", node, text)


def _plain(amount: Fraction) -> str:
    """A sum of decimal numbers, written as one."""
    return format(Decimal(amount.numerator) / Decimal(amount.denominator), "f")


def _expected(instructed: Fraction, total: Fraction, transaction: etree._Element) -> set[Fraction]:
    match text_at(transaction, "ChrgBr"):
        case "DEBT":
            return {instructed - total, instructed, instructed + total}
        case "SLEV":
            return {instructed - total, instructed}
    return {instructed - total}


def exchange_rate(subject: Subject) -> Iterator[Breach]:
    """Two currencies need a rate, or a quote that fixes it; a rate that is stated has to fit the amounts."""
    transaction = subject.transaction
    settled, instructed = _amounts(transaction)
    node = find(transaction, "XchgRate")
    if node is None:
        yield from _missing_rate(transaction, settled, instructed)
    elif instructed is None:
        yield breach("base.rate-alone", node, "XchgRate stands without InstdAmt; there is nothing to convert.")
    elif instructed.currency == settled.currency:
        if rate_of(node.text or "")[0] != 1:
            yield breach("base.rate-fits", node, f"Both amounts are in {settled.currency}; no rate applies.")
    elif not _rate_fits(transaction, settled, instructed, *rate_of(node.text or "")):
        text = f"XchgRate does not lead from InstdAmt to IntrBkSttlmAmt, in either direction: {node.text}."
        yield breach("base.rate-fits", node, text)


def _missing_rate(transaction: etree._Element, settled: Amount, instructed: Amount | None) -> Iterator[Breach]:
    if instructed is None or instructed.currency == settled.currency or quote_id_of(transaction):
        return
    node = required(transaction, "InstdAmt")
    text = (
        f"InstdAmt is in {instructed.currency} and IntrBkSttlmAmt in {settled.currency}: "
        "XchgRate is needed, or a quote named in InstrForNxtAgt/InstrInf as /QUOTE/ and its id."
    )
    yield breach("base.rate-present", node, text)


def _rate_fits(
    transaction: etree._Element, settled: Amount, instructed: Amount, rate: Fraction, last_digit: Fraction
) -> bool:
    """Whether the rate leads from one amount to the other, give or take half its last digit and a minor unit.

    Charges may have been taken before the exchange, after it, or not at all.
    A rate written without decimals is not taken to be looser than half a percent.
    """
    slack = min(last_digit / 2, rate / 200)
    before = _charges_in(transaction, instructed.currency)
    after = _charges_in(transaction, settled.currency)
    starts = {Fraction(instructed.number), Fraction(instructed.number) - before}
    targets = {Fraction(settled.number), Fraction(settled.number) + after}
    return any(
        abs(start * rate - target) <= start * slack + _unit(settled.currency)
        or abs(target * rate - start) <= target * slack + _unit(instructed.currency)
        for start in starts
        for target in targets
    )


def _charges_in(transaction: etree._Element, currency: str) -> Fraction:
    amounts = (amount_of(node) for node in find_all(transaction, "ChrgsInf/Amt"))
    return sum((Fraction(amount.number) for amount in amounts if amount.currency == currency), Fraction(0))


def _unit(currency: str) -> Fraction:
    known = currencies().get(currency)
    return Fraction(1, 10**known.minor_units) if known else Fraction(1)


def _amounts(transaction: etree._Element) -> tuple[Amount, Amount | None]:
    settled = required(transaction, "IntrBkSttlmAmt")
    instructed = find(transaction, "InstdAmt")
    return amount_of(settled), None if instructed is None else amount_of(instructed)
