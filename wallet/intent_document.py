"""Intents as JSON, for the audit log, and back: what waits for approval is read from the log after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wallet.hold import Hold
from wallet.intent import (
    KINDS,
    AcceptanceIntent,
    BadIntent,
    ConfirmationIntent,
    Gas,
    Intent,
    ParticipantChange,
    PremiumIntent,
    TransferIntent,
)
from wallet.proposal import Proposal, proposal_json, read_proposal
from wallet.typed_data import Cancellation, Instruction, Position, Quote, from_json, to_json

_TYPED: Final[dict[str, type[Instruction | Quote | Cancellation | Position | Hold]]] = {
    KINDS[struct]: struct for struct in (Instruction, Quote, Cancellation, Position, Hold)
}


def intent_json(intent: Intent) -> dict[str, Any]:
    """Return an intent with its kind and every field, amounts as decimal text; `read_intent` gives it back."""
    kind = KINDS[type(intent)]
    if isinstance(intent, TransferIntent):
        found = {"currency": intent.currency, "creditor": intent.creditor, "amount": str(intent.amount)}
        return {"kind": kind, **found, **_gas_json(intent.gas)}
    if isinstance(intent, ParticipantChange):
        return {"kind": kind, "account": intent.account, "status": intent.status, **_gas_json(intent.gas)}
    if isinstance(intent, AcceptanceIntent):
        return {"kind": kind, "instruction": to_json(intent.instruction), "expiry": str(intent.expiry)}
    if isinstance(intent, PremiumIntent | ConfirmationIntent):
        return {"kind": kind, "hold": to_json(intent.hold)}
    if isinstance(intent, Proposal):
        return {"kind": kind, **proposal_json(intent)}
    return {"kind": kind, **to_json(intent)}


def read_intent(document: Mapping[str, Any]) -> Intent:
    """Return the intent of a document that `intent_json` wrote. Raises BadIntent, BadTypedData."""
    fields = dict(document)
    kind = fields.pop("kind", None)
    try:
        if kind == KINDS[TransferIntent]:
            gas = _gas(fields)
            return TransferIntent(fields["currency"], fields["creditor"], int(fields["amount"]), gas)
        if kind == KINDS[ParticipantChange]:
            return ParticipantChange(fields["account"], fields["status"], _gas(fields))
        if kind == KINDS[AcceptanceIntent]:
            return AcceptanceIntent(from_json(Instruction, fields["instruction"]), int(fields["expiry"]))
        if kind == KINDS[PremiumIntent]:
            return PremiumIntent(from_json(Hold, fields["hold"]))
        if kind == KINDS[ConfirmationIntent]:
            return ConfirmationIntent(from_json(Hold, fields["hold"]))
        if kind == KINDS[Proposal]:
            return read_proposal(fields)
    except (KeyError, TypeError) as error:
        raise BadIntent(f"the {kind} lacks {error}") from error
    if kind not in _TYPED:
        raise BadIntent(f"{str(kind)[:64]!r} is no kind of intent")
    return from_json(_TYPED[kind], fields)


def _gas_json(gas: Gas) -> dict[str, str]:
    return {name: str(number) for name, number in vars(gas).items()}


def _gas(fields: Mapping[str, Any]) -> Gas:
    return Gas(**{name: int(fields[name]) for name in Gas.__dataclass_fields__})
