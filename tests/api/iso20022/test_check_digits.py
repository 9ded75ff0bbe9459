from __future__ import annotations

import pytest

from api.iso20022.check_digits import bic_problem, iban_problem, lei_problem


@pytest.mark.parametrize(
    "iban",
    [
        "AE070331234567890123456",
        "DE89370400440532013000",
        "GB82WEST12345698765432",
        "gb82west12345698765432".upper(),
        "MT84MALT011000012345MTLCAST001S",
        "NO9386011117947",
        "SA0380000000608010167519",
    ],
)
def test_published_iban_is_right(iban: str) -> None:
    assert iban_problem(iban) is None


@pytest.mark.parametrize(
    ("iban", "words"),
    [
        ("AE080331234567890123456", "check digits"),
        ("DE8937040044053201300", "21 characters; an IBAN of DE has 22"),
        ("XX89370400440532013000", "XX, which is no country"),
        ("DE89370400440532013001", "check digits"),
        ("DE98370400440532013000", "check digits"),
    ],
)
def test_wrong_iban_is_told_what_is_wrong(iban: str, words: str) -> None:
    assert words in (iban_problem(iban) or "")


def test_every_single_digit_mistake_in_an_iban_is_found() -> None:
    right = "DE89370400440532013000"
    for position in range(2, len(right)):
        for digit in "0123456789":
            wrong = right[:position] + digit + right[position + 1 :]
            assert (iban_problem(wrong) is None) == (wrong == right)


def test_lei_is_checked() -> None:
    assert lei_problem("529900T8BM49AURSDO55") is None
    assert lei_problem("529900T8BM49AURSDO56") == "has wrong check digits"


def test_bic_names_a_country() -> None:
    assert bic_problem("DEUTDEFF") is None
    assert "there is none" in (bic_problem("NOTPROVIDED") or "")
    assert "QQ" in (bic_problem("DEUTQQFF") or "")
