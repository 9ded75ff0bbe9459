# pragma version 0.4.3
"""
@title The accounts of one currency, and the only function that moves money between them
@notice Every movement, from a plain transfer to a leg of a settlement, goes through `_move`: freeze, tier
        and balance are checked there and nowhere else, so no way of paying can forget one of them.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from . import account_word
from . import policy_word

# The gate's flag beside the settlement operator's address: settlement is paused.
GATE_CLOSED: constant(uint256) = 2**160
ADDRESS_MASK: constant(uint256) = 2**160 - 1
ISSUED_MASK: constant(uint256) = 2**128 - 1

_accounts: HashMap[address, uint256]
# account -> amount frozen on it by itself, beside the freeze of the whole account; see enforcement
_frozen_amounts: HashMap[address, uint256]
_policy: uint256
# Who may call settle_leg, and whether it is paused, in the one word that a leg reads.
_gate: uint256
# Issued in total in the low 128 bits, redeemed in total in the high ones.
_supply: uint256


@external
@view
def balanceOf(account: address) -> uint256:
    """
    @notice What an account is free to spend, in minor units; money on hold is not in it.
    @dev Caller: anyone.
    """
    return self._accounts[account] & account_word.AMOUNT_MASK


@external
@view
def held_of(account: address) -> uint256:
    """
    @notice What is reserved by holds on an account, in minor units.
    @dev Caller: anyone.
    """
    return (self._accounts[account] >> account_word.HELD_SHIFT) & account_word.AMOUNT_MASK


@external
@view
def account_of(account: address) -> ICurrencyToken.Account:
    """
    @notice Everything the ledger keeps about one account.
    @dev Caller: anyone.
    """
    word: uint256 = self._accounts[account]
    return ICurrencyToken.Account(
        balance=word & account_word.AMOUNT_MASK,
        held=(word >> account_word.HELD_SHIFT) & account_word.AMOUNT_MASK,
        tier=(word >> account_word.TIER_SHIFT) & account_word.TIER_MASK,
        frozen=word & account_word.FROZEN != 0,
        spent_today=account_word._spent_today(word),
    )


@external
@view
def is_frozen(account: address) -> bool:
    """
    @notice Whether an account is frozen: it can neither pay nor be paid.
    @dev Caller: anyone.
    """
    return self._accounts[account] & account_word.FROZEN != 0


@external
@view
def totalSupply() -> uint256:
    """
    @notice Money in circulation: issued less redeemed, in minor units; holds are included.
    @dev Caller: anyone.
    """
    return self._outstanding(self._supply)


@external
@view
def issued_total() -> uint256:
    """
    @notice Everything ever issued, in minor units.
    @dev Caller: anyone.
    """
    return self._supply & ISSUED_MASK


@external
@view
def redeemed_total() -> uint256:
    """
    @notice Everything ever redeemed, in minor units.
    @dev Caller: anyone.
    """
    return self._supply >> 128


@internal
@pure
def _outstanding(supply: uint256) -> uint256:
    return (supply & ISSUED_MASK) - (supply >> 128)


@internal
@view
def _not_paused(flags: uint256):
    assert self._policy & flags == 0, "CurrencyToken: paused"


@internal
def _move(owner: address, to: address, amount: uint256):
    """
    @notice Moves money. The debit is stored before the credit is read, so a payment to oneself is right too.
            Pauses are the caller's to check: each way of paying has its own flag.
    """
    # In place what _debited and _credit do for the ways of moving money that need only one of them.
    word: uint256 = self._accounts[owner]
    debited: uint256 = word
    if word >> account_word.TIER_SHIFT != 0:
        debited = self._count_debit(owner, word, amount)
    assert amount <= word & account_word.AMOUNT_MASK, "CurrencyToken: balance too low"
    self._accounts[owner] = unsafe_sub(debited, amount)
    assert to != empty(address), "CurrencyToken: creditor account not allowed"
    assert to != self, "CurrencyToken: creditor account not allowed"
    word = unsafe_add(self._accounts[to], amount)
    if word >> account_word.TIER_SHIFT != 0:
        self._check_credit(word)
    self._accounts[to] = word
    log ICurrencyToken.Transfer(debtor=owner, creditor=to, amount=amount)


@internal
def _credit(to: address, amount: uint256):
    """
    @notice Adds money that was taken from elsewhere or newly issued within the bound on the supply.
    """
    assert to != empty(address) and to != self, "CurrencyToken: creditor account not allowed"
    word: uint256 = unsafe_add(self._accounts[to], amount)
    if word >> account_word.TIER_SHIFT != 0:
        self._check_credit(word)
    self._accounts[to] = word


@internal
@view
def _debited(owner: address, word: uint256, amount: uint256) -> uint256:
    """
    @notice The account word after a debit. Refuses a frozen account, a short balance and a tier's caps.
    """
    debited: uint256 = word
    if word >> account_word.TIER_SHIFT != 0:
        debited = self._count_debit(owner, word, amount)
    assert amount <= word & account_word.AMOUNT_MASK, "CurrencyToken: balance too low"
    return unsafe_sub(debited, amount)


@internal
@view
def _spendable(owner: address, word: uint256) -> uint256:
    """
    @notice The balance less the amount frozen on it, in minor units.
    """
    balance: uint256 = word & account_word.AMOUNT_MASK
    return balance - min(balance, self._frozen_amounts[owner])


@internal
@view
def _count_debit(owner: address, word: uint256, amount: uint256) -> uint256:
    """
    @notice The slow path of a debit, for an account with a freeze or a tier: the word with its daily count.
    """
    assert word & account_word.FROZEN == 0, "CurrencyToken: debtor account frozen"
    if word & account_word.PARTLY_FROZEN != 0:
        assert amount <= self._spendable(owner, word), "CurrencyToken: amount frozen"
    tier: uint256 = (word >> account_word.TIER_SHIFT) & account_word.TIER_MASK
    if tier == 0:
        return word
    policy: uint256 = self._policy
    assert amount <= policy_word._cap(policy, tier, policy_word.AMOUNT_CAP), (
        "CurrencyToken: amount above the tier's cap"
    )
    spent: uint256 = unsafe_add(account_word._spent_today(word), amount)
    assert spent <= policy_word._cap(policy, tier, policy_word.DAILY_CAP), (
        "CurrencyToken: daily total above the tier's cap"
    )
    return account_word._with_spent(word, spent)


@internal
@view
def _check_credit(word: uint256):
    """
    @notice The slow path of a credit, for a frozen or a capped account; `word` has the credit in it.
    """
    assert word & account_word.FROZEN == 0, "CurrencyToken: creditor account frozen"
    tier: uint256 = (word >> account_word.TIER_SHIFT) & account_word.TIER_MASK
    if tier == 0:
        return
    assert account_word._total(word) <= policy_word._cap(self._policy, tier, policy_word.BALANCE_CAP), (
        "CurrencyToken: balance above the tier's cap"
    )
