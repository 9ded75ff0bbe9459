# pragma version 0.4.3
"""
@title Holds: money reserved for somebody, until it is due or its time is over
@notice One mechanism serves an escrow (a confirmer says that the goods arrived), a leg on another ledger (a
        SHA-256 lock whose secret opens both legs) and an earmark (creditor and debtor are the same account).
        Up to the expiry a hold can be released to its creditor and not be taken back by its debtor; after it
        the other way round. There is no second in which both could happen, nor one in which neither could.
@dev Deciding and paying are two steps. A release in time decides for good, also while the currency is paused
     or an account frozen; the payment follows at once if the currency lets it, else by pay_out when it does.
     So a pause cannot make a hold expire that was released, and a secret is never given away for nothing.
     Time runs on through a pause: a hold nobody released goes back. State is written before the token is
     called.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from ..interfaces import IHolds
from . import hold_terms
from . import signature as signature_check
from . import typed_data

uses: typed_data

UNKNOWN: constant(uint256) = 0
PLACED: constant(uint256) = 1
RELEASED: constant(uint256) = 2  # due to the creditor, not yet paid
PAID: constant(uint256) = 3
LIFTED: constant(uint256) = 4

# Left for the payment of a release: more than twice what a token needs. Without it a caller, or a gas
# estimate, could choose an amount of gas that decides and does not pay.
PAYMENT_GAS: constant(uint256) = 100_000

_statuses: HashMap[bytes32, uint256]


@external
@view
def hold_id(hold: IHolds.Hold) -> bytes32:
    """
    @notice The id of a hold with these terms, whether it was placed or not.
    @dev Caller: anyone.
    @param hold Its terms.
    """
    return hold_terms._id(hold)


@external
@view
def status(id: bytes32) -> uint256:
    """
    @notice Where a hold is in its life: 0 unknown, 1 placed, 2 released and not yet paid, 3 paid, 4 lifted.
    @dev Caller: anyone.
    @param id Its id.
    """
    return self._statuses[id]


@external
def place(hold: IHolds.Hold, debtor_signature: Bytes[65], creditor_signature: Bytes[65]) -> bytes32:
    """
    @notice Reserves the debtor's money on these terms, and pays the premium to the debtor if there is one.
    @dev Caller: the debtor, or anyone with its signature. Refuses: terms already placed, whatever became of
         them; an expiry that has passed; an amount of zero; terms nobody could release; a premium the
         creditor has not signed; a wrong or malleable signature; all that the token refuses. Stopped by:
         pause and freeze of the currency, set_hold_operator.
    @param hold The terms.
    @param debtor_signature r || s || v over the terms; empty where the debtor is the caller.
    @param creditor_signature r || s || v over Premium(hold, premium); empty without a premium.
    @return The id of the hold.
    """
    assert block.timestamp <= convert(hold.expiry, uint256), "Holds: expired"
    assert hold.amount != 0, "Holds: amount is zero"
    assert hold.lock != empty(bytes32) or hold.confirmer != empty(address), "Holds: nobody could release"
    id: bytes32 = hold_terms._id(hold)
    assert self._statuses[id] == UNKNOWN, "Holds: already placed"
    self._statuses[id] = PLACED
    if msg.sender != hold.debtor or len(debtor_signature) != 0:
        assert signature_check._signed_by(hold.debtor, typed_data._digest(id), debtor_signature), (
            "Holds: debtor signature invalid"
        )
    extcall ICurrencyToken(hold.token).hold(hold.debtor, hold.amount)
    self._pay_premium(hold, id, creditor_signature)
    log IHolds.HoldPlaced(
        id=id,
        debtor=hold.debtor,
        creditor=hold.creditor,
        token=hold.token,
        confirmer=hold.confirmer,
        amount=hold.amount,
        premium=hold.premium,
        lock=hold.lock,
        reference=hold.reference,
        salt=hold.salt,
        expiry=hold.expiry,
    )
    return id


@external
def release(hold: IHolds.Hold, secret: bytes32, confirmation: Bytes[65]) -> bool:
    """
    @notice Decides that the money is the creditor's, and pays it if the currency lets it.
    @dev Caller: anyone with what the terms ask for: the secret of the lock, the confirmer's signature or
         being the confirmer. Refuses: a hold that is not placed, was released or lifted; a passed expiry; a
         wrong secret; a missing, wrong or malleable confirmation; too little gas to pay. Stopped by:
         nothing; whether it is paid too is stopped by pause, freeze and set_hold_operator.
    @param hold The terms.
    @param secret What the lock is the SHA-256 of; any value without a lock.
    @param confirmation r || s || v over Confirmation(hold); empty where the confirmer is the caller or zero.
    @return Whether it is paid; if not, pay_out does it later.
    """
    id: bytes32 = hold_terms._id(hold)
    self._expect(id, PLACED)
    assert block.timestamp <= convert(hold.expiry, uint256), "Holds: expired"
    if hold.lock != empty(bytes32):
        assert sha256(secret) == hold.lock, "Holds: wrong secret"
    if hold.confirmer != empty(address) and msg.sender != hold.confirmer:
        digest: bytes32 = typed_data._digest(hold_terms._confirmation_hash(id))
        assert signature_check._signed_by(hold.confirmer, digest, confirmation), (
            "Holds: confirmation signature invalid"
        )
    self._statuses[id] = RELEASED
    log IHolds.HoldReleased(id=id, secret=secret)
    assert msg.gas >= PAYMENT_GAS, "Holds: too little gas"
    paid: bool = raw_call(
        hold.token,
        abi_encode(
            hold.debtor, hold.creditor, hold.amount, method_id=method_id("pay_held(address,address,uint256)")
        ),
        revert_on_failure=False,
    )
    if paid:
        self._statuses[id] = PAID
        log IHolds.HoldPaid(id=id)
    return paid


@external
def pay_out(hold: IHolds.Hold):
    """
    @notice Pays a hold that was released while the currency did not let it.
    @dev Caller: anyone; the money goes to the creditor and nowhere else. Refuses: a hold that is not released
         and unpaid; all that the token refuses. Stopped by: pause and freeze of the currency.
    @param hold The terms.
    """
    id: bytes32 = hold_terms._id(hold)
    self._expect(id, RELEASED)
    self._statuses[id] = PAID
    extcall ICurrencyToken(hold.token).pay_held(hold.debtor, hold.creditor, hold.amount)
    log IHolds.HoldPaid(id=id)


@external
def lift(hold: IHolds.Hold):
    """
    @notice Ends a hold and gives the money back to the debtor's free balance.
    @dev Caller: anyone after the expiry; before it the creditor, who gives up. Refuses: the debtor and
         everybody else before the expiry; a hold that is not placed, was released or lifted. Stopped by:
         nothing but set_hold_operator: no money changes hands, and a frozen account stays frozen.
    @param hold The terms.
    """
    id: bytes32 = hold_terms._id(hold)
    self._expect(id, PLACED)
    assert msg.sender == hold.creditor or block.timestamp > convert(hold.expiry, uint256), (
        "Holds: not yet expired"
    )
    self._statuses[id] = LIFTED
    extcall ICurrencyToken(hold.token).unhold(hold.debtor, hold.amount)
    log IHolds.HoldLifted(id=id)


@internal
@view
def _expect(id: bytes32, status: uint256):
    """
    @notice Refuses a hold that is not at this point of its life, and says where it is.
    """
    found: uint256 = self._statuses[id]
    if found == status:
        return
    assert found != UNKNOWN, "Holds: not placed"
    assert found != PAID, "Holds: already paid"
    assert found != LIFTED, "Holds: already lifted"
    assert found != RELEASED, "Holds: already released"
    raise "Holds: not released"


@internal
def _pay_premium(hold: IHolds.Hold, id: bytes32, creditor_signature: Bytes[65]):
    """
    @notice Pays the debtor for waiting. Whoever alone decides over a hold has an option, and it need not be
            free: the premium is paid when the hold is placed and does not come back.
    """
    if hold.premium == 0:
        assert len(creditor_signature) == 0, "Holds: premium not expected"
        return
    digest: bytes32 = typed_data._digest(hold_terms._premium_hash(id, hold.premium))
    assert signature_check._signed_by(hold.creditor, digest, creditor_signature), (
        "Holds: creditor signature invalid"
    )
    extcall ICurrencyToken(hold.token).hold(hold.creditor, hold.premium)
    extcall ICurrencyToken(hold.token).pay_held(hold.creditor, hold.debtor, hold.premium)
