# pragma version 0.4.3
"""
@title Firm quotes of FX providers
@notice A quote names both amounts, so nothing is rounded on chain, and counts once. A quote whose id is the
        UETR it is for is bound to that payment of its taker, which settles once: it needs no record of its
        own. Other used quotes are bits, 256 to a slot by the last byte of their id: a provider whose ids
        share their first 15 bytes in blocks of 256 pays for one new slot in 256, one with random ids for
        each.
@custom:license Apache-2.0
"""

from ..interfaces import ISettlement
from . import signature as signature_check
from . import typed_data

uses: typed_data

QUOTE_TYPE_HASH: constant(bytes32) = keccak256(
    "Quote(bytes16 id,address provider,address taker,address sell_token,uint256 sell_amount,address buy_token,uint256 buy_amount,uint64 expiry)"
)

# provider -> first 15 bytes of the id -> one bit for each last byte
_used: HashMap[address, HashMap[uint256, uint256]]


@external
@view
def quote_used(provider: address, id: bytes16) -> bool:
    """
    @notice Whether a quote has settled or was withdrawn. Says false of a quote bound to its payment: there
            settled(taker, id) tells.
    @dev Caller: anyone.
    @param provider The FX provider's settlement account.
    @param id The 16 bytes of the quote's id.
    """
    number: uint256 = self._number(id)
    return (self._used[provider][number >> 8] >> (number & 255)) & 1 == 1


@external
def withdraw_quote(id: bytes16):
    """
    @notice Withdraws a quote of the caller's before it has settled. A quote bound to its payment is firm
            until its expiry: it cannot be withdrawn.
    @dev Caller: the FX provider, for its own quotes. Refuses: a quote already used. Stopped by: nothing;
         withdrawing must always be possible.
    @param id The 16 bytes of the quote's id.
    """
    self._use(msg.sender, id)
    log ISettlement.QuoteWithdrawn(provider=msg.sender, id=id)


@internal
@pure
def _number(id: bytes16) -> uint256:
    return convert(convert(id, bytes32), uint256) >> 128


@internal
def _use(provider: address, id: bytes16):
    """
    @notice Marks a quote as used. Refuses one already used.
    """
    number: uint256 = self._number(id)
    bit: uint256 = 1 << (number & 255)
    word: uint256 = self._used[provider][number >> 8]
    assert word & bit == 0, "Settlement: quote already used"
    self._used[provider][number >> 8] = word | bit


@internal
def _take(
    quote: ISettlement.Quote, instruction: ISettlement.Instruction, signature: Bytes[65]
):
    """
    @notice Checks that a quote is for exactly this instruction and signed by its provider, and uses it.
    """
    assert quote.provider != empty(address), "Settlement: quote missing"
    assert (
        quote.taker == instruction.debtor_agent
        and quote.sell_token == instruction.debit_token
        and quote.sell_amount == instruction.debit_amount
        and quote.buy_token == instruction.credit_token
        and quote.buy_amount == instruction.credit_amount
    ), "Settlement: quote does not match"
    assert block.timestamp <= convert(quote.expiry, uint256), "Settlement: quote expired"
    digest: bytes32 = typed_data._digest(keccak256(abi_encode(QUOTE_TYPE_HASH, quote)))
    assert signature_check._signed_by(quote.provider, digest, signature), (
        "Settlement: quote signature invalid"
    )
    if quote.id != instruction.uetr:
        self._use(quote.provider, quote.id)
