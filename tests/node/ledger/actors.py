"""Who acts in the ledger's tests: keys by role, and the small network of nine participants they form."""

from __future__ import annotations

from hashlib import sha256

from node.domain.money import Currency, Money
from node.domain.party import ParticipantRole
from node.ledger.plan import CurrencyPlan, IssuePlan, NetworkKeys, NetworkPlan, ParticipantPlan, TokenRole
from wallet.signer import LocalSigner

CNY, HKD, THB, AED = (Currency(code, 2) for code in ("CNY", "HKD", "THB", "AED"))
CURRENCIES = (CNY, HKD, THB, AED)
FIRST_MONEY = 10**12
BANK = ParticipantRole.BANK


def actor(role: str) -> LocalSigner:
    """The key of a role; the same role has the same key in every run."""
    return LocalSigner(sha256(role.encode()).digest())


def digest(text: str) -> bytes:
    """Some 32 bytes, by a text."""
    return sha256(text.encode()).digest()


def bank(currency: Currency) -> LocalSigner:
    """The key of the settlement account of a currency's bank."""
    return actor(f"bank {currency.code}")


def issuer(currency: Currency) -> LocalSigner:
    """The key of a currency's central bank."""
    return actor(f"issuer {currency.code}")


PROVIDER = actor("fx provider")


def network_keys(run: str, funder: LocalSigner | None) -> NetworkKeys:
    """The keys of one network; `run` tells its deployer from those of other networks on the same chain."""
    return NetworkKeys(
        deployer=actor(f"deployer {run}"),
        governor=actor("governor"),
        registrar=actor("registrar"),
        issuers={currency.code: issuer(currency) for currency in CURRENCIES},
        funder=funder,
    )


def network_plan() -> NetworkPlan:
    """Four issuers, four banks and an FX provider; each bank has its currency, the provider all four."""
    return NetworkPlan(
        participants=tuple(
            [_issuer_plan(n, currency) for n, currency in enumerate(CURRENCIES)]
            + [_bank_plan(n, currency) for n, currency in enumerate(CURRENCIES)]
            + [_participant(8, PROVIDER.address, "FXPRAEADXXX", "Exchange", ParticipantRole.FX_PROVIDER, "AE")]
        ),
        currencies=tuple(_currency_plan(currency) for currency in CURRENCIES),
        issues=tuple(
            IssuePlan(to, Money(FIRST_MONEY, currency), digest(f"first {currency.code} to {to}"))
            for currency in CURRENCIES
            for to in (bank(currency).address, PROVIDER.address, actor(f"holder {currency.code}").address)
        ),
        operators=(actor("operator").address, actor("holder CNY").address),
    )


def _currency_plan(currency: Currency) -> CurrencyPlan:
    powers = (
        (issuer(currency).address, TokenRole.PAUSER | TokenRole.UNPAUSER),
        (actor("freezer").address, TokenRole.FREEZER),
    )
    return CurrencyPlan(currency, f"Digital {currency.code}", issue_allowance=FIRST_MONEY, powers=powers)


def _issuer_plan(number: int, currency: Currency) -> ParticipantPlan:
    name = f"Central bank of {currency.code}"
    account, bic = issuer(currency).address, f"CEN{currency.code[0]}{currency.code[:2]}2AXXX"
    return _participant(number, account, bic, name, ParticipantRole.ISSUER, currency.code[:2])


def _bank_plan(number: int, currency: Currency) -> ParticipantPlan:
    name, account = f"Bank of {currency.code}", bank(currency).address
    bic = f"BNK{currency.code[0]}{currency.code[:2]}2AXXX"
    return _participant(number + 4, account, bic, name, BANK, currency.code[:2])


def _participant(
    number: int, account: str, bic: str, name: str, roles: ParticipantRole, country: str
) -> ParticipantPlan:
    return ParticipantPlan(
        account=account,
        bic=bic,
        lei=f"5493000000000000{number:02d}00",
        name=name,
        roles=roles,
        message_key=digest(f"message key {bic}"),
        api_address=f"http://127.0.0.1:{9000 + number}",
        jurisdiction=country,
    )
