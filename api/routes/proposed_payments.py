"""POST /v1/interbank/payments…: another institution proposes payments to us, their creditor agent, one or many."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import Access, raw_body
from api.institution import Institution
from api.problems import Problem, document, documented, problem_of
from api.reading import NO_PAYMENT, read_payment
from api.refusals import Refusal
from api.returning import NO_RETURN, looks_like_a_return, read_proposed_return
from api.routes.interbank import COMMON, read_body, takes
from api.schemas import (
    MOST_PROPOSALS,
    AcceptanceView,
    PaymentAnswer,
    PaymentProposal,
    PaymentProposals,
    ProblemDocument,
    ProposalAnswer,
    ProposalAnswers,
)
from node.domain.party import Participant
from node.domain.reasons import Finding, Reason
from node.settlement.creditor_desk import Proposal, consider, consider_all
from node.settlement.ports import AcceptanceRequest, Accepted, Refused
from wallet.typed_data import BadTypedData, Instruction, Quote, from_json


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution; every answer is signed on its way out."""
    routes = APIRouter(prefix="/v1/interbank", tags=["interbank"])

    @routes.post(
        "/payments",
        operation_id="proposePayment",
        summary="Propose a payment to its creditor agent",
        responses=documented(*COMMON, *dict.fromkeys((*NO_PAYMENT, *NO_RETURN)), Reason.UETR_ALREADY_USED),
        openapi_extra=takes(PaymentProposal),
    )
    def propose_payment(
        debtor_agent: Participant = Depends(access.participant), body: bytes = Depends(raw_body)
    ) -> PaymentAnswer:
        """Show a pacs.008 with its instruction and quote; the answer is a pacs.002 and a signed acceptance."""
        proposal = _read(institution, read_body(PaymentProposal, body))
        answer = _answer(consider(institution.office, debtor_agent, proposal))
        institution.worker.wake()
        return answer

    @routes.post(
        "/payments/together",
        operation_id="proposePayments",
        summary=f"Propose up to {MOST_PROPOSALS} payments to their creditor agent at once",
        response_model=ProposalAnswers,
        responses=documented(*COMMON),
        openapi_extra=takes(PaymentProposals),
    )
    def propose_payments(
        request: Request, debtor_agent: Participant = Depends(access.participant), body: bytes = Depends(raw_body)
    ) -> Response:
        """Show many under one signature; each has an answer of its own, or a problem, and holds up no other."""
        proposals = read_body(PaymentProposals, body).payments
        answers = _answers(institution, debtor_agent, proposals, request.state.trace_id)
        institution.worker.wake()
        return Response(answers.model_dump_json(), media_type="application/json")

    return routes


def _answers(
    institution: Institution, debtor_agent: Participant, proposals: Sequence[PaymentProposal], trace_id: str
) -> ProposalAnswers:
    read = [_read_or_problem(institution, proposal) for proposal in proposals]
    readable = [one for one in read if isinstance(one, Proposal)]
    words = iter(consider_all(institution.office, debtor_agent, readable))
    answers = [_answer_or_problem(next(words)) if isinstance(one, Proposal) else one for one in read]
    return ProposalAnswers(
        answers=[
            ProposalAnswer(problem=_told(one, trace_id))
            if isinstance(one, Problem)
            else ProposalAnswer(answer=one)
            for one in answers
        ]
    )


def _read_or_problem(institution: Institution, proposal: PaymentProposal) -> Proposal | Problem:
    try:
        return _read(institution, proposal)
    except Problem as problem:
        return problem


def _answer_or_problem(word: Accepted | Refused) -> PaymentAnswer | Problem:
    try:
        return _answer(word)
    except Problem as problem:
        return problem


def _told(problem: Problem, trace_id: str) -> ProblemDocument:
    return ProblemDocument(**document(problem.kind, problem.text, findings=problem.findings, trace_id=trace_id))


def _read(institution: Institution, proposed: PaymentProposal) -> Proposal:
    """The payment that is proposed; raises Problem where there is none to be read."""
    request = _acceptance_request(proposed)
    read = read_proposed_return if looks_like_a_return(request.message) else read_payment
    taken = read(institution, request.message)
    report = partial(institution.translator.report_on, taken.parsed, taken.message.name) if taken.parsed else None
    return Proposal(taken.payment, taken.errors, taken.message, request, report)


def _answer(word: Accepted | Refused) -> PaymentAnswer:
    """What is said to the debtor agent; raises Problem for a refusal that leaves no payment."""
    if isinstance(word, Accepted):
        acceptance = AcceptanceView(expiry=word.expiry_s, signature="0x" + word.signature.hex())
        return PaymentAnswer(message=word.message.decode(), acceptance=acceptance)
    if word.message is None:
        raise problem_of(word.findings)
    return PaymentAnswer(message=word.message.decode(), acceptance=None)


def _acceptance_request(proposal: PaymentProposal) -> AcceptanceRequest:
    signature = proposal.quote_signature
    try:
        return AcceptanceRequest(
            message=proposal.message.encode(),
            instruction=from_json(Instruction, proposal.instruction),
            quote=from_json(Quote, proposal.quote) if proposal.quote else None,
            quote_signature=bytes.fromhex(signature[2:]) if signature else None,
        )
    except BadTypedData as error:
        raise _bad_typed_data(error) from None


def _bad_typed_data(error: BadTypedData) -> Problem:
    element, _, text = str(error).partition(": ")
    finding = Finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, element, rule="eip712.typed-data")
    return Problem(Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA, str(error), (finding,))
