"""Random payments, findings and quotes, of any size and with anything in their texts."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from node.domain.money import Currency, Money
from node.domain.party import AccountScheme, Agent, CashAccount, Party, PostalAddress
from node.domain.payment import Charge, ChargeBearer, Payment
from node.domain.quote import Quote, SignedQuote
from node.domain.reasons import Finding, Reason

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
maybe_texts = st.none() | texts
currencies = st.builds(Currency, st.text("ABCXYZ", min_size=3, max_size=3), st.integers(0, 18))
moneys = st.builds(Money, st.integers(-(2**256), 2**256), currencies)
agents = st.builds(Agent, texts, maybe_texts, maybe_texts)
addresses = st.builds(PostalAddress, maybe_texts, maybe_texts, st.lists(texts, max_size=3).map(tuple))
parties = st.builds(Party, maybe_texts, st.none() | addresses, maybe_texts)
accounts = st.builds(CashAccount, texts, st.sampled_from(AccountScheme), maybe_texts)
charges = st.builds(Charge, moneys, agents)
rates = st.fractions(Fraction(1, 10**12), 10**12)

payments = st.builds(
    Payment,
    uetr=st.uuids(version=4).map(str),
    message_id=texts,
    end_to_end_id=texts,
    instruction_id=maybe_texts,
    transaction_id=maybe_texts,
    settlement_date=st.none() | st.dates(),
    interbank_settlement_amount=moneys,
    instructed_amount=st.none() | moneys,
    exchange_rate=st.none() | rates,
    charge_bearer=st.sampled_from(ChargeBearer),
    charges=st.lists(charges, max_size=3).map(tuple),
    instructing_agent=st.none() | agents,
    instructed_agent=st.none() | agents,
    debtor=parties,
    debtor_account=st.none() | accounts,
    debtor_agent=agents,
    creditor=parties,
    creditor_account=st.none() | accounts,
    creditor_agent=agents,
    quote_id=maybe_texts,
    remittance=st.lists(texts, max_size=3).map(tuple),
    purpose=maybe_texts,
    return_of=maybe_texts,
    return_reason=maybe_texts,
)
findings = st.builds(
    Finding,
    reason=st.sampled_from(Reason),
    text=texts,
    element=maybe_texts,
    value=maybe_texts,
    rule=maybe_texts,
    stated_code=maybe_texts,
)
quotes = st.builds(
    SignedQuote,
    st.builds(
        Quote, quote_id=texts, provider=texts, taker=texts, sell=moneys, buy=moneys, expiry_s=st.integers(0, 2**64)
    ),
    st.binary(max_size=65),
)
