"""Every rule has a message that breaks it and only it; the two messages we start from break none."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date

import pytest

from api.iso20022.pacs008 import CreditTransfer, Unreadable, read_credit_transfer
from api.iso20022.rulebook import RULES, Profile, Severity, severity_in
from api.iso20022.rules import MOST_FINDINGS
from node.domain.reasons import Finding
from tests.api.iso20022.messages import MINTED, ONE_CURRENCY, TODAY, changed, full, inserted, parsed, without
from tests.api.iso20022.rule_cases import CBPR_CASES, PROFILE_CASES, TX, Case, cbpr, instant, twice

RATE = f"{TX}/{{*}}XchgRate"
AMOUNT = f"{TX}/{{*}}IntrBkSttlmAmt"


def read(raw: bytes | str) -> CreditTransfer | Unreadable:
    return read_credit_transfer(parsed(raw), today=TODAY, minted_uetr=MINTED)


def broken(findings: tuple[Finding, ...]) -> list[str | None]:
    return [finding.rule for finding in findings]


def _group(xml: str) -> bytes:
    return inserted(ONE_CURRENCY, ".//{*}NbOfTxs", xml)


def _with_amount(text: str, currency: str = "CNY") -> bytes:
    return changed(ONE_CURRENCY, AMOUNT, text, Ccy=currency)


def _ordered(instructed: str, charge: str | None, bearer: str) -> bytes:
    charges = (
        "" if charge is None else f'<ChrgsInf><Amt Ccy="CNY">{charge}</Amt><Agt><FinInstnId/></Agt></ChrgsInf>'
    )
    raw = ONE_CURRENCY.replace(
        "<ChrgBr>SLEV</ChrgBr>", f'<InstdAmt Ccy="CNY">{instructed}</InstdAmt><ChrgBr>{bearer}</ChrgBr>{charges}'
    )
    return raw.encode()


def _agent(tag: str, xml: str) -> bytes:
    bic = "CRDACNSH" if tag == "DbtrAgt" else "CRDCCNBJ"
    return ONE_CURRENCY.replace(f"<BICFI>{bic}</BICFI>", xml).encode()


def _account(tag: str, iban: str) -> bytes:
    behind = "Dbtr" if tag == "DbtrAcct" else "Cdtr"
    return inserted(ONE_CURRENCY, f"{TX}/{{*}}{behind}", f"<{tag}><Id><IBAN>{iban}</IBAN></Id></{tag}>")


def _dated(day: str) -> bytes:
    return inserted(ONE_CURRENCY, AMOUNT, f"<IntrBkSttlmDt>{day}</IntrBkSttlmDt>")


def _quote(text: str) -> bytes:
    line = f"<InstrForNxtAgt><InstrInf>{text}</InstrInf></InstrForNxtAgt>"
    return inserted(without(full(), RATE), f"{TX}/{{*}}CdtrAcct", line)


_IN_DIRHAM = ONE_CURRENCY.replace("<ChrgBr>", '<InstdAmt Ccy="AED">50.00</InstdAmt><XchgRate>2</XchgRate><ChrgBr>')


CASES = [
    Case(twice(ONE_CURRENCY), "base.one-transaction", "CdtTrfTxInf[2]"),
    Case(changed(ONE_CURRENCY, ".//{*}NbOfTxs", "7"), "base.transaction-count", "GrpHdr/NbOfTxs", "7"),
    Case(_group("<CtrlSum>100.01</CtrlSum>"), "base.control-sum", "GrpHdr/CtrlSum", "100.01"),
    Case(
        _group('<TtlIntrBkSttlmAmt Ccy="CNY">99</TtlIntrBkSttlmAmt>'),
        "base.total-amount",
        "GrpHdr/TtlIntrBkSttlmAmt",
        "CNY 99",
    ),
    Case(
        _group('<TtlIntrBkSttlmAmt Ccy="HKD">100</TtlIntrBkSttlmAmt>'),
        "base.total-amount",
        "GrpHdr/TtlIntrBkSttlmAmt",
        "HKD 100",
    ),
    Case(_with_amount("100", "ZZZ"), "base.currency-known", "CdtTrfTxInf/IntrBkSttlmAmt", "ZZZ 100"),
    Case(_with_amount("100", "XAU"), "base.currency-known", "CdtTrfTxInf/IntrBkSttlmAmt", "XAU 100"),
    Case(_with_amount("100.005"), "base.minor-units", "CdtTrfTxInf/IntrBkSttlmAmt", "CNY 100.005"),
    Case(_with_amount("100.5", "JPY"), "base.minor-units", "CdtTrfTxInf/IntrBkSttlmAmt", "JPY 100.5"),
    Case(_with_amount("0"), "base.amount-positive", "CdtTrfTxInf/IntrBkSttlmAmt", "CNY 0"),
    Case(_with_amount("-0.00"), "base.amount-positive", "CdtTrfTxInf/IntrBkSttlmAmt", "CNY -0.00"),
    Case(_ordered("101", None, "SHAR"), "base.charges-add-up", "CdtTrfTxInf/IntrBkSttlmAmt", "CNY 100.00"),
    Case(_ordered("101", "2", "CRED"), "base.charges-add-up", "CdtTrfTxInf/IntrBkSttlmAmt", "CNY 100.00"),
    Case(_ordered("100", "2", "SHAR"), "base.charges-add-up", "CdtTrfTxInf/IntrBkSttlmAmt", "CNY 100.00"),
    Case(
        _ordered("100", "2", "SHAR").replace(b'Ccy="CNY">2<', b'Ccy="USD">2<'),
        "base.charges-currency",
        "CdtTrfTxInf/ChrgsInf/Amt",
        "USD 2",
    ),
    Case(without(full(), RATE), "base.rate-present", "CdtTrfTxInf/InstdAmt", "CNY 10050"),
    Case(changed(full(), RATE, "0.512"), "base.rate-fits", "CdtTrfTxInf/XchgRate", "0.512"),
    Case(
        _ordered("100", None, "SHAR").replace(b"<ChrgBr>", b"<XchgRate>2</XchgRate><ChrgBr>"),
        "base.rate-fits",
        "CdtTrfTxInf/XchgRate",
        "2",
    ),
    Case(
        ONE_CURRENCY.replace("<ChrgBr>", "<XchgRate>2</XchgRate><ChrgBr>").encode(),
        "base.rate-alone",
        "CdtTrfTxInf/XchgRate",
        "2",
    ),
    Case(
        changed(ONE_CURRENCY, ".//{*}SttlmMtd", "COVE"),
        "base.settlement-method",
        "GrpHdr/SttlmInf/SttlmMtd",
        "COVE",
    ),
    Case(_dated("10000-01-01"), "base.settlement-date-readable", "CdtTrfTxInf/IntrBkSttlmDt", "10000-01-01"),
    Case(_dated("2026-12-24"), "base.settlement-date-future", "CdtTrfTxInf/IntrBkSttlmDt", "2026-12-24"),
    Case(_dated("2027-11-26"), "base.settlement-date-too-far", "CdtTrfTxInf/IntrBkSttlmDt", "2027-11-26"),
    Case(_dated("2026-11-21"), "base.settlement-date-past", "CdtTrfTxInf/IntrBkSttlmDt", "2026-11-21"),
    Case(
        inserted(_dated("2026-11-23"), ".//{*}NbOfTxs", "<IntrBkSttlmDt>2026-11-24</IntrBkSttlmDt>"),
        "base.settlement-date-one",
        "GrpHdr/IntrBkSttlmDt",
        "2026-11-24",
    ),
    Case(ONE_CURRENCY.encode(), "base.uetr-present", "CdtTrfTxInf/PmtId"),
    Case(
        _agent("CdtrAgt", "<BICFI>CRDCQQBJ</BICFI>"),
        "base.bic",
        "CdtTrfTxInf/CdtrAgt/FinInstnId/BICFI",
        "CRDCQQBJ",
    ),
    Case(
        inserted(ONE_CURRENCY, f"{TX}/{{*}}CdtrAgt//{{*}}BICFI", "<LEI>529900T8BM49AURSDO56</LEI>"),
        "base.lei",
        "CdtTrfTxInf/CdtrAgt/FinInstnId/LEI",
        "529900T8BM49AURSDO56",
    ),
    Case(
        _account("DbtrAcct", "AE080331234567890123456"),
        "base.debtor-iban",
        "CdtTrfTxInf/DbtrAcct/Id/IBAN",
        "AE080331234567890123456",
    ),
    Case(
        _account("CdtrAcct", "DE8937040044053201300"),
        "base.creditor-iban",
        "CdtTrfTxInf/CdtrAcct/Id/IBAN",
        "DE8937040044053201300",
    ),
    Case(_agent("DbtrAgt", "<Nm>Some Bank</Nm>"), "base.debtor-agent", "CdtTrfTxInf/DbtrAgt", "Some Bank"),
    Case(
        _agent(
            "CdtrAgt",
            "<ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>021040078</MmbId></ClrSysMmbId>",
        ),
        "base.creditor-agent",
        "CdtTrfTxInf/CdtrAgt",
        "USABA/021040078",
    ),
    Case(
        inserted(
            ONE_CURRENCY,
            f"{TX}/{{*}}ChrgBr",
            "<IntrmyAgt1><FinInstnId><BICFI>CHASUS33</BICFI></FinInstnId></IntrmyAgt1>",
        ),
        "base.no-intermediary",
        "CdtTrfTxInf/IntrmyAgt1",
        "CHASUS33",
    ),
    Case(_quote("/QUOTE/not-a-uuid"), "base.quote-id", "CdtTrfTxInf/InstrForNxtAgt", "not-a-uuid"),
    Case(changed(full(), f"{TX}/{{*}}Purp/{{*}}Cd", "ZZZZ"), "base.code-known", "CdtTrfTxInf/Purp/Cd", "ZZZZ"),
    *CBPR_CASES,
    *PROFILE_CASES,
    Case(instant(ONE_CURRENCY.replace("SLEV", "SHAR")), "instant.charge-bearer", "CdtTrfTxInf/ChrgBr", "SHAR"),
    Case(instant(_IN_DIRHAM), "instant.one-currency", "CdtTrfTxInf/InstdAmt", "AED 50.00"),
    Case(changed(full(), ".//{*}MsgDefIdr", "pacs.009.001.08"), "header.definition", "", "pacs.009.001.08"),
    Case(changed(full(), ".//{*}MsgDefIdr", "pacs.008.001.12"), "header.version", "", "pacs.008.001.12"),
    Case(changed(full(), ".//{*}BizMsgIdr", "OTHER"), "header.message-id", "GrpHdr/MsgId", "OTHER"),
    Case(
        changed(full(), ".//{*}Fr//{*}BICFI", "CRDCCNBJ"),
        "header.route",
        "CdtTrfTxInf/InstgAgt/FinInstnId/BICFI",
        "CRDCCNBJ",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_rule_names_element_and_value_and_no_other_rule_is_broken(case: Case) -> None:
    outcome = read(case.raw)
    due = RULES[case.rule].error_from is not None
    findings = outcome.errors if due or RULES[case.rule].severity is Severity.ERROR else outcome.warnings
    found = [finding for finding in findings if finding.rule == case.rule]

    assert found
    assert found[0].element in (f"FIToFICstmrCdtTrf/{case.element}", "Document")
    assert found[0].value == case.value
    assert found[0].reason is RULES[case.rule].reason
    assert found[0].text.endswith(".")
    assert {finding.rule for finding in outcome.errors} <= {case.rule}


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == set(RULES)


def test_message_in_two_currencies_breaks_no_rule() -> None:
    outcome = read(full())

    assert outcome.errors == ()
    assert outcome.warnings == ()


@pytest.mark.parametrize(
    "raw",
    [
        _ordered("100", None, "SHAR"),
        _ordered("102", "2", "SHAR"),
        _ordered("100", "0", "CRED"),
        _ordered("100", "2", "DEBT"),
        _ordered("98", "2", "DEBT"),
        _ordered("102", "2", "DEBT"),
        _ordered("100", "2", "SLEV"),
        _with_amount("100", "JPY"),
        _with_amount("100.005", "KWD"),
        _with_amount("100.00000", "JPY"),
        _dated("2026-11-24"),
        _dated("2026-11-23+14:00"),
        _group('<CtrlSum>+100.0</CtrlSum><TtlIntrBkSttlmAmt Ccy="CNY">0100</TtlIntrBkSttlmAmt>'),
        inserted(
            ONE_CURRENCY,
            f"{TX}/{{*}}ChrgBr",
            "<IntrmyAgt1><FinInstnId><BICFI>CRDCCNBJXXX</BICFI></FinInstnId></IntrmyAgt1>",
        ),
        _quote(f"/QUOTE/{MINTED}"),
        changed(full(), RATE, "1.955046"),
        changed(full(), RATE, "0.508952"),
        changed(changed(full(), f"{TX}/{{*}}ChrgsInf/{{*}}Amt", "25.53", Ccy="AED"), RATE, "0.511493"),
        changed(full(), RATE, "0.5115"),
        changed(changed(full(), ".//{*}BizMsgIdr", "CRDA-20261123-0001"), ".//{*}CreDt", "2026-11-23T00:00:00Z"),
    ],
)
def test_what_only_looks_odd_is_let_through(raw: bytes) -> None:
    assert broken(read(raw).errors) == []


def test_warning_is_an_error_where_the_profile_says_so() -> None:
    service = "<BizSvc>swift.cbprplus.03</BizSvc>"
    strict = inserted(changed(full(), ".//{*}BizMsgIdr", "OTHER"), ".//{*}MsgDefIdr", service)
    strict = without(strict, f"{TX}/{{*}}PmtId/{{*}}UETR")

    assert broken(read(strict).errors) == ["base.uetr-present", "header.message-id"]


def test_charges_may_not_swallow_what_is_to_be_exchanged() -> None:
    raw = changed(_quote(f"/QUOTE/{MINTED}"), f"{TX}/{{*}}ChrgsInf/{{*}}Amt", "10050.00")

    findings = read(raw).errors

    assert broken(findings) == ["base.charges-add-up"]
    assert findings[0].value == "CNY 10050"


def test_rule_that_is_broken_thousands_of_times_is_told_some_times_and_quickly() -> None:
    many = "".join(
        f"<IntrmyAgt{number}><FinInstnId><BICFI>CRDCQQBJ</BICFI></FinInstnId></IntrmyAgt{number}>"
        for number in (1, 2, 3)
    )
    start, end = ONE_CURRENCY.index("<CdtTrfTxInf>"), ONE_CURRENCY.index("</FIToFICstmrCdtTrf>")
    transaction = ONE_CURRENCY[start:end].replace("</ChrgBr>", f"</ChrgBr>{many}")
    raw = ONE_CURRENCY[:start] + transaction * 900 + ONE_CURRENCY[end:]
    begun = time.thread_time()

    outcome = read(raw)

    assert len(outcome.errors) == MOST_FINDINGS
    assert outcome.errors[0].rule == "base.one-transaction"
    assert time.thread_time() - begun < 5


@pytest.mark.parametrize("day", ["2026-11-22", "2026-11-23"])
def test_a_day_that_has_not_ended_everywhere_has_not_passed(day: str) -> None:
    assert "base.settlement-date-past" not in broken(read(_dated(day)).warnings)


def test_tomorrow_is_said_to_be_waited_for() -> None:
    assert "base.settlement-date-future" in broken(read(_dated("2026-11-24")).warnings)


def test_warnings_do_not_hide_an_error() -> None:
    levels = "<SvcLvl><Cd>ZZZZ</Cd></SvcLvl>" * 200
    raw = ONE_CURRENCY.replace("</PmtId>", f"</PmtId><PmtTpInf>{levels}</PmtTpInf>")
    raw = raw.replace("CRDCCNBJ", "CRDCQQBJ")

    outcome = read(raw)

    assert broken(outcome.errors) == ["base.bic"]
    assert len(outcome.warnings) == MOST_FINDINGS


def test_message_that_follows_cbpr_breaks_none_of_its_rules() -> None:
    outcome = read(cbpr(full()))

    assert (outcome.errors, outcome.warnings) == ((), ())


@pytest.mark.parametrize("case", CBPR_CASES, ids=lambda case: case.rule)
def test_rules_of_a_profile_do_not_touch_other_messages(case: Case) -> None:
    outcome = read(without(case.raw, ".//{*}BizSvc"))

    assert not [finding.rule for finding in outcome.warnings if (finding.rule or "").startswith("cbpr.")]


def test_rule_with_a_date_becomes_an_error_on_its_day() -> None:
    rule = replace(RULES["cbpr.address"], error_from=date(2027, 11, 20))

    assert severity_in(rule, Profile.CBPR_PLUS, date(2027, 11, 19)) is Severity.WARNING
    assert severity_in(rule, Profile.CBPR_PLUS, date(2027, 11, 20)) is Severity.ERROR
    assert severity_in(rule, Profile.BASE, date(2027, 11, 20)) is None


def test_copy_of_a_message_may_go_elsewhere() -> None:
    elsewhere = changed(full(), ".//{*}To//{*}BICFI", "CRDCCNBJ")
    copied = inserted(elsewhere, ".//{*}AppHdr/{*}CreDt", "<CpyDplct>COPY</CpyDplct>")

    assert broken(read(elsewhere).warnings) == ["header.route"]
    assert broken(read(copied).warnings) == []
