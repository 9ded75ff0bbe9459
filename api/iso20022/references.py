"""How a message is referred to afterwards: every identifier an answer has to repeat."""

from __future__ import annotations

from dataclasses import dataclass

from api.iso20022.parse import ParsedMessage
from api.iso20022.tree import children, find, name_of, text_at

_TRANSACTIONS = ("CdtTrfTxInf", "TxInf", "TxInfAndSts")


@dataclass(frozen=True)
class TransactionReferences:
    """The identifiers of one transaction, as far as the message gives them."""

    instruction_id: str | None = None
    end_to_end_id: str | None = None
    transaction_id: str | None = None
    uetr: str | None = None


@dataclass(frozen=True)
class MessageReferences:
    """The identifiers of a message and of its first transaction; `created_at` is as the message wrote it."""

    message_id: str
    identifier: str
    created_at: str | None
    transaction: TransactionReferences


def references_of(message: ParsedMessage) -> MessageReferences:
    """What an answer to this message has to quote."""
    head = next(children(message.body))
    return MessageReferences(
        message_id=text_at(head, "MsgId") or text_at(head, "Id") or "NOTPROVIDED",
        identifier=message.identifier,
        created_at=text_at(head, "CreDtTm"),
        transaction=_first_transaction(message),
    )


def _first_transaction(message: ParsedMessage) -> TransactionReferences:
    for node in children(message.body):
        identification = find(node, "PmtId") if name_of(node) in _TRANSACTIONS else None
        if identification is not None:
            return TransactionReferences(
                text_at(identification, "InstrId"),
                text_at(identification, "EndToEndId"),
                text_at(identification, "TxId"),
                text_at(identification, "UETR"),
            )
        if name_of(node) == "TxInf" and find(node, "RtrdIntrBkSttlmAmt") is not None:
            return TransactionReferences(
                text_at(node, "OrgnlInstrId"),
                text_at(node, "OrgnlEndToEndId"),
                text_at(node, "RtrId"),
                text_at(node, "OrgnlUETR"),
            )
    return TransactionReferences()
