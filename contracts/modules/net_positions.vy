# pragma version 0.4.3
"""
@title Net positions: what many owe each other, as one movement of each account
@notice The settlement operator says what each account gives or takes in the end. What is given is what is
        taken, to the last unit, and each account is debited or credited once, by the rules of any payment.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from . import control
from . import ledger

uses: control
uses: ledger

# Bounds the memory; the registry answers for as many at once.
MAX_POSITIONS: constant(uint256) = 48


@external
def settle_net(
    accounts: DynArray[address, MAX_POSITIONS], nets: DynArray[int256, MAX_POSITIONS]
):
    """
    @notice Moves net positions, all or none. It is logged as transfers from those who give to those who
            take, in their order: fewer than there are accounts, and between accounts that may owe each other
            nothing.
    @dev Caller: the settlement operator. Refuses: everybody else; positions that do not sum to zero; lists
         of different lengths; a short balance; a frozen account; a tier's caps. Stopped by: pause, freeze,
         set_settlement_operator.
    @param accounts The accounts.
    @param nets What each takes, in minor units; below zero what it gives.
    """
    control._only_settlement()
    assert len(accounts) == len(nets), "CurrencyToken: positions do not fit"
    debited: uint256 = 0
    for i: uint256 in range(len(accounts), bound=MAX_POSITIONS):
        if nets[i] < 0:
            amount: uint256 = convert(-nets[i], uint256)
            ledger._accounts[accounts[i]] = ledger._debited(
                accounts[i], ledger._accounts[accounts[i]], amount
            )
            debited = unsafe_add(debited, amount)
    # What one gives is within its balance, so the sum has no more bits than the supply.
    debtor: uint256 = 0
    left: uint256 = 0
    for i: uint256 in range(len(accounts), bound=MAX_POSITIONS):
        if nets[i] <= 0:
            continue
        amount: uint256 = convert(nets[i], uint256)
        assert amount <= debited, "CurrencyToken: positions do not balance"
        debited = unsafe_sub(debited, amount)
        ledger._credit(accounts[i], amount)
        for _: uint256 in range(MAX_POSITIONS):
            if left == 0:
                for _skipped: uint256 in range(MAX_POSITIONS):
                    if nets[debtor] < 0:
                        break
                    debtor = unsafe_add(debtor, 1)
                left = convert(-nets[debtor], uint256)
                debtor = unsafe_add(debtor, 1)
            moved: uint256 = min(left, amount)
            log ICurrencyToken.Transfer(
                debtor=accounts[unsafe_sub(debtor, 1)], creditor=accounts[i], amount=moved
            )
            left = unsafe_sub(left, moved)
            amount = unsafe_sub(amount, moved)
            if amount == 0:
                break
    assert debited == 0, "CurrencyToken: positions do not balance"
