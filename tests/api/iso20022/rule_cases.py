"""Messages that break one rule of a profile each, and how a message comes to follow a profile."""

from __future__ import annotations

from dataclasses import dataclass

from tests.api.iso20022.messages import ONE_CURRENCY, changed, full, inserted, without

TX = ".//{*}CdtTrfTxInf"
INSTRUCTED = f"{TX}/{{*}}InstdAmt"
BEARER = f"{TX}/{{*}}ChrgBr"


@dataclass(frozen=True)
class Case:
    """A message that breaks `rule`, at `element`, with `value`."""

    raw: bytes
    rule: str
    element: str
    value: str | None = None


def twice(raw: str) -> bytes:
    start, end = raw.index("<CdtTrfTxInf>"), raw.index("</FIToFICstmrCdtTrf>")
    return (raw[:end] + raw[start:end] + raw[end:]).replace("<NbOfTxs>1", "<NbOfTxs>2").encode()


def instant(text: str) -> bytes:
    """A message that follows an instant scheme."""
    return inserted(text, f"{TX}/{{*}}PmtId", "<PmtTpInf><LclInstrm><Cd>INST</Cd></LclInstrm></PmtTpInf>")


def hvps(raw: bytes) -> bytes:
    """The message with a header that says it follows HVPS+."""
    return inserted(raw, ".//{*}AppHdr/{*}MsgDefIdr", "<BizSvc>swift.hvpsplus.01</BizSvc>")


def cbpr(raw: bytes) -> bytes:
    """The message with a header that says it follows CBPR+."""
    return inserted(raw, ".//{*}AppHdr/{*}MsgDefIdr", "<BizSvc>swift.cbprplus.03</BizSvc>")


_CHARGE = '<ChrgsInf><Amt Ccy="CNY">0</Amt><Agt><FinInstnId><BICFI>CRDACNSH</BICFI></FinInstnId></Agt></ChrgsInf>'
_INSTRUCTED_TWICE = (
    "<InstrForCdtrAgt><Cd>CHQB</Cd></InstrForCdtrAgt><InstrForCdtrAgt><Cd>HOLD</Cd></InstrForCdtrAgt>"
)
_PIECE = f"<AddtlRmtInf>{'x' * 140}</AddtlRmtInf>" * 3
_LONG = f"<Strd>{_PIECE}</Strd>" * 22


def _lines(*lines: str) -> bytes:
    """The debtor's address with these lines."""
    written = "".join(f"<AdrLine>{line}</AdrLine>" for line in lines)
    return inserted(full(), f"{TX}/{{*}}Dbtr/{{*}}PstlAdr/{{*}}Ctry", written)


def _nameless() -> bytes:
    """An ultimate debtor of whom only the country is told."""
    named = f"{TX}/{{*}}UltmtDbtr/{{*}}Nm"
    return without(inserted(full(), named, "<CtryOfRes>CN</CtryOfRes>"), named)


def _plain_amount() -> bytes:
    """Neither exchange nor charges."""
    raw = full()
    for tag in ("ChrgsInf", "InstdAmt", "XchgRate"):
        raw = without(raw, f"{TX}/{{*}}{tag}")
    return raw


def _two(raw: bytes) -> bytes:
    """The message with its transaction twice."""
    start, end = raw.index(b"<p:CdtTrfTxInf>"), raw.index(b"</p:CdtTrfTxInf>") + len(b"</p:CdtTrfTxInf>")
    return (raw[:end] + raw[start:end] + raw[end:]).replace(b"NbOfTxs>1", b"NbOfTxs>2")


CBPR_CASES = [
    Case(cbpr(without(full(), f"{TX}//{{*}}InstrId")), "cbpr.instruction-id", "CdtTrfTxInf/PmtId"),
    Case(
        cbpr(changed(full(), f"{TX}//{{*}}InstrId", "/INSTR")),
        "cbpr.instruction-id",
        "CdtTrfTxInf/PmtId/InstrId",
        "/INSTR",
    ),
    Case(
        cbpr(changed(full(), f"{TX}//{{*}}EndToEndId", "Überweisung")),
        "cbpr.characters",
        "CdtTrfTxInf/PmtId/EndToEndId",
        "Überweisung",
    ),
    Case(
        cbpr(changed(full(), ".//{*}GrpHdr/{*}CreDtTm", "2026-11-23T00:00:00Z")),
        "cbpr.offset",
        "GrpHdr/CreDtTm",
        "2026-11-23T00:00:00Z",
    ),
    Case(
        cbpr(changed(full(), INSTRUCTED, "0000000010050.00")),
        "cbpr.amount-digits",
        "CdtTrfTxInf/InstdAmt",
        "CNY 0000000010050.00",
    ),
    Case(
        cbpr(inserted(full(), f"{TX}/{{*}}CdtrAgt//{{*}}BICFI", "<Nm>Bank B</Nm>")),
        "cbpr.agent-name-address",
        "CdtTrfTxInf/CdtrAgt/FinInstnId",
    ),
    Case(
        cbpr(without(full(), f"{TX}/{{*}}Cdtr/{{*}}PstlAdr/{{*}}TwnNm")),
        "cbpr.address",
        "CdtTrfTxInf/Cdtr/PstlAdr",
    ),
    Case(
        cbpr(inserted(full(), f"{TX}/{{*}}RmtInf/{{*}}Ustrd", "<Strd/>")),
        "cbpr.remittance",
        "CdtTrfTxInf/RmtInf",
    ),
    Case(
        cbpr(
            inserted(full(), f"{TX}/{{*}}Cdtr/{{*}}PstlAdr", "<Id><OrgId><AnyBIC>CRDCCNBJ</AnyBIC></OrgId></Id>")
        ),
        "cbpr.party",
        "CdtTrfTxInf/Cdtr",
    ),
    Case(cbpr(_nameless()), "cbpr.party", "CdtTrfTxInf/UltmtDbtr"),
    Case(cbpr(_lines("one", "two", "three")), "cbpr.address-lines", "CdtTrfTxInf/Dbtr/PstlAdr"),
    Case(cbpr(_lines("x" * 70, "SHANGHAI")), "cbpr.address-lines", "CdtTrfTxInf/Dbtr/PstlAdr"),
    Case(
        cbpr(without(_lines("x" * 36), f"{TX}/{{*}}Dbtr/{{*}}PstlAdr/{{*}}TwnNm")),
        "cbpr.address-lines",
        "CdtTrfTxInf/Dbtr/PstlAdr",
    ),
    Case(
        cbpr(changed(_plain_amount(), BEARER, "CRED")),
        "cbpr.charges",
        "CdtTrfTxInf/ChrgBr",
        "CRED",
    ),
    Case(
        cbpr(changed(inserted(full(), f"{TX}/{{*}}ChrgsInf", _CHARGE), BEARER, "DEBT")),
        "cbpr.charges",
        "CdtTrfTxInf/ChrgBr",
        "DEBT",
    ),
    Case(
        cbpr(inserted(full(), f"{TX}/{{*}}CdtrAcct", _INSTRUCTED_TWICE)),
        "cbpr.instructions",
        "CdtTrfTxInf/InstrForCdtrAgt[1]",
    ),
    Case(
        cbpr(inserted(full(), f"{TX}/{{*}}RmtInf/{{*}}Ustrd", _LONG)),
        "cbpr.remittance-length",
        "CdtTrfTxInf/RmtInf",
    ),
]

PROFILE_CASES = [
    Case(_two(cbpr(full())), "cbpr.one-transaction", "CdtTrfTxInf[2]"),
    Case(_two(hvps(full())), "hvps.one-transaction", "CdtTrfTxInf[2]"),
    Case(
        hvps(without(full(), f"{TX}/{{*}}Cdtr/{{*}}PstlAdr/{{*}}TwnNm")),
        "hvps.address",
        "CdtTrfTxInf/Cdtr/PstlAdr",
    ),
    Case(
        hvps(changed(full(), ".//{*}SttlmMtd", "INDA")),
        "hvps.settlement-method",
        "GrpHdr/SttlmInf/SttlmMtd",
        "INDA",
    ),
    Case(hvps(without(full(), ".//{*}ClrSys")), "hvps.settlement-method", "GrpHdr/SttlmInf"),
    Case(hvps(changed(full(), BEARER, "DEBT")), "hvps.charge-bearer", "CdtTrfTxInf/ChrgBr", "DEBT"),
    Case(
        changed(instant(ONE_CURRENCY), ".//{*}SttlmMtd", "INGA"),
        "instant.settlement-method",
        "GrpHdr/SttlmInf/SttlmMtd",
        "INGA",
    ),
    Case(instant(ONE_CURRENCY), "instant.creditor-account", "CdtTrfTxInf"),
    Case(
        inserted(instant(ONE_CURRENCY), f"{TX}/{{*}}IntrBkSttlmAmt", "<IntrBkSttlmDt>2026-11-25</IntrBkSttlmDt>"),
        "instant.settlement-date",
        "CdtTrfTxInf/IntrBkSttlmDt",
        "2026-11-25",
    ),
]
