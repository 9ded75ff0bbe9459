# pragma version 0.4.3
"""
@title Issuing and redeeming money
@notice An issuer issues against an allowance that shrinks as it is used, and redeems by destroying what
        was paid to its own account: no key can destroy money that somebody else holds.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from . import access
from . import account_word
from . import ledger
from . import policy_word

uses: access
uses: ledger

ROLE_ISSUER: constant(uint256) = 1

_issue_allowances: HashMap[address, uint256]


@external
@view
def issue_allowance(issuer: address) -> uint256:
    """
    @notice What an issuer may still issue, in minor units.
    @dev Caller: anyone.
    """
    return self._issue_allowances[issuer]


@external
def set_issue_allowance(issuer: address, allowance: uint256):
    """
    @notice Sets what an issuer may still issue. It needs the issuer role besides.
    @dev Caller: the admin. Refuses: everybody else. Stopped by: setting it to zero, revoke_role.
    @param issuer The account.
    @param allowance In minor units; replaces what was left.
    """
    access._only_admin()
    self._issue_allowances[issuer] = allowance
    log ICurrencyToken.IssueAllowanceChanged(issuer=issuer, allowance=allowance)


@external
def issue(to: address, amount: uint256, reference: bytes32):
    """
    @notice Creates money on an account and shrinks the caller's allowance by it.
    @dev Caller: an issuer. Refuses: an amount above its allowance or above what the ledger can carry
         (2**80 - 1 outstanding), a frozen account, a tier's largest balance. Stopped by: pause, freeze,
         set_issue_allowance, revoke_role.
    @param to The account credited.
    @param amount In minor units.
    @param reference Digest of the order that this issue carries out.
    """
    assert access._has(msg.sender, ROLE_ISSUER), "CurrencyToken: not an issuer"
    ledger._not_paused(policy_word.PAUSE_ISSUANCE)
    allowance: uint256 = self._issue_allowances[msg.sender]
    assert amount <= allowance, "CurrencyToken: issue allowance too low"
    self._issue_allowances[msg.sender] = allowance - amount
    supply: uint256 = ledger._supply
    # The bound that lets every credit be a plain addition: see account_word.
    assert amount <= account_word.AMOUNT_MASK - ledger._outstanding(supply), "CurrencyToken: supply too large"
    assert amount <= ledger.ISSUED_MASK - (supply & ledger.ISSUED_MASK), "CurrencyToken: supply too large"
    ledger._supply = supply + amount
    ledger._credit(to, amount)
    log ICurrencyToken.Transfer(debtor=empty(address), creditor=to, amount=amount)
    log ICurrencyToken.Issued(issuer=msg.sender, creditor=to, amount=amount, reference=reference)


@external
def redeem(amount: uint256, reference: bytes32):
    """
    @notice Destroys money on the issuer's own account, after its holder has paid it there.
    @dev Caller: an issuer. Refuses: a short balance, a frozen account. Stopped by: pause, freeze,
         revoke_role.
    @param amount In minor units.
    @param reference Digest of the order that this redemption carries out.
    """
    assert access._has(msg.sender, ROLE_ISSUER), "CurrencyToken: not an issuer"
    ledger._not_paused(policy_word.PAUSE_ISSUANCE)
    ledger._accounts[msg.sender] = ledger._debited(msg.sender, ledger._accounts[msg.sender], amount)
    ledger._supply += amount << 128
    log ICurrencyToken.Transfer(debtor=msg.sender, creditor=empty(address), amount=amount)
    log ICurrencyToken.Redeemed(issuer=msg.sender, amount=amount, reference=reference)
