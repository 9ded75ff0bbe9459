# pragma version 0.4.3
"""
@title Money on hold
@notice A hold reserves money where it is: it leaves the free balance for the held amount of the same account,
        and only a hold operator, a Holds contract, moves it on. So nothing is pooled in a third account,
        a freeze reaches money on hold, and its owner has it back even while the currency is paused.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from . import access
from . import account_word
from . import ledger
from . import policy_word

uses: access
uses: ledger

# What a Holds contract may do.
NOTHING: constant(uint256) = 0
END_HOLDS: constant(uint256) = 1
HOLD: constant(uint256) = 2

_hold_operators: HashMap[address, uint256]


@external
@view
def hold_operator(operator: address) -> uint256:
    """
    @notice What a contract may do with money of holders who agreed to it: 0 nothing, 1 end the holds it has
            placed, 2 place new ones too.
    @dev Caller: anyone.
    @param operator The contract.
    """
    return self._hold_operators[operator]


@external
def set_hold_operator(operator: address, power: uint256):
    """
    @notice Decides what a Holds contract may do. One that is replaced keeps the power to end holds until its
            last one has ended; money it has reserved stays reserved for as long as it has none.
    @dev Caller: the admin. Refuses: everybody else; a power above 2. Stopped by: setting it to zero, pause.
    @param operator The Holds contract.
    @param power 0 nothing, 1 end the holds it has placed, 2 place new ones too.
    """
    access._only_admin()
    assert power <= HOLD, "CurrencyToken: no such power"
    self._hold_operators[operator] = power
    log ICurrencyToken.HoldOperatorChanged(operator=operator, power=power)


@external
def hold(owner: address, amount: uint256):
    """
    @notice Reserves free money of an account. It counts towards the tier's amount and daily total here, once.
    @dev Caller: a hold operator. Refuses: everybody else; a short balance; a frozen account; a tier's caps.
         Stopped by: a pause of transfers or of settlement, freeze, set_hold_operator.
    @param owner The account.
    @param amount In minor units.
    """
    self._only_operator(HOLD)
    ledger._not_paused(policy_word.PAUSE_TRANSFERS | policy_word.PAUSE_SETTLEMENT)
    word: uint256 = ledger._debited(owner, ledger._accounts[owner], amount)
    # Balances and holds sum to the money outstanding, so the held amount cannot leave its field.
    ledger._accounts[owner] = unsafe_add(word, amount << account_word.HELD_SHIFT)
    log ICurrencyToken.Held(account=owner, amount=amount)


@external
def pay_held(owner: address, to: address, amount: uint256):
    """
    @notice Pays reserved money to an account.
    @dev Caller: a hold operator. Refuses: everybody else; more than is held; a frozen account on either
         side; the creditor's largest balance. Stopped by: a pause of transfers or of settlement, freeze,
         set_hold_operator.
    @param owner The account debited.
    @param to The account credited.
    @param amount In minor units.
    """
    self._only_operator(END_HOLDS)
    ledger._not_paused(policy_word.PAUSE_TRANSFERS | policy_word.PAUSE_SETTLEMENT)
    word: uint256 = ledger._accounts[owner]
    assert word & account_word.FROZEN == 0, "CurrencyToken: debtor account frozen"
    ledger._accounts[owner] = self._less_held(word, amount)
    ledger._credit(to, amount)
    log ICurrencyToken.Unheld(account=owner, amount=amount)
    log ICurrencyToken.Transfer(debtor=owner, creditor=to, amount=amount)


@external
def unhold(owner: address, amount: uint256):
    """
    @notice Gives reserved money back to the free balance of the same account. What it had counted towards
            the daily total stays counted.
    @dev Caller: a hold operator. Refuses: everybody else; more than is held. Stopped by: set_hold_operator
         alone: neither pause nor freeze, since no money changes hands.
    @param owner The account.
    @param amount In minor units.
    """
    self._only_operator(END_HOLDS)
    # The total of the account stays what it was, so no cap and no field can be exceeded.
    ledger._accounts[owner] = unsafe_add(self._less_held(ledger._accounts[owner], amount), amount)
    log ICurrencyToken.Unheld(account=owner, amount=amount)


@internal
@view
def _only_operator(power: uint256):
    assert self._hold_operators[msg.sender] >= power, "CurrencyToken: not a hold operator"


@internal
@pure
def _less_held(word: uint256, amount: uint256) -> uint256:
    """
    @notice The account word with its held amount lowered.
    """
    held: uint256 = (word >> account_word.HELD_SHIFT) & account_word.AMOUNT_MASK
    assert amount <= held, "CurrencyToken: held amount too low"
    return unsafe_sub(word, amount << account_word.HELD_SHIFT)
