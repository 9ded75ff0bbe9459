"""The only place where an institution's keys sign: an intent is judged, recorded, signed, checked, recorded again.

Nothing raw comes in. The record of the request is durable before the key is touched, so there is never a signature
that the log does not know of.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from wallet.audit import Audit
from wallet.intent import BadIntent, Facts, Intent, facts_of, signed_thing, words_of
from wallet.intent_document import intent_json, read_intent
from wallet.network import Network
from wallet.policy import Allow, Deny, NeedsApproval, Policy, evaluate, may_approve
from wallet.signer import Signature, SignatureRefused, Signer
from wallet.spending import Spending
from wallet.transaction import (
    SignedTransaction,
    UnsignedTransaction,
    sign_transaction,
    transaction_digest,
)
from wallet.waiting import Waiting, waiting_in
from wallet.words import Description


@dataclass(frozen=True)
class Signed:
    """It was signed; `result` is a transaction to keep and broadcast, or the signature of typed data."""

    request: str
    words: Description
    result: SignedTransaction | Signature


@dataclass(frozen=True)
class Denied:
    """It was not signed, for all these reasons."""

    request: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Pending:
    """It waits for `missing` more people with one of `roles`; `words` are what they agree to."""

    request: str
    words: Description
    missing: int
    roles: frozenset[str]


Outcome = Signed | Denied | Pending
_POLICY_CHANGED: Final = "the policy has changed; ask again"


@dataclass(frozen=True)
class _Request:
    """Something asked for, under the policy of that moment."""

    id: str
    thing: UnsignedTransaction | bytes  # what would be signed
    facts: Facts
    signer: Signer
    asked_by: str
    policy_hash: str
    words: Description
    agreed: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()  # whose consent it waits for
    missing: int = 0


@dataclass(frozen=True)
class _Cleared:
    """A request that is allowed, counted and on record: the key may be touched."""

    request: _Request


class SigningService:
    """Signs for the keys it was given, as its policy allows. Safe to share between threads.

    Judging and recording go one at a time; signing itself does not wait for a slow signer of another request.

    What limits have taken, what waits for approval and who has agreed to it survive a restart: they are read from
    the audit log. `clock` gives unix seconds.
    """

    def __init__(
        self,
        network: Network,
        signers: Iterable[Signer],
        policy: Policy,
        audit: Audit,
        clock: Callable[[], float],
    ) -> None:
        self._network = network
        self._signers = {signer.address: signer for signer in signers}
        self._policy = policy
        self._audit = audit
        self._clock = clock
        self._waiting: dict[str, _Request] = {}
        self._lock = threading.Lock()
        self._spending = Spending.from_log(audit.entries())
        waiting = waiting_in(audit.entries())
        self._record("policy", {"version": policy.version, "policy": policy.hash})
        for kept in waiting:
            self._resume(kept)

    def waiting(self) -> tuple[Pending, ...]:
        """Return what waits for people, the oldest first."""
        with self._lock:
            return tuple(_pending(found) for found in self._waiting.values())

    def use(self, policy: Policy) -> None:
        """Put a newer policy into force; what waits under the older one is denied.

        Raises ValueError for a version that is not newer.
        """
        with self._lock:
            if policy.version <= self._policy.version:
                raise ValueError(f"version {policy.version} is not newer than {self._policy.version}")
            self._record("policy", {"version": policy.version, "policy": policy.hash})
            self._policy = policy

    def request(self, intent: Intent, signer: str, asked_by: str) -> Outcome:
        """Ask for `intent` to be signed by the key of `signer`. Raises OSError when it cannot be recorded."""
        with self._lock:
            step = self._ask(intent, signer, asked_by)
        return self._signed(step) if isinstance(step, _Cleared) else step

    def approve(self, request_id: str, person: str, evidence: str = "") -> Outcome:
        """Agree to what waits as `request_id`; an approval that is refused leaves it waiting.

        `evidence` goes into the log: the person's own signature, where there is one (`consent`). Raises KeyError
        where nothing of this id waits.
        """
        with self._lock:
            step = self._agree(self._waiting[request_id], person, evidence)
        return self._signed(step) if isinstance(step, _Cleared) else step

    def reject(self, request_id: str, person: str, evidence: str = "") -> Denied:
        """Withdraw or turn down what waits; anybody who may approve it may, and whoever asked. Raises KeyError."""
        with self._lock:
            found = self._waiting[request_id]
            if person != found.asked_by and not may_approve(self._policy, person, found.roles):
                return Denied(request_id, (f"{person} has no say in this",))
            del self._waiting[request_id]
            self._record("turned down", {"request": request_id, "by": person} | _with(evidence))
            return self._deny(request_id, (f"turned down by {person}",))

    def _ask(self, intent: Intent, signer: str, asked_by: str) -> Outcome | _Cleared:
        body = {"intent": intent_json(intent), "signer": signer, "by": asked_by}
        request_id = self._record("requested", body | {"policy": self._policy.hash})
        try:
            found = self._understood(request_id, intent, signer, asked_by)
        except ValueError as error:  # every way in which an intent can be bad
            return self._deny(request_id, (str(error),))
        return self._judge(found)

    def _understood(self, request_id: str, intent: Intent, signer: str, asked_by: str) -> _Request:
        if signer not in self._signers:
            raise BadIntent(f"no key of {signer} is here")
        return _Request(
            id=request_id,
            thing=signed_thing(intent, self._network),
            facts=facts_of(intent, signer, self._network),
            signer=self._signers[signer],
            asked_by=asked_by,
            policy_hash=self._policy.hash,
            words=words_of(intent, signer, self._network),
        )

    def _agree(self, found: _Request, person: str, evidence: str) -> Outcome | _Cleared:
        if found.policy_hash != self._policy.hash:
            del self._waiting[found.id]
            return self._deny(found.id, (_POLICY_CHANGED,))
        refusal = self._not_by(person, found)
        if refusal:
            self._record("approval refused", {"request": found.id, "by": person, "reason": refusal})
            return Denied(found.id, (refusal,))
        self._record("approved", {"request": found.id, "by": person} | _with(evidence))
        del self._waiting[found.id]
        return self._judge(replace(found, agreed=(*found.agreed, person)))

    def _judge(self, found: _Request) -> Outcome | _Cleared:
        decision = evaluate(self._policy, found.facts, self._clock(), self._spent(found))
        if isinstance(decision, Deny):
            return self._deny(found.id, decision.reasons)
        if isinstance(decision, NeedsApproval) and len(found.agreed) < decision.approvals:
            missing = decision.approvals - len(found.agreed)
            found = replace(found, roles=decision.roles, missing=missing)
            body = {
                "request": found.id,
                "missing": missing,
                "roles": sorted(found.roles),
                "by": list(found.agreed),
            }
            self._record("waiting", body)
            self._waiting[found.id] = found
            return _pending(found)
        return self._clear(found, decision)

    def _resume(self, kept: Waiting) -> None:
        """Let what waited before a restart wait on; it is denied where it could not be asked for now."""
        try:
            found = self._understood(kept.id, read_intent(kept.intent), kept.signer, kept.asked_by)
        except ValueError as error:
            self._deny(kept.id, (str(error),))
            return
        if kept.policy_hash != self._policy.hash:
            self._deny(kept.id, (_POLICY_CHANGED,))
            return
        self._waiting[found.id] = replace(found, agreed=kept.agreed, roles=kept.roles, missing=kept.missing)

    def _clear(self, found: _Request, decision: Allow | NeedsApproval) -> _Cleared:
        digest = found.thing if isinstance(found.thing, bytes) else transaction_digest(found.thing)
        use = self._spending.use(self._policy, found.facts, found.signer.address, self._clock(), digest)
        body = {"request": found.id, "rule": decision.rule, "by": list(found.agreed), "use": use.as_json()}
        self._record("allowed", body)
        self._spending.count(use)
        return _Cleared(found)

    def _signed(self, cleared: _Cleared) -> Outcome:
        found = cleared.request
        try:
            result = _result(found.thing, found.signer)
        except (SignatureRefused, OSError) as error:
            with self._lock:
                self._record("failed", {"request": found.id, "reason": str(error)})
            return Denied(found.id, (f"the signer failed: {error}",))
        with self._lock:
            self._record("signed", {"request": found.id} | _result_json(result))
        return Signed(found.id, found.words, result)

    def _not_by(self, person: str, found: _Request) -> str:
        if person == found.asked_by:
            return f"{person} asked for it; the second person is never the first"
        if person in found.agreed:
            return f"{person} has agreed already"
        if not may_approve(self._policy, person, found.roles):
            return f"{person} has none of the roles {', '.join(sorted(found.roles))}"
        return ""

    def _spent(self, found: _Request) -> dict[str, int]:
        return self._spending.spent(self._policy, found.facts, found.signer.address, self._clock())

    def _deny(self, request_id: str, reasons: tuple[str, ...]) -> Denied:
        self._record("denied", {"request": request_id, "reasons": list(reasons)})
        return Denied(request_id, reasons)

    def _record(self, event: str, body: dict[str, Any]) -> str:
        return self._audit.append(int(self._clock() * 1000), event, body)


def _with(evidence: str) -> dict[str, str]:
    return {"evidence": evidence} if evidence else {}


def _pending(found: _Request) -> Pending:
    return Pending(found.id, found.words, found.missing, found.roles)


def _result(thing: UnsignedTransaction | bytes, signer: Signer) -> SignedTransaction | Signature:
    if isinstance(thing, UnsignedTransaction):
        return sign_transaction(thing, signer)
    return signer.sign_digest(thing)


def _result_json(result: SignedTransaction | Signature) -> dict[str, str]:
    if isinstance(result, SignedTransaction):
        return {"transaction": "0x" + result.hash.hex(), "raw": "0x" + result.raw.hex()}
    return {"signature": "0x" + result.to_bytes().hex()}
