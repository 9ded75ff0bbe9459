"""Asks other institutions over HTTP, at the address and under the message key that the registry on chain names.

Only an answer that its institution has signed counts. Whatever else comes back, or nothing, means `Unreachable`,
and asking again is safe: the same question gets the same answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
from pydantic import ValidationError

from api.after_schemas import PassedAnswer
from api.problems import MEDIA_TYPE
from api.schemas import (
    MOST_PROPOSALS,
    PaymentAnswer,
    ProblemDocument,
    ProposalAnswer,
    ProposalAnswers,
    QuoteGiven,
)
from api.signatures import RequestHead, ResponseHead, Signatory, SignatureRefused, sign_request, verify_response
from node.domain.money import Money
from node.domain.party import Participant
from node.domain.quote import SignedQuote
from node.domain.reasons import Finding, Reason, reason_named
from node.settlement.ports import (
    AcceptanceRequest,
    Accepted,
    Clock,
    QuoteRequest,
    Refused,
    Unreachable,
)
from node.settlement.typed import Tokens, domain_quote
from wallet.typed_data import BadTypedData, Quote, from_json, to_json

PAYMENTS_PATH: Final = "/v1/interbank/payments"
TOGETHER_PATH: Final = "/v1/interbank/payments/together"
QUOTES_PATH: Final = "/v1/interbank/quotes"
MESSAGES_PATH: Final = "/v1/interbank/messages"
LARGEST_ANSWER_BYTES: Final = 1_000_000
# A message may double as JSON, and an institution takes bodies of a megabyte unless it says otherwise.
LARGEST_PORTION_BYTES: Final = 300_000
_NO_WORD: Final = frozenset({408, 425, 429})

ReasonsOf = Callable[[bytes], tuple[Finding, ...]]
"""Reads the reasons, or the remarks, out of a pacs.002; empty where it gives none."""


@dataclass(frozen=True)
class HttpCorrespondent:
    """Implements `node.settlement.ports.Correspondent`; threads may share it."""

    signatory: Signatory
    http: httpx.Client
    clock: Clock
    tokens: Callable[[], Tokens]
    reasons_of: ReasonsOf
    remarks_of: ReasonsOf

    def ask_acceptance(
        self, creditor_agent: Participant, request: AcceptanceRequest
    ) -> Accepted | Refused | Unreachable:
        """Show the creditor agent a payment; see the protocol."""
        answer = self._ask(creditor_agent, PAYMENTS_PATH, _proposal(request))
        return answer if isinstance(answer, Unreachable) else self._acceptance(creditor_agent, answer)

    def ask_acceptances(
        self, creditor_agent: Participant, requests: Sequence[AcceptanceRequest]
    ) -> list[Accepted | Refused | Unreachable]:
        """Show the creditor agent many payments, in as few requests as its limits allow; see the protocol."""
        answers: list[Accepted | Refused | Unreachable] = []
        for some in _portions(requests):
            answers += self._ask_together(creditor_agent, some)
        return answers

    def _ask_together(
        self, peer: Participant, requests: Sequence[AcceptanceRequest]
    ) -> Sequence[Accepted | Refused | Unreachable]:
        """Ask for some at once, and for each by itself where the peer does not take them so."""
        answer = self._ask(peer, TOGETHER_PATH, {"payments": [_proposal(request) for request in requests]})
        if isinstance(answer, Unreachable) and not isinstance(answer, _TooMuch):
            return [answer] * len(requests)
        if isinstance(answer, Unreachable) or answer.status != 200:
            return [self.ask_acceptance(peer, request) for request in requests]
        try:
            given = ProposalAnswers.model_validate_json(answer.content).answers
        except ValidationError:
            given = []
        if len(given) != len(requests):
            return [Unreachable(f"{peer.bic} did not answer one for one")] * len(requests)
        return [self._one_of_many(peer, one) for one in given]

    def _one_of_many(self, peer: Participant, given: ProposalAnswer) -> Accepted | Refused | Unreachable:
        if given.problem is not None:
            return _refused(peer, given.problem, _passed_on)
        if given.answer is not None:
            return self._given(peer, given.answer)
        return Unreachable(f"{peer.bic} answered with something else than an answer")

    def ask_quote(self, provider: Participant, request: QuoteRequest) -> SignedQuote | Refused | Unreachable:
        """Ask for a firm quote; see the protocol."""
        body = {
            "sell_currency": request.sell_currency,
            "sell_amount": _minor(request.sell),
            "buy_currency": request.buy_currency,
            "buy_amount": _minor(request.buy),
            "taker_bic": request.taker_bic,
        }
        answer = self._ask(provider, QUOTES_PATH, body)
        return answer if isinstance(answer, Unreachable) else self._quote(provider, answer)

    def pass_on(self, peer: Participant, message: bytes) -> bytes | Refused | Unreachable:
        """Hand a message over; implements `node.settlement.aftercare.Messenger`."""
        answer = self._ask(peer, MESSAGES_PATH, {"message": message.decode()})
        if isinstance(answer, Unreachable):
            return answer
        if answer.status != 200:
            return _refusal(peer, answer, _passed_on)
        try:
            return (PassedAnswer.model_validate_json(answer.content).message or "").encode()
        except ValidationError:
            return Unreachable(f"{peer.bic} answered with something else than an answer")

    def ask(self, peer: Participant, path: str, body: Mapping[str, Any]) -> SignedAnswer | Unreachable:
        """Ask anything else of an institution, signed; the answer is its own word, whatever its status."""
        return self._ask(peer, path, body)

    def _ask(self, peer: Participant, path: str, body: Mapping[str, Any]) -> SignedAnswer | Unreachable:
        content = json.dumps(body, separators=(",", ":")).encode()
        head = RequestHead("POST", peer.api_address.rstrip("/") + path, {"content-type": "application/json"})
        try:
            sign_request(head, content, self.signatory, self.clock.now_s())
            with self.http.stream("POST", head.url, content=content, headers=head.headers) as response:
                received = _read(response)
        except (httpx.HTTPError, httpx.InvalidURL, SignatureRefused) as trouble:
            return Unreachable(f"{peer.bic} cannot be reached: {type(trouble).__name__}")
        if received is None:
            return Unreachable(f"{peer.bic} answered with more than {LARGEST_ANSWER_BYTES} bytes")
        return self._believed(peer, head, response, received)

    def _believed(
        self, peer: Participant, asked: RequestHead, response: httpx.Response, content: bytes
    ) -> SignedAnswer | Unreachable:
        """The answer, once it is known to be the peer's and final."""
        if response.status_code == 413:  # said before the signature is looked at, so it is nobody's word either
            return _TooMuch(f"{peer.bic} takes no body of this size")
        if response.status_code >= 500 or response.status_code in _NO_WORD:
            return Unreachable(f"{peer.bic} answered {response.status_code}")
        head = ResponseHead(response.status_code, dict(response.headers), asked)
        registered = {peer.bic: peer.message_key}
        try:
            verify_response(head, content, registered.get, self.clock.now_s())
        except SignatureRefused as refusal:
            return Unreachable(f"{peer.bic} answered {response.status_code} unsigned: {refusal.text}")
        return SignedAnswer(response.status_code, response.headers.get("content-type", ""), content)

    def _acceptance(self, peer: Participant, answer: SignedAnswer) -> Accepted | Refused | Unreachable:
        if answer.status != 200:
            return _refusal(peer, answer, _passed_on)
        try:
            given = PaymentAnswer.model_validate_json(answer.content)
        except ValidationError:
            return Unreachable(f"{peer.bic} answered with something else than an answer")
        return self._given(peer, given)

    def _given(self, peer: Participant, given: PaymentAnswer) -> Accepted | Refused | Unreachable:
        message = given.message.encode()
        if given.acceptance is None:
            return Refused(self.reasons_of(message) or (_unexplained(peer),), message)
        try:
            signature = bytes.fromhex(given.acceptance.signature.removeprefix("0x"))
        except ValueError:
            return Unreachable(f"{peer.bic} answered with something else than an answer")
        return Accepted(message, given.acceptance.expiry, signature, self.remarks_of(message))

    def _quote(self, peer: Participant, answer: SignedAnswer) -> SignedQuote | Refused | Unreachable:
        if answer.status != 200:
            return _refusal(peer, answer, _own_reason)
        try:
            given = QuoteGiven.model_validate_json(answer.content)
            quote = domain_quote(from_json(Quote, given.quote), self.tokens())
            signature = bytes.fromhex(given.signature.removeprefix("0x"))
        except (ValueError, BadTypedData):
            quote = None
        return SignedQuote(quote, signature) if quote else Unreachable(f"{peer.bic} answered with no quote")


class _TooMuch(Unreachable):
    """The question was too large to be looked at; smaller ones may be answered."""


@dataclass(frozen=True)
class SignedAnswer:
    """A response that its institution has signed."""

    status: int
    media_type: str
    content: bytes


def _proposal(request: AcceptanceRequest) -> dict[str, Any]:
    return {
        "message": request.message.decode(),
        "instruction": to_json(request.instruction),
        "quote": to_json(request.quote) if request.quote else None,
        "quote_signature": _hex(request.quote_signature) if request.quote_signature else None,
    }


def _portions(requests: Sequence[AcceptanceRequest]) -> Iterator[list[AcceptanceRequest]]:
    """The requests in portions of so many, and of so many bytes, as another institution takes at once."""
    portion: list[AcceptanceRequest] = []
    size = 0
    for request in requests:
        if portion and (len(portion) == MOST_PROPOSALS or size + len(request.message) > LARGEST_PORTION_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(request)
        size += len(request.message)
    if portion:
        yield portion


def _read(response: httpx.Response) -> bytes | None:
    """The body, or None where it is too large to be an answer."""
    parts, size = [], 0
    for part in response.iter_bytes():
        size += len(part)
        if size > LARGEST_ANSWER_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _refusal(
    peer: Participant, answer: SignedAnswer, reading: Callable[[Participant, ProblemDocument], Finding]
) -> Refused | Unreachable:
    """What a signed problem means: try again where it says so, else a refusal."""
    if not answer.media_type.startswith(MEDIA_TYPE):
        return Unreachable(f"{peer.bic} answered {answer.status} with no problem document")
    try:
        problem = ProblemDocument.model_validate_json(answer.content)
    except ValidationError:
        return Unreachable(f"{peer.bic} answered {answer.status} with no problem document")
    return _refused(peer, problem, reading)


def _refused(
    peer: Participant, problem: ProblemDocument, reading: Callable[[Participant, ProblemDocument], Finding]
) -> Refused | Unreachable:
    finding = reading(peer, problem)
    passing = problem.retryable and finding.reason is Reason.CREDITOR_AGENT_REFUSED
    return Unreachable(f"{peer.bic}: {problem.detail}") if passing else Refused((finding,))


def _passed_on(peer: Participant, problem: ProblemDocument) -> Finding:
    return Finding(
        Reason.CREDITOR_AGENT_REFUSED,
        f"{peer.name} refused: {problem.detail}",
        element=problem.errors[0].element if problem.errors else None,
        value=problem.errors[0].value if problem.errors else None,
        rule=f"creditor-agent.{problem.code}",
        stated_code=problem.iso_reason,
    )


def _own_reason(peer: Participant, problem: ProblemDocument) -> Finding:
    """A provider's reason keeps its name, which is one of ours, so that the taker's own table applies to it."""
    try:
        reason = reason_named(problem.code)
    except KeyError:
        return _passed_on(peer, problem)
    first = problem.errors[0] if problem.errors else None
    return Finding(
        reason,
        f"{peer.name}: {problem.detail}",
        element=first.element if first else None,
        value=first.value if first else None,
        rule=first.rule if first else None,
    )


def refusal_of_provider(peer: Participant, answer: SignedAnswer) -> Refused | Unreachable:
    """What a provider's signed problem says against a price: its own reason, and its own words."""
    return _refusal(peer, answer, _own_reason)


def _unexplained(peer: Participant) -> Finding:
    return Finding(
        Reason.CREDITOR_AGENT_REFUSED, f"{peer.name} refused and gave no reason.", rule="creditor-agent"
    )


def _minor(money: Money | None) -> str | None:
    return str(money.minor) if money else None


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()
