# pragma version 0.4.3
"""
@title Firm quotes of FX providers
@notice A quote names both amounts, so nothing is rounded on chain, and counts once. The version of its id, a
        UUID, says how that is kept:
        version 8   bound to one payment, which settles once: the quote needs no record of its own, and no
                    other payment can ever take it. In the strict grade the id is the payment's UETR with 8
                    for its version 4; in the bulk grade it is 8 in that place and the sequence, below 2**62,
                    in the last 8 bytes. The variant, bits 62 and 63, tells them apart: 2 in every UETR, 0.
        any other   free: a bit is set when it is used, 256 to a slot by the last byte of the id. A provider
                    whose ids share their first 15 bytes in blocks of 256 pays for one new slot in 256, one
                    with random ids for each.
@custom:license Apache-2.0
"""

from ..interfaces import ISettlement
from . import contract_signature
from . import signature as signature_check
from . import typed_data

uses: typed_data

QUOTE_TYPE_HASH: constant(bytes32) = keccak256(
    "Quote(bytes16 id,address provider,address taker,address sell_token,uint256 sell_amount,address buy_token,uint256 buy_amount,uint64 expiry)"
)

# Where a UUID's version is, counted from its last bit, and what sets a bound id apart from its UETR.
VERSION_SHIFT: constant(uint256) = 76
VERSION_MASK: constant(uint256) = 15
BOUND_VERSION: constant(uint256) = 8
BOUND_DIFFERENCE: constant(uint256) = (8 ^ 4) * 2**76
BOUND_TO_SEQUENCE: constant(uint256) = 8 * 2**76
VARIANT_SHIFT: constant(uint256) = 62
VARIANT_MASK: constant(uint256) = 3
VARIANT_OF_UETR: constant(uint256) = 2

# provider -> first 15 bytes of the id -> one bit for each last byte
_used: HashMap[address, HashMap[uint256, uint256]]


@external
@view
def quote_used(provider: address, id: bytes16) -> bool:
    """
    @notice Whether a free quote has settled or was withdrawn. Of a bound one it says false: there settled()
            tells, of the payment it is bound to.
    @dev Caller: anyone.
    @param provider The FX provider's settlement account.
    @param id The 16 bytes of the quote's id.
    """
    number: uint256 = self._number(id)
    return (self._used[provider][number >> 8] >> (number & 255)) & 1 == 1


@external
def withdraw_quote(id: bytes16):
    """
    @notice Withdraws a free quote of the caller's before it has settled. A bound one is firm until its
            expiry.
    @dev Caller: the FX provider, for its own quotes. Refuses: a quote already used, a bound one.
         Stopped by: nothing; withdrawing must always be possible.
    @param id The 16 bytes of the quote's id.
    """
    assert not self._is_bound(self._number(id)), "Settlement: bound quote cannot be withdrawn"
    self._use(msg.sender, self._number(id))
    log ISettlement.QuoteWithdrawn(provider=msg.sender, id=id)


@internal
@pure
def _number(id: bytes16) -> uint256:
    return convert(convert(id, bytes32), uint256) >> 128


@internal
@pure
def _is_bound(number: uint256) -> bool:
    return (number >> VERSION_SHIFT) & VERSION_MASK == BOUND_VERSION


@internal
@pure
def _is_bound_to(number: uint256, uetr: uint256, sequence: uint256) -> bool:
    """
    @notice Whether a bound quote is for the payment with this UETR (sequence 0), or with this sequence.
    """
    variant: uint256 = (number >> VARIANT_SHIFT) & VARIANT_MASK
    if sequence == 0:
        return number ^ uetr == BOUND_DIFFERENCE and variant == VARIANT_OF_UETR
    return number ^ sequence == BOUND_TO_SEQUENCE and variant == 0


@internal
def _use(provider: address, number: uint256):
    """
    @notice Marks a free quote as used. Refuses one already used.
    """
    bit: uint256 = 1 << (number & 255)
    word: uint256 = self._used[provider][number >> 8]
    assert word & bit == 0, "Settlement: quote already used"
    self._used[provider][number >> 8] = word | bit


@internal
def _take(quote: ISettlement.Quote, uetr: bytes16, sequence: uint64, signature: Bytes[65]):
    """
    @notice Uses a quote for the payment with this UETR and sequence, whose parties and amounts the
            caller has compared with it. Refuses one that is expired, used, bound to another payment or not
            signed.
    """
    assert block.timestamp <= convert(quote.expiry, uint256), "Settlement: quote expired"
    digest: bytes32 = typed_data._digest(keccak256(abi_encode(QUOTE_TYPE_HASH, quote)))
    assert signature_check._signed_by(quote.provider, digest, signature) or (
        contract_signature._accepts(quote.provider, digest, signature)
    ), "Settlement: quote signature invalid"
    number: uint256 = self._number(quote.id)
    if self._is_bound(number):
        assert self._is_bound_to(number, self._number(uetr), convert(sequence, uint256)), (
            "Settlement: quote bound to another payment"
        )
    else:
        self._use(quote.provider, number)
