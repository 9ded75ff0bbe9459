"""Indicative rates: what every provider would give now, asked of all of them, promised by none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from node.domain.money import Money
from node.domain.party import Participant
from node.domain.reasons import Finding
from node.settlement.office import Office
from node.settlement.ports import QuoteRequest, Refused, Unreachable
from node.settlement.quote_desk import price_of
from node.settlement.quote_taking import providers


@dataclass(frozen=True)
class Indication:
    """What would be sold and bought at a provider's price of this moment."""

    provider: str
    sell: Money
    buy: Money


@dataclass(frozen=True)
class Indications:
    """All indications, the best for the creditor first; why the others gave none, and who did not answer."""

    offers: tuple[Indication, ...]
    refusals: tuple[Finding, ...]
    silent: tuple[str, ...]


class RateLine(Protocol):
    """Asks providers for indications, over whatever lies between."""

    def ask_rate(self, provider: Participant, request: QuoteRequest) -> Indication | Refused | Unreachable:
        """What this provider would give; never raises for what a network can do."""
        ...


def indicate(office: Office, request: QuoteRequest) -> Indication | Refused:
    """Our own price as a provider, promising nothing and keeping nothing."""
    priced = price_of(office, request)
    if isinstance(priced, Finding):
        return Refused((priced,))
    return Indication(office.bic, *priced)


def ask_rates(office: Office, line: RateLine, request: QuoteRequest) -> Indications:
    """Ask all providers at once; an answer to another question than ours does not count."""
    asked = providers(office)
    offers: list[Indication] = []
    refusals: list[Finding] = []
    silent: list[str] = []

    def ask(provider: Participant) -> Indication | Refused | Unreachable:
        return line.ask_rate(provider, request)

    for provider, answer in zip(asked, office.ask_all(ask, asked), strict=True):
        if isinstance(answer, Indication) and _is_asked(request, answer):
            offers.append(answer)
        elif isinstance(answer, Refused):
            refusals += answer.findings
        else:
            silent.append(provider.bic)
    offers.sort(key=lambda offer: (-offer.buy.minor, offer.sell.minor))
    return Indications(tuple(offers), tuple(refusals), tuple(silent))


def _is_asked(request: QuoteRequest, answer: Indication) -> bool:
    return (
        answer.sell.currency.code == request.sell_currency
        and answer.buy.currency.code == request.buy_currency
        and request.sell in (None, answer.sell)
        and request.buy in (None, answer.buy)
    )
