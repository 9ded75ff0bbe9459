"""A credit transfer as a bank's payment system would write it: business header, structured addresses, charges,
remittance with its document, purpose; filled in for two customers of the sandbox network.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from string import Template
from typing import Final
from xml.sax.saxutils import escape

from node.domain.money import Money
from node.domain.party import AccountScheme

_RATE_DIGITS: Final = 10


@dataclass(frozen=True)
class DemoParty:
    """One end of the payment: the customer, its address, its account and the institution that keeps it."""

    name: str
    lei: str
    street: str
    building: str
    post_code: str
    town: str
    country: str
    account: str
    scheme: AccountScheme
    bic: str
    bank: str


@dataclass(frozen=True)
class DemoPayment:
    """What the message shall say; `sold` is what the quote sells: the instructed amount less the charge."""

    uetr: str
    message_id: str
    at: datetime
    instructed: Money
    charge: Money
    settled: Money
    quote_id: str
    debtor: DemoParty
    creditor: DemoParty
    invoice: str

    @property
    def sold(self) -> Money:
        """What is exchanged."""
        return self.instructed - self.charge


def write_demo_message(payment: DemoPayment) -> bytes:
    """The message as bytes."""
    debtor, creditor = payment.debtor, payment.creditor
    moment = payment.at.astimezone(UTC)
    values = {
        "uetr": payment.uetr,
        "message_id": payment.message_id,
        "created_at": moment.isoformat(timespec="seconds"),
        "date": moment.date().isoformat(),
        "instructed": payment.instructed.plain(),
        "instructed_currency": payment.instructed.currency.code,
        "charge": payment.charge.plain(),
        "charge_currency": payment.charge.currency.code,
        "settled": payment.settled.plain(),
        "settled_currency": payment.settled.currency.code,
        "rate": _rate(payment),
        "quote_id": payment.quote_id,
        "invoice": payment.invoice,
        **{f"debtor_{name}": str(value) for name, value in vars(debtor).items()},
        **{f"creditor_{name}": str(value) for name, value in vars(creditor).items()},
    }
    written = {name: escape(value) for name, value in values.items()}
    written |= {"debtor_account_id": _account(debtor), "creditor_account_id": _account(creditor)}
    return _MESSAGE.substitute(written).encode()


def _rate(payment: DemoPayment) -> str:
    exact = Fraction(payment.settled.decimal()) / Fraction(payment.sold.decimal())
    digits = round(exact * 10**_RATE_DIGITS)
    whole, rest = divmod(digits, 10**_RATE_DIGITS)
    return f"{whole}.{rest:0{_RATE_DIGITS}d}"


def _account(party: DemoParty) -> str:
    number = escape(party.account)
    return f"<IBAN>{number}</IBAN>" if party.scheme is AccountScheme.IBAN else f"<Othr><Id>{number}</Id></Othr>"


_MESSAGE: Final = Template("""\
<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="urn:swift:xsd:envelope">
  <AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02">
    <Fr><FIId><FinInstnId><BICFI>$debtor_bic</BICFI></FinInstnId></FIId></Fr>
    <To><FIId><FinInstnId><BICFI>$creditor_bic</BICFI></FinInstnId></FIId></To>
    <BizMsgIdr>$message_id</BizMsgIdr>
    <MsgDefIdr>pacs.008.001.08</MsgDefIdr>
    <BizSvc>swift.cbprplus.03</BizSvc>
    <CreDt>$created_at</CreDt>
  </AppHdr>
  <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08">
    <FIToFICstmrCdtTrf>
      <GrpHdr>
        <MsgId>$message_id</MsgId>
        <CreDtTm>$created_at</CreDtTm>
        <NbOfTxs>1</NbOfTxs>
        <SttlmInf>
          <SttlmMtd>CLRG</SttlmMtd>
          <ClrSys><Prtry>CORRIDOR</Prtry></ClrSys>
        </SttlmInf>
      </GrpHdr>
      <CdtTrfTxInf>
        <PmtId>
          <InstrId>$invoice</InstrId>
          <EndToEndId>$invoice</EndToEndId>
          <UETR>$uetr</UETR>
        </PmtId>
        <PmtTpInf>
          <SvcLvl><Cd>G001</Cd></SvcLvl>
          <CtgyPurp><Cd>SUPP</Cd></CtgyPurp>
        </PmtTpInf>
        <IntrBkSttlmAmt Ccy="$settled_currency">$settled</IntrBkSttlmAmt>
        <IntrBkSttlmDt>$date</IntrBkSttlmDt>
        <InstdAmt Ccy="$instructed_currency">$instructed</InstdAmt>
        <XchgRate>$rate</XchgRate>
        <ChrgBr>SHAR</ChrgBr>
        <ChrgsInf>
          <Amt Ccy="$charge_currency">$charge</Amt>
          <Agt><FinInstnId><BICFI>$debtor_bic</BICFI></FinInstnId></Agt>
        </ChrgsInf>
        <InstgAgt><FinInstnId><BICFI>$debtor_bic</BICFI></FinInstnId></InstgAgt>
        <InstdAgt><FinInstnId><BICFI>$creditor_bic</BICFI></FinInstnId></InstdAgt>
        <Dbtr>
          <Nm>$debtor_name</Nm>
          <PstlAdr>
            <StrtNm>$debtor_street</StrtNm>
            <BldgNb>$debtor_building</BldgNb>
            <PstCd>$debtor_post_code</PstCd>
            <TwnNm>$debtor_town</TwnNm>
            <Ctry>$debtor_country</Ctry>
          </PstlAdr>
          <Id><OrgId><LEI>$debtor_lei</LEI></OrgId></Id>
        </Dbtr>
        <DbtrAcct>
          <Id>$debtor_account_id</Id>
          <Ccy>$instructed_currency</Ccy>
        </DbtrAcct>
        <DbtrAgt><FinInstnId><BICFI>$debtor_bic</BICFI></FinInstnId></DbtrAgt>
        <CdtrAgt><FinInstnId><BICFI>$creditor_bic</BICFI></FinInstnId></CdtrAgt>
        <Cdtr>
          <Nm>$creditor_name</Nm>
          <PstlAdr>
            <StrtNm>$creditor_street</StrtNm>
            <BldgNb>$creditor_building</BldgNb>
            <PstCd>$creditor_post_code</PstCd>
            <TwnNm>$creditor_town</TwnNm>
            <Ctry>$creditor_country</Ctry>
          </PstlAdr>
          <Id><OrgId><LEI>$creditor_lei</LEI></OrgId></Id>
        </Cdtr>
        <CdtrAcct>
          <Id>$creditor_account_id</Id>
        </CdtrAcct>
        <InstrForNxtAgt><InstrInf>/QUOTE/$quote_id</InstrInf></InstrForNxtAgt>
        <Purp><Cd>GDDS</Cd></Purp>
        <RmtInf>
          <Strd>
            <RfrdDocInf>
              <Tp><CdOrPrtry><Cd>CINV</Cd></CdOrPrtry></Tp>
              <Nb>$invoice</Nb>
              <RltdDt>$date</RltdDt>
            </RfrdDocInf>
            <RfrdDocAmt><DuePyblAmt Ccy="$settled_currency">$settled</DuePyblAmt></RfrdDocAmt>
          </Strd>
        </RmtInf>
      </CdtTrfTxInf>
    </FIToFICstmrCdtTrf>
  </Document>
</Envelope>
""")
