# pragma version 0.4.3
"""
@title Payments that carry their reference
@notice A transfer with the UETR and the digest of the message it settles, so that books on both sides can
        match it without a private list.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from . import ledger
from . import policy_word

uses: ledger


@external
def pay(to: address, amount: uint256, uetr: bytes16, digest: bytes32) -> bool:
    """
    @notice Pays from the caller's account, and logs Payment(uetr, digest) right after the Transfer. The UETR
            is a reference here, not a lock: paying twice pays twice.
    @dev Caller: anyone. Refuses: a short balance; a frozen account on either side; a tier's caps; account
         zero and the token itself as creditor. Stopped by: pause, freeze.
    @param to The account credited.
    @param amount In minor units.
    @param uetr The 16 bytes of the payment's UETR.
    @param digest SHA-256 of the message that describes the payment, or zero.
    """
    ledger._not_paused(policy_word.PAUSE_TRANSFERS)
    ledger._move(msg.sender, to, amount)
    log ICurrencyToken.Payment(uetr=uetr, digest=digest)
    return True
