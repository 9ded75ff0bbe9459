"""The JSON bodies of indicative rates."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas import Amount, Body, QuoteWish, ReasonView

_DIGITS = r"^[1-9][0-9]{0,77}$"


class RateAsked(QuoteWish):
    """A wish to exchange, to know what it would cost."""


class IndicationView(Body):
    """What one provider would give at this moment; it is bound by nothing."""

    provider: Annotated[str, Field(description="BIC of the FX provider")]
    sell: Amount
    buy: Amount
    rate: Annotated[str, Field(description="units bought for one unit sold, in major units")]


class IndicationList(Body):
    """All indications, the most bought first; why others gave none, and who did not answer."""

    offers: list[IndicationView]
    refusals: list[ReasonView]
    silent: list[str]


class IndicationGiven(Body):
    """A provider's indication: decimal strings of minor units, in the currencies asked for."""

    sell_amount: Annotated[str, Field(pattern=_DIGITS)]
    buy_amount: Annotated[str, Field(pattern=_DIGITS)]
