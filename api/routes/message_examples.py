"""Further messages that the documentation shows and the tests post: a customer's orders, and a FIN transfer."""

from __future__ import annotations

from typing import Final

CUSTOMER_ORDERS: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
  <CstmrCdtTrfInitn>
    <GrpHdr>
      <MsgId>JNTX-20251123-1</MsgId>
      <CreDtTm>2025-11-23T09:12:00+08:00</CreDtTm>
      <NbOfTxs>2</NbOfTxs>
      <CtrlSum>1750.50</CtrlSum>
      <InitgPty><Nm>Jiangnan Textile Trading Co., Ltd.</Nm></InitgPty>
    </GrpHdr>
    <PmtInf>
      <PmtInfId>SUPPLIERS-47</PmtInfId>
      <PmtMtd>TRF</PmtMtd>
      <ReqdExctnDt><Dt>2025-11-23</Dt></ReqdExctnDt>
      <Dbtr><Nm>Jiangnan Textile Trading Co., Ltd.</Nm></Dbtr>
      <DbtrAcct><Id><Othr><Id>6228901020030040051</Id></Othr></Id></DbtrAcct>
      <DbtrAgt><FinInstnId><BICFI>JHCBCNB0XXX</BICFI></FinInstnId></DbtrAgt>
      <ChrgBr>SHAR</ChrgBr>
      <CdtTrfTxInf>
        <PmtId><InstrId>47-1</InstrId><EndToEndId>PO-8811</EndToEndId></PmtId>
        <Amt><InstdAmt Ccy="CNY">1500.00</InstdAmt></Amt>
        <CdtrAgt><FinInstnId><BICFI>VPBKHKH0XXX</BICFI></FinInstnId></CdtrAgt>
        <Cdtr><Nm>Kowloon Instruments Limited</Nm></Cdtr>
        <CdtrAcct><Id><Othr><Id>388104567156</Id></Othr></Id></CdtrAcct>
      </CdtTrfTxInf>
      <CdtTrfTxInf>
        <PmtId><InstrId>47-2</InstrId><EndToEndId>PO-8812</EndToEndId></PmtId>
        <Amt><InstdAmt Ccy="CNY">250.50</InstdAmt></Amt>
        <CdtrAgt><FinInstnId><BICFI>VPBKHKH0XXX</BICFI></FinInstnId></CdtrAgt>
        <Cdtr><Nm>Kowloon Instruments Limited</Nm></Cdtr>
        <CdtrAcct><Id><Othr><Id>388104567156</Id></Othr></Id></CdtrAcct>
      </CdtTrfTxInf>
    </PmtInf>
  </CstmrCdtTrfInitn>
</Document>
"""

MT103: Final = """{1:F01JHCBCNB0AXXX0000000000}{2:I103VPBKHKH0XXXXN}\
{3:{121:1c0e7a52-6f0b-4d3c-9a57-2b8f4f6f2b11}}{4:
:20:JHCB-FIN-0017
:23B:CRED
:32A:251123CNY1200,50
:33B:CNY1200,50
:50K:/6228901020030040051
JIANGNAN TEXTILE TRADING CO LTD
SHANGHAI
:59:/388104567156
KOWLOON INSTRUMENTS LIMITED
HONG KONG
:70:INVOICE 2025-0418
:71A:SHA
-}"""
