# pragma version 0.4.3
"""
@title The standing of every address a payment can name
@notice Participants and listed tokens are in one mapping, so that Settlement asks one question about all of
        them. The version grows with each change: who has once checked a set of standings need not check them
        again before it has grown.
@custom:license Apache-2.0
"""

_standings: HashMap[address, uint256]
_version: uint256


@deploy
def __init__():
    self._version = 1


@external
@view
def standing(account: address) -> uint256:
    """
    @notice The standing word of a participant or a token; 0 for an unknown address. See standing_word.
    @dev Caller: anyone.
    """
    return self._standings[account]


@external
@view
def standings(accounts: address[5]) -> uint256[5]:
    """
    @notice The standing words of up to five addresses; 0 for address zero.
    @dev Caller: anyone.
    """
    words: uint256[5] = empty(uint256[5])
    for i: uint256 in range(5):
        if accounts[i] != empty(address):
            words[i] = self._standings[accounts[i]]
    return words


@external
@view
def standings_of(accounts: DynArray[address, 64]) -> DynArray[uint256, 64]:
    """
    @notice The standing words of up to 64 addresses, in their order.
    @dev Caller: anyone.
    """
    words: DynArray[uint256, 64] = []
    for account: address in accounts:
        words.append(self._standings[account])
    return words


@external
@view
def standings_version() -> uint256:
    """
    @notice One more with each change of any standing; never 0.
    @dev Caller: anyone.
    """
    return self._version


@internal
def _set(account: address, word: uint256):
    """
    @notice The only way a standing changes.
    """
    self._standings[account] = word
    self._version += 1
