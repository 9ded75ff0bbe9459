"""The small network that `corridor up` and `corridor demo` run: who takes part, who banks where, the first money.

Every name here is invented. The BICs have the form of test BICs (0 as the second character of the location code),
the LEIs and the IBANs have right check digits, and no number belongs to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from node.domain.money import Currency, Money, money
from node.domain.party import AccountScheme, ParticipantRole

CURRENCIES: Final = (Currency("CNY", 2), Currency("HKD", 2), Currency("THB", 2), Currency("AED", 2))
TOKEN_NAMES: Final = {
    "CNY": "Chinese yuan (sandbox)",
    "HKD": "Hong Kong dollar (sandbox)",
    "THB": "Thai baht (sandbox)",
    "AED": "UAE dirham (sandbox)",
}
# What one unit is worth in dirham: the provider's middle rates are the ratios of these.
WORTH: Final = {
    "CNY": Fraction("0.5155"),
    "HKD": Fraction("0.4703"),
    "THB": Fraction("0.1133"),
    "AED": Fraction(1),
}
SPREAD_BPS: Final = 20


@dataclass(frozen=True)
class InstitutionPlan:
    """A participant; `currency` is its home currency, `own_funds` what its own accounts begin with."""

    bic: str
    lei: str
    name: str
    role: ParticipantRole
    currency: str
    jurisdiction: str
    own_funds: Mapping[str, str]


@dataclass(frozen=True)
class AccountPlan:
    """A customer's account; `listed` ones are the accounts that network.json tells."""

    number: str
    scheme: AccountScheme
    currency: str
    balance: str
    listed: bool = True


@dataclass(frozen=True)
class CustomerPlan:
    """A customer of one bank: accounts in its book, and a wallet with tokens of the bank's home currency."""

    key: str
    bank: str
    name: str
    accounts: tuple[AccountPlan, ...]
    wallet_balance: str


def _bank(bic: str, lei: str, name: str, currency: str, funds: Mapping[str, str]) -> InstitutionPlan:
    return InstitutionPlan(bic, lei, name, ParticipantRole.BANK, currency, bic[4:6], funds)


def _issuer(bic: str, lei: str, name: str, currency: str) -> InstitutionPlan:
    return InstitutionPlan(bic, lei, name, ParticipantRole.ISSUER, currency, bic[4:6], {})


BANK_CN: Final = "JHCBCNB0XXX"
BANK_HK: Final = "VPBKHKH0XXX"
BANK_TH: Final = "CPRBTHB0XXX"
BANK_AE: Final = "DHGBAEA0XXX"
PROVIDER: Final = "MRFXHKH0XXX"

INSTITUTIONS: Final = (
    _bank(BANK_CN, "999000CNB0CORRIDOR20", "Jinhai Commercial Bank", "CNY", {"CNY": "8000000.00"}),
    _bank(BANK_HK, "999000HKB0CORRIDOR87", "Victoria Peak Bank", "HKD", {"HKD": "9000000.00", "CNY": "500000.00"}),
    _bank(BANK_TH, "999000THB0CORRIDOR53", "Chao Phraya River Bank", "THB", {"THB": "40000000.00"}),
    _bank(BANK_AE, "999000AEB0CORRIDOR09", "Dhow Gulf Bank", "AED", {"AED": "4000000.00", "CNY": "250000.00"}),
    InstitutionPlan(
        PROVIDER,
        "999000FXP0CORRIDOR74",
        "Meridian Exchange",
        ParticipantRole.FX_PROVIDER,
        "HKD",
        "HK",
        {"CNY": "50000000.00", "HKD": "50000000.00", "THB": "250000000.00", "AED": "30000000.00"},
    ),
    _issuer("CNYICNB0XXX", "999000CNI0CORRIDOR95", "Yuan Issuing Authority", "CNY"),
    _issuer("HKDIHKH0XXX", "999000HKI0CORRIDOR65", "Hong Kong Dollar Issuing Authority", "HKD"),
    _issuer("THBITHB0XXX", "999000THI0CORRIDOR31", "Baht Issuing Authority", "THB"),
    _issuer("AEDIAEA0XXX", "999000AEI0CORRIDOR84", "Dirham Issuing Authority", "AED"),
)


def _domestic(number: str, currency: str, balance: str, *, listed: bool = True) -> AccountPlan:
    return AccountPlan(number, AccountScheme.OTHER, currency, balance, listed)


def _iban(number: str, currency: str, balance: str, *, listed: bool = True) -> AccountPlan:
    return AccountPlan(number, AccountScheme.IBAN, currency, balance, listed)


CUSTOMERS: Final = (
    CustomerPlan(
        "jiangnan-textile",
        BANK_CN,
        "Jiangnan Textile Trading Co., Ltd.",
        (_domestic("6228901020030040051", "CNY", "2500000.00"),),
        "50000.00",
    ),
    CustomerPlan(
        "lin-meihua", BANK_CN, "Lin Meihua", (_domestic("6228901020030040069", "CNY", "86500.00"),), "1200.00"
    ),
    CustomerPlan(
        "kowloon-instruments",
        BANK_HK,
        "Kowloon Instruments Limited",
        (
            _domestic("388104567001", "HKD", "1800000.00"),
            _domestic("388104567156", "CNY", "300000.00", listed=False),
        ),
        "40000.00",
    ),
    CustomerPlan(
        "chan-wai-man", BANK_HK, "Chan Wai Man", (_domestic("388104890002", "HKD", "64200.00"),), "2500.00"
    ),
    CustomerPlan(
        "siam-spice",
        BANK_TH,
        "Siam Spice Export Co., Ltd.",
        (_domestic("0479123856", "THB", "9400000.00"),),
        "120000.00",
    ),
    CustomerPlan(
        "somchai-prasert", BANK_TH, "Somchai Prasert", (_domestic("0479124417", "THB", "215000.00"),), "6000.00"
    ),
    CustomerPlan(
        "falcon-marine",
        BANK_AE,
        "Falcon Marine Supplies LLC",
        (
            _iban("AE959990000004200018377", "AED", "1250000.00"),
            _iban("AE929990000004200099911", "CNY", "150000.00", listed=False),
        ),
        "30000.00",
    ),
    CustomerPlan(
        "mariam-suwaidi",
        BANK_AE,
        "Mariam Al Suwaidi",
        (_iban("AE739990000004200018385", "AED", "41800.00"),),
        "1500.00",
    ),
)


def institution(bic: str) -> InstitutionPlan:
    """The planned institution of a BIC."""
    return next(plan for plan in INSTITUTIONS if plan.bic == bic)


def customers_of(bic: str) -> tuple[CustomerPlan, ...]:
    """The customers of one bank."""
    return tuple(customer for customer in CUSTOMERS if customer.bank == bic)


def currency(code: str) -> Currency:
    """The currency of a code; raises KeyError for one that is not planned."""
    return {known.code: known for known in CURRENCIES}[code]


def amount(code: str, text: str) -> Money:
    """An amount in major units as money."""
    return money(text, currency(code))


def first_money(bic: str) -> Iterator[Money]:
    """What is issued to an institution's settlement account: its own funds and its customers' balances."""
    for known in CURRENCIES:
        total = Money(0, known)
        own = institution(bic).own_funds.get(known.code)
        parts = [own] if own else []
        parts += [
            account.balance
            for customer in customers_of(bic)
            for account in customer.accounts
            if account.currency == known.code
        ]
        for part in parts:
            total += amount(known.code, part)
        if total.minor:
            yield total


def middle_rates() -> dict[str, str]:
    """The provider's price of every pair, as `institution.json` writes it: `{"CNY/AED": "1031/2000", ...}`."""
    return {f"{sell}/{buy}": str(WORTH[sell] / WORTH[buy]) for sell in WORTH for buy in WORTH if sell != buy}
