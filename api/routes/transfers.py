"""POST /v1/transfers: a customer's signed transfer from wallet to wallet, carried to the chain at our expense."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import Response

from api.access import BACK_OFFICE_REFUSALS, Access
from api.idempotency import keeping
from api.institution import Institution
from api.problems import Problem, documented, problem_of
from api.refusals import Refusal
from api.schemas import Amount, Body, CurrencyCode
from node.book.records import EvmTransactionRecord
from node.domain.reasons import Finding, Reason
from node.settlement.lane import LaneStopped
from node.settlement.office import Office
from node.settlement.relay import NotRelayed, relay
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


class TransferAuthorisation(Body):
    """A holder's signed transfer, as `corridor wallet authorise` writes it."""

    currency: CurrencyCode
    chain_id: Annotated[int, Field(strict=True, gt=0)]
    token: Annotated[str, Field(description="the currency token's address", pattern=r"^0x[0-9a-fA-F]{40}$")]
    transfer: Annotated[dict[str, str], Field(description="the terms: Transfer, as typed data in JSON")]
    signature: Annotated[str, Field(description="the debtor's, 65 bytes", pattern=r"^0x[0-9a-f]{130}$")]


class RelayedTransfer(Body):
    """The transaction that carries it; included in a block is not yet final."""

    transaction_hash: str
    status: Annotated[str, Field(description="signed, included", examples=["signed"])]
    amount: Amount
    debtor: str
    creditor: str


def router(institution: Institution, access: Access) -> APIRouter:
    """The route over one institution."""
    routes = APIRouter(prefix="/v1", tags=["transfers"], dependencies=[Depends(access.back_office)])

    @routes.post(
        "/transfers",
        operation_id="relayTransfer",
        summary="Carry a customer's signed transfer",
        status_code=202,
        response_model=RelayedTransfer,
        responses=documented(*_REFUSALS),
        openapi_extra={"requestBody": {"content": {"application/json": {"example": _EXAMPLE}}}},
    )
    def relay_transfer(request: Request, wanted: TransferAuthorisation) -> Response:
        """Send it from our own account: the holder needs no gas, and nothing of it can be changed on the way.

        Posting the same again while it is under way gives the same transaction; once it is final the token
        refuses it, for its number is used.
        """
        office = institution.office
        authorisation = authorisation_of(office, wanted)
        keep = keeping(request)
        try:
            kept = relay(office, authorisation, lambda unit, sent: keep(unit, _answer(authorisation, sent)))
        except LaneStopped as stopped:
            raise Problem(Refusal.NOT_READY, f"Nothing can be sent now: {stopped}.") from stopped
        if isinstance(kept, NotRelayed):
            raise problem_of((kept.finding,))
        return _answer(authorisation, kept)

    return routes


def _answer(authorisation: Authorisation, kept: EvmTransactionRecord) -> Response:
    terms = authorisation.terms
    relayed = RelayedTransfer(
        transaction_hash=kept.transaction_hash,
        status=kept.status.value.lower(),
        amount=Amount(amount=terms.amount, currency=authorisation.currency),
        debtor=terms.debtor,
        creditor=terms.creditor,
    )
    return Response(relayed.model_dump_json(), 202, media_type="application/json")


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
