# pragma version 0.4.3
"""
@title The currencies that settle
@notice One token per ISO 4217 code.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from ..interfaces import IParticipantRegistry
from . import access
from . import standing_word
from . import standing_table

uses: access
uses: standing_table

ROLE_REGISTRAR: constant(uint256) = 1

# Bounds the check that a leaving participant holds nothing.
MAX_TOKENS: constant(uint256) = 64

_tokens: DynArray[address, MAX_TOKENS]
_token_of: HashMap[String[3], address]


@external
@view
def token_of(currency: String[3]) -> address:
    """
    @notice The token of an ISO 4217 code, or zero.
    @dev Caller: anyone.
    """
    return self._token_of[currency]


@external
@view
def token_count() -> uint256:
    """
    @notice How many tokens are listed.
    @dev Caller: anyone.
    """
    return len(self._tokens)


@external
@view
def token_at(i: uint256) -> address:
    """
    @notice Listed token number `i`, from 0; the order changes when one is delisted.
    @dev Caller: anyone. Refuses: an index beyond the last.
    """
    return self._tokens[i]


@external
def list_token(currency: String[3], token: address):
    """
    @notice Lets a currency settle.
    @dev Caller: a registrar. Refuses: a code of other than three characters or already listed; an address
         that is a participant, a token or no contract; more than 64 currencies. Stopped by: delist_token.
    @param currency Its ISO 4217 code.
    @param token Its currency token.
    """
    assert access._has(msg.sender, ROLE_REGISTRAR), "ParticipantRegistry: not a registrar"
    assert len(currency) == 3, "ParticipantRegistry: currency has the wrong length"
    assert self._token_of[currency] == empty(address), "ParticipantRegistry: currency already listed"
    assert standing_table._standings[token] == 0, "ParticipantRegistry: account already registered"
    assert token.is_contract, "ParticipantRegistry: token is no contract"
    assert len(self._tokens) < MAX_TOKENS, "ParticipantRegistry: too many tokens"
    self._token_of[currency] = token
    self._tokens.append(token)
    standing_table._set(token, standing_word.LISTED_TOKEN)
    log IParticipantRegistry.TokenListed(token=token, currency=currency)


@external
def delist_token(currency: String[3]):
    """
    @notice Ends the settlement of a currency; its token goes on by itself.
    @dev Caller: a registrar. Refuses: a currency that is not listed. Stopped by: list_token.
    @param currency Its ISO 4217 code.
    """
    assert access._has(msg.sender, ROLE_REGISTRAR), "ParticipantRegistry: not a registrar"
    token: address = self._token_of[currency]
    assert token != empty(address), "ParticipantRegistry: currency not listed"
    self._token_of[currency] = empty(address)
    standing_table._set(token, 0)
    last: address = self._tokens.pop()
    for i: uint256 in range(len(self._tokens), bound=MAX_TOKENS):
        if self._tokens[i] == token:
            self._tokens[i] = last
            break
    log IParticipantRegistry.TokenDelisted(token=token, currency=currency)


@internal
@view
def _assert_empty(account: address):
    """
    @notice Refuses an account that holds money in a listed currency, free or reserved.
    """
    for token: address in self._tokens:
        balance: uint256 = staticcall ICurrencyToken(token).balanceOf(account)
        held: uint256 = staticcall ICurrencyToken(token).held_of(account)
        assert balance + held == 0, "ParticipantRegistry: participant still holds money"
