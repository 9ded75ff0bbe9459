"""Who may ask: the institution's own back office by credential, other institutions by their message signatures.

A credential is kept as its SHA-256 digest only and compared in constant time; it is 256 random bits, so a plain
digest is enough. Another institution is whoever the registry on chain says holds the signing key.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from api.callers import Caller
from api.credentials import Credentials
from api.idempotency import Entrance, Replayed
from api.institution import Institution
from api.operators.approved import approved_in
from api.operators.door import SESSION, OperatorDoor, address_of, approved_caller
from api.operators.passwords import Passwords
from api.operators.sessions import TOKEN_PREFIX, Operator, Sessions
from api.operators.staff import Staff
from api.peer_certificate import NAMES_INSTITUTION, PeerCertificates, institutions_shown
from api.problems import Problem
from api.rates import Rates
from api.refusals import Refusal
from api.scopes import require_scope
from api.signatures import PublicKeyOf, RequestHead, SignatureRefused, verify_request
from api.signed_answers import prove
from node.domain.party import Participant, ParticipantStatus
from node.domain.proposal import Duty
from node.domain.reasons import Finding, Reason
from node.settlement.intake import BACK_OFFICE
from node.settlement.office import Office

CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="corridor"'}
BEARER: Final = HTTPBearer(
    auto_error=False,
    scheme_name="Credential",
    description="The institution's own, for its back office; an API key; a token from /oauth/token; to read, an "
    "operator's session.",
)
SIGNATURE: Final = APIKeyHeader(
    name="Signature",
    auto_error=False,
    scheme_name="MessageSignature",
    description="HTTP message signature (RFC 9421) by a participant: ed25519, tag `corridor`, keyid its BIC; "
    "covers @method, @target-uri, content-digest and content-type; created, expires and a nonce used once.",
)
OPERATOR_REFUSALS: Final = (Refusal.CREDENTIAL_MISSING, Refusal.CREDENTIAL_WRONG, Refusal.ROLE_MISSING)
BACK_OFFICE_REFUSALS: Final = (Refusal.CREDENTIAL_MISSING, Refusal.CREDENTIAL_WRONG)
PARTICIPANT_REFUSALS: Final = (
    Refusal.MESSAGE_SIGNATURE_REFUSED,
    Refusal.PARTICIPANT_NOT_ACTIVE,
    Refusal.CERTIFICATE_NOT_OF_SIGNER,
)


def credential_digest(credential: str) -> bytes:
    """What is kept of a credential."""
    return hashlib.sha256(credential.encode()).digest()


async def raw_body(request: Request) -> bytes:
    """The request's body as it came; the limits have counted it."""
    return await request.body()


class Access:
    """The doors of one institution: for its back office, for other institutions, for its operators."""

    def __init__(self, institution: Institution) -> None:
        """Guard this institution's API."""
        self._institution = institution
        office = institution.office
        self._entrance = Entrance(office.book, office.clock)
        self._rates = Rates(institution.limits.rate, office.clock)
        self.credentials = Credentials(
            office.book, institution.signatory, institution.api_address, office.clock.now_s
        )
        self.staff = Staff(office.book, office.clock.now_s, institution.name, Passwords())
        self.sessions = Sessions(self.staff)
        self._operators = OperatorDoor(self.sessions, institution.api_address)

    async def back_office(
        self, request: Request, given: HTTPAuthorizationCredentials | None = Depends(BEARER)
    ) -> Caller:
        """Let the back office pass; raises Problem for everybody else, and Replayed for what was done before."""
        caller = self._known_by_heart(request, given)
        if caller is None:
            try:
                caller = await run_in_threadpool(self._back_office, request, given)
            except Problem:
                self.limit_stranger(request)
                raise
        await self._let_in(request, caller)
        return caller

    async def operator(
        self, request: Request, given: HTTPAuthorizationCredentials | None = Depends(SESSION)
    ) -> Operator:
        """The operator who is logged in; raises Problem for everybody else."""
        try:
            operator = await run_in_threadpool(self._operators.require, request, given)
        except Problem:
            self.limit_stranger(request)
            raise
        await self._let_in(request, Caller(f"operator:{operator.operator_id}"))
        return operator

    async def agreed_by_operators(
        self, request: Request, _session: HTTPAuthorizationCredentials | None = Depends(SESSION)
    ) -> Caller:
        """Let pass what a maker has proposed and a checker approved, and nothing else; raises Problem."""
        return await self._agreed(request, Duty.BUSINESS)

    async def agreed_by_officers(
        self, request: Request, _session: HTTPAuthorizationCredentials | None = Depends(SESSION)
    ) -> Caller:
        """Let pass what two security officers have agreed on, and nothing else; raises Problem."""
        return await self._agreed(request, Duty.STAFF)

    async def _agreed(self, request: Request, duty: Duty) -> Caller:
        approved = approved_in(request)
        if approved is None:
            self.limit_stranger(request)
            text = "Two operators do this together: POST it to /v1/proposals, for another to approve."
            raise Problem(Refusal.APPROVAL_NEEDED, text)
        caller = approved_caller(approved, duty)
        await self._let_in(request, caller)
        return caller

    async def _let_in(self, request: Request, caller: Caller) -> None:
        """What every door does once it knows who asks: its rate, its scopes, and what was done before."""
        request.state.caller = caller
        request.state.rate = self._rates.require(caller.name)
        require_scope(request, caller)
        await self._entrance.enter(request, caller)

    def limit_stranger(self, request: Request) -> None:
        """Raises Problem where too much comes from an address that has proven nothing."""
        self._rates.require(f"address:{address_of(request)}")

    def _known_by_heart(self, request: Request, given: HTTPAuthorizationCredentials | None) -> Caller | None:
        """The back office by the institution's own credential: no book and no other thread is asked about it."""
        if given is None or given.credentials.startswith(TOKEN_PREFIX) or approved_in(request) is not None:
            return None
        return Caller(BACK_OFFICE) if self._is_own(given.credentials) else None

    def _is_own(self, credential: str) -> bool:
        return hmac.compare_digest(credential_digest(credential), self._institution.credential_digest)

    def _back_office(self, request: Request, given: HTTPAuthorizationCredentials | None) -> Caller:
        operator = self._operators.caller(request, given)
        if operator is not None:
            return operator
        if given is None:
            text = "This needs a credential: Authorization: Bearer <credential>."
            raise Problem(Refusal.CREDENTIAL_MISSING, text, headers=CHALLENGE)
        if self._is_own(given.credentials):
            return Caller(BACK_OFFICE)
        known = self.credentials.caller(given.credentials)
        if known is None:
            text = "This credential is not one of this institution's."
            raise Problem(Refusal.CREDENTIAL_WRONG, text, headers=CHALLENGE)
        return Caller(known.name, known.scopes)

    async def participant(
        self, request: Request, body: bytes = Depends(raw_body), _signature: str | None = Depends(SIGNATURE)
    ) -> Participant:
        """The active participant that signed this request over exactly this body; raises Problem for others."""
        try:
            participant = await run_in_threadpool(self._participant, request, body)
        except Problem:
            self.limit_stranger(request)
            raise
        try:
            await self._let_in(request, Caller(participant.bic))
        except Replayed:
            prove(request)
            raise
        # Not proven is what was refused so far: for the rate, or a header that the signature does not cover.
        prove(request)
        return participant

    def _participant(self, request: Request, body: bytes) -> Participant:
        office = self._institution.office
        head = RequestHead(request.method, self._own_url(request), dict(request.headers))
        try:
            signed = verify_request(head, body, _key_of(office), _BookNonces(office), office.clock.now_s())
        except SignatureRefused as refusal:
            finding = Finding(Reason.SIGNATURE_WRONG, refusal.text, rule=f"rfc9421.{refusal.rule}")
            raise Problem(Refusal.MESSAGE_SIGNATURE_REFUSED, refusal.text, (finding,)) from None
        participant = office.directory.by_bic(signed.bic)
        if participant is None or participant.status is not ParticipantStatus.ACTIVE:
            text = f"{signed.bic} is not an active participant of this network."
            raise Problem(Refusal.PARTICIPANT_NOT_ACTIVE, text)
        self._require_its_certificate(request, participant)
        return participant

    def _require_its_certificate(self, request: Request, participant: Participant) -> None:
        if self._institution.peer_certificates is PeerCertificates.ANY:
            return
        if participant.bic not in institutions_shown(request):
            text = (
                f"The client certificate does not name {participant.bic}, which signed: {NAMES_INSTITUTION}<BIC>."
            )
            raise Problem(Refusal.CERTIFICATE_NOT_OF_SIGNER, text)

    def _own_url(self, request: Request) -> str:
        """The address the signer must have meant: ours as registered, never what a Host header says."""
        asked = f"?{request.url.query}" if request.url.query else ""
        raw_path: bytes = request.scope["raw_path"]
        return self._institution.api_address + raw_path.decode("latin-1").partition("?")[0] + asked


def _key_of(office: Office) -> PublicKeyOf:
    def registered(bic: str) -> bytes | None:
        participant = office.directory.by_bic(bic)
        return participant.message_key if participant else None

    return registered


class _BookNonces:
    """Used nonces in the book, so that a restart forgets none."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def use(self, keyid: str, nonce: str, expires_s: int) -> bool:
        with self._office.book.unit() as unit:
            unit.nonces.purge(self._office.clock.now_s())
            return unit.nonces.use(keyid, nonce, expires_s)
