"""Getting a firm quote: every registered provider of the pair is asked, the best answer is verified and kept.

A quote is worth something only with its provider's signature, so an unsigned or ill-signed one is no answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from node.book.book import Unit
from node.book.records import QuoteDirection, QuoteRecord, QuoteStatus
from node.domain.party import Participant, ParticipantRole, ParticipantStatus
from node.domain.quote import SignedQuote
from node.domain.reasons import Finding, Reason
from node.settlement.office import Office, now
from node.settlement.ports import QuoteRequest, Refused, Unreachable
from node.settlement.typed import typed_quote
from wallet.signature import Signature, SignatureRefused
from wallet.typed_data import signing_digest
from wallet.verification import recover

_LEAST_LIFE_S = 5


@dataclass(frozen=True)
class Taken:
    """The best quote there was, kept in the book, and who gave it."""

    signed: SignedQuote
    provider: Participant


def providers(office: Office) -> tuple[Participant, ...]:
    """The active FX providers of the network, other than this institution."""
    return tuple(
        candidate
        for candidate in office.directory.participants()
        if ParticipantRole.FX_PROVIDER in candidate.roles
        and candidate.status is ParticipantStatus.ACTIVE
        and candidate.settlement_account != office.account
    )


Within = Callable[[Unit, Taken], None]
"""Told of the quote inside the unit that keeps it."""


def alone(_unit: Unit, _taken: Taken) -> None:
    """Nothing else is kept with the quote."""


def take(office: Office, request: QuoteRequest, within: Within = alone) -> Taken | Refused | Unreachable:
    """Ask all providers and keep the best firm quote: the most bought, and for as much bought the least sold."""
    offers: list[Taken] = []
    refusals: list[Finding] = []
    silent: list[str] = []
    asked = providers(office)

    def ask(provider: Participant) -> SignedQuote | Refused | Unreachable:
        return office.correspondent.ask_quote(provider, request)

    for provider, answer in zip(asked, office.ask_all(ask, asked), strict=True):
        if isinstance(answer, SignedQuote):
            fault = fault_of(office, request, provider, answer)
            offers += [] if fault else [Taken(answer, provider)]
            refusals += [fault] if fault else []
        elif isinstance(answer, Refused):
            refusals += answer.findings
        else:
            silent.append(f"{provider.bic}: {answer.text}")
    if not offers:
        return _nothing(request, refusals, silent)
    best = max(offers, key=lambda offer: (offer.signed.quote.buy.minor, -offer.signed.quote.sell.minor))
    _keep(office, best, within)
    return best


def _nothing(request: QuoteRequest, refusals: list[Finding], silent: list[str]) -> Refused | Unreachable:
    if silent:
        return Unreachable("; ".join(silent))
    if refusals:
        return Refused(tuple(refusals))
    return Refused(
        (
            Finding(
                Reason.NO_PROVIDER_QUOTES_THIS_PAIR,
                f"No active FX provider exchanges {request.sell_currency} for {request.buy_currency}.",
                element="currency",
                value=f"{request.sell_currency}/{request.buy_currency}",
                rule="quote.provider-exists",
            ),
        )
    )


def fault_of(office: Office, request: QuoteRequest, provider: Participant, answer: SignedQuote) -> Finding | None:
    """What makes an answer unusable: other parties or amounts than asked for, or not the provider's signature."""
    quote = answer.quote
    asked = (
        quote.provider == provider.settlement_account
        and quote.taker == office.account
        and quote.sell.currency.code == request.sell_currency
        and quote.buy.currency.code == request.buy_currency
        and request.sell in (None, quote.sell)
        and request.buy in (None, quote.buy)
    )
    if not asked:
        return _distrust(provider, Reason.QUOTE_AMOUNTS_DIFFER, "answered with a quote for something else")
    try:
        digest = signing_digest(office.contract.domain(), typed_quote(quote, office.directory.tokens()))
        signer = recover(digest, Signature.from_bytes(answer.signature))
    except SignatureRefused:
        signer = ""
    if quote.expiry_s < office.clock.now_s() + _LEAST_LIFE_S:
        return _distrust(provider, Reason.QUOTE_EXPIRED, "gave a quote that is over before it could be used")
    if signer != provider.settlement_account:
        return _distrust(provider, Reason.SIGNATURE_WRONG, "signed its quote with a key that is not registered")
    return None


def _distrust(provider: Participant, reason: Reason, what: str) -> Finding:
    return Finding(
        reason, f"{provider.name} {what}.", element="quote", value=provider.bic, rule="quote.as-asked-and-signed"
    )


def _keep(office: Office, taken: Taken, within: Within) -> None:
    with office.book.unit() as unit:
        unit.quotes.add(
            QuoteRecord(
                quote=taken.signed.quote,
                signature=taken.signed.signature,
                provider_bic=taken.provider.bic,
                direction=QuoteDirection.TAKEN,
                status=QuoteStatus.OPEN,
                uetr=None,
                created_at=now(office),
            )
        )
        within(unit, taken)
