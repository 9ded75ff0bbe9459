"""A customer's payment across two currencies: fixed by the quote it names, else refused with the way to one."""

from __future__ import annotations

import uuid

import pytest

from api.iso20022.pain001 import CustomerOrder, read_orders
from node.domain.money import Currency, Money
from node.domain.quote import Quote
from tests.api.iso20022.messages import parsed
from tests.api.iso20022.test_pain001 import NEW, NOW, new_ids, payment_of
from wallet.address import ZERO_ADDRESS

QUOTE_ID = "7d9f2f5e-0b8a-4c8e-9d7b-5a1f0c9e2d41"
SELL, BUY = Money(10_050, Currency("CNY", 2)), Money(5_125, Currency("AED", 2))
INSTRUCTED = '<Amt><InstdAmt Ccy="CNY">100.50</InstdAmt></Amt>'
BOUGHT = '<Amt><InstdAmt Ccy="AED">51.25</InstdAmt></Amt>'
SOLD = '<Amt><EqvtAmt><Amt Ccy="CNY">100.5</Amt><CcyOfTrf>AED</CcyOfTrf></EqvtAmt></Amt>'
HEX = uuid.UUID(QUOTE_ID).hex
CONTRACT = f"<XchgRateInf><RateTp>AGRD</RateTp><CtrctId>{HEX}</CtrctId></XchgRateInf>"
RATE = "<XchgRateInf><XchgRate>0.51</XchgRate><RateTp>SPOT</RateTp></XchgRateInf>"
UNKNOWN = CONTRACT.replace(HEX, "0" * 32)
WORD = "<XchgRateInf><CtrctId>FX-4711</CtrctId></XchgRateInf>"


def first(amount: str, after: str = "", told: str = "") -> CustomerOrder:
    raw = NEW.replace(INSTRUCTED, amount + after, 1).replace("<RmtInf>", f"{told}<RmtInf>", 1)
    quote = Quote(QUOTE_ID, ZERO_ADDRESS, ZERO_ADDRESS, SELL, BUY, 0)
    taken = {QUOTE_ID: quote}
    return read_orders(parsed(raw), created_at=NOW, new_ids=new_ids(), quotes=taken.get)[0]


@pytest.mark.parametrize(
    ("amount", "after", "told"),
    [
        (BOUGHT, CONTRACT, ""),
        (SOLD, CONTRACT, ""),
        (SOLD, CONTRACT.replace(HEX, QUOTE_ID.replace("-", "").upper()), ""),
        (BOUGHT, "", f"<InstrForDbtrAgt>/QUOTE/{QUOTE_ID}</InstrForDbtrAgt>"),
        (SOLD, CONTRACT, f"<InstrForDbtrAgt>/QUOTE/{QUOTE_ID}</InstrForDbtrAgt>"),
    ],
)
def test_the_quote_named_fixes_both_amounts(amount: str, after: str, told: str) -> None:
    order = first(amount, after, told)
    assert order.findings == ()
    payment = payment_of(order)
    assert (payment.interbank_settlement_amount, payment.instructed_amount) == (BUY, SELL)
    assert payment.quote_id == QUOTE_ID
    assert (order.message or b"").count(b"/QUOTE/") == 1


@pytest.mark.parametrize(
    ("amount", "after", "rule", "element"),
    [
        (SOLD, "", "pain001.amount-fixed", "Amt/EqvtAmt"),
        (INSTRUCTED, RATE, "pain001.rate-quoted", "XchgRateInf"),
        (INSTRUCTED, WORD, "pain001.rate-quoted", "XchgRateInf"),
        (SOLD, UNKNOWN, "pain001.quote-known", "XchgRateInf/CtrctId"),
        (BOUGHT.replace("51.25", "51.26"), CONTRACT, "pain001.quote-fits", "Amt/InstdAmt"),
        (INSTRUCTED, CONTRACT, "pain001.quote-fits", "Amt/InstdAmt"),
        (SOLD.replace("100.5", "100.51"), CONTRACT, "pain001.quote-fits", "Amt/EqvtAmt/Amt"),
        (
            SOLD.replace("<CcyOfTrf>AED", "<CcyOfTrf>HKD"),
            CONTRACT,
            "pain001.quote-fits",
            "Amt/EqvtAmt/CcyOfTrf",
        ),
    ],
)
def test_what_no_quote_fixes_is_refused_by_itself(amount: str, after: str, rule: str, element: str) -> None:
    order = first(amount, after)
    assert order.message is None
    (finding,) = order.findings
    assert finding.rule == rule
    assert finding.element == f"CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf[1]/{element}"


def test_a_quote_told_to_the_agent_that_is_not_known_here_is_left_to_settlement() -> None:
    order = first(INSTRUCTED, "", f"<InstrForDbtrAgt>/QUOTE/{uuid.UUID(int=7)}</InstrForDbtrAgt>")
    assert payment_of(order).quote_id == str(uuid.UUID(int=7))
