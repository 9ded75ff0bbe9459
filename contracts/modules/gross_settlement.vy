# pragma version 0.4.3
"""
@title One payment, settled gross
@notice Checks that the signatures fit the instruction and each other, and moves one leg (one currency) or
        two (payment versus payment, through the FX provider's inventory). A listed token is known to have
        code, so the calls to it do not ask again.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from ..interfaces import ISettlement
from . import contract_signature
from . import instruction as instruction_data
from . import parties
from . import quotes
from . import signature as signature_check
from . import typed_data
from . import uniqueness

uses: parties
uses: quotes
uses: typed_data
uses: uniqueness

# How many settlement contracts back an original is looked for.
MAX_SETTLEMENTS: constant(uint256) = 32

# struct hash of a settled instruction -> sum of its returns, in minor units of its credit token
_returned: HashMap[bytes32, uint256]


@external
@view
def hash_instruction(instruction: ISettlement.Instruction) -> bytes32:
    """
    @notice The EIP-712 struct hash of an instruction: what an acceptance names and settled() gives.
    @dev Caller: anyone.
    @param instruction The instruction.
    """
    return instruction_data._hash(instruction)


@external
@view
def returned(instruction_hash: bytes32) -> uint256:
    """
    @notice How much of a settled payment has been returned, in minor units of its credit token.
    @dev Caller: anyone.
    @param instruction_hash What settled() gives for it.
    """
    return self._returned[instruction_hash]


@external
def settle(
    instruction: ISettlement.Instruction,
    signatures: ISettlement.Signatures,
    quote: ISettlement.Quote,
    quote_signature: Bytes[65],
):
    """
    @notice Settles one payment in one or two currencies. All legs move, or the call reverts and none does.
            A UETR settles once, keyed by the debtor agent; an instruction with a sequence settles once by
            that instead. The same call again reverts and changes nothing.
    @dev Caller: anyone with the signatures. Refuses: a UETR or sequence used or cancelled; an expired
         instruction, acceptance or quote; a quote used or for other amounts, tokens or taker; a wrong,
         malleable or missing signature; an agent that is no active bank; a provider without its role; an
         unlisted currency; a return, which settle_return takes; all that the tokens refuse. Stopped by:
         pause and freeze of either currency, suspend, delist_token, cancel, withdraw_quote.
    @param instruction The payment.
    @param signatures Of the debtor account; of the debtor agent where it is another; of the creditor agent
           where its policy asks. Who is a contract is asked whether it accepts it (ERC-1271).
    @param quote The FX provider's quote; all zero in one currency.
    @param quote_signature Of the provider; empty in one currency.
    """
    assert instruction.return_of == empty(bytes16), "Settlement: return needs its original"
    self._settle(instruction, signatures, quote, quote_signature)


@external
def settle_return(
    instruction: ISettlement.Instruction,
    signatures: ISettlement.Signatures,
    quote: ISettlement.Quote,
    quote_signature: Bytes[65],
    original: ISettlement.Instruction,
):
    """
    @notice Settles the return of a settled payment: agents, accounts and tokens reversed, return_of naming
            its UETR, and the sum of all its returns at most what it had credited.
    @dev Caller: anyone with the signatures. Refuses: an original that has settled in the strict grade neither
         here nor in an earlier settlement contract of the registry, and was not recorded for it;
         other agents, accounts or tokens than its own reversed (the creditor agent may pay the return from
         its own account); a sum above what was credited; all that settle refuses. Stopped by: as settle.
    @param instruction The return: a payment of its own, with its own UETR and signatures.
    @param signatures As for settle.
    @param quote As for settle.
    @param quote_signature As for settle.
    @param original The instruction that had settled, field for field.
    """
    self._count_return(instruction, original)
    self._settle(instruction, signatures, quote, quote_signature)


@internal
def _count_return(instruction: ISettlement.Instruction, original: ISettlement.Instruction):
    """
    @notice Checks that an instruction returns `original`, and adds to the sum of its returns.
    """
    original_hash: bytes32 = instruction_data._hash(original)
    total: uint256 = self._returned[original_hash] + instruction.debit_amount
    if not uniqueness._is_settled(original.debtor_agent, original.uetr, original_hash):
        total += self._returned_before(original.debtor_agent, original.uetr, original_hash)
    assert (
        instruction.return_of == original.uetr
        and instruction.debtor_agent == original.creditor_agent
        and instruction.creditor_agent == original.debtor_agent
        and instruction.creditor_account == original.debtor_account
        and instruction.debit_token == original.credit_token
        and instruction.credit_token == original.debit_token
    ), "Settlement: return does not match its original"
    assert (
        instruction.debtor_account == original.creditor_account
        or instruction.debtor_account == original.creditor_agent
    ), "Settlement: return does not match its original"
    assert total <= original.credit_amount, "Settlement: returns exceed the original"
    self._returned[original_hash] = total


@internal
@view
def _returned_before(debtor_agent: address, uetr: bytes16, original_hash: bytes32) -> uint256:
    """
    @notice What the settlement contract before this one, in which an original has settled, has returned of
            it. Refuses one that has settled in none.
    """
    last: uint256 = staticcall parties.REGISTRY.settlement_version()
    for back: uint256 in range(MAX_SETTLEMENTS):
        if back == last:
            break
        at: address = staticcall parties.REGISTRY.settlement_at(last - back)
        if at != self and staticcall ISettlement(at).settled(debtor_agent, uetr) == original_hash:
            return staticcall ISettlement(at).returned(original_hash)
    raise "Settlement: original not settled"


@internal
def _settle(
    instruction: ISettlement.Instruction,
    signatures: ISettlement.Signatures,
    quote: ISettlement.Quote,
    quote_signature: Bytes[65],
):
    """
    @notice Marks the UETR or the sequence, checks everything that is signed, moves the legs and logs Settled.
    """
    assert block.timestamp <= convert(instruction.expiry, uint256), "Settlement: instruction expired"
    assert instruction.debit_amount != 0 and instruction.credit_amount != 0, "Settlement: amount is zero"
    instruction_hash: bytes32 = instruction_data._hash(instruction)
    if instruction.sequence == 0:
        uniqueness._use(instruction.uetr, instruction.debtor_agent, instruction_hash)
    else:
        uniqueness._use_sequence(convert(instruction.sequence, uint256), instruction.debtor_agent)
    acceptance_required: bool = parties._check(instruction, quote.provider, quote.expiry)
    self._check_signatures(instruction, instruction_hash, signatures, acceptance_required)
    if instruction.debit_token == instruction.credit_token:
        self._move_one_currency(instruction, quote, len(quote_signature))
    else:
        assert quote.provider != empty(address), "Settlement: quote missing"
        assert (
            quote.taker == instruction.debtor_agent
            and quote.sell_token == instruction.debit_token
            and quote.sell_amount == instruction.debit_amount
            and quote.buy_token == instruction.credit_token
            and quote.buy_amount == instruction.credit_amount
        ), "Settlement: quote does not match"
        quotes._take(quote, instruction.uetr, instruction.sequence, quote_signature)
        extcall ICurrencyToken(instruction.debit_token).settle_leg(
            instruction.debtor_account, quote.provider, instruction.debit_amount, skip_contract_check=True
        )
        extcall ICurrencyToken(instruction.credit_token).settle_leg(
            quote.provider, instruction.creditor_account, instruction.credit_amount, skip_contract_check=True
        )
    log ISettlement.Settled(
        uetr=instruction.uetr,
        debtor_agent=instruction.debtor_agent,
        creditor_agent=instruction.creditor_agent,
        debtor_account=instruction.debtor_account,
        creditor_account=instruction.creditor_account,
        debit_token=instruction.debit_token,
        debit_amount=instruction.debit_amount,
        credit_token=instruction.credit_token,
        credit_amount=instruction.credit_amount,
        provider=quote.provider,
        quote_id=quote.id,
        message_digest=instruction.message_digest,
        return_of=instruction.return_of,
    )


@internal
def _move_one_currency(
    instruction: ISettlement.Instruction, quote: ISettlement.Quote, quote_signature_length: uint256
):
    assert (
        quote.provider == empty(address) and quote.id == empty(bytes16) and quote_signature_length == 0
    ), "Settlement: quote not expected"
    assert instruction.debit_amount == instruction.credit_amount, "Settlement: amounts differ"
    extcall ICurrencyToken(instruction.debit_token).settle_leg(
        instruction.debtor_account,
        instruction.creditor_account,
        instruction.debit_amount,
        skip_contract_check=True,
    )


@internal
@view
def _check_signatures(
    instruction: ISettlement.Instruction,
    instruction_hash: bytes32,
    signatures: ISettlement.Signatures,
    acceptance_required: bool,
):
    digest: bytes32 = typed_data._digest(instruction_hash)
    assert signature_check._signed_by(instruction.debtor_account, digest, signatures.debtor) or (
        contract_signature._accepts(instruction.debtor_account, digest, signatures.debtor)
    ), "Settlement: debtor signature invalid"
    if instruction.debtor_account != instruction.debtor_agent:
        assert signature_check._signed_by(instruction.debtor_agent, digest, signatures.agent) or (
            contract_signature._accepts(instruction.debtor_agent, digest, signatures.agent)
        ), "Settlement: debtor agent signature invalid"
    if len(signatures.acceptance) == 0:
        assert not acceptance_required, "Settlement: acceptance missing"
        return
    assert block.timestamp <= convert(signatures.acceptance_expiry, uint256), "Settlement: acceptance expired"
    digest = typed_data._digest(
        instruction_data._acceptance_hash(instruction_hash, signatures.acceptance_expiry)
    )
    assert signature_check._signed_by(instruction.creditor_agent, digest, signatures.acceptance) or (
        contract_signature._accepts(instruction.creditor_agent, digest, signatures.acceptance)
    ), "Settlement: acceptance signature invalid"
