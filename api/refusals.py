"""Why the door itself refuses a request, before there is a payment to have a reason; siblings of `Reason`.

Each member says its code, who must act, whether the same request may succeed later, and the ISO code that comes
nearest where the request carried a payment message.
"""

from __future__ import annotations

from enum import Enum

from node.domain.reasons import Actor


class Refusal(Enum):
    """Each refusal: (code, who must act, whether trying again can help, ISO status reason or None)."""

    MALFORMED_REQUEST = ("malformed_request", Actor.CALLER, False, None)
    REQUEST_DOES_NOT_FIT_ITS_SCHEMA = ("request_does_not_fit_its_schema", Actor.CALLER, False, None)
    CREDENTIAL_MISSING = ("credential_missing", Actor.CALLER, False, None)
    CREDENTIAL_WRONG = ("credential_wrong", Actor.CALLER, False, None)
    SCOPE_MISSING = ("scope_missing", Actor.CALLER, False, None)
    LOGIN_REFUSED = ("login_refused", Actor.CALLER, False, None)
    CROSS_SITE_REQUEST = ("cross_site_request", Actor.CALLER, False, None)
    ROLE_MISSING = ("role_missing", Actor.CALLER, False, None)
    APPROVAL_NEEDED = ("approval_needed", Actor.CALLER, False, None)
    OWN_PROPOSAL = ("own_proposal", Actor.CALLER, False, None)
    PROPOSAL_NOT_FOUND = ("proposal_not_found", Actor.CALLER, False, None)
    PROPOSAL_DECIDED_ALREADY = ("proposal_decided_already", Actor.CALLER, False, None)
    PROPOSAL_DIFFERS = ("proposal_differs", Actor.CALLER, False, None)
    NOT_TO_BE_PROPOSED = ("not_to_be_proposed", Actor.CALLER, False, None)
    OPERATOR_NOT_FOUND = ("operator_not_found", Actor.CALLER, False, None)
    OPERATOR_NOT_IN_STATE = ("operator_not_in_state", Actor.CALLER, False, None)
    SESSION_NOT_FOUND = ("session_not_found", Actor.CALLER, False, None)
    CREDENTIAL_NOT_FOUND = ("credential_not_found", Actor.CALLER, False, None)
    CREDENTIAL_NAME_TAKEN = ("credential_name_taken", Actor.CALLER, False, None)
    TOO_MANY_REQUESTS = ("too_many_requests", Actor.CALLER, True, None)
    MESSAGE_SIGNATURE_REFUSED = ("message_signature_refused", Actor.CALLER, False, None)
    PARTICIPANT_NOT_ACTIVE = ("participant_not_active", Actor.OPERATOR, True, None)
    CERTIFICATE_NOT_OF_SIGNER = ("certificate_not_of_signer", Actor.CALLER, False, None)
    NOT_YOUR_PAYMENT = ("not_your_payment", Actor.CALLER, False, "AGNT")
    WEBHOOK_ENDPOINT_NOT_FOUND = ("webhook_endpoint_not_found", Actor.CALLER, False, None)
    DELIVERY_NOT_FOUND = ("delivery_not_found", Actor.CALLER, False, None)
    TOO_MANY_STREAMS = ("too_many_streams", Actor.CALLER, True, None)
    PAYMENT_NOT_FOUND = ("payment_not_found", Actor.CALLER, False, None)
    TRANSFER_NOT_FOUND = ("transfer_not_found", Actor.CALLER, False, None)
    MESSAGE_NOT_FOUND = ("message_not_found", Actor.CALLER, False, None)
    STATEMENT_NOT_FOUND = ("statement_not_found", Actor.CALLER, False, None)
    ACCOUNT_NOT_FOUND = ("account_not_found", Actor.CALLER, False, None)
    CASE_NOT_FOUND = ("case_not_found", Actor.CALLER, False, None)
    CASE_DECIDED_ALREADY = ("case_decided_already", Actor.CALLER, False, None)
    ALIAS_NOT_FOUND = ("alias_not_found", Actor.CALLER, False, None)
    ALIAS_TAKEN = ("alias_taken", Actor.CALLER, False, None)
    INSTITUTION_UNREACHABLE = ("institution_unreachable", Actor.CREDITOR_AGENT, True, None)
    NOTHING_HERE = ("nothing_here", Actor.CALLER, False, None)
    METHOD_NOT_ALLOWED = ("method_not_allowed", Actor.CALLER, False, None)
    REQUEST_UNDER_WAY = ("request_under_way", Actor.CALLER, True, None)
    IDEMPOTENCY_KEY_REUSED = ("idempotency_key_reused", Actor.CALLER, False, "DUPL")
    BODY_TOO_SLOW = ("body_too_slow", Actor.CALLER, True, None)
    BODY_TOO_LARGE = ("body_too_large", Actor.CALLER, False, "FF01")
    MEDIA_TYPE_NOT_SUPPORTED = ("media_type_not_supported", Actor.CALLER, False, "FF01")
    NOT_AN_FX_PROVIDER = ("not_an_fx_provider", Actor.CALLER, False, None)
    PROVIDERS_UNREACHABLE = ("providers_unreachable", Actor.FX_PROVIDER, True, None)
    CHAIN_UNREACHABLE = ("chain_unreachable", Actor.OPERATOR, True, None)
    BOOK_BUSY = ("book_busy", Actor.OPERATOR, True, None)
    NOT_READY = ("not_ready", Actor.OPERATOR, True, None)
    INTERNAL_FAULT = ("internal_fault", Actor.OPERATOR, True, None)

    def __init__(self, code: str, actor: Actor, transient: bool, iso_reason: str | None) -> None:
        """Unpack the member's parts into attributes."""
        self.code = code
        self.actor = actor
        self.transient = transient
        self.iso_reason = iso_reason
