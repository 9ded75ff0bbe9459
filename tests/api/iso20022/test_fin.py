from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from api.iso20022.fin_translation import is_fin, translate_fin
from api.iso20022.mt_return import translate_return
from api.iso20022.pacs004 import read_returns
from api.iso20022.refusal import Refusal, RefusalKind
from tests.api.iso20022 import test_mt103, test_mt192, test_mt202
from tests.api.iso20022.messages import full, parsed

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PAYMENT = test_mt103.fin()
RETURN = PAYMENT.replace(
    b":72:/ACC/call before\r\n//crediting\r\n/REC/please hurry",
    b":72:/RETN/99\r\n/AC04/closed in May\r\n/CHGS/none\r\n/MREF/REF-0\r\n/TREF/PO-2026-7781",
)


def translated(raw: bytes) -> bytes:
    outcome = translate_fin(raw, NOW)
    assert isinstance(outcome, bytes), outcome
    return outcome


@pytest.mark.parametrize(
    ("raw", "identifier"),
    [
        (PAYMENT, "pacs.008.001.08"),
        (RETURN, "pacs.004.001.09"),
        (test_mt202.fin(test_mt202.FIRST), "pacs.009.001.08"),
        (test_mt192.fin(test_mt192.FIELDS), "camt.056.001.08"),
    ],
)
def test_each_type_becomes_its_message(raw: bytes, identifier: str) -> None:
    assert is_fin(raw)
    assert parsed(translated(raw)).identifier == identifier


def test_return_names_its_original_and_its_reason() -> None:
    raw = translated(RETURN)

    (found,) = read_returns(parsed(raw))

    assert found.original.uetr == test_mt103.UETR
    assert found.original.instruction_id == "REF-0"
    assert found.original.end_to_end_id == "PO-2026-7781"
    assert str(found.returned.number) == "5114.97"
    assert [(reason.code, reason.text) for reason in found.reasons] == [("AC04", "closed in May /CHGS/none")]
    assert etree.fromstring(raw).findtext(".//{*}RtrChain/{*}Cdtr/{*}Pty/{*}Nm") == "Jebel Ali Trading LLC"


def test_return_reason_that_iso_does_not_know_is_told_in_words() -> None:
    raw = translated(RETURN.replace(b"/AC04/closed in May", b"/XT99/odd"))

    assert [reason.code for reason in read_returns(parsed(raw))[0].reasons] == ["NARR"]


def test_payment_is_no_return() -> None:
    refusal = translate_return(PAYMENT, NOW)

    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.UNSUPPORTED_MESSAGE


def test_other_types_and_other_formats_are_refused() -> None:
    statement, no_fin = translate_fin(PAYMENT.replace(b"{2:I103", b"{2:I950"), NOW), translate_fin(full(), NOW)

    assert not is_fin(full())
    assert isinstance(statement, Refusal)
    assert statement.kind is RefusalKind.UNSUPPORTED_MESSAGE
    assert isinstance(no_fin, Refusal)
    assert no_fin.kind is RefusalKind.NOT_FIN


@given(
    st.sampled_from([PAYMENT, RETURN, test_mt202.fin(test_mt202.FIRST), test_mt192.fin(test_mt192.FIELDS)]),
    st.text("0123456789ABCX:/,-}{\n\r", max_size=60),
    st.integers(0, 500),
    st.integers(0, 40),
)
def test_no_damage_makes_it_fail(raw: bytes, noise: str, position: int, cut: int) -> None:
    broken = raw[:position] + noise.encode() + raw[position + cut :]

    outcome = translate_fin(broken, NOW)

    assert isinstance(outcome, bytes | Refusal)


@pytest.mark.parametrize(
    ("broken", "block", "fault"),
    [
        (PAYMENT.replace(b"{1:F01CRDACNSHAXXX", b"{1:F01CRDACNSH"), 1, "malformed"),
        (PAYMENT.replace(b"{2:I103CRDBAEADXXXXN}", b""), 2, "missing"),
        (PAYMENT.replace(b"I103CRDBAEADXXXXN", b"I103CRDBAEADN"), 2, "malformed"),
        (PAYMENT.replace(b"-}", b"}"), 4, "malformed"),
    ],
)
def test_block_that_is_wrong_is_named(broken: bytes, block: int, fault: str) -> None:
    refusal = translate_fin(broken, NOW)

    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.NOT_FIN
    assert refusal.findings[0].element == f"block {block}"
    assert f"block {block} is {fault}" in refusal.findings[0].text


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (test_mt192.fin(test_mt192.FIELDS.replace(":20:CASE-1", ":20:")), "Field 20 is required and empty."),
        (PAYMENT.replace(b":50", b":79"), "Field 50a (50A or 50F or 50K) is required and missing."),
    ],
)
def test_field_that_is_not_there_is_named_by_its_fin_name(broken: bytes, text: str) -> None:
    refusal = translate_fin(broken, NOW)

    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.FIELD_INVALID
    assert refusal.findings[0].text == text


@pytest.mark.parametrize(
    ("again", "name"),
    [
        (b":32A:261123AED9999,00", "32A"),
        (b":59A:/AE739990000004200018385\r\nCRDBAEAD", "59a"),
        (b":50K:/6228901020030040069\r\nSomebody else", "50a"),
        (b":71A:OUR", "71A"),
        (b":20:REF-2", "20"),
    ],
)
def test_payment_with_a_field_twice_is_refused(again: bytes, name: str) -> None:
    refusal = translate_fin(PAYMENT.replace(b"\r\n-}", b"\r\n" + again + b"\r\n-}"), NOW)

    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.FIELD_INVALID
    assert refusal.findings[0].element == f"MT103/{name}"


@pytest.mark.parametrize("again", [b":13C:/SNDTIME/0915+0100", b":23E:SDVA", b":71F:CNY1,"])
def test_fields_that_may_stand_again_may(again: bytes) -> None:
    twice = b"\r\n" + again + b"\r\n" + again + b"\r\n-}"

    assert isinstance(translate_fin(PAYMENT.replace(b"\r\n-}", twice), NOW), bytes)


def test_a_cover_tells_of_two_payments_and_of_no_third() -> None:
    cover = test_mt202.fin(test_mt202.FIRST + test_mt202.SECOND, cover=True)
    refusal = translate_fin(cover.replace(b"\n-}", b"\n:59:/123\nSomebody\n-}"), NOW)

    assert isinstance(translate_fin(cover, NOW), bytes)
    assert isinstance(refusal, Refusal)
    assert refusal.findings[0].element == "MT202/59a"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (PAYMENT + b"\r\n$\r\n" + PAYMENT, RefusalKind.SEVERAL_MESSAGES),
        (PAYMENT.replace(b"Invoice 114", b"Invoice " + PAYMENT), RefusalKind.SEVERAL_MESSAGES),
        (PAYMENT.replace(b"Invoice 114", b"Invoice\r\n-}"), RefusalKind.NOT_FIN),
    ],
)
def test_nothing_of_a_message_is_left_unread(raw: bytes, kind: RefusalKind) -> None:
    refusal = translate_fin(raw, NOW)

    assert isinstance(refusal, Refusal)
    assert refusal.kind is kind


def test_acknowledgement_in_front_and_trailers_behind_are_no_second_message() -> None:
    received = b"{1:F21CRDACNSHAXXX0000000000}{4:{177:2611230717}{451:0}}" + PAYMENT + b"{S:{SAC:}{COP:P}}\x03$"

    assert translated(received) == translated(PAYMENT)


def test_what_a_text_says_is_no_header_of_its_message() -> None:
    said = b"{3:{121:00000000-0000-4000-8000-000000000000}}"
    headless = PAYMENT.replace(b"{3:{121:" + test_mt103.UETR.encode() + b"}}", b"")
    root = etree.fromstring(translated(headless.replace(b"Invoice 114", b"Invoice " + said)))

    assert root.findtext(".//{*}UETR") is None
