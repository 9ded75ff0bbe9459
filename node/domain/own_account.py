"""An institution's own account in a currency, which every book calls by the same name."""

from __future__ import annotations

from typing import Final

from node.domain.party import AccountScheme, CashAccount

_PREFIX: Final = "OWN-"


def own_account(currency_code: str) -> CashAccount:
    """The account of the institution itself, in whose book the payment is: its own funds in this currency."""
    return CashAccount(f"{_PREFIX}{currency_code}", AccountScheme.OTHER)


def is_own(account: CashAccount) -> bool:
    """Whether a number is that of an institution's own account; no customer's begins so."""
    return account.scheme is AccountScheme.OTHER and account.number.startswith(_PREFIX)
