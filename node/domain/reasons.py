"""Why a payment did not go through, as sentences; each says who must act and whether trying again can help.

How ISO 20022 spells a reason and which HTTP status it gets are two tables at the edge, not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Actor(Enum):
    """Who has to do something about it."""

    CALLER = "caller"
    CREDITOR_AGENT = "creditor_agent"
    FX_PROVIDER = "fx_provider"
    OPERATOR = "operator"


class Reason(Enum):
    """Each reason: (name, who must act, whether the same payment may succeed later).

    A payment that ended with a transient reason stays ended; a new instruction with a new UETR may succeed.
    The order of the members is the order of precedence: when several hold, the first is the one reported.
    """

    MESSAGE_DOES_NOT_FIT_ITS_SCHEMA = ("message_does_not_fit_its_schema", Actor.CALLER, False)
    UETR_ALREADY_USED = ("uetr_already_used", Actor.CALLER, False)
    MESSAGE_ID_ALREADY_USED = ("message_id_already_used", Actor.CALLER, False)
    UETR_MALFORMED = ("uetr_malformed", Actor.CALLER, False)
    ORIGINAL_UNKNOWN = ("original_unknown", Actor.CALLER, False)
    ORIGINAL_NOT_SETTLED = ("original_not_settled", Actor.CALLER, True)
    RETURN_CURRENCY_DIFFERS = ("return_currency_differs", Actor.CALLER, False)
    RETURN_EXCEEDS_ORIGINAL = ("return_exceeds_original", Actor.CALLER, False)
    NUMBER_OF_TRANSACTIONS_WRONG = ("number_of_transactions_wrong", Actor.CALLER, False)
    CONTROL_SUM_WRONG = ("control_sum_wrong", Actor.CALLER, False)
    HEADER_DOES_NOT_FIT_MESSAGE = ("header_does_not_fit_message", Actor.CALLER, False)
    BIC_MALFORMED = ("bic_malformed", Actor.CALLER, False)
    LEI_CHECK_DIGITS_WRONG = ("lei_check_digits_wrong", Actor.CALLER, False)
    AGENT_IN_CHAIN_IS_WRONG = ("agent_in_chain_is_wrong", Actor.CALLER, False)
    DEBTOR_AGENT_UNKNOWN = ("debtor_agent_unknown", Actor.CALLER, False)
    CREDITOR_AGENT_UNKNOWN = ("creditor_agent_unknown", Actor.CALLER, False)
    # No longer given; books from before hold it.
    CREDITOR_AGENT_IS_DEBTOR_AGENT = ("creditor_agent_is_debtor_agent", Actor.CALLER, False)
    DEBTOR_AGENT_NOT_ACTIVE = ("debtor_agent_not_active", Actor.OPERATOR, True)
    CREDITOR_AGENT_NOT_ACTIVE = ("creditor_agent_not_active", Actor.CREDITOR_AGENT, True)
    SETTLEMENT_METHOD_NOT_SUPPORTED = ("settlement_method_not_supported", Actor.CALLER, False)
    SETTLEMENT_DATE_NOT_POSSIBLE = ("settlement_date_not_possible", Actor.CALLER, False)
    COVER_DIFFERS = ("cover_differs", Actor.CALLER, False)
    COVER_MISSING = ("cover_missing", Actor.CALLER, True)
    AMOUNT_IS_ZERO = ("amount_is_zero", Actor.CALLER, False)
    AMOUNT_HAS_TOO_MANY_DECIMALS = ("amount_has_too_many_decimals", Actor.CALLER, False)
    AMOUNT_TOO_LARGE = ("amount_too_large", Actor.CALLER, False)
    CURRENCY_UNKNOWN = ("currency_unknown", Actor.CALLER, False)
    CURRENCY_NOT_ISSUED = ("currency_not_issued", Actor.CALLER, False)
    CHARGES_DO_NOT_ADD_UP = ("charges_do_not_add_up", Actor.CALLER, False)
    EXCHANGE_RATE_MISSING = ("exchange_rate_missing", Actor.CALLER, False)
    EXCHANGE_RATE_DOES_NOT_FIT = ("exchange_rate_does_not_fit", Actor.CALLER, False)
    DEBTOR_ACCOUNT_MISSING = ("debtor_account_missing", Actor.CALLER, False)
    DEBTOR_ACCOUNT_CHECK_DIGITS_WRONG = ("debtor_account_check_digits_wrong", Actor.CALLER, False)
    DEBTOR_ACCOUNT_UNKNOWN = ("debtor_account_unknown", Actor.CALLER, False)
    DEBTOR_ACCOUNT_CLOSED = ("debtor_account_closed", Actor.CALLER, False)
    DEBTOR_ACCOUNT_BLOCKED = ("debtor_account_blocked", Actor.CALLER, False)
    DEBTOR_ACCOUNT_CURRENCY_DIFFERS = ("debtor_account_currency_differs", Actor.CALLER, False)
    CREDITOR_ACCOUNT_MISSING = ("creditor_account_missing", Actor.CALLER, False)
    CREDITOR_ACCOUNT_CHECK_DIGITS_WRONG = ("creditor_account_check_digits_wrong", Actor.CALLER, False)
    CREDITOR_ACCOUNT_UNKNOWN = ("creditor_account_unknown", Actor.CALLER, False)
    CREDITOR_ACCOUNT_CLOSED = ("creditor_account_closed", Actor.CALLER, False)
    CREDITOR_ACCOUNT_BLOCKED = ("creditor_account_blocked", Actor.CALLER, False)
    CREDITOR_ACCOUNT_IS_DEBTOR_ACCOUNT = ("creditor_account_is_debtor_account", Actor.CALLER, False)
    CREDITOR_ACCOUNT_CURRENCY_DIFFERS = ("creditor_account_currency_differs", Actor.CALLER, False)
    CREDITOR_NAME_DIFFERS = ("creditor_name_differs", Actor.CALLER, False)
    BALANCE_TOO_LOW = ("balance_too_low", Actor.CALLER, True)
    AGENT_LIQUIDITY_TOO_LOW = ("agent_liquidity_too_low", Actor.OPERATOR, True)
    QUOTE_UNKNOWN = ("quote_unknown", Actor.CALLER, False)
    QUOTE_ALREADY_USED = ("quote_already_used", Actor.CALLER, False)
    QUOTE_BELONGS_TO_ANOTHER_TAKER = ("quote_belongs_to_another_taker", Actor.CALLER, False)
    QUOTE_EXPIRED = ("quote_expired", Actor.CALLER, True)
    QUOTE_AMOUNTS_DIFFER = ("quote_amounts_differ", Actor.CALLER, False)
    NO_PROVIDER_QUOTES_THIS_PAIR = ("no_provider_quotes_this_pair", Actor.FX_PROVIDER, True)
    RATE_NOT_OFFERED = ("rate_not_offered", Actor.CALLER, True)
    TOO_MANY_OPEN_QUOTES = ("too_many_open_quotes", Actor.CALLER, True)
    PROVIDER_INVENTORY_TOO_LOW = ("provider_inventory_too_low", Actor.FX_PROVIDER, True)
    CREDITOR_AGENT_UNREACHABLE = ("creditor_agent_unreachable", Actor.CREDITOR_AGENT, True)
    CREDITOR_AGENT_REFUSED = ("creditor_agent_refused", Actor.CREDITOR_AGENT, False)
    CREDITOR_AGENT_ANSWERED_WRONGLY = ("creditor_agent_answered_wrongly", Actor.CREDITOR_AGENT, True)
    SIGNATURE_WRONG = ("signature_wrong", Actor.OPERATOR, False)
    ACCOUNT_FROZEN = ("account_frozen", Actor.OPERATOR, True)
    CURRENCY_PAUSED = ("currency_paused", Actor.OPERATOR, True)
    INSTRUCTION_EXPIRED = ("instruction_expired", Actor.CALLER, True)
    SETTLEMENT_REFUSED_BY_CONTRACT = ("settlement_refused_by_contract", Actor.OPERATOR, True)
    CANCELLED_BY_DEBTOR_AGENT = ("cancelled_by_debtor_agent", Actor.CALLER, False)

    def __init__(self, sentence: str, actor: Actor, transient: bool) -> None:
        """Unpack the member's three parts into attributes."""
        self.sentence = sentence
        self.actor = actor
        self.transient = transient


_BY_SENTENCE = {reason.sentence: reason for reason in Reason}


def reason_named(sentence: str) -> Reason:
    """The reason of this name; raises KeyError for a name that is none."""
    return _BY_SENTENCE[sentence]


@dataclass(frozen=True)
class Finding:
    """One reason with what it was found on.

    `element` is a path in the message in its own words, `value` what stood there, `rule` the id of the rule
    that it broke, `text` the sentence a person reads. `stated_code` is the ISO code another institution gave
    when we only pass its refusal on.
    """

    reason: Reason
    text: str
    element: str | None = None
    value: str | None = None
    rule: str | None = None
    stated_code: str | None = None


def most_important(findings: tuple[Finding, ...]) -> Finding | None:
    """The finding whose reason comes first in the order of precedence, or None where there is none."""
    order = list(Reason)
    return min(findings, key=lambda finding: order.index(finding.reason), default=None)
