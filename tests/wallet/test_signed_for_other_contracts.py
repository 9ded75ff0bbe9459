"""What the signing service signs for holds and for a council is what those contracts take, to the byte."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import artifact
from node.ledger.abi import call_data
from node.ledger.values import CallRefused
from tests.wallet.actors import DEBTOR_SECRET, ISSUER
from tests.wallet.served_chain import ServedChain, deploy, served_chain, transact
from tests.wallet.strategies import addresses, digests, seconds
from wallet.audit import MemoryAudit
from wallet.hold import NO_LOCK, Hold
from wallet.intent import ConfirmationIntent, Intent, PremiumIntent
from wallet.intent_document import intent_json, read_intent
from wallet.keccak import keccak
from wallet.network import Network, parse_network
from wallet.policy_document import parse_policy
from wallet.proposal import Call, Proposal, proposal_json, read_proposal
from wallet.signature import Signature
from wallet.signer import LocalSigner
from wallet.signing_service import Denied, Outcome, Pending, Signed, SigningService
from wallet.typed_data import BadTypedData, domain_separator

DEBTOR, CREDITOR, CONFIRMER = LocalSigner(DEBTOR_SECRET), LocalSigner(keccak(b"creditor")), ISSUER
MEMBERS = sorted((DEBTOR, CREDITOR), key=lambda member: member.address.lower())
KINDS = ["hold", "premium", "confirmation", "proposal"]
ALLOW = {"id": "all", "then": "allow", "kinds": KINDS}
proposals = st.builds(
    Proposal,
    calls=st.lists(st.builds(Call, target=addresses, data=st.binary(max_size=80)), min_size=1, max_size=4).map(
        tuple
    ),
    members_version=seconds,
    salt=digests,
    expiry=seconds,
)


@dataclass(frozen=True)
class Room:
    """A chain with a contract for holds and a council of two."""

    chain: ServedChain
    network: Network

    def service(self, rule: dict[str, Any]) -> SigningService:
        document = {"version": 1, "utc_offset_min": 0, "rules": [rule], "people": {"second": ["officer"]}}
        signers = (DEBTOR, CREDITOR, CONFIRMER)
        return SigningService(self.network, signers, parse_policy(document), MemoryAudit(), time.time)

    def sign(self, intent: Intent, signer: LocalSigner) -> bytes:
        return signature_of(self.service(ALLOW).request(intent, signer.address, "first"))

    def refusal(self, contract: str, function: str, *arguments: object) -> str | None:
        """What the contract says to a stranger's call, or None where it takes it."""
        to = self.chain.document["contracts"][contract.lower()]
        stranger = LocalSigner(keccak(b"stranger")).address
        answer = self.chain.client.simulate(stranger, to, call_data(artifact(contract).abi, function, *arguments))
        return answer.reason if isinstance(answer, CallRefused) else None

    def hold(self, **changes: Any) -> Hold:
        hold = Hold(
            token=self.network.token("CNY").address,
            debtor=DEBTOR.address,
            creditor=CREDITOR.address,
            confirmer=CONFIRMER.address,
            amount=500,
            premium=0,
            lock=NO_LOCK,
            reference=bytes(32),
            salt=keccak(str(time.time_ns()).encode()),
            expiry=int(time.time()) + 3600,
        )
        return replace(hold, **changes)


def signature_of(outcome: Outcome) -> bytes:
    assert isinstance(outcome, Signed), outcome
    assert isinstance(outcome.result, Signature)
    return outcome.result.to_bytes()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with served_chain(tmp_path_factory.mktemp("network")) as chain:
        members = [member.address for member in MEMBERS]
        council = deploy(chain.client, "Council", members, 2, 0, ISSUER.address)
        chain.document["contracts"]["council"] = council
        yield Room(chain, parse_network(chain.document))


def test_a_hold_is_placed_and_released_with_what_was_signed(room: Room) -> None:
    hold = room.hold()
    signature = room.sign(hold, DEBTOR)
    assert room.refusal("Holds", "place", astuple(hold), signature, b"") is None
    assert "invalid" in (room.refusal("Holds", "place", astuple(room.hold()), signature, b"") or "")
    holds = room.chain.document["contracts"]["holds"]
    transact(room.chain.client, holds, call_data(artifact("Holds").abi, "place", astuple(hold), signature, b""))
    confirmation = room.sign(ConfirmationIntent(hold), CONFIRMER)
    assert room.refusal("Holds", "release", astuple(hold), bytes(32), confirmation) is None
    assert room.refusal("Holds", "release", astuple(hold), bytes(32), signature) is not None


def test_a_premium_is_paid_by_the_creditors_signature(room: Room) -> None:
    room.chain.call("set_issue_allowance", ISSUER.address, 100)
    room.chain.call("issue", CREDITOR.address, 100, bytes([7] * 32))
    hold = room.hold(premium=25)
    signature, premium = room.sign(hold, DEBTOR), room.sign(PremiumIntent(hold), CREDITOR)
    assert room.refusal("Holds", "place", astuple(hold), signature, premium) is None
    assert "invalid" in (room.refusal("Holds", "place", astuple(hold), signature, signature) or "")


@given(proposal=proposals)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_council_knows_a_proposal_by_our_hash(room: Room, proposal: Proposal) -> None:
    council, abi = room.chain.document["contracts"]["council"], artifact("Council").abi
    assert room.chain.client.read(council, abi, "proposal_id", astuple(proposal)) == proposal.id()
    domain = domain_separator(room.network.chain_id, council, "Corridor Council")
    assert room.chain.client.read(council, abi, "DOMAIN_SEPARATOR") == domain
    assert read_proposal(proposal_json(proposal)) == proposal


def test_a_proposal_is_made_with_a_members_signature(room: Room) -> None:
    call = Call(room.network.registry, bytes.fromhex("01020304") + bytes(32))
    proposal = Proposal((call,), 1, bytes(32), int(time.time()) + 86_400)
    signature = room.sign(proposal, DEBTOR)
    assert room.refusal("Council", "propose_signed", astuple(proposal), DEBTOR.address, signature) is None
    other = replace(proposal, salt=bytes([1] * 32))
    assert room.refusal("Council", "propose_signed", astuple(other), DEBTOR.address, signature) is not None


def test_each_is_said_in_words_with_amount_and_names(room: Room) -> None:
    """Everything waits for a second person here, who is told what it is."""
    officer = {"id": "two", "then": "approve", "kinds": KINDS, "approvals": 1, "roles": ["officer"]}
    hold, service = room.hold(premium=25), room.service(officer)
    proposal = Proposal((Call(DEBTOR.address, b"\1\2\3\4\5"),), 3, bytes(32), int(time.time()) + 60)
    asked = (
        (hold, DEBTOR),
        (PremiumIntent(hold), CREDITOR),
        (ConfirmationIntent(hold), CONFIRMER),
        (proposal, DEBTOR),
    )
    titles = []
    for intent, signer in asked:
        outcome = service.request(intent, signer.address, "first")
        assert isinstance(outcome, Pending)
        titles.append(outcome.words.title)
        assert read_intent(intent_json(intent)) == intent
        assert isinstance(service.approve(outcome.request, "first"), Denied)
        assert isinstance(service.approve(outcome.request, "second"), Signed)
    assert titles[0].startswith("Hold 5.00 CNY for Creditor Ltd")
    assert titles[1].startswith("Pay 0.25 CNY to Debtor Ltd")
    assert titles[2].startswith("Confirm that 5.00 CNY is due to Creditor Ltd")
    assert titles[3] == "Approve that the council makes 1 call"


def test_only_who_it_is_for_may_sign(room: Room) -> None:
    hold, service = room.hold(premium=1), room.service(ALLOW)
    for intent, signer in ((hold, CREDITOR), (PremiumIntent(hold), DEBTOR), (ConfirmationIntent(hold), DEBTOR)):
        assert isinstance(service.request(intent, signer.address, "first"), Denied)
    expired = room.hold(expiry=int(time.time()) - 1)
    assert isinstance(service.request(expired, DEBTOR.address, "first"), Denied)


@pytest.mark.parametrize(
    "change",
    [{"calls": []}, {"calls": {}}, {"memo": "x"}, {"salt": "0x00"}, {"calls": [{"target": "0x", "data": "0x"}]}],
)
def test_a_proposal_that_is_none_is_refused(change: dict[str, Any]) -> None:
    proposal = Proposal((Call(DEBTOR.address, b""),), 1, bytes(32), 9)
    with pytest.raises(BadTypedData):
        read_proposal(proposal_json(proposal) | change)
    with pytest.raises(BadTypedData):
        Call(DEBTOR.address, bytes(1025))
