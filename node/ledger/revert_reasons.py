"""What the contracts say when they refuse, as reasons of the domain: one table, one row per sentence.

A test reads the contracts' sources and holds this table to every sentence that stands there.
"""

from __future__ import annotations

from typing import Final

from node.domain.reasons import Reason

_LIQUIDITY: Final = Reason.AGENT_LIQUIDITY_TOO_LOW
_REFUSED: Final = Reason.SETTLEMENT_REFUSED_BY_CONTRACT

REVERT_REASONS: Final[dict[str, Reason]] = {
    # the instruction of a settlement and its parties
    "Settlement: uetr already settled": Reason.UETR_ALREADY_USED,
    "Settlement: uetr cancelled": Reason.CANCELLED_BY_DEBTOR_AGENT,
    "Settlement: uetr missing": Reason.UETR_MALFORMED,
    "Settlement: amount is zero": Reason.AMOUNT_IS_ZERO,
    "Settlement: amounts differ": _REFUSED,
    "Settlement: sequence already used": Reason.UETR_ALREADY_USED,
    "Settlement: sequence missing": _REFUSED,
    "Settlement: sequence not settled": _REFUSED,
    "Settlement: leg failed": _REFUSED,
    "Settlement: sequence is for netting": _REFUSED,
    "Settlement: caller is not the taker": _REFUSED,
    "Settlement: instruction expired": Reason.INSTRUCTION_EXPIRED,
    "Settlement: debtor agent not active": Reason.DEBTOR_AGENT_NOT_ACTIVE,
    "Settlement: debtor agent not a bank": Reason.DEBTOR_AGENT_NOT_ACTIVE,
    "Settlement: creditor agent not active": Reason.CREDITOR_AGENT_NOT_ACTIVE,
    "Settlement: creditor agent not a bank": Reason.CREDITOR_AGENT_NOT_ACTIVE,
    "Settlement: debit token not listed": Reason.CURRENCY_NOT_ISSUED,
    "Settlement: credit token not listed": Reason.CURRENCY_NOT_ISSUED,
    # signatures of a settlement
    "Settlement: debtor signature invalid": Reason.SIGNATURE_WRONG,
    "Settlement: debtor agent signature invalid": Reason.SIGNATURE_WRONG,
    "Settlement: cancellation signature invalid": Reason.SIGNATURE_WRONG,
    "Settlement: acceptance missing": Reason.CREDITOR_AGENT_ANSWERED_WRONGLY,
    "Settlement: acceptance signature invalid": Reason.CREDITOR_AGENT_ANSWERED_WRONGLY,
    "Settlement: acceptance expired": Reason.INSTRUCTION_EXPIRED,
    # quotes of a settlement
    "Settlement: quote missing": Reason.QUOTE_UNKNOWN,
    "Settlement: quote not expected": Reason.QUOTE_AMOUNTS_DIFFER,
    "Settlement: quote does not match": Reason.QUOTE_AMOUNTS_DIFFER,
    "Settlement: quote expired": Reason.QUOTE_EXPIRED,
    "Settlement: quote already used": Reason.QUOTE_ALREADY_USED,
    "Settlement: quote bound to another payment": Reason.QUOTE_ALREADY_USED,
    "Settlement: bound quote cannot be withdrawn": _REFUSED,
    "Settlement: quote signature invalid": Reason.SIGNATURE_WRONG,
    "Settlement: quote provider not active": Reason.NO_PROVIDER_QUOTES_THIS_PAIR,
    "Settlement: quote provider not an fx provider": Reason.NO_PROVIDER_QUOTES_THIS_PAIR,
    # returns, and what only a wrong deployment can meet
    "Settlement: original not settled": _REFUSED,
    "Settlement: return does not match its original": _REFUSED,
    "Settlement: return needs its original": _REFUSED,
    "Settlement: returns exceed the original": _REFUSED,
    "Settlement: registry is no contract": _REFUSED,
    # netting cycles
    "Settlement: caller is not in the cycle": _REFUSED,
    "Settlement: cycle already settled": _REFUSED,
    "Settlement: cycle expired": Reason.INSTRUCTION_EXPIRED,
    "Settlement: no id of a cycle": _REFUSED,
    "Settlement: obligation between currencies": _REFUSED,
    "Settlement: obligation of nobody": _REFUSED,
    "Settlement: position signature invalid": Reason.SIGNATURE_WRONG,
    "Settlement: positions do not fit": _REFUSED,
    "Settlement: positions refused": _REFUSED,
    "CurrencyToken: positions do not balance": _REFUSED,
    "CurrencyToken: positions do not fit": _REFUSED,
    # What a payment can meet in a token. On chain it is institutions and wallets that pay, so a short
    # balance is the payer's liquidity there, not its customer's account.
    "CurrencyToken: balance too low": _LIQUIDITY,
    "CurrencyToken: debtor account frozen": Reason.ACCOUNT_FROZEN,
    "CurrencyToken: creditor account frozen": Reason.ACCOUNT_FROZEN,
    "CurrencyToken: creditor account not allowed": Reason.CREDITOR_ACCOUNT_UNKNOWN,
    "CurrencyToken: paused": Reason.CURRENCY_PAUSED,
    "CurrencyToken: not the settlement operator": Reason.CURRENCY_PAUSED,
    "CurrencyToken: amount above the tier's cap": Reason.AMOUNT_TOO_LARGE,
    "CurrencyToken: daily total above the tier's cap": Reason.AMOUNT_TOO_LARGE,
    "CurrencyToken: balance above the tier's cap": Reason.AMOUNT_TOO_LARGE,
    # transfers that were signed, and batches
    "CurrencyToken: amount frozen": Reason.ACCOUNT_FROZEN,
    "CurrencyToken: authorisation expired": Reason.INSTRUCTION_EXPIRED,
    "CurrencyToken: authorisation not yet valid": _REFUSED,
    "CurrencyToken: caller is not the creditor": _REFUSED,
    "CurrencyToken: debtor among the creditors": _REFUSED,
    "CurrencyToken: forced transfer to the same account": _REFUSED,
    "CurrencyToken: nonce already used": _REFUSED,
    "CurrencyToken: not an enforcer": _REFUSED,
    "CurrencyToken: permit expired": Reason.INSTRUCTION_EXPIRED,
    "CurrencyToken: signature invalid": Reason.SIGNATURE_WRONG,
    "CurrencyToken: transfer expired": Reason.INSTRUCTION_EXPIRED,
    "CurrencyToken: uetr already paid": Reason.UETR_ALREADY_USED,
    # money on hold
    "CurrencyToken: held amount too low": _REFUSED,
    "CurrencyToken: not a hold operator": Reason.CURRENCY_PAUSED,
    "Holds: already lifted": _REFUSED,
    "Holds: already paid": _REFUSED,
    "Holds: already placed": _REFUSED,
    "Holds: already released": _REFUSED,
    "Holds: amount is zero": Reason.AMOUNT_IS_ZERO,
    "Holds: confirmation signature invalid": Reason.SIGNATURE_WRONG,
    "Holds: creditor signature invalid": Reason.SIGNATURE_WRONG,
    "Holds: debtor signature invalid": Reason.SIGNATURE_WRONG,
    "Holds: expired": Reason.INSTRUCTION_EXPIRED,
    "Holds: nobody could release": _REFUSED,
    "Holds: not placed": _REFUSED,
    "Holds: not released": _REFUSED,
    "Holds: not yet expired": _REFUSED,
    "Holds: premium not expected": _REFUSED,
    "Holds: too little gas": _REFUSED,
    "Holds: wrong secret": _REFUSED,
    # administration of a currency
    "CurrencyToken: allowance too low": _REFUSED,
    "CurrencyToken: cap has too many digits": _REFUSED,
    "CurrencyToken: cap too large": _REFUSED,
    "CurrencyToken: issue allowance too low": _REFUSED,
    "CurrencyToken: no such pause flag": _REFUSED,
    "CurrencyToken: no such power": _REFUSED,
    "CurrencyToken: no such tier": _REFUSED,
    "CurrencyToken: not a freezer": _REFUSED,
    "CurrencyToken: not a pauser": _REFUSED,
    "CurrencyToken: not a tier keeper": _REFUSED,
    "CurrencyToken: not an issuer": _REFUSED,
    "CurrencyToken: not an unpauser": _REFUSED,
    "CurrencyToken: spender not allowed": _REFUSED,
    "CurrencyToken: supply too large": _REFUSED,
    # administration of the registry and of roles
    "Access: not the admin": _REFUSED,
    "Access: not the proposed admin": _REFUSED,
    "Access: zero address": _REFUSED,
    "ParticipantRegistry: account already registered": _REFUSED,
    "ParticipantRegistry: bic already registered": _REFUSED,
    "ParticipantRegistry: bic has the wrong length": _REFUSED,
    "ParticipantRegistry: currency already listed": _REFUSED,
    "ParticipantRegistry: currency has the wrong length": _REFUSED,
    "ParticipantRegistry: currency not listed": _REFUSED,
    "ParticipantRegistry: lei already registered": _REFUSED,
    "ParticipantRegistry: lei has the wrong length": _REFUSED,
    "ParticipantRegistry: message key missing": _REFUSED,
    "ParticipantRegistry: no such participant": _REFUSED,
    "ParticipantRegistry: no such policy flag": _REFUSED,
    "ParticipantRegistry: no such role": _REFUSED,
    "ParticipantRegistry: no such step": _REFUSED,
    "ParticipantRegistry: not a registrar": _REFUSED,
    "ParticipantRegistry: not a suspender": _REFUSED,
    "ParticipantRegistry: participant not active": _REFUSED,
    "ParticipantRegistry: participant still holds money": _REFUSED,
    "ParticipantRegistry: participant terminated": _REFUSED,
    "ParticipantRegistry: participant without the role": _REFUSED,
    "ParticipantRegistry: positions not in order": _REFUSED,
    "ParticipantRegistry: settlement is no contract": _REFUSED,
    "ParticipantRegistry: settlement unchanged": _REFUSED,
    "ParticipantRegistry: token is no contract": _REFUSED,
    "ParticipantRegistry: too many tokens": _REFUSED,
    "ParticipantRegistry: zero address": _REFUSED,
}


def reason_for(sentence: str) -> Reason:
    """The domain's reason for a revert sentence; one that has no row is a refusal without finer name."""
    return REVERT_REASONS.get(sentence, Reason.SETTLEMENT_REFUSED_BY_CONTRACT)
