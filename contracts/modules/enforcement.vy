# pragma version 0.4.3
"""
@title Freezing amounts and taking money by law (ERC-7943)
@notice An amount can be frozen on an account, also more than it holds: what comes in is frozen up to it. A
        forced transfer takes free or frozen money, gives its reason, and thaws nothing: an account frozen as
        a whole stays so, and of a frozen amount no more is spent than was taken from it.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from . import access
from . import account_word
from . import ledger
from . import policy_word

uses: access
uses: ledger

ROLE_FREEZER: constant(uint256) = 8
ROLE_ENFORCER: constant(uint256) = 16

ERC165_ID: constant(bytes4) = 0x01ffc9a7
# The six functions of ERC-7943 for fungible tokens, xor-ed.
ERC7943_ID: constant(bytes4) = 0x3edbb4c4


@external
@view
def supportsInterface(id: bytes4) -> bool:
    """
    @notice Whether the contract has an interface, by its ERC-165 id: ERC-165 and ERC-7943.
    @dev Caller: anyone.
    """
    return id == ERC165_ID or id == ERC7943_ID


@external
@view
def getFrozenTokens(account: address) -> uint256:
    """
    @notice How much is frozen on an account, in minor units; 2**256 - 1 where the account is frozen as a
            whole. Can be more than it holds.
    @dev Caller: anyone.
    """
    if ledger._accounts[account] & account_word.FROZEN != 0:
        return max_value(uint256)
    return ledger._frozen_amounts[account]


@external
@view
def canSend(account: address) -> bool:
    """
    @notice Whether an account may pay at all: transfers are not paused and it is not frozen as a whole.
    @dev Caller: anyone.
    """
    return self._may_transact(account)


@external
@view
def canReceive(account: address) -> bool:
    """
    @notice Whether an account may be paid at all.
    @dev Caller: anyone.
    """
    return account != empty(address) and account != self and self._may_transact(account)


@external
@view
def canTransfer(owner: address, to: address, amount: uint256) -> bool:
    """
    @notice Whether a transfer of this amount would succeed now.
    @dev Caller: anyone.
    @param owner The account debited.
    @param to The account credited.
    @param amount In minor units.
    """
    if not self._may_transact(owner) or not self._may_transact(to):
        return False
    if to == empty(address) or to == self:
        return False
    debit: uint256 = ledger._accounts[owner]
    if amount > ledger._spendable(owner, debit):
        return False
    policy: uint256 = ledger._policy
    tier: uint256 = (debit >> account_word.TIER_SHIFT) & account_word.TIER_MASK
    if tier != 0:
        spent: uint256 = account_word._spent_today(debit) + amount
        if amount > policy_word._cap(policy, tier, policy_word.AMOUNT_CAP):
            return False
        if spent > policy_word._cap(policy, tier, policy_word.DAILY_CAP):
            return False
    credit: uint256 = ledger._accounts[to]
    tier = (credit >> account_word.TIER_SHIFT) & account_word.TIER_MASK
    if tier == 0:
        return True
    after: uint256 = account_word._total(credit)
    if owner != to:
        after += amount
    return after <= policy_word._cap(policy, tier, policy_word.BALANCE_CAP)


@external
def setFrozenTokens(account: address, amount: uint256) -> bool:
    """
    @notice Replaces the amount frozen on an account. It does not touch the freeze of the whole account,
            which freeze and thaw keep.
    @dev Caller: a freezer. Refuses: everybody else; never a low balance. Stopped by: setting it again; a
         pause does not stop it.
    @param account The account.
    @param amount In minor units; can be more than the account holds; zero ends it.
    """
    assert access._has(msg.sender, ROLE_FREEZER), "CurrencyToken: not a freezer"
    self._set_frozen(account, amount)
    return True


@external
def forcedTransfer(owner: address, to: address, amount: uint256, reason: bytes32 = empty(bytes32)) -> bool:
    """
    @notice Takes money from an account by law, frozen money too. Freezes, pauses and the debtor's tier do
            not stop it. Money on hold is out of its reach.
    @dev Caller: an enforcer. Refuses: an amount above the balance; the account itself, a frozen or a full
         account, account zero and the token as creditor. Stopped by: revoke_role.
    @param owner The account debited.
    @param to The account credited.
    @param amount In minor units.
    @param reason Digest of the order that this carries out; may be left out, as ERC-7943 has it.
    """
    assert access._has(msg.sender, ROLE_ENFORCER), "CurrencyToken: not an enforcer"
    assert owner != to, "CurrencyToken: forced transfer to the same account"
    word: uint256 = ledger._accounts[owner]
    balance: uint256 = word & account_word.AMOUNT_MASK
    assert amount <= balance, "CurrencyToken: balance too low"
    frozen: uint256 = ledger._frozen_amounts[owner]
    free: uint256 = balance - min(frozen, balance)
    if amount > free:
        self._set_frozen(owner, frozen - (amount - free))
        word = ledger._accounts[owner]
    ledger._accounts[owner] = word - amount
    ledger._credit(to, amount)
    log ICurrencyToken.Transfer(debtor=owner, creditor=to, amount=amount)
    log ICurrencyToken.ForcedTransfer(debtor=owner, creditor=to, amount=amount)
    log ICurrencyToken.EnforcementReason(reason=reason, enforcer=msg.sender)
    return True


@internal
@view
def _may_transact(account: address) -> bool:
    return (
        ledger._policy & policy_word.PAUSE_TRANSFERS == 0
        and ledger._accounts[account] & account_word.FROZEN == 0
    )


@internal
def _set_frozen(account: address, amount: uint256):
    """
    @notice Keeps the amount in a slot of its own, and in the account word a flag that says to look there.
    """
    ledger._frozen_amounts[account] = amount
    if amount == 0:
        ledger._accounts[account] &= ~account_word.PARTLY_FROZEN
    else:
        ledger._accounts[account] |= account_word.PARTLY_FROZEN
    log ICurrencyToken.Frozen(account=account, amount=amount)
