"""The JSON bodies of operators, their sessions, proposals and API credentials."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.operators.desk import LONGEST_PROPOSAL_S, PROPOSAL_S
from api.operators.passwords import LONGEST, SHORTEST
from api.schemas import Body
from node.domain.operator import OperatorStatus, Role
from node.domain.proposal import Duty, ProposalState

LoginName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$", examples=["ana.maker"])]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, hexadecimal")]
Code = Annotated[str, Field(min_length=6, max_length=80)]


class Login(Body):
    """A name, a password and a code of this moment (six digits), or a recovery code in its place."""

    name: LoginName
    password: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    code: Code
    as_cookie: Annotated[bool, Field(description="keep the token in a cookie instead of telling it")] = False


class SessionView(Body):
    """A session of an operator; it also ends after fifteen minutes without use."""

    session_id: str
    operator_id: str
    address: str
    began_at: datetime
    seen_at: datetime
    ends_at: datetime


class SessionOpened(Body):
    """A new session; `token` is null where it is in a cookie."""

    session: SessionView
    roles: list[Role]
    token: str | None
    recovery_codes_left: int


class SessionList(Body):
    """Sessions that can be used."""

    sessions: list[SessionView]


class OperatorWish(Body):
    """A new operator; a security officer has no other role."""

    name: LoginName
    roles: Annotated[list[Role], Field(min_length=1, max_length=4)]


class OperatorView(Body):
    """An operator; records and events call the person by `operator_id`."""

    operator_id: str
    name: str
    roles: list[Role]
    status: OperatorStatus
    created_at: datetime


class OperatorList(Body):
    """All operators, the oldest first."""

    operators: list[OperatorView]


class Invitation(Body):
    """A code for its operator, told this once, good once and for a day."""

    operator_id: str
    invitation: str


class ActivationWish(Body):
    """An invited operator chooses a password."""

    name: LoginName
    invitation: Code
    password: Annotated[str, Field(min_length=SHORTEST, max_length=LONGEST)]


class Activated(Body):
    """What an authenticator application needs, and the recovery codes; both are told this once."""

    operator_id: str
    otpauth: Annotated[str, Field(description="for an authenticator application, also as a QR code")]
    recovery_codes: list[str]


class AuditView(Body):
    """A line of the record; its digest is over the line and the digest of the one before."""

    position: int
    at: datetime
    actor: Annotated[str, Field(description="an operator's id, or `machine`")]
    act: Annotated[str, Field(examples=["proposal.approved"])]
    subject: Annotated[str, Field(description="the id of an operator, a session or a proposal")]
    address: str
    digest: Digest


class AuditList(Body):
    """A page of the record; `broken_at` is the first line that does not follow, null where all do."""

    lines: list[AuditView]
    next: int
    broken_at: int | None


class ProposalWish(Body):
    """A request to this API that two operators make together, word for word."""

    method: Literal["POST", "DELETE"]
    path: Annotated[
        str,
        Field(
            pattern=r"^/v1(/[A-Za-z0-9+@_~:-][A-Za-z0-9+@_~:.-]{0,253}){1,8}$",
            examples=["/v1/iso20022/messages"],
        ),
    ]
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]{1,80}$")] = "application/json"
    body: Annotated[str, Field(description="the request's body as text")] = ""
    lasts_s: Annotated[
        int, Field(ge=1, le=int(LONGEST_PROPOSAL_S), description="seconds until nobody can decide it any more")
    ] = int(PROPOSAL_S)


class Approval(Body):
    """What is approved: the proposal with this digest, and no other content."""

    digest: Digest


class ProposalRefused(Body):
    """Why it shall not be done."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class ProposalView(Body):
    """A proposal; `answer` is what the API answered, for who proposed or decided it."""

    proposal_id: str
    state: ProposalState
    duty: Duty
    method: str
    path: str
    media_type: str
    body: str
    digest: Digest
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    executed_at: datetime | None
    answer_status: int | None
    answer: str | None


class ProposalList(Body):
    """A page of proposals, the newest first; `next` is the `after` of the following page."""

    proposals: list[ProposalView]
    next: str | None


class CredentialWish(Body):
    """A new credential: the digest of an API key, or a client's public key. The secret never comes here."""

    name: Annotated[str, Field(pattern=r"^(key|client):[a-z0-9][a-z0-9._-]{0,39}$", examples=["client:acme"])]
    scopes: Annotated[list[str], Field(min_length=1, max_length=50)]
    key_sha256: Annotated[Digest | None, Field(description="of an API key `corridor_<name>_<43 characters>`")] = (
        None
    )
    public_key: Annotated[str | None, Field(max_length=4000, description="PEM: Ed25519, P-256 or RSA")] = None
    expires_at: datetime | None = None


class CredentialView(Body):
    """A credential of the API; revoked ones stay in the list, and their names are not used again."""

    name: str
    scopes: list[str]
    expires_at: datetime | None
    revoked: bool
    created_at: datetime


class CredentialList(Body):
    """All credentials, the oldest first."""

    credentials: list[CredentialView]
