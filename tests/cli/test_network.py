"""The sandbox network's identifiers have the form and the check digits of real ones."""

from __future__ import annotations

import re

import pytest

from cli.network import BANK_AE, CURRENCIES, CUSTOMERS, INSTITUTIONS, InstitutionPlan, first_money, middle_rates
from node.domain.party import AccountScheme, ParticipantRole


def mod_97(text: str) -> int:
    return int("".join(str(int(character, 36)) for character in text)) % 97


@pytest.mark.parametrize("plan", INSTITUTIONS, ids=lambda plan: plan.bic)
def test_an_institution_is_well_identified(plan: InstitutionPlan) -> None:
    assert re.fullmatch(r"[A-Z]{4}(CN|HK|TH|AE)[A-Z2-9]0XXX", plan.bic), "a test BIC"
    assert plan.bic[4:6] == plan.jurisdiction
    assert re.fullmatch(r"[0-9A-Z]{18}[0-9]{2}", plan.lei)
    assert mod_97(plan.lei) == 1, "ISO 17442"


def test_no_identifier_is_used_twice() -> None:
    numbers = [account.number for customer in CUSTOMERS for account in customer.accounts]
    for names in (
        [p.bic for p in INSTITUTIONS],
        [p.lei for p in INSTITUTIONS],
        numbers,
        [c.key for c in CUSTOMERS],
    ):
        assert len(set(names)) == len(names)


def test_every_currency_has_an_issuer_and_a_bank_and_the_provider_has_all() -> None:
    for role in (ParticipantRole.ISSUER, ParticipantRole.BANK):
        assert [p.currency for p in INSTITUTIONS if p.role is role] == [c.code for c in CURRENCIES]
    (provider,) = [p for p in INSTITUTIONS if p.role is ParticipantRole.FX_PROVIDER]
    assert set(provider.own_funds) == {c.code for c in CURRENCIES}


def test_ibans_have_their_check_digits_and_only_the_emirates_use_them() -> None:
    for customer in CUSTOMERS:
        for account in customer.accounts:
            assert (account.scheme is AccountScheme.IBAN) == (customer.bank == BANK_AE)
            if account.scheme is AccountScheme.IBAN:
                assert re.fullmatch(r"AE[0-9]{21}", account.number)
                assert mod_97(account.number[4:] + account.number[:4]) == 1, "ISO 13616"


def test_first_money_covers_own_funds_and_customers() -> None:
    dirham = next(money for money in first_money(BANK_AE) if money.currency.code == "AED")
    assert dirham.minor == 400000000 + 125000000 + 4180000


def test_there_is_a_price_for_every_pair() -> None:
    assert len(middle_rates()) == 12
    assert middle_rates()["CNY/AED"] == "1031/2000"
