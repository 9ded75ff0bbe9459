"""All that an institution keeps of an account's owner, as one JSON document: the right of access."""

from __future__ import annotations

import json
from typing import Any

from node.book.book import Unit
from node.book.records import CashAccountRecord, MessageRecord, PaymentRecord
from node.domain.party import Party


def data_of(unit: Unit, number: str) -> bytes | None:
    """The document of an account; None where there is none of this number."""
    account = unit.accounts.find(number)
    if account is None:
        return None
    payments = unit.payments.of_owner(number)
    return json.dumps(
        {
            "account": _account(account),
            "aliases": [one.alias.value for one in unit.aliases.list() if one.account == account.number],
            "entries": [
                {"at": one.at.isoformat(), "amount": str(one.amount), "uetr": one.uetr, "text": one.text}
                for one in unit.accounts.entries(account.number)
            ],
            "payments": [_payment(unit, record) for record in payments],
            "statements": [_message(one) for one in unit.messages.about(number)],
        },
        ensure_ascii=False,
        indent=2,
    ).encode()


def _account(account: CashAccountRecord) -> dict[str, Any]:
    return {
        "number": account.number,
        "holder": account.holder,
        "currency": account.currency.code,
        "status": account.status.value,
        "balance": str(account.balance),
        "wallet_address": account.wallet_address,
    }


def _payment(unit: Unit, record: PaymentRecord) -> dict[str, Any]:
    payment = record.payment
    return {
        "uetr": record.uetr,
        "state": record.state.value,
        "received_at": record.received_at.isoformat(),
        "amount": str(payment.interbank_settlement_amount),
        "debtor": _party(payment.debtor),
        "debtor_account": payment.debtor_account.number if payment.debtor_account else None,
        "creditor": _party(payment.creditor),
        "creditor_account": payment.creditor_account.number if payment.creditor_account else None,
        "remittance": list(payment.remittance),
        "messages": [_message(one) for one in unit.messages.of(record.uetr)],
    }


def _party(party: Party) -> dict[str, Any]:
    address = party.address
    lines = [*address.lines, address.town, address.country] if address else []
    return {"name": party.name, "address": [line for line in lines if line]}


def _message(message: MessageRecord) -> dict[str, Any]:
    return {
        "name": message.name,
        "direction": message.direction,
        "at": message.at.isoformat(),
        "body": message.body.decode("utf-8", "replace"),
    }
