"""Between the domain's payment and quote and the typed data that is signed: the same facts, spelt for a contract.

Currencies become token addresses here and nowhere else in this room.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from functools import lru_cache

from node.book.records import PaymentRecord
from node.domain.money import Money
from node.domain.party import Participant
from node.domain.payment import Payment, credit_leg, debit_leg
from node.domain.quote import Quote
from node.ledger.directory import CurrencyTokenInfo
from wallet import typed_data

Tokens = Mapping[str, CurrencyTokenInfo]


def typed_quote(quote: Quote, tokens: Tokens) -> typed_data.Quote:
    """The quote as its provider signs it; raises KeyError for a currency without a token."""
    return typed_data.Quote(
        id=uuid.UUID(quote.quote_id).bytes,
        provider=quote.provider,
        taker=quote.taker,
        sell_token=tokens[quote.sell.currency.code].address,
        sell_amount=quote.sell.minor,
        buy_token=tokens[quote.buy.currency.code].address,
        buy_amount=quote.buy.minor,
        expiry=quote.expiry_s,
    )


def domain_quote(quote: typed_data.Quote, tokens: Tokens) -> Quote | None:
    """The quote in the domain's words, or None where it names a token that is no currency of the network."""
    currencies = {info.address: info.currency for info in tokens.values()}
    sell, buy = currencies.get(quote.sell_token), currencies.get(quote.buy_token)
    if sell is None or buy is None:
        return None
    return Quote(
        quote_id=str(uuid.UUID(bytes=quote.id)),
        provider=quote.provider,
        taker=quote.taker,
        sell=Money(quote.sell_amount, sell),
        buy=Money(quote.buy_amount, buy),
        expiry_s=quote.expiry,
    )


def instruction_text(instruction: typed_data.Instruction) -> str:
    """The instruction as a payment's record keeps it; `instruction_of` gives it back."""
    return json.dumps(typed_data.to_json(instruction))


def instruction_of(record: PaymentRecord) -> typed_data.Instruction:
    """The instruction that this payment's record keeps; raises LookupError where none is written yet."""
    if record.instruction is None:
        raise LookupError(f"payment {record.uetr} has no instruction yet")
    return read_instruction(record.instruction)


@lru_cache(maxsize=4096)  # a payment's is read at every step it takes
def read_instruction(text: str) -> typed_data.Instruction:
    """The instruction that `instruction_text` wrote."""
    return typed_data.from_json(typed_data.Instruction, json.loads(text))


def instruction_for(
    payment: Payment,
    *,
    debtor_agent: Participant,
    creditor_agent: Participant,
    tokens: Tokens,
    message_digest: bytes,
    expiry_s: int,
    sequence: int = 0,
    original: typed_data.Instruction | None = None,
) -> typed_data.Instruction:
    """The instruction between two institutions' settlement accounts that this payment asks for.

    `original` is what a return gives back, where the contract can be shown that it settled.
    """
    debit, credit = debit_leg(payment), credit_leg(payment)
    return typed_data.Instruction(
        uetr=uuid.UUID(payment.uetr).bytes,
        debtor_agent=debtor_agent.settlement_account,
        creditor_agent=creditor_agent.settlement_account,
        debtor_account=debtor_agent.settlement_account,
        creditor_account=creditor_agent.settlement_account,
        debit_token=tokens[debit.currency.code].address,
        debit_amount=debit.minor,
        credit_token=tokens[credit.currency.code].address,
        credit_amount=credit.minor,
        message_digest=message_digest,
        return_of=original.uetr if original else bytes(16),
        sequence=sequence,
        expiry=expiry_s,
    )
