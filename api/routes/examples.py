"""The payment that the documentation tells of: a company in China pays a supplier in the Emirates.

The tests post these very messages, so what the documentation shows is what works.
"""

from __future__ import annotations

from typing import Any, Final

UETR: Final = "8a562c67-ca16-48ba-b074-65581be6f011"

CREDIT_TRANSFER: Final = f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08">
  <FIToFICstmrCdtTrf>
    <GrpHdr>
      <MsgId>JHCB-20251123-000017</MsgId>
      <CreDtTm>2025-11-23T09:30:00+08:00</CreDtTm>
      <NbOfTxs>1</NbOfTxs>
      <SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>
    </GrpHdr>
    <CdtTrfTxInf>
      <PmtId>
        <InstrId>JHCB17</InstrId>
        <EndToEndId>INV-2025-0417</EndToEndId>
        <UETR>{UETR}</UETR>
      </PmtId>
      <IntrBkSttlmAmt Ccy="AED">51447.25</IntrBkSttlmAmt>
      <InstdAmt Ccy="CNY">100000.00</InstdAmt>
      <XchgRate>0.5144725</XchgRate>
      <ChrgBr>SHAR</ChrgBr>
      <Dbtr><Nm>Jiangnan Textile Trading Co., Ltd.</Nm></Dbtr>
      <DbtrAcct><Id><Othr><Id>6228901020030040051</Id></Othr></Id></DbtrAcct>
      <DbtrAgt><FinInstnId><BICFI>JHCBCNB0XXX</BICFI></FinInstnId></DbtrAgt>
      <CdtrAgt><FinInstnId><BICFI>DHGBAEA0XXX</BICFI></FinInstnId></CdtrAgt>
      <Cdtr><Nm>Falcon Marine Supplies LLC</Nm></Cdtr>
      <CdtrAcct><Id><IBAN>AE959990000004200018377</IBAN></Id></CdtrAcct>
      <RmtInf><Ustrd>Invoice 2025-0417</Ustrd></RmtInf>
    </CdtTrfTxInf>
  </FIToFICstmrCdtTrf>
</Document>
"""

STATUS_REPORT: Final = f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10">
  <FIToFIPmtStsRpt>
    <GrpHdr>
      <MsgId>STS0f6d4c1ae3b24d6a9d6c9a4b4d0f2a11</MsgId>
      <CreDtTm>2025-11-23T01:30:00.412+00:00</CreDtTm>
      <InstgAgt><FinInstnId><BICFI>JHCBCNB0XXX</BICFI></FinInstnId></InstgAgt>
    </GrpHdr>
    <TxInfAndSts>
      <OrgnlGrpInf>
        <OrgnlMsgId>JHCB-20251123-000017</OrgnlMsgId>
        <OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId>
      </OrgnlGrpInf>
      <OrgnlInstrId>JHCB17</OrgnlInstrId>
      <OrgnlEndToEndId>INV-2025-0417</OrgnlEndToEndId>
      <OrgnlUETR>{UETR}</OrgnlUETR>
      <TxSts>RCVD</TxSts>
    </TxInfAndSts>
  </FIToFIPmtStsRpt>
</Document>
"""

PAYMENT: Final[dict[str, Any]] = {
    "uetr": UETR,
    "state": "SETTLED",
    "status": "ACSC",
    "reasons": [],
    "debit": {"amount": 10000000, "currency": "CNY"},
    "credit": {"amount": 5144725, "currency": "AED"},
    "history": [
        {"state": "RECEIVED", "status": "RCVD", "at": "2025-11-23T01:30:00.402Z"},
        {"state": "VALIDATED", "status": "ACTC", "at": "2025-11-23T01:30:00.440Z"},
        {"state": "ACCEPTED", "status": "ACCP", "at": "2025-11-23T01:30:00.561Z"},
        {"state": "SUBMITTED", "status": "ACSP", "at": "2025-11-23T01:30:00.583Z"},
        {"state": "INCLUDED", "status": "ACSP", "at": "2025-11-23T01:30:00.702Z"},
        {"state": "SETTLED", "status": "ACSC", "at": "2025-11-23T01:30:00.702Z"},
    ],
    "chain": {
        "transaction_hash": "0x1d8a4c8d6c1f0f5f4b3e2a1908d7c6b5a4938271605f4e3d2c1b0a9f8e7d6c5b",
        "block_number": 87,
        "block_hash": "0x7f1c2b3a4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8",
    },
    "return_of": None,
    "warnings": [],
    "waits_for": None,
    "part_of": None,
}

EVENT: Final[dict[str, Any]] = {
    "position": 7,
    "type": "payment.settled",
    "timestamp": "2025-11-23T01:30:00.702Z",
    "data": {"uetr": UETR, "state": "SETTLED", "status": "ACSC", "version": 7, "side": "debtor_agent"},
}

QUOTE_WISH: Final[dict[str, Any]] = {"sell_currency": "CNY", "buy_currency": "AED", "sell_amount": 10000000}

QUOTE: Final[dict[str, Any]] = {
    "quote_id": "5d3c1c52-37a0-4c85-a9b4-3b6c2f1f4b0e",
    "sell": {"amount": 10000000, "currency": "CNY"},
    "buy": {"amount": 5144690, "currency": "AED"},
    "rate": "0.514469",
    "provider": "MRFXHKH0XXX",
    "expires_at": "2025-11-23T01:40:00Z",
}
