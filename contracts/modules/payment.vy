# pragma version 0.4.3
"""
@title Payments that carry their reference
@notice A transfer with the UETR and the digest of the message it settles, so that books on both sides can
        match it without a private list.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from . import account_word
from . import ledger
from . import policy_word

uses: ledger

# Bounds the memory of a batch; a batch of this size stays far below the gas limit of a transaction.
MAX_BATCH: constant(uint256) = 100

# debtor -> UETR -> 1 where pay_once has paid it
_paid: HashMap[address, HashMap[bytes16, bool]]


@external
@view
def paid(debtor: address, uetr: bytes16) -> bool:
    """
    @notice Whether an account has paid a UETR with pay_once.
    @dev Caller: anyone.
    @param debtor The account debited.
    @param uetr The 16 bytes of the UETR.
    """
    return self._paid[debtor][uetr]


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


@external
def pay_once(to: address, amount: uint256, uetr: bytes16, digest: bytes32) -> bool:
    """
    @notice The same as pay, where the UETR is a lock too: the caller's account pays it once.
    @dev Caller: anyone. Refuses: a UETR the caller has paid so, all that pay refuses. Stopped by: pause,
         freeze.
    @param to The account credited.
    @param amount In minor units.
    @param uetr The 16 bytes of the payment's UETR.
    @param digest SHA-256 of the message that describes the payment, or zero.
    """
    ledger._not_paused(policy_word.PAUSE_TRANSFERS)
    assert not self._paid[msg.sender][uetr], "CurrencyToken: uetr already paid"
    self._paid[msg.sender][uetr] = True
    ledger._move(msg.sender, to, amount)
    log ICurrencyToken.Payment(uetr=uetr, digest=digest)
    return True


@external
def pay_batch(payments: DynArray[ICurrencyToken.BatchPayment, MAX_BATCH], digest: bytes32) -> bool:
    """
    @notice Pays many from the caller's account: all of them or none. One log binds all their UETRs, by the
            hash of the ABI-encoded list.
    @dev Caller: anyone. Refuses: the batch where pay would refuse one; the caller itself among the
         creditors. Each payment is debited before the next is looked at, so naming an account twice gets
         past no check. Stopped by: pause, freeze.
    @param payments Up to 100 payments.
    @param digest SHA-256 of the message that describes the batch, or zero.
    """
    ledger._not_paused(policy_word.PAUSE_TRANSFERS)
    word: uint256 = ledger._accounts[msg.sender]
    for payment: ICurrencyToken.BatchPayment in payments:
        # The debtor's word is kept here until the end, so a credit to it would be lost.
        assert payment.creditor != msg.sender, "CurrencyToken: debtor among the creditors"
        # As ledger._debited, in place: a call for each would be paid for a hundred times.
        debited: uint256 = word
        if word >> account_word.TIER_SHIFT != 0:
            debited = ledger._count_debit(msg.sender, word, payment.amount)
        assert payment.amount <= word & account_word.AMOUNT_MASK, "CurrencyToken: balance too low"
        word = unsafe_sub(debited, payment.amount)
        ledger._credit(payment.creditor, payment.amount)
        log ICurrencyToken.Transfer(
            debtor=msg.sender, creditor=payment.creditor, amount=payment.amount
        )
    ledger._accounts[msg.sender] = word
    log ICurrencyToken.PaymentBatch(
        debtor=msg.sender,
        count=len(payments),
        payments_hash=keccak256(abi_encode(payments)),
        digest=digest,
    )
    return True
