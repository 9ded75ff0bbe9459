# pragma version 0.4.3
# What the chain's bench runs: a plain token, and a loop that only computes.

event Transfer:
    debtor: indexed(address)
    creditor: indexed(address)
    amount: uint256

MOST: constant(uint256) = 200
LONGEST: constant(uint256) = 1_000_000

balances: public(HashMap[address, uint256])


@deploy
def __init__():
    self.balances[msg.sender] = 2**128


@internal
def _move(creditor: address, amount: uint256):
    self.balances[msg.sender] -= amount
    self.balances[creditor] += amount
    log Transfer(debtor=msg.sender, creditor=creditor, amount=amount)


@external
def transfer(creditor: address, amount: uint256) -> bool:
    self._move(creditor, amount)
    return True


@external
def batch(creditors: DynArray[address, MOST], amount: uint256):
    for creditor: address in creditors:
        self._move(creditor, amount)


@external
@view
def spin(times: uint256) -> uint256:
    found: uint256 = 1
    for index: uint256 in range(times, bound=LONGEST):
        found = (found * 3 + index) % 1_000_003
    return found
