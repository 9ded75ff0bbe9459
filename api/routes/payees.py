"""Aliases, their look-up across institutions, and confirmation of payee: for the back office and between banks."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from api.access import BACK_OFFICE_REFUSALS, PARTICIPANT_REFUSALS, Access, raw_body
from api.idempotency import keeping
from api.institution import Institution
from api.payee_inquiry import search_here, search_network, verify_at, verify_here
from api.payee_schemas import (
    AliasGiven,
    AliasList,
    AliasView,
    PayeeAsked,
    PayeeSearch,
    PayeesFound,
    PayeeToVerify,
    PayeeVerified,
)
from api.problems import Problem, documented, problem_of
from api.refusals import Refusal
from api.routes.interbank import read_body, takes
from node.book.aliases import AliasRecord
from node.domain.alias import BadAlias, alias_of
from node.domain.party import Participant
from node.domain.reasons import Finding, Reason
from node.settlement.office import now, participant
from node.settlement.ports import Unreachable

_POSTED: Final = (
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Refusal.BOOK_BUSY,
)


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution's book, and over the network."""
    routes = APIRouter(prefix="/v1", tags=["payees"])
    _aliases(routes, institution, access)
    _inquiries(routes, institution, access)
    _interbank(routes, institution, access)
    return routes


def _aliases(routes: APIRouter, institution: Institution, access: Access) -> None:
    office, guard = institution.office, [Depends(access.back_office)]

    @routes.post(
        "/aliases",
        operation_id="giveAlias",
        summary="Let an alias name an account here",
        status_code=201,
        dependencies=guard,
        responses=documented(
            *BACK_OFFICE_REFUSALS, *_POSTED, Refusal.ALIAS_TAKEN, Reason.CREDITOR_ACCOUNT_UNKNOWN
        ),
    )
    def give_alias(given: AliasGiven) -> AliasView:
        """An alias names one account; saying the same again changes nothing."""
        record = AliasRecord(alias_of(given.alias), given.account, now(office))
        with office.book.unit() as unit:
            if unit.accounts.find(given.account) is None:
                raise problem_of((_no_account(given.account),))
            if not unit.aliases.add(record):
                raise Problem(Refusal.ALIAS_TAKEN, "This alias names another account; withdraw it first.")
            kept = unit.aliases.find(record.alias) or record
        return _view(kept)

    @routes.get(
        "/aliases",
        operation_id="listAliases",
        summary="List the aliases kept here",
        dependencies=guard,
        responses=documented(*BACK_OFFICE_REFUSALS),
    )
    def list_aliases() -> AliasList:
        """All aliases of accounts here."""
        with office.book.view() as unit:
            return AliasList(aliases=[_view(record) for record in unit.aliases.list()])

    @routes.delete(
        "/aliases/{alias}",
        operation_id="withdrawAlias",
        summary="Withdraw an alias",
        status_code=204,
        response_class=Response,
        dependencies=guard,
        responses=documented(
            *BACK_OFFICE_REFUSALS, Refusal.ALIAS_NOT_FOUND, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA
        ),
    )
    def withdraw_alias(request: Request, alias: Annotated[str, Path(max_length=254)]) -> Response:
        """It names no account from now on."""
        try:
            wanted = alias_of(alias)
        except BadAlias:
            raise _unknown(alias) from None
        with office.book.unit() as unit:
            if not unit.aliases.remove(wanted):
                raise _unknown(alias)
            answer = Response(status_code=204)
            keeping(request)(unit, answer)
        return answer


def _inquiries(routes: APIRouter, institution: Institution, access: Access) -> None:
    office, guard = institution.office, [Depends(access.back_office)]

    @routes.post(
        "/payee-searches",
        operation_id="searchPayee",
        summary="Look for an alias at every institution",
        dependencies=guard,
        responses=documented(*BACK_OFFICE_REFUSALS, *_POSTED, Refusal.CHAIN_UNREACHABLE),
    )
    def search_payee(asked: PayeeSearch) -> PayeesFound:
        """The accounts that the alias names, with names masked; verify the name before paying."""
        return search_network(office, institution.line, asked.alias)

    @routes.post(
        "/payee-verifications",
        operation_id="verifyPayee",
        summary="Confirm a payee's name before paying",
        dependencies=guard,
        responses=documented(
            *BACK_OFFICE_REFUSALS,
            *_POSTED,
            Refusal.CHAIN_UNREACHABLE,
            Refusal.INSTITUTION_UNREACHABLE,
            Reason.CREDITOR_AGENT_UNKNOWN,
        ),
    )
    def verify_payee(asked: PayeeToVerify) -> PayeeVerified:
        """Whether the name is that of the account's holder, by the institution that keeps the account."""
        bank = participant(office, asked.agent)
        if bank is None:
            text = f"No institution of the network has the BIC {asked.agent}."
            raise problem_of(
                (Finding(Reason.CREDITOR_AGENT_UNKNOWN, text, "agent", asked.agent, "network.agent-registered"),)
            )
        if bank.settlement_account == office.account:
            return verify_here(office, asked)
        answer = verify_at(institution.line, bank, asked)
        if isinstance(answer, Unreachable):
            raise Problem(
                Refusal.INSTITUTION_UNREACHABLE, f"No word from the account's institution: {answer.text}."
            )
        return answer


def _interbank(routes: APIRouter, institution: Institution, access: Access) -> None:
    office = institution.office

    @routes.post(
        "/interbank/payee-searches",
        operation_id="askPayeeSearch",
        summary="Ask whether an alias names an account here",
        tags=["interbank"],
        responses=documented(*PARTICIPANT_REFUSALS, *_POSTED, Refusal.CHAIN_UNREACHABLE),
        openapi_extra=takes(PayeeSearch),
    )
    def ask_search(
        _asker: Participant = Depends(access.participant), body: bytes = Depends(raw_body)
    ) -> PayeesFound:
        """Only our own book is looked at."""
        return search_here(office, read_body(PayeeSearch, body).alias)

    @routes.post(
        "/interbank/payee-verifications",
        operation_id="askPayeeVerification",
        summary="Ask whether a name is that of an account's holder here",
        tags=["interbank"],
        responses=documented(*PARTICIPANT_REFUSALS, *_POSTED, Refusal.CHAIN_UNREACHABLE),
        openapi_extra=takes(PayeeAsked),
    )
    def ask_verification(
        _asker: Participant = Depends(access.participant), body: bytes = Depends(raw_body)
    ) -> PayeeVerified:
        """The same comparison that a payment's acceptance makes."""
        return verify_here(office, read_body(PayeeAsked, body))


def _view(record: AliasRecord) -> AliasView:
    return AliasView(alias=record.alias.value, kind=record.alias.kind, account=record.account, since=record.since)


def _unknown(alias: str) -> Problem:
    return Problem(Refusal.ALIAS_NOT_FOUND, f"No account here has the alias {alias[:40]}.")


def _no_account(number: str) -> Finding:
    return Finding(
        Reason.CREDITOR_ACCOUNT_UNKNOWN, "We keep no such account.", "account", number, "alias.account-known"
    )
