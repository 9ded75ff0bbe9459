"""A customer pays in another currency by pain.001: the quote it names is settled, to the unit."""

from __future__ import annotations

import uuid

from lxml import etree

from tests.api.test_messages import orders, text_of
from tests.network import BANK_AE, CREDITOR_ACCOUNT, Bank

DIRHAMS = f"<CdtrAcct><Id><IBAN>{CREDITOR_ACCOUNT}</IBAN></Id></CdtrAcct>"
YUAN = "<CdtrAcct><Id><Othr><Id>388104567156</Id></Othr></Id></CdtrAcct>"


def test_an_equivalent_amount_settles_by_the_quote_that_its_contract_names(
    debtor_agent: Bank, third_bank: Bank
) -> None:
    quote = debtor_agent.quote("CNY", "AED", 150_000)
    contract = (
        f"<XchgRateInf><RateTp>AGRD</RateTp><CtrctId>{uuid.UUID(quote['quote_id']).hex}</CtrctId></XchgRateInf>"
    )
    sold = f'<EqvtAmt><Amt Ccy="CNY">1500.00</Amt><CcyOfTrf>AED</CcyOfTrf></EqvtAmt></Amt>{contract}'
    text = orders().decode()
    text = text.replace('<InstdAmt Ccy="CNY">1500.00</InstdAmt></Amt>', sold)
    text = text.replace("<BICFI>VPBKHKH0XXX</BICFI>", f"<BICFI>{BANK_AE}</BICFI>", 1).replace(YUAN, DIRHAMS, 1)
    before = third_bank.accounts()[CREDITOR_ACCOUNT][0]
    answer = debtor_agent.post(text.encode())
    assert answer.status_code == 202, answer.text
    assert text_of(answer.content, "GrpSts") == ["RCVD"], etree.tostring(etree.fromstring(answer.content))
    uetr = text_of(answer.content, "OrgnlUETR")[0]
    payment = debtor_agent.ended(uetr)
    assert payment["state"] == "SETTLED", payment
    assert payment["debit"] == {"amount": 150_000, "currency": "CNY"}
    assert third_bank.ended(uetr)["state"] == "SETTLED"
    assert third_bank.accounts()[CREDITOR_ACCOUNT][0] == before + quote["buy"]["amount"]
