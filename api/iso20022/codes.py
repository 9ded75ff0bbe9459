"""How ISO 20022 spells our states and reasons: one table each, complete, and nowhere else.

Status codes are ExternalPaymentTransactionStatus1Code, reasons ExternalStatusReason1Code.
"""

from __future__ import annotations

from api.iso20022.reference_data import external_codes
from node.domain.lifecycle import State
from node.domain.reasons import Finding, Reason

STATUS_OF: dict[State, str] = {
    State.RECEIVED: "RCVD",
    State.VALIDATED: "ACTC",
    State.AWAITING_INFORMATION: "PDNG",
    State.SCREENING_HOLD: "PDNG",
    State.AWAITING_APPROVAL: "PDNG",
    State.ACCEPTED: "ACCP",
    State.SUBMITTED: "ACSP",
    State.INCLUDED: "ACSP",
    State.SETTLED: "ACSC",
    State.REJECTED: "RJCT",
    State.FAILED: "RJCT",
    State.CANCELLED: "CANC",
    State.EXPIRED: "RJCT",
}

REASON_CODE_OF: dict[Reason, str] = {
    Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA: "FF01",
    Reason.UETR_ALREADY_USED: "DUPL",
    Reason.MESSAGE_ID_ALREADY_USED: "DU01",
    Reason.UETR_MALFORMED: "FF01",
    Reason.ORIGINAL_UNKNOWN: "NARR",
    Reason.ORIGINAL_NOT_SETTLED: "NARR",
    Reason.RETURN_CURRENCY_DIFFERS: "CURR",
    Reason.RETURN_EXCEEDS_ORIGINAL: "AM09",
    Reason.NUMBER_OF_TRANSACTIONS_WRONG: "AM18",
    Reason.CONTROL_SUM_WRONG: "AM10",
    Reason.HEADER_DOES_NOT_FIT_MESSAGE: "FF01",
    Reason.BIC_MALFORMED: "RC01",
    Reason.LEI_CHECK_DIGITS_WRONG: "BE15",
    Reason.AGENT_IN_CHAIN_IS_WRONG: "AGNT",
    Reason.DEBTOR_AGENT_UNKNOWN: "RC03",
    Reason.CREDITOR_AGENT_UNKNOWN: "RC04",
    Reason.CREDITOR_AGENT_IS_DEBTOR_AGENT: "AGNT",
    Reason.DEBTOR_AGENT_NOT_ACTIVE: "AG10",
    Reason.CREDITOR_AGENT_NOT_ACTIVE: "AG11",
    Reason.SETTLEMENT_METHOD_NOT_SUPPORTED: "FF03",
    Reason.SETTLEMENT_DATE_NOT_POSSIBLE: "DT01",
    Reason.COVER_DIFFERS: "AM09",
    Reason.COVER_MISSING: "TM01",
    Reason.AMOUNT_IS_ZERO: "AM01",
    Reason.AMOUNT_HAS_TOO_MANY_DECIMALS: "CH20",
    Reason.AMOUNT_TOO_LARGE: "AM02",
    Reason.CURRENCY_UNKNOWN: "AM11",
    Reason.CURRENCY_NOT_ISSUED: "AM03",
    Reason.CHARGES_DO_NOT_ADD_UP: "AM09",
    Reason.EXCHANGE_RATE_MISSING: "AM12",
    Reason.EXCHANGE_RATE_DOES_NOT_FIT: "AM09",
    Reason.DEBTOR_ACCOUNT_MISSING: "AC02",
    Reason.DEBTOR_ACCOUNT_CHECK_DIGITS_WRONG: "AC02",
    Reason.DEBTOR_ACCOUNT_UNKNOWN: "AC02",
    Reason.DEBTOR_ACCOUNT_CLOSED: "AC05",
    Reason.DEBTOR_ACCOUNT_BLOCKED: "AC06",
    Reason.DEBTOR_ACCOUNT_CURRENCY_DIFFERS: "AC10",
    Reason.CREDITOR_ACCOUNT_MISSING: "AC03",
    Reason.CREDITOR_ACCOUNT_CHECK_DIGITS_WRONG: "AC03",
    Reason.CREDITOR_ACCOUNT_UNKNOWN: "AC03",
    Reason.CREDITOR_ACCOUNT_CLOSED: "AC07",
    Reason.CREDITOR_ACCOUNT_BLOCKED: "AC06",
    Reason.CREDITOR_ACCOUNT_IS_DEBTOR_ACCOUNT: "AC03",
    Reason.CREDITOR_ACCOUNT_CURRENCY_DIFFERS: "AC11",
    Reason.CREDITOR_NAME_DIFFERS: "BE01",
    Reason.BALANCE_TOO_LOW: "AM04",
    Reason.AGENT_LIQUIDITY_TOO_LOW: "AM23",
    Reason.QUOTE_UNKNOWN: "AM09",
    Reason.QUOTE_ALREADY_USED: "AM09",
    Reason.QUOTE_BELONGS_TO_ANOTHER_TAKER: "AM09",
    Reason.QUOTE_EXPIRED: "TM01",
    Reason.QUOTE_AMOUNTS_DIFFER: "AM09",
    Reason.NO_PROVIDER_QUOTES_THIS_PAIR: "AM03",
    Reason.RATE_NOT_OFFERED: "AM09",
    Reason.TOO_MANY_OPEN_QUOTES: "AM23",
    Reason.PROVIDER_INVENTORY_TOO_LOW: "AM23",
    Reason.CREDITOR_AGENT_UNREACHABLE: "AB08",
    Reason.CREDITOR_AGENT_REFUSED: "MS03",
    Reason.CREDITOR_AGENT_ANSWERED_WRONGLY: "AB09",
    Reason.SIGNATURE_WRONG: "DS0H",
    Reason.ACCOUNT_FROZEN: "AM07",
    Reason.CURRENCY_PAUSED: "ED06",
    Reason.INSTRUCTION_EXPIRED: "TM01",
    Reason.SETTLEMENT_REFUSED_BY_CONTRACT: "ED05",
    Reason.CANCELLED_BY_DEBTOR_AGENT: "CUST",
}


def reason_code(finding: Finding) -> str:
    """The code to report for a finding: the other institution's own where we only pass its refusal on.

    A code that is in no published list cannot be sent on; it becomes NARR, and `pieces_of` names it in words.
    """
    if finding.stated_code is None:
        return REASON_CODE_OF[finding.reason]
    return finding.stated_code if finding.stated_code in external_codes()["StatusReason1"] else "NARR"
