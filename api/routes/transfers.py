"""/v1/transfers: customers' signed transfers from wallet to wallet, carried to the chain at our expense."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.access import BACK_OFFICE_REFUSALS, Access
from api.idempotency import keeping
from api.institution import Institution
from api.problems import Problem, documented, problem_of
from api.refusals import Refusal
from api.schemas import Amount, Body, CurrencyCode
from node.domain.reasons import Finding, Reason
from node.settlement.lane import LaneStopped
from node.settlement.office import Office
from node.settlement.relay import CarriedTransfer, NotRelayed, TransferState, carried, failure_of, relay
from wallet.authorisation import Authorisation, read_authorisation
from wallet.network import BadNetwork, Network, Token
from wallet.signature import SignatureRefused
from wallet.typed_data import BadTypedData

_REFUSALS: Final = (
    *BACK_OFFICE_REFUSALS,
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Reason.SIGNATURE_WRONG,
    Reason.CURRENCY_NOT_ISSUED,
    Reason.DEBTOR_ACCOUNT_UNKNOWN,
    Reason.SETTLEMENT_REFUSED_BY_CONTRACT,
    Refusal.CHAIN_UNREACHABLE,
    Refusal.BOOK_BUSY,
    Refusal.NOT_READY,
)
_LISTING: Final = (*BACK_OFFICE_REFUSALS, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA)
_EXAMPLE: Final[dict[str, Any]] = {
    "currency": "CNY",
    "chain_id": 20022,
    "token": "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    "transfer": {
        "debtor": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "creditor": "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        "amount": "250",
        "nonce": "4611686018427387904",
        "expiry": "1900000000",
    },
    "signature": "0x" + "11" * 64 + "1b",
}


_ID: Final = "0x" + "5a" * 32
_VIEW: Final[dict[str, Any]] = {
    "id": _ID,
    "status": "settled",
    "amount": {"amount": 250, "currency": "CNY"},
    "debtor": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "creditor": "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "transaction_hash": "0x" + "c7" * 32,
    "block_number": 42,
    "reason": None,
    "received_at": "2026-11-23T08:00:00Z",
}
_LOCATION: Final[dict[str, Any]] = {
    "headers": {"Location": {"description": "where the transfer is found", "schema": {"type": "string"}}}
}
MOST_A_PAGE: Final = 200
TransferId = Annotated[str, Field(description="0x and 64 hexadecimal digits", pattern=r"^0x[0-9a-f]{64}$")]


class TransferAuthorisation(Body):
    """A holder's signed transfer, as `corridor wallet authorise` writes it."""

    currency: CurrencyCode
    chain_id: Annotated[int, Field(strict=True, gt=0)]
    token: Annotated[str, Field(description="the currency token's address", pattern=r"^0x[0-9a-fA-F]{40}$")]
    transfer: Annotated[dict[str, str], Field(description="the terms: Transfer, as typed data in JSON")]
    signature: Annotated[str, Field(description="the debtor's, 65 bytes", pattern=r"^0x[0-9a-f]{130}$")]


class TransferView(Body):
    """A carried transfer and where it is; included in a block is not yet final, settled is."""

    id: TransferId
    status: Annotated[TransferState, Field(description="settled and refused are ends")]
    amount: Amount
    debtor: str
    creditor: str
    transaction_hash: Annotated[str, Field(description="of the transaction that carries it; fees may change it")]
    block_number: Annotated[int | None, Field(description="the block it is in")]
    reason: Annotated[str | None, Field(description="why it was refused")]
    received_at: datetime


class TransferList(Body):
    """A page of transfers, the newest first; `next` is the `after` of the following page."""

    transfers: list[TransferView]
    next: str | None


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution."""
    office = institution.office
    routes = APIRouter(prefix="/v1/transfers", tags=["transfers"], dependencies=[Depends(access.back_office)])

    @routes.post(
        "",
        operation_id="relayTransfer",
        summary="Carry a customer's signed transfer",
        status_code=202,
        response_model=TransferView,
        responses={**documented(*_REFUSALS), 202: {**_example(_VIEW), **_LOCATION}},
        openapi_extra={"requestBody": {"content": {"application/json": {"example": _EXAMPLE}}}},
    )
    def relay_transfer(request: Request, wanted: TransferAuthorisation) -> Response:
        """Send it from our own account: the holder needs no gas, and nothing of it can be changed on the way.

        Follow it at its Location. Posting the same again while it is under way gives the same transfer; once it is
        final the token refuses it, for its number is used.
        """
        authorisation, keep = authorisation_of(office, wanted), keeping(request)
        try:
            kept = relay(office, authorisation, lambda unit, found: keep(unit, _answer(found)))
        except LaneStopped as stopped:
            raise Problem(Refusal.NOT_READY, f"Nothing can be sent now: {stopped}.") from stopped
        if isinstance(kept, NotRelayed):
            raise problem_of((kept.finding,))
        return _answer(kept)

    @routes.get(
        "",
        operation_id="listTransfers",
        summary="List carried transfers",
        responses=_answered(200, {"transfers": [_VIEW], "next": None}, *_LISTING),
    )
    def list_transfers(
        after: Annotated[TransferId | None, Query(description="the `next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 100,
    ) -> TransferList:
        """The transfers that this institution has carried for its customers, the newest first."""
        with office.book.view() as unit:
            found = [carried(unit, record) for record in unit.transfers.list(after, limit)]
        following = found[-1].record.transfer_id if len(found) == limit else None
        return TransferList(transfers=[_view(one) for one in found], next=following)

    @routes.get(
        "/{transfer_id}",
        operation_id="getTransfer",
        summary="Get a carried transfer",
        responses=_answered(200, _VIEW, *_LISTING, Refusal.TRANSFER_NOT_FOUND),
    )
    def get_transfer(transfer_id: Annotated[TransferId, Path(examples=[_ID])]) -> TransferView:
        """Where it is: signed, included in a block, settled (final), or refused and why."""
        with office.book.view() as unit:
            record = unit.transfers.find(transfer_id)
            if record is None:
                text = f"This institution has carried no transfer {transfer_id}."
                raise Problem(Refusal.TRANSFER_NOT_FOUND, text)
            return _view(carried(unit, record))

    return routes


def _answered(
    status: int, example: dict[str, Any], *refusals: Refusal | Reason
) -> dict[int | str, dict[str, Any]]:
    return {**documented(*refusals), status: _example(example)}


def _example(example: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"example": example}}}


def _answer(found: CarriedTransfer) -> Response:
    location = {"Location": f"/v1/transfers/{found.record.transfer_id}"}
    return Response(_view(found).model_dump_json(), 202, location, "application/json")


def _view(found: CarriedTransfer) -> TransferView:
    record = found.record
    return TransferView(
        id=record.transfer_id,
        status=found.state,
        amount=Amount(amount=record.amount, currency=record.currency),
        debtor=record.debtor,
        creditor=record.creditor,
        transaction_hash=found.sent.transaction_hash,
        block_number=found.sent.block_number,
        reason=failure_of(found),
        received_at=record.created_at,
    )


def authorisation_of(office: Office, wanted: TransferAuthorisation) -> Authorisation:
    """The authorisation, verified against the network as its registry tells it; raises Problem."""
    tokens = office.directory.tokens()
    listed = tokens.get(wanted.currency)
    if listed is None:
        raise _problem(Reason.CURRENCY_NOT_ISSUED, f"Nobody issues {wanted.currency} on this network.", "currency")
    network = Network(
        rpc_url=office.client.rpc_url,
        chain_id=office.client.chain_id(),
        registry=office.directory.registry,
        settlement=office.contract.address,
        tokens={code: Token(code, one.address, one.currency.minor_units) for code, one in tokens.items()},
        names={},
    )
    try:
        return read_authorisation(wanted.model_dump(), network, listed.name)
    except SignatureRefused as error:
        raise _problem(Reason.SIGNATURE_WRONG, _sentence(error), "signature") from error
    except (BadTypedData, BadNetwork) as error:
        text = _sentence(error)
        finding = Finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, "transfer", rule="wallet.authorisation")
        raise Problem(Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA, text, (finding,)) from error


def _problem(reason: Reason, text: str, element: str) -> Problem:
    return problem_of((Finding(reason, text, element, rule="wallet.authorisation"),))


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[0].upper()}{text[1:]}."
