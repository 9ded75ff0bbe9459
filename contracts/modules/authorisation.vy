# pragma version 0.4.3
"""
@title Payments and allowances by signature
@notice A holder signs and anybody carries it to the chain, so that a wallet needs no gas: ERC-2612 permits,
        ERC-3009 authorisations, and signed transfers, which cost least. Used nonces are bits, 256 to a slot:
        nonces counted upwards pay for one new slot in 256, random ones for each.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from . import erc20
from . import ledger
from . import policy_word
from . import signature as signature_check
from . import typed_data

uses: erc20
uses: ledger
uses: typed_data

PERMIT_TYPE_HASH: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
TRANSFER_AUTHORIZATION_TYPE_HASH: constant(bytes32) = keccak256(
    "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
RECEIVE_AUTHORIZATION_TYPE_HASH: constant(bytes32) = keccak256(
    "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
CANCEL_AUTHORIZATION_TYPE_HASH: constant(bytes32) = keccak256(
    "CancelAuthorization(address authorizer,bytes32 nonce)"
)
TRANSFER_TYPE_HASH: constant(bytes32) = keccak256(
    "Transfer(address debtor,address creditor,uint256 amount,uint64 nonce,uint64 expiry)"
)

# The s of a compact signature, without the parity above it (EIP-2098).
MAX_UINT255: constant(uint256) = 2**255 - 1

# Where a packed transfer has its nonce and its expiry, above an address.
PACKED_SHIFT: constant(uint256) = 192
PACKED_MASK: constant(uint256) = 2**192 - 1

# Bounds the memory of a batch; a batch of this size stays far below the gas limit of a transaction.
MAX_BATCH: constant(uint256) = 100

_permit_nonces: HashMap[address, uint256]
# ERC-3009: owner -> nonce without its last byte -> one bit for each last byte
_authorizations_used: HashMap[address, HashMap[uint256, uint256]]
# Signed transfers: debtor and nonce without its last byte, in one word -> one bit for each last byte
_nonces_used: HashMap[uint256, uint256]


@external
@view
def nonces(owner: address) -> uint256:
    """
    @notice The nonce of an account's next permit (ERC-2612).
    @dev Caller: anyone.
    """
    return self._permit_nonces[owner]


@external
@view
def authorizationState(authorizer: address, nonce: bytes32) -> bool:
    """
    @notice Whether a nonce of an account's ERC-3009 authorisations was used or cancelled.
    @dev Caller: anyone.
    """
    number: uint256 = convert(nonce, uint256)
    return (self._authorizations_used[authorizer][number >> 8] >> (number & 255)) & 1 == 1


@external
@view
def nonce_used(debtor: address, nonce: uint64) -> bool:
    """
    @notice Whether a nonce of an account's signed transfers was used or cancelled.
    @dev Caller: anyone.
    """
    number: uint256 = convert(nonce, uint256)
    return (self._nonces_used[(convert(debtor, uint256) << 64) | (number >> 8)] >> (number & 255)) & 1 == 1


@external
def permit(
    owner: address, spender: address, amount: uint256, deadline: uint256, v: uint8, r: bytes32, s: bytes32
):
    """
    @notice Sets an allowance by the owner's signature (ERC-2612). Anybody may carry it, also ahead of the
            transaction it was meant for: whoever combines it with a transfer should go on where the
            allowance suffices already.
    @dev Caller: anyone with the signature. Refuses: a passed deadline, another nonce than the next, a wrong
         or malleable signature, spender zero. Stopped by: approving zero; pause stops the spending.
    @param owner Who signed.
    @param spender Who may spend.
    @param amount In minor units.
    @param deadline Last valid unix second.
    @param v 27 or 28.
    @param r First half of the signature.
    @param s Second half, in the lower half of the group.
    """
    assert block.timestamp <= deadline, "CurrencyToken: permit expired"
    nonce: uint256 = self._permit_nonces[owner]
    self._permit_nonces[owner] = unsafe_add(nonce, 1)
    digest: bytes32 = typed_data._digest(
        keccak256(abi_encode(PERMIT_TYPE_HASH, owner, spender, amount, nonce, deadline))
    )
    self._check_signature(owner, digest, v, r, s)
    erc20._approve(owner, spender, amount)


@external
def transferWithAuthorization(
    owner: address,
    to: address,
    amount: uint256,
    valid_after: uint256,
    valid_before: uint256,
    nonce: bytes32,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice Pays by the owner's signature (ERC-3009). A contract that acts on being paid must use
            receiveWithAuthorization, or somebody carries this past it.
    @dev Caller: anyone with the signature. Refuses: a time outside the two bounds, a used nonce, a wrong or
         malleable signature, all that transfer refuses. Stopped by: pause, freeze, cancelAuthorization.
    @param owner The account debited, who signed.
    @param to The account credited.
    @param amount In minor units.
    @param valid_after The unix second after which it is valid.
    @param valid_before The unix second before which it is valid.
    @param nonce Any number this account has not used.
    @param v 27 or 28.
    @param r First half of the signature.
    @param s Second half, in the lower half of the group.
    """
    self._check_times(valid_after, valid_before)
    digest: bytes32 = typed_data._digest(
        keccak256(
            abi_encode(
                TRANSFER_AUTHORIZATION_TYPE_HASH, owner, to, amount, valid_after, valid_before, nonce
            )
        )
    )
    self._check_signature(owner, digest, v, r, s)
    self._authorised(owner, to, amount, nonce)


@external
def receiveWithAuthorization(
    owner: address,
    to: address,
    amount: uint256,
    valid_after: uint256,
    valid_before: uint256,
    nonce: bytes32,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice The same, carried by the account credited only (ERC-3009), so that nobody can run ahead of it.
    @dev Caller: the account credited. Refuses: other callers, all that transferWithAuthorization refuses.
         Stopped by: pause, freeze, cancelAuthorization.
    @param owner The account debited, who signed.
    @param to The account credited: the caller.
    @param amount In minor units.
    @param valid_after The unix second after which it is valid.
    @param valid_before The unix second before which it is valid.
    @param nonce Any number this account has not used.
    @param v 27 or 28.
    @param r First half of the signature.
    @param s Second half, in the lower half of the group.
    """
    assert msg.sender == to, "CurrencyToken: caller is not the creditor"
    self._check_times(valid_after, valid_before)
    digest: bytes32 = typed_data._digest(
        keccak256(
            abi_encode(RECEIVE_AUTHORIZATION_TYPE_HASH, owner, to, amount, valid_after, valid_before, nonce)
        )
    )
    self._check_signature(owner, digest, v, r, s)
    self._authorised(owner, to, amount, nonce)


@external
def cancelAuthorization(authorizer: address, nonce: bytes32, v: uint8, r: bytes32, s: bytes32):
    """
    @notice Uses up a nonce, so that what was signed with it can never be carried out (ERC-3009). Whoever
            holds the signature of the payment may still be faster.
    @dev Caller: anyone with the authorizer's signature. Refuses: a used nonce, a wrong or malleable
         signature. Stopped by: nothing; withdrawing must always be possible.
    @param authorizer Who signed.
    @param nonce The nonce to use up.
    @param v 27 or 28.
    @param r First half of the signature.
    @param s Second half, in the lower half of the group.
    """
    digest: bytes32 = typed_data._digest(
        keccak256(abi_encode(CANCEL_AUTHORIZATION_TYPE_HASH, authorizer, nonce))
    )
    self._check_signature(authorizer, digest, v, r, s)
    self._use_authorization(authorizer, nonce)
    log ICurrencyToken.AuthorizationCanceled(authorizer=authorizer, nonce=nonce)


@external
def cancel_nonce(nonce: uint64):
    """
    @notice Uses up a nonce of the caller's signed transfers, so that what it has signed with it can never be
            carried out.
    @dev Caller: anyone, for its own nonces. Refuses: a used nonce. Stopped by: nothing; withdrawing must
         always be possible.
    @param nonce The nonce to use up.
    """
    self._use_nonce(msg.sender, nonce)
    log ICurrencyToken.AuthorizationCanceled(
        authorizer=msg.sender, nonce=convert(convert(nonce, uint256), bytes32)
    )


@external
def transfer_signed(transfer: ICurrencyToken.SignedTransfer):
    """
    @notice Pays by the debtor's signature over Transfer(debtor, creditor, amount, nonce, expiry). It logs
            the Transfer and nothing besides: whether a nonce is used, nonce_used tells.
    @dev Caller: anyone with the signature. Refuses: a passed expiry, a used nonce, a wrong or malleable
         signature, all that transfer refuses. Stopped by: pause, freeze, cancel_nonce.
    @param transfer The transfer with its signature.
    """
    ledger._not_paused(policy_word.PAUSE_TRANSFERS)
    self._carry_out(transfer.terms, transfer.r, transfer.vs)


@external
def transfer_batch_signed(transfers: DynArray[ICurrencyToken.PackedTransfer, MAX_BATCH]):
    """
    @notice Carries out many signed transfers, of as many debtors, in one transaction: all of them or none.
    @dev Caller: anyone with the signatures. Refuses: the batch where transfer_signed would refuse one; a
         bit set among the unused ones. Stopped by: pause, freeze, cancel_nonce.
    @param transfers Up to 100 transfers with their signatures.
    """
    ledger._not_paused(policy_word.PAUSE_TRANSFERS)
    for transfer: ICurrencyToken.PackedTransfer in transfers:
        self._carry_out(
            ICurrencyToken.TransferTerms(
                debtor=convert(transfer.debtor_and_nonce & PACKED_MASK, address),
                creditor=convert(transfer.creditor_and_expiry & PACKED_MASK, address),
                amount=transfer.amount,
                nonce=convert(transfer.debtor_and_nonce >> PACKED_SHIFT, uint64),
                expiry=convert(transfer.creditor_and_expiry >> PACKED_SHIFT, uint64),
            ),
            transfer.r,
            transfer.vs,
        )


@external
def transfer_signed_by_contract(
    terms: ICurrencyToken.TransferTerms, signature: Bytes[signature_check.MAX_CONTRACT_SIGNATURE]
):
    """
    @notice The same as transfer_signed where the debtor is a contract, which is asked for its signature
            (ERC-1271).
    @dev Caller: anyone with a signature the contract accepts. Refuses: a debtor without code, a signature it
         does not accept, a passed expiry, a used nonce, all that transfer refuses. Stopped by: pause,
         freeze, cancel_nonce.
    @param terms The transfer; its debtor is the contract.
    @param signature What the contract takes for its signature.
    """
    ledger._not_paused(policy_word.PAUSE_TRANSFERS)
    digest: bytes32 = self._transfer_digest(terms)
    assert signature_check._accepted_by(terms.debtor, digest, signature), "CurrencyToken: signature invalid"
    ledger._move(terms.debtor, terms.creditor, terms.amount)


@internal
def _carry_out(terms: ICurrencyToken.TransferTerms, r: uint256, vs: uint256):
    digest: bytes32 = self._transfer_digest(terms)
    assert signature_check._signed_by_parts(
        terms.debtor, digest, unsafe_add(vs >> 255, 27), r, vs & MAX_UINT255
    ), "CurrencyToken: signature invalid"
    ledger._move(terms.debtor, terms.creditor, terms.amount)


@internal
def _transfer_digest(terms: ICurrencyToken.TransferTerms) -> bytes32:
    """
    @notice Uses up the nonce and gives the EIP-712 digest of the terms. Refuses a passed expiry.
    """
    assert block.timestamp <= convert(terms.expiry, uint256), "CurrencyToken: transfer expired"
    # As _use_nonce, in place: a call for each would be paid for a hundred times in a batch.
    number: uint256 = convert(terms.nonce, uint256)
    key: uint256 = (convert(terms.debtor, uint256) << 64) | (number >> 8)
    bit: uint256 = 1 << (number & 255)
    word: uint256 = self._nonces_used[key]
    assert word & bit == 0, "CurrencyToken: nonce already used"
    self._nonces_used[key] = word | bit
    return typed_data._digest(keccak256(abi_encode(TRANSFER_TYPE_HASH, terms)))


@internal
def _authorised(owner: address, to: address, amount: uint256, nonce: bytes32):
    ledger._not_paused(policy_word.PAUSE_TRANSFERS)
    self._use_authorization(owner, nonce)
    log ICurrencyToken.AuthorizationUsed(authorizer=owner, nonce=nonce)
    ledger._move(owner, to, amount)


@internal
@view
def _check_times(valid_after: uint256, valid_before: uint256):
    assert block.timestamp > valid_after, "CurrencyToken: authorisation not yet valid"
    assert block.timestamp < valid_before, "CurrencyToken: authorisation expired"


@internal
@view
def _check_signature(signer: address, digest: bytes32, v: uint8, r: bytes32, s: bytes32):
    """
    @notice Refuses what the signer has not signed. A contract is asked (ERC-1271) about r || s || v.
    """
    if not signature_check._signed_by_parts(
        signer, digest, convert(v, uint256), convert(r, uint256), convert(s, uint256)
    ):
        assert signature_check._accepted_by(signer, digest, concat(r, s, convert(v, bytes1))), (
            "CurrencyToken: signature invalid"
        )


@internal
def _use_authorization(owner: address, nonce: bytes32):
    number: uint256 = convert(nonce, uint256)
    bit: uint256 = 1 << (number & 255)
    word: uint256 = self._authorizations_used[owner][number >> 8]
    assert word & bit == 0, "CurrencyToken: nonce already used"
    self._authorizations_used[owner][number >> 8] = word | bit


@internal
def _use_nonce(debtor: address, nonce: uint64):
    number: uint256 = convert(nonce, uint256)
    key: uint256 = (convert(debtor, uint256) << 64) | (number >> 8)
    bit: uint256 = 1 << (number & 255)
    word: uint256 = self._nonces_used[key]
    assert word & bit == 0, "CurrencyToken: nonce already used"
    self._nonces_used[key] = word | bit
