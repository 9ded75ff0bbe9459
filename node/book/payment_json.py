"""A payment, its findings and its quote as JSON text: the form in which the book keeps them.

What a payment says of persons is a text of its own, to be sealed. Amounts and rates are strings, so no reader of
the file can round them; what is absent is left out.
"""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from typing import Any, Final

from node.domain.money import Currency, Money
from node.domain.party import AccountScheme, Agent, CashAccount, Party, PostalAddress
from node.domain.payment import Charge, ChargeBearer, Payment
from node.domain.quote import Quote, SignedQuote
from node.domain.reasons import Finding, reason_named

Json = dict[str, Any]
NO_REFERENCE: Final = "NOTPROVIDED"  # ISO 20022's way to say that there is no end-to-end identification

_TEXTS = (
    "uetr",
    "message_id",
    "instruction_id",
    "transaction_id",
    "quote_id",
    "purpose",
    "return_of",
    "return_reason",
)


def facts_to_json(payment: Payment) -> str:
    """What a payment says of no person, as one line of JSON: amounts, institutions, dates, identifications."""
    agents = ("instructing_agent", "instructed_agent", "debtor_agent", "creditor_agent")
    return _dump(
        {
            **{name: getattr(payment, name) for name in _TEXTS},
            "settlement_date": payment.settlement_date.isoformat() if payment.settlement_date else None,
            "interbank_settlement_amount": _money(payment.interbank_settlement_amount),
            "instructed_amount": _money(payment.instructed_amount) if payment.instructed_amount else None,
            "exchange_rate": str(payment.exchange_rate) if payment.exchange_rate is not None else None,
            "charge_bearer": payment.charge_bearer.value,
            "charges": [{"amount": _money(c.amount), "agent": _agent(c.agent)} for c in payment.charges],
            **{name: _agent(getattr(payment, name)) for name in agents},
        }
    )


def persons_to_json(payment: Payment) -> str:
    """What a payment says of persons, as one line of JSON; with the facts it is the whole payment."""
    return _dump(
        {
            "end_to_end_id": payment.end_to_end_id,
            "debtor": _party(payment.debtor),
            "debtor_account": _account(payment.debtor_account),
            "creditor": _party(payment.creditor),
            "creditor_account": _account(payment.creditor_account),
            "remittance": list(payment.remittance),
        }
    )


def payment_from_json(facts: str, persons: str | bytes) -> Payment:
    """The payment that these two were written from; raises KeyError, TypeError or ValueError for others."""
    kept: Json = json.loads(facts) | json.loads(persons)
    settlement_date, instructed, rate = (
        kept.get(name) for name in ("settlement_date", "instructed_amount", "exchange_rate")
    )
    return Payment(
        uetr=kept["uetr"],
        message_id=kept["message_id"],
        end_to_end_id=kept["end_to_end_id"],
        instruction_id=kept.get("instruction_id"),
        transaction_id=kept.get("transaction_id"),
        settlement_date=date.fromisoformat(settlement_date) if settlement_date else None,
        interbank_settlement_amount=_as_money(kept["interbank_settlement_amount"]),
        instructed_amount=_as_money(instructed) if instructed else None,
        exchange_rate=Fraction(rate) if rate else None,
        charge_bearer=ChargeBearer(kept["charge_bearer"]),
        charges=tuple(Charge(_as_money(c["amount"]), Agent(**c["agent"])) for c in kept["charges"]),
        instructing_agent=_as_agent(kept.get("instructing_agent")),
        instructed_agent=_as_agent(kept.get("instructed_agent")),
        debtor=_as_party(kept["debtor"]),
        debtor_account=_as_account(kept.get("debtor_account")),
        debtor_agent=Agent(**kept["debtor_agent"]),
        creditor=_as_party(kept["creditor"]),
        creditor_account=_as_account(kept.get("creditor_account")),
        creditor_agent=Agent(**kept["creditor_agent"]),
        quote_id=kept.get("quote_id"),
        remittance=tuple(kept["remittance"]),
        purpose=kept.get("purpose"),
        return_of=kept.get("return_of"),
        return_reason=kept.get("return_reason"),
    )


def persons_erased(mark: str) -> str:
    """What stands for the persons of a payment once they are erased; its reference is ISO 20022's for none."""
    named = {"name": mark}
    return _dump({"end_to_end_id": NO_REFERENCE, "debtor": named, "creditor": named, "remittance": [mark]})


def finding_facts(finding: Finding) -> Json:
    """What a finding says of no person: the reason by its name, the element, the rule."""
    return _present(
        {
            "reason": finding.reason.sentence,
            "element": finding.element,
            "rule": finding.rule,
            "stated_code": finding.stated_code,
        }
    )


def finding_from(facts: Json, text: str, value: str | None) -> Finding:
    """The finding of these facts, with its sentence and the value that it was found on."""
    kept = dict(facts)
    return Finding(reason_named(kept.pop("reason")), text, value=value, **kept)


def quote_to_json(signed: SignedQuote) -> str:
    """A signed quote as one line of JSON, its signature in hex."""
    quote = signed.quote
    return _dump(
        {
            "quote_id": quote.quote_id,
            "provider": quote.provider,
            "taker": quote.taker,
            "sell": _money(quote.sell),
            "buy": _money(quote.buy),
            "expiry_s": quote.expiry_s,
            "signature": signed.signature.hex(),
        }
    )


def quote_from_json(text: str) -> SignedQuote:
    """The signed quote that `quote_to_json` wrote."""
    kept: Json = json.loads(text)
    signature = bytes.fromhex(kept.pop("signature"))
    sell, buy = _as_money(kept.pop("sell")), _as_money(kept.pop("buy"))
    return SignedQuote(Quote(sell=sell, buy=buy, **kept), signature)


def _dump(kept: Json) -> str:
    return json.dumps(_present(kept), ensure_ascii=False, separators=(",", ":"))


def _present(kept: Json) -> Json:
    return {name: value for name, value in kept.items() if value is not None}


def _money(money: Money) -> Json:
    return {"minor": str(money.minor), "currency": money.currency.code, "minor_units": money.currency.minor_units}


def _as_money(kept: Json) -> Money:
    return Money(int(kept["minor"]), Currency(kept["currency"], kept["minor_units"]))


def _agent(agent: Agent | None) -> Json | None:
    return _present({"bic": agent.bic, "name": agent.name, "lei": agent.lei}) if agent else None


def _as_agent(kept: Json | None) -> Agent | None:
    return Agent(**kept) if kept else None


def _party(party: Party) -> Json:
    address = party.address
    kept = _present({"country": address.country, "town": address.town}) if address else None
    if address and kept is not None:
        kept["lines"] = list(address.lines)
    return _present({"name": party.name, "address": kept, "lei": party.lei})


def _as_party(kept: Json) -> Party:
    address = kept.get("address")
    if address is None:
        return Party(kept.get("name"), None, kept.get("lei"))
    place = PostalAddress(address.get("country"), address.get("town"), tuple(address["lines"]))
    return Party(kept.get("name"), place, kept.get("lei"))


def _account(account: CashAccount | None) -> Json | None:
    if account is None:
        return None
    return _present({"number": account.number, "scheme": account.scheme.value, "currency": account.currency})


def _as_account(kept: Json | None) -> CashAccount | None:
    return CashAccount(kept["number"], AccountScheme(kept["scheme"]), kept.get("currency")) if kept else None
