"""The main job, once: a bank's message in, settled on chain in two currencies, and every balance before and after.

It talks to the network as a bank would: over HTTP with a credential, in ISO 20022. Only the balances on chain are
read from the chain.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from cli.demo_message import DemoParty, DemoPayment, write_demo_message
from cli.network import BANK_AE, BANK_CN, PROVIDER, amount, currency
from node.domain.money import Money
from node.domain.party import AccountScheme
from node.ledger.client import LedgerClient

PATIENCE_S: Final = 60.0
_PAUSE_S: Final = 0.05
_ENDS: Final = frozenset({"SETTLED", "REJECTED", "FAILED", "CANCELLED", "EXPIRED"})

DEBTOR: Final = DemoParty(
    name="Jiangnan Textile Trading Co., Ltd.",
    lei="999000JIANGNANTEXT36",
    street="Pingjiang Road",
    building="118",
    post_code="215005",
    town="Suzhou",
    country="CN",
    account="6228901020030040051",
    scheme=AccountScheme.OTHER,
    bic=BANK_CN,
    bank="Jinhai Commercial Bank",
)
CREDITOR: Final = DemoParty(
    name="Falcon Marine Supplies LLC",
    lei="999000FALCONMARINE54",
    street="Al Jaddaf Street",
    building="27",
    post_code="00000",
    town="Dubai",
    country="AE",
    account="AE959990000004200018377",
    scheme=AccountScheme.IBAN,
    bic=BANK_AE,
    bank="Dhow Gulf Bank",
)
INSTRUCTED: Final = amount("CNY", "100000.00")
CHARGE: Final = amount("CNY", "30.00")


class DemoFailed(Exception):
    """The demo did not come to its end; the text says at which point and why."""


@dataclass(frozen=True)
class Balance:
    """One balance before and after; `where` says whether a book or the chain holds it."""

    holder: str
    where: str
    before: Money
    after: Money


@dataclass(frozen=True)
class DemoResult:
    """Everything the demo has to tell."""

    message: bytes
    quote: dict[str, Any]
    payment: dict[str, Any]
    status_report: str
    balances: tuple[Balance, ...]
    took_s: float


class DemoBank:
    """The back office of one institution: an HTTP client with its credential."""

    def __init__(self, document: dict[str, Any], bic: str) -> None:
        """Take address and credential from network.json's content."""
        entry = next(one for one in document["participants"] if one["bic"] == bic)
        self.settlement_address: str = entry["settlement_address"]
        self.http = httpx.Client(
            base_url=entry["api_url"],
            headers={"Authorization": f"Bearer {entry['credential']}"},
            timeout=15,
            trust_env=False,
        )

    def take_quote(self, sell: Money, buy_currency: str) -> dict[str, Any]:
        """A firm quote."""
        wish = {
            "sell_currency": sell.currency.code,
            "sell_amount": sell.minor,
            "buy_currency": buy_currency,
        }
        return _json(self.http.post("/v1/quotes", json=wish), 201, "the quote")

    def send(self, message: bytes) -> str:
        """Post the message; returns where the payment is found."""
        answer = self.http.post(
            "/v1/iso20022/messages", content=message, headers={"Content-Type": "application/xml"}
        )
        if answer.status_code != 202:
            raise DemoFailed(f"the message was answered {answer.status_code}: {answer.text}")
        return str(answer.headers["Location"])

    def payment(self, uetr: str) -> dict[str, Any] | None:
        """The payment as this bank knows it, or None."""
        answer = self.http.get(f"/v1/payments/{uetr}")
        return None if answer.status_code == 404 else _json(answer, 200, "the payment")

    def balance(self, account: str) -> Money:
        """The booked balance of an account in this bank's book."""
        accounts = _json(self.http.get("/v1/accounts"), 200, "the accounts")["accounts"]
        found = next(one for one in accounts if one["account"] == account)
        return Money(found["balance"], currency(found["currency"]))

    def last_report(self, uetr: str) -> str:
        """The last status report sent to the back office."""
        messages = _json(self.http.get(f"/v1/payments/{uetr}/messages"), 200, "the messages")["messages"]
        reports = [one for one in messages if one["direction"] == "out" and one["name"].startswith("pacs.002")]
        return str(reports[-1]["body"])


def _json(answer: httpx.Response, expected: int, what: str) -> dict[str, Any]:
    if answer.status_code != expected:
        raise DemoFailed(f"{what} could not be had, the API answered {answer.status_code}: {answer.text}")
    content: dict[str, Any] = answer.json()
    return content


def run_demo(document: dict[str, Any], progress: Callable[[str], None]) -> DemoResult:
    """Make one payment on a running network, described by its network.json; raises DemoFailed."""
    started = time.monotonic()
    debtor_bank, creditor_bank = DemoBank(document, BANK_CN), DemoBank(document, BANK_AE)
    client = LedgerClient(document["rpc_url"])
    try:
        before = _balances(document, client, debtor_bank, creditor_bank)
        progress("asking for a quote")
        quote = debtor_bank.take_quote(INSTRUCTED - CHARGE, "AED")
        payment = _payment(quote)
        message = write_demo_message(payment)
        progress("sending the pacs.008")
        debtor_bank.send(message)
        progress("waiting for settlement")
        settled = _await_end(debtor_bank, payment.uetr)
        _await_end(creditor_bank, payment.uetr)
        after = _balances(document, client, debtor_bank, creditor_bank)
        report = debtor_bank.last_report(payment.uetr)
    except httpx.HTTPError as error:
        raise DemoFailed(f"the API does not answer: {error!r}") from error
    finally:
        client.close()
    balances = tuple(Balance(*who, before[who], after[who]) for who in before)
    return DemoResult(message, quote, settled, report, balances, time.monotonic() - started)


def _payment(quote: dict[str, Any]) -> DemoPayment:
    at = datetime.now(UTC)
    return DemoPayment(
        uetr=str(uuid.uuid4()),
        message_id=f"JHCB{at:%Y%m%d%H%M%S%f}",
        at=at,
        instructed=INSTRUCTED,
        charge=CHARGE,
        settled=Money(quote["buy"]["amount"], currency("AED")),
        quote_id=quote["quote_id"],
        debtor=DEBTOR,
        creditor=CREDITOR,
        invoice=f"INV-{at:%H%M%S}-0417",
    )


def _await_end(bank: DemoBank, uetr: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        payment = bank.payment(uetr)
        if payment is not None and payment["state"] == "SETTLED":
            return payment
        if payment is not None and payment["state"] in _ENDS:
            why = "; ".join(f"{reason['code']}: {reason['text']}" for reason in payment["reasons"])
            raise DemoFailed(f"the payment ended {payment['state']}: {why}")
        time.sleep(_PAUSE_S)
    state = payment["state"] if payment else "unknown"
    raise DemoFailed(f"the payment is still {state} after {PATIENCE_S:.0f} seconds")


def _balances(
    document: dict[str, Any], client: LedgerClient, debtor_bank: DemoBank, creditor_bank: DemoBank
) -> dict[tuple[str, str], Money]:
    """Everybody's money, keyed by holder and by where it is held."""
    provider = DemoBank(document, PROVIDER).settlement_address

    def on_chain(address: str, code: str) -> Money:
        return Money(client.balance_of(document["tokens"][code]["address"], address), currency(code))

    return {
        (DEBTOR.name, "account at its bank"): debtor_bank.balance(DEBTOR.account),
        (DEBTOR.bank, "own account"): debtor_bank.balance("OWN-CNY"),
        (DEBTOR.bank, "chain"): on_chain(debtor_bank.settlement_address, "CNY"),
        ("Meridian Exchange", "chain, CNY"): on_chain(provider, "CNY"),
        ("Meridian Exchange", "chain, AED"): on_chain(provider, "AED"),
        (CREDITOR.bank, "chain"): on_chain(creditor_bank.settlement_address, "AED"),
        (CREDITOR.name, "account at its bank"): creditor_bank.balance(CREDITOR.account),
    }
