# pragma version 0.4.3
"""
@title How a currency is stopped, frozen, capped and opened to settlement
@notice Each power is a role of its own. Stopping and starting are two roles, so that a key kept at hand to
        stop in an emergency cannot start again.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from . import access
from . import account_word
from . import ledger
from . import policy_word

uses: access
uses: ledger

ROLE_PAUSER: constant(uint256) = 2
ROLE_UNPAUSER: constant(uint256) = 4
ROLE_FREEZER: constant(uint256) = 8
ROLE_TIER_KEEPER: constant(uint256) = 32


@external
@view
def paused() -> bool:
    """
    @notice Whether anything is paused; see pause_flags for what.
    @dev Caller: anyone.
    """
    return ledger._policy & policy_word.PAUSE_ALL != 0


@external
@view
def pause_flags() -> uint256:
    """
    @notice What is paused: 1 transfers, 2 settlement, 4 issue and redemption.
    @dev Caller: anyone.
    """
    return ledger._policy & policy_word.PAUSE_ALL


@external
@view
def policy_version() -> uint256:
    """
    @notice How often pauses and caps have changed.
    @dev Caller: anyone.
    """
    return (ledger._policy >> policy_word.VERSION_SHIFT) & policy_word.VERSION_MASK


@external
@view
def tier_of(tier: uint256) -> ICurrencyToken.Tier:
    """
    @notice The caps of a tier, in minor units.
    @dev Caller: anyone. Refuses: a tier other than 1, 2 and 3.
    @param tier 1 to 3.
    """
    assert 1 <= tier and tier <= policy_word.TIER_COUNT, "CurrencyToken: no such tier"
    policy: uint256 = ledger._policy
    return ICurrencyToken.Tier(
        max_balance=policy_word._cap(policy, tier, policy_word.BALANCE_CAP),
        max_amount=policy_word._cap(policy, tier, policy_word.AMOUNT_CAP),
        max_daily=policy_word._cap(policy, tier, policy_word.DAILY_CAP),
    )


@external
@view
def settlement_operator() -> address:
    """
    @notice The contract that may move money of holders who signed for it; zero = none.
    @dev Caller: anyone.
    """
    return convert(ledger._gate & ledger.ADDRESS_MASK, address)


@external
def pause():
    """
    @notice Stops transfers, settlement, issue and redemption. Freezing and thawing stay possible.
    @dev Caller: a pauser. Refuses: everybody else. Stopped by: unpause, which takes another role.
    """
    self._pause(policy_word.PAUSE_ALL)


@external
def pause_only(flags: uint256):
    """
    @notice Stops some operations and leaves the others, and what was stopped before, as they are.
    @dev Caller: a pauser. Refuses: unknown flags. Stopped by: unpause.
    @param flags Sum of 1 transfers, 2 settlement, 4 issue and redemption.
    """
    assert flags & ~policy_word.PAUSE_ALL == 0, "CurrencyToken: no such pause flag"
    self._pause(flags)


@external
def unpause():
    """
    @notice Ends every pause.
    @dev Caller: an unpauser. Refuses: everybody else. Stopped by: pause.
    """
    assert access._has(msg.sender, ROLE_UNPAUSER), "CurrencyToken: not an unpauser"
    flags: uint256 = ledger._policy & policy_word.PAUSE_ALL
    self._set_policy(ledger._policy & ~policy_word.PAUSE_ALL)
    log ICurrencyToken.Unpaused(account=msg.sender, flags=flags)


@external
def freeze(account: address):
    """
    @notice Freezes an account, whatever its balance: it can neither pay nor be paid, by any way of paying.
    @dev Caller: a freezer. Refuses: everybody else; never a low balance, an empty account or a second
         freeze. Stopped by: thaw; a pause does not stop it.
    @param account The account.
    """
    assert access._has(msg.sender, ROLE_FREEZER), "CurrencyToken: not a freezer"
    ledger._accounts[account] |= account_word.FROZEN
    log ICurrencyToken.AccountFrozen(account=account, freezer=msg.sender)


@external
def thaw(account: address):
    """
    @notice Ends the freeze of an account.
    @dev Caller: a freezer. Refuses: everybody else. Stopped by: freeze.
    @param account The account.
    """
    assert access._has(msg.sender, ROLE_FREEZER), "CurrencyToken: not a freezer"
    ledger._accounts[account] &= ~account_word.FROZEN
    log ICurrencyToken.AccountThawed(account=account, freezer=msg.sender)


@external
def set_tier(tier: uint256, max_balance: uint256, max_amount: uint256, max_daily: uint256):
    """
    @notice Sets the caps of a tier for all accounts in it, at once. A balance already above a new cap
            stays; it can be spent and not added to.
    @dev Caller: a tier keeper. Refuses: a tier other than 1, 2 and 3; a cap that is not a number of up
         to six digits and a power of ten. Stopped by: setting it again.
    @param tier 1 to 3.
    @param max_balance Largest balance with holds, in minor units.
    @param max_amount Largest single payment, in minor units.
    @param max_daily Largest total of payments on one UTC day, in minor units.
    """
    assert access._has(msg.sender, ROLE_TIER_KEEPER), "CurrencyToken: not a tier keeper"
    assert 1 <= tier and tier <= policy_word.TIER_COUNT, "CurrencyToken: no such tier"
    # The daily count has 64 bits; a cap within them keeps it there.
    assert max_daily <= account_word.SPENT_MASK, "CurrencyToken: cap too large"
    self._set_policy(policy_word._with_tier(ledger._policy, tier, max_balance, max_amount, max_daily))
    log ICurrencyToken.TierChanged(
        tier=tier, max_balance=max_balance, max_amount=max_amount, max_daily=max_daily
    )


@external
def set_account_tier(account: address, tier: uint256):
    """
    @notice Puts an account into a tier. Tier 0 has no caps and is where participants are.
    @dev Caller: a tier keeper. Refuses: a tier above 3. Stopped by: setting it again.
    @param account The account.
    @param tier 0 to 3.
    """
    assert access._has(msg.sender, ROLE_TIER_KEEPER), "CurrencyToken: not a tier keeper"
    assert tier <= policy_word.TIER_COUNT, "CurrencyToken: no such tier"
    word: uint256 = ledger._accounts[account] & account_word.WITHOUT_TIER
    ledger._accounts[account] = word | (tier << account_word.TIER_SHIFT)
    log ICurrencyToken.AccountTierChanged(account=account, tier=tier)


@external
def set_settlement_operator(operator: address):
    """
    @notice Decides which settlement contract may move this currency; zero takes it out of settlement.
    @dev Caller: the admin. Refuses: everybody else. Stopped by: setting it to zero, pause.
    @param operator The settlement contract, or zero.
    """
    access._only_admin()
    ledger._gate = (ledger._gate & ledger.GATE_CLOSED) | convert(operator, uint256)
    log ICurrencyToken.SettlementOperatorChanged(operator=operator)


@external
def settle_leg(owner: address, to: address, amount: uint256):
    """
    @notice Moves one leg of a settlement. That the owner signed for it is the operator's to check.
    @dev Caller: the settlement operator. Refuses: everybody else; a short balance; a frozen account on
         either side; a tier's caps. Stopped by: pause, freeze, set_settlement_operator.
    @param owner The account debited.
    @param to The account credited.
    @param amount In minor units.
    """
    self._only_settlement()
    ledger._move(owner, to, amount)


@internal
@view
def _only_settlement():
    """
    @notice Refuses everybody but the settlement operator, and it too while settlement is paused.
    """
    gate: uint256 = ledger._gate
    assert gate & ledger.ADDRESS_MASK == convert(msg.sender, uint256), (
        "CurrencyToken: not the settlement operator"
    )
    assert gate & ledger.GATE_CLOSED == 0, "CurrencyToken: paused"


@internal
def _pause(flags: uint256):
    assert access._has(msg.sender, ROLE_PAUSER), "CurrencyToken: not a pauser"
    self._set_policy(ledger._policy | flags)
    log ICurrencyToken.Paused(account=msg.sender, flags=flags)


@internal
def _set_policy(policy: uint256):
    """
    @notice Stores the policy, and repeats its settlement pause in the word that a settlement leg reads.
    """
    ledger._policy = policy_word._next_version(policy)
    operator: uint256 = ledger._gate & ledger.ADDRESS_MASK
    closed: uint256 = 0
    if policy & policy_word.PAUSE_SETTLEMENT != 0:
        closed = ledger.GATE_CLOSED
    ledger._gate = operator | closed
