# pragma version 0.4.3
"""
@title Many payments in one transaction, each on its own feet
@notice A batch is of one currency and in the bulk grade. A payment that cannot settle fails alone: it leaves
        no mark but its reason in a log, and the others settle. Payments that have settled before are
        skipped, so a batch can be sent again as it is.
@dev Checks give a number instead of reverting; what they mean is in batch_outcome. The participants'
     standings are read once for the whole batch.
@custom:license Apache-2.0
"""

from ..interfaces import IParticipantRegistry
from ..interfaces import ISettlement
from . import batch_outcome
from . import instruction as instruction_data
from . import parties
from . import signature as signature_check
from . import standing_word
from . import typed_data
from . import uniqueness

uses: parties
uses: typed_data
uses: uniqueness

# Bounds of a batch: the memory of larger ones would be paid for by the small.
MAX_PAYMENTS: constant(uint256) = 100
MAX_ACCOUNTS: constant(uint256) = 64

MASK_64: constant(uint256) = 2**64 - 1
MASK_255: constant(uint256) = 2**255 - 1
# Where a UETR is in the first word of a payment, and where EIP-712 has it in its own.
UETR_MASK: constant(uint256) = (2**128 - 1) * 2**128

@external
def settle_batch(
    token: address,
    accounts: DynArray[address, MAX_ACCOUNTS],
    payments: DynArray[ISettlement.BatchPayment, MAX_PAYMENTS],
    agent_signatures: DynArray[ISettlement.CompactSignature, MAX_PAYMENTS],
) -> uint256:
    """
    @notice Settles payments in one currency, each by its own signatures and by itself. Gives how many did.
    @dev Caller: anyone with the signatures. Refuses: an unlisted currency; a place beyond the accounts; a
         list of agents' signatures that is too short. A payment that settle would refuse fails alone.
         Stopped by: pause and freeze of the currency, suspend, delist_token, cancel_sequence.
    @param token The currency.
    @param accounts Every account that the payments name, once.
    @param payments Up to 100 payments.
    @param agent_signatures The debtor agents' signatures of those payments whose debtor account is not the
           agent's own, in the order of the payments.
    """
    standing: uint256 = staticcall parties.REGISTRY.standing(token)
    assert standing == standing_word.LISTED_TOKEN, "Settlement: debit token not listed"
    standings: DynArray[uint256, MAX_ACCOUNTS] = staticcall parties.REGISTRY.standings_of(accounts)
    settled: uint256 = 0
    skipped: uint256 = 0
    by_agents: uint256 = 0
    digest: bytes32 = empty(bytes32)
    for payment: ISettlement.BatchPayment in payments:
        debtor_place: uint256 = payment.uetr_and_places & 255
        creditor_place: uint256 = (payment.uetr_and_places >> 8) & 255
        debtor_agent: address = accounts[debtor_place]
        debtor_account: address = debtor_agent
        creditor_agent: address = accounts[creditor_place]
        creditor_account: address = creditor_agent
        agent_signature: ISettlement.CompactSignature = empty(ISettlement.CompactSignature)
        if (payment.uetr_and_places >> 16) & 255 != 0:
            debtor_account = accounts[((payment.uetr_and_places >> 16) & 255) - 1]
            agent_signature = agent_signatures[by_agents]
            by_agents += 1
        if (payment.uetr_and_places >> 24) & 255 != 0:
            creditor_account = accounts[((payment.uetr_and_places >> 24) & 255) - 1]
        sequence: uint256 = payment.sequence_and_expiries & MASK_64
        key: uint256 = uniqueness._sequence_key(debtor_agent, sequence)
        bit: uint256 = 1 << (sequence & 255)
        used: uint256 = uniqueness._sequences[key]
        if used & bit != 0:
            skipped += 1
            continue
        uniqueness._sequences[key] = used | bit
        if self._settle_one(
            token,
            debtor_agent,
            creditor_agent,
            debtor_account,
            creditor_account,
            standings[debtor_place],
            standings[creditor_place],
            payment,
            agent_signature,
        ):
            settled += 1
            digest = keccak256(abi_encode(digest, payment.uetr_and_places & UETR_MASK))
        else:
            uniqueness._sequences[key] ^= bit
    log ISettlement.BatchSettled(
        submitter=msg.sender,
        token=token,
        settled=settled,
        failed=len(payments) - settled - skipped,
        skipped=skipped,
        uetrs_digest=digest,
    )
    return settled


@internal
def _settle_one(
    token: address,
    debtor_agent: address,
    creditor_agent: address,
    debtor_account: address,
    creditor_account: address,
    debtor_standing: uint256,
    creditor_standing: uint256,
    payment: ISettlement.BatchPayment,
    agent_signature: ISettlement.CompactSignature,
) -> bool:
    """
    @notice Settles one payment and logs it, or logs why not.
    """
    uetr: bytes32 = convert(payment.uetr_and_places & UETR_MASK, bytes32)
    sequence: uint256 = payment.sequence_and_expiries & MASK_64
    expiry: uint256 = (payment.sequence_and_expiries >> 64) & MASK_64
    outcome: uint256 = self._terms(
        uetr, payment.amount, sequence, expiry, debtor_standing, creditor_standing
    )
    # The struct hash of the instruction, from its members in their places: see instruction.
    instruction_hash: bytes32 = keccak256(
        abi_encode(
            instruction_data.INSTRUCTION_TYPE_HASH,
            uetr,
            debtor_agent,
            creditor_agent,
            debtor_account,
            creditor_account,
            token,
            payment.amount,
            token,
            payment.amount,
            payment.message_digest,
            empty(bytes32),
            sequence,
            expiry,
        )
    )
    if outcome == batch_outcome.SETTLED:
        outcome = self._signatures(
            debtor_agent,
            creditor_agent,
            debtor_account,
            creditor_standing,
            instruction_hash,
            payment,
            agent_signature,
        )
    if outcome == batch_outcome.SETTLED:
        success: bool = False
        answer: Bytes[batch_outcome.MAX_ANSWER] = b""
        success, answer = raw_call(
            token,
            abi_encode(
                debtor_account,
                creditor_account,
                payment.amount,
                method_id=method_id("settle_leg(address,address,uint256)"),
            ),
            max_outsize=batch_outcome.MAX_ANSWER,
            revert_on_failure=False,
        )
        if success:
            log ISettlement.SettledInBatch(
                uetr=convert(uetr, bytes16), debtor_agent=debtor_agent, instruction=instruction_hash
            )
            return True
        return self._failed(uetr, debtor_agent, sequence, batch_outcome._told(answer))
    return self._failed(uetr, debtor_agent, sequence, batch_outcome._sentence(outcome))


@internal
@view
def _signatures(
    debtor_agent: address,
    creditor_agent: address,
    debtor_account: address,
    creditor_standing: uint256,
    instruction_hash: bytes32,
    payment: ISettlement.BatchPayment,
    agent_signature: ISettlement.CompactSignature,
) -> uint256:
    """
    @notice Whether everybody has signed who must.
    """
    digest: bytes32 = typed_data._digest(instruction_hash)
    if not signature_check._signed_by_parts(
        debtor_account,
        digest,
        unsafe_add(payment.debtor_vs >> 255, 27),
        payment.debtor_r,
        payment.debtor_vs & MASK_255,
    ):
        return batch_outcome.BAD_DEBTOR_SIGNATURE
    if debtor_account != debtor_agent and not signature_check._signed_by_parts(
        debtor_agent,
        digest,
        unsafe_add(agent_signature.vs >> 255, 27),
        agent_signature.r,
        agent_signature.vs & MASK_255,
    ):
        return batch_outcome.BAD_AGENT_SIGNATURE
    if payment.acceptance_r != 0:
        return self._acceptance(
            creditor_agent,
            instruction_hash,
            payment.sequence_and_expiries >> 128,
            payment.acceptance_r,
            payment.acceptance_vs,
        )
    if creditor_agent != debtor_agent and (
        (creditor_standing >> standing_word.POLICY_SHIFT) & standing_word.POLICY_ACCEPTANCE_WAIVED == 0
    ):
        return batch_outcome.NO_ACCEPTANCE
    return batch_outcome.SETTLED


@internal
def _failed(uetr: bytes32, debtor_agent: address, sequence: uint256, reason: String[96]) -> bool:
    log ISettlement.FailedInBatch(
        uetr=convert(uetr, bytes16),
        debtor_agent=debtor_agent,
        sequence=convert(sequence, uint64),
        reason=reason,
    )
    return False


@internal
@view
def _terms(
    uetr: bytes32,
    amount: uint256,
    sequence: uint256,
    expiry: uint256,
    debtor_standing: uint256,
    creditor_standing: uint256,
) -> uint256:
    """
    @notice Whether the payment may settle but for its signatures.
    """
    if block.timestamp > expiry:
        return batch_outcome.EXPIRED
    if amount == 0:
        return batch_outcome.ZERO_AMOUNT
    if uetr == empty(bytes32):
        return batch_outcome.NO_UETR
    if sequence == 0:
        return batch_outcome.NO_SEQUENCE
    if sequence >= uniqueness.NETTED:
        return batch_outcome.FOR_NETTING
    # Active banks, the usual case, need no closer look.
    both: uint256 = debtor_standing & standing_word.ACTIVE_BANK_MASK
    if both == standing_word.ACTIVE_BANK and both == creditor_standing & standing_word.ACTIVE_BANK_MASK:
        return batch_outcome.SETTLED
    if not standing_word._may_settle(debtor_standing, convert(expiry, uint64)):
        return batch_outcome.DEBTOR_AGENT_INACTIVE
    if not standing_word._has_role(debtor_standing, standing_word.ROLE_BANK):
        return batch_outcome.DEBTOR_AGENT_NO_BANK
    if not standing_word._may_settle(creditor_standing, convert(expiry, uint64)):
        return batch_outcome.CREDITOR_AGENT_INACTIVE
    if not standing_word._has_role(creditor_standing, standing_word.ROLE_BANK):
        return batch_outcome.CREDITOR_AGENT_NO_BANK
    return batch_outcome.SETTLED


@internal
@view
def _acceptance(
    creditor_agent: address, instruction_hash: bytes32, expiry: uint256, r: uint256, vs: uint256
) -> uint256:
    """
    @notice Whether an acceptance that was given counts.
    """
    if block.timestamp > expiry:
        return batch_outcome.ACCEPTANCE_EXPIRED
    digest: bytes32 = typed_data._digest(
        keccak256(abi_encode(instruction_data.ACCEPTANCE_TYPE_HASH, instruction_hash, expiry))
    )
    if not signature_check._signed_by_parts(
        creditor_agent, digest, unsafe_add(vs >> 255, 27), r, vs & MASK_255
    ):
        return batch_outcome.BAD_ACCEPTANCE
    return batch_outcome.SETTLED
