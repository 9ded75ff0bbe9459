# pragma version 0.4.3
"""
@title ERC-20 over the ledger
@notice Transfers and allowances. An allowance lets an account spend another's money; settlement needs none.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from . import ledger
from . import policy_word

uses: ledger

_allowances: HashMap[address, HashMap[address, uint256]]


@external
@view
def allowance(owner: address, spender: address) -> uint256:
    """
    @notice What `spender` may still move out of `owner`'s account, in minor units; 2**256 - 1 never shrinks.
    @dev Caller: anyone.
    """
    return self._allowances[owner][spender]


@external
def transfer(to: address, amount: uint256) -> bool:
    """
    @notice Pays from the caller's account.
    @dev Caller: anyone. Refuses: a short balance; a frozen account on either side; a tier's caps; account
         zero and the token itself as creditor. Stopped by: pause, freeze.
    @param to The account credited.
    @param amount In minor units.
    """
    ledger._not_paused(policy_word.PAUSE_TRANSFERS)
    ledger._move(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    """
    @notice Pays from an account whose owner has allowed the caller to.
    @dev Caller: anyone with an allowance of at least the amount. Refuses: a low allowance, and all that
         transfer refuses. Stopped by: pause, freeze, approving zero.
    @param owner The account debited.
    @param to The account credited.
    @param amount In minor units.
    """
    ledger._not_paused(policy_word.PAUSE_TRANSFERS)
    self._spend_allowance(owner, msg.sender, amount)
    ledger._move(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Sets what `spender` may move out of the caller's account. Changing one allowance into another can
            be raced by the spender: use increase_allowance and decrease_allowance for that.
    @dev Caller: anyone. Refuses: spender zero. Stopped by: approving zero; pause stops the spending.
    @param spender Who may spend.
    @param amount In minor units; 2**256 - 1 never shrinks.
    """
    self._approve(msg.sender, spender, amount)
    return True


@external
def increase_allowance(spender: address, amount: uint256) -> bool:
    """
    @notice Raises an allowance, whatever of it has been spent meanwhile.
    @dev Caller: anyone. Refuses: spender zero, a sum above 2**256 - 1. Stopped by: approving zero.
    @param spender Who may spend.
    @param amount By how much, in minor units.
    """
    self._approve(msg.sender, spender, self._allowances[msg.sender][spender] + amount)
    return True


@external
def decrease_allowance(spender: address, amount: uint256) -> bool:
    """
    @notice Lowers an allowance; to zero where less than the amount is left, so that it never fails.
    @dev Caller: anyone. Refuses: spender zero. Stopped by: nothing; taking a power away must always work.
    @param spender Who may spend.
    @param amount By how much, in minor units.
    """
    allowed: uint256 = self._allowances[msg.sender][spender]
    self._approve(msg.sender, spender, allowed - min(allowed, amount))
    return True


@internal
def _approve(owner: address, spender: address, amount: uint256):
    assert spender != empty(address), "CurrencyToken: spender not allowed"
    self._allowances[owner][spender] = amount
    log ICurrencyToken.Approval(owner=owner, spender=spender, amount=amount)


@internal
def _spend_allowance(owner: address, spender: address, amount: uint256):
    allowed: uint256 = self._allowances[owner][spender]
    if allowed == max_value(uint256):
        return
    assert amount <= allowed, "CurrencyToken: allowance too low"
    self._allowances[owner][spender] = unsafe_sub(allowed, amount)
