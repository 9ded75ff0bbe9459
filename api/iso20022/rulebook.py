"""The rules beyond the schema, as data: what each is called, how bad it is, where it comes from, what it leads to.

The checks that apply them are in `amount_rules`, `party_rules` and `header_rules`; a rule that is a warning in
general can be an error in a profile, such as SWIFT's CBPR+.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from node.domain.reasons import Reason


class Severity(Enum):
    """An error refuses the payment, a warning is told and the payment goes on."""

    ERROR = "error"
    WARNING = "warning"


class Profile(Enum):
    """Whose rules a message says it follows; its business header names them."""

    BASE = "base"
    CBPR_PLUS = "cbpr+"
    HVPS_PLUS = "hvps+"
    INSTANT = "instant"


@dataclass(frozen=True)
class Rule:
    """One rule; `error_in` lists the profiles in which a warning is an error.

    `only_in` is the one profile that it belongs to, None for a rule of all; from the day `error_from` on its
    warning is an error.
    """

    identifier: str
    severity: Severity
    reason: Reason
    source: str
    error_in: tuple[Profile, ...] = ()
    only_in: Profile | None = None
    error_from: date | None = None


def _error(identifier: str, reason: Reason, source: str) -> Rule:
    return Rule(identifier, Severity.ERROR, reason, source)


def _warning(identifier: str, reason: Reason, source: str, *error_in: Profile) -> Rule:
    return Rule(identifier, Severity.WARNING, reason, source, error_in)


def _cbpr(identifier: str, source: str, error_from: date | None = None) -> Rule:
    reason = Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA
    return Rule(identifier, Severity.WARNING, reason, source, only_in=Profile.CBPR_PLUS, error_from=error_from)


def _profiled(
    identifier: str, profile: Profile, reason: Reason, source: str, error_from: date | None = None
) -> Rule:
    return Rule(identifier, Severity.WARNING, reason, source, only_in=profile, error_from=error_from)


def _only(identifier: str, profile: Profile, source: str) -> Rule:
    return Rule(identifier, Severity.ERROR, Reason.NUMBER_OF_TRANSACTIONS_WRONG, source, only_in=profile)


_COUNTS = "ISO 20022 GroupHeader NumberOfTransactions, ControlSum, TotalInterbankSettlementAmount"
_RATES = "ISO 20022 pacs.008 InstructedAmount and ExchangeRate rules"
_CBPR = "CBPR+ usage of the business application header"

_RULES = (
    _error("base.one-transaction", Reason.NUMBER_OF_TRANSACTIONS_WRONG, "a message of several is split first"),
    _error("base.transaction-count", Reason.NUMBER_OF_TRANSACTIONS_WRONG, _COUNTS),
    _error("base.control-sum", Reason.CONTROL_SUM_WRONG, _COUNTS),
    _error("base.total-amount", Reason.CONTROL_SUM_WRONG, _COUNTS),
    _error("base.currency-known", Reason.CURRENCY_UNKNOWN, "ISO 4217"),
    _error("base.minor-units", Reason.AMOUNT_HAS_TOO_MANY_DECIMALS, "ISO 4217"),
    _error("base.amount-positive", Reason.AMOUNT_IS_ZERO, "a payment moves money"),
    _error("base.charges-add-up", Reason.CHARGES_DO_NOT_ADD_UP, "ISO 20022 pacs.008 ChargesInformation"),
    _warning("base.charges-currency", Reason.CHARGES_DO_NOT_ADD_UP, "ISO 20022 pacs.008 ChargesInformation"),
    _error("base.rate-present", Reason.EXCHANGE_RATE_MISSING, _RATES),
    _error("base.rate-fits", Reason.EXCHANGE_RATE_DOES_NOT_FIT, _RATES),
    _warning("base.rate-alone", Reason.EXCHANGE_RATE_DOES_NOT_FIT, _RATES),
    _warning("base.settlement-method", Reason.SETTLEMENT_METHOD_NOT_SUPPORTED, "a cover settles on this network"),
    _error("base.settlement-date-readable", Reason.SETTLEMENT_DATE_NOT_POSSIBLE, "ISO 8601, years 1 to 9999"),
    _error("base.settlement-date-one", Reason.SETTLEMENT_DATE_NOT_POSSIBLE, "ISO 20022 GroupHeader rules"),
    _error("base.settlement-date-too-far", Reason.SETTLEMENT_DATE_NOT_POSSIBLE, "kept for a year at most"),
    _warning("base.settlement-date-future", Reason.SETTLEMENT_DATE_NOT_POSSIBLE, "payments wait for their day"),
    _warning("base.settlement-date-past", Reason.SETTLEMENT_DATE_NOT_POSSIBLE, "settlement is today"),
    _warning(
        "base.uetr-present",
        Reason.UETR_MALFORMED,
        "optional in ISO 20022, mandatory in CBPR+ and HVPS+",
        Profile.CBPR_PLUS,
        Profile.HVPS_PLUS,
    ),
    _error("base.bic", Reason.BIC_MALFORMED, "ISO 9362"),
    _error("base.lei", Reason.LEI_CHECK_DIGITS_WRONG, "ISO 17442"),
    _error("base.debtor-iban", Reason.DEBTOR_ACCOUNT_CHECK_DIGITS_WRONG, "ISO 13616"),
    _error("base.creditor-iban", Reason.CREDITOR_ACCOUNT_CHECK_DIGITS_WRONG, "ISO 13616"),
    _error("base.debtor-agent", Reason.DEBTOR_AGENT_UNKNOWN, "institutions here are known by BIC"),
    _error("base.creditor-agent", Reason.CREDITOR_AGENT_UNKNOWN, "institutions here are known by BIC"),
    _error("base.no-intermediary", Reason.AGENT_IN_CHAIN_IS_WRONG, "settlement is direct"),
    _error("base.quote-id", Reason.QUOTE_UNKNOWN, "a quote is named by its UUID"),
    _warning("base.code-known", Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, "ISO 20022 external code sets, 2Q2026"),
    _error("header.definition", Reason.HEADER_DOES_NOT_FIT_MESSAGE, "head.001 MessageDefinitionIdentifier"),
    _cbpr("cbpr.instruction-id", "CBPR+ pacs.008 InstructionIdentification"),
    _cbpr("cbpr.characters", "CBPR+ character set FIN-X for references"),
    _cbpr("cbpr.offset", "CBPR+ moments with offset"),
    _cbpr("cbpr.amount-digits", "CBPR+ amounts of 14 digits"),
    _cbpr("cbpr.agent-name-address", "CBPR+ agent identification"),
    _cbpr("cbpr.address", "CBPR+ postal addresses; the day was put off and not set again", error_from=None),
    _cbpr("cbpr.remittance", "CBPR+ remittance information"),
    _cbpr("cbpr.party", "CBPR+ party identification: AnyBIC, or Nm with PstlAdr"),
    _cbpr("cbpr.address-lines", "CBPR+ hybrid (2 x 70) and unstructured (3 x 35) postal addresses"),
    _cbpr("cbpr.instructions", "CBPR+ InstructionForCreditorAgent: CHQB/HOLD, PHOB/TELB"),
    _cbpr("cbpr.remittance-length", "CBPR+ structured remittance of 9,000 characters"),
    _profiled(
        "cbpr.charges",
        Profile.CBPR_PLUS,
        Reason.CHARGES_DO_NOT_ADD_UP,
        "CBPR+ pacs.008 ChargesInformation: CRED at least one, DEBT at most one",
    ),
    _only("cbpr.one-transaction", Profile.CBPR_PLUS, "CBPR+ messages of one transaction"),
    _only("hvps.one-transaction", Profile.HVPS_PLUS, "HVPS+ messages of one transaction"),
    _profiled(
        "hvps.settlement-method",
        Profile.HVPS_PLUS,
        Reason.SETTLEMENT_METHOD_NOT_SUPPORTED,
        "HVPS+ SettlementInformation: CLRG with ClearingSystem",
    ),
    _profiled(
        "hvps.charge-bearer",
        Profile.HVPS_PLUS,
        Reason.CHARGES_DO_NOT_ADD_UP,
        "HVPS+ ChargeBearer: SHAR; Fedwire writes SLEV",
    ),
    _profiled(
        "hvps.address",
        Profile.HVPS_PLUS,
        Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA,
        "HVPS+ postal addresses: hybrid or structured from November 2026",
        error_from=date(2026, 11, 14),
    ),
    _profiled(
        "instant.charge-bearer", Profile.INSTANT, Reason.CHARGES_DO_NOT_ADD_UP, "instant schemes follow SLEV"
    ),
    _profiled(
        "instant.one-currency",
        Profile.INSTANT,
        Reason.EXCHANGE_RATE_DOES_NOT_FIT,
        "instant schemes settle the instructed amount in its own currency",
    ),
    _profiled(
        "instant.settlement-method",
        Profile.INSTANT,
        Reason.SETTLEMENT_METHOD_NOT_SUPPORTED,
        "instant schemes clear through their system",
    ),
    _profiled(
        "instant.creditor-account",
        Profile.INSTANT,
        Reason.CREDITOR_ACCOUNT_UNKNOWN,
        "instant schemes credit accounts",
    ),
    _profiled(
        "instant.settlement-date",
        Profile.INSTANT,
        Reason.SETTLEMENT_DATE_NOT_POSSIBLE,
        "instant schemes settle within seconds, on any day",
    ),
    _warning(
        "header.version", Reason.HEADER_DOES_NOT_FIT_MESSAGE, "head.001 MessageDefinitionIdentifier: the version"
    ),
    _warning("header.message-id", Reason.HEADER_DOES_NOT_FIT_MESSAGE, _CBPR, Profile.CBPR_PLUS),
    _warning("header.route", Reason.HEADER_DOES_NOT_FIT_MESSAGE, _CBPR, Profile.CBPR_PLUS),
)

RULES: dict[str, Rule] = {rule.identifier: rule for rule in _RULES}


def severity_in(rule: Rule, profile: Profile, today: date) -> Severity | None:
    """How bad it is to break a rule in a message that follows `profile`, today; None where it does not apply."""
    if rule.only_in not in (None, profile):
        return None
    is_due = rule.error_from is not None and today >= rule.error_from
    return Severity.ERROR if is_due or profile in rule.error_in else rule.severity
