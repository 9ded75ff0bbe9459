"""The JSON bodies of aliases and of the confirmation of payee."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from api.schemas import Body, CurrencyCode
from node.domain.alias import AliasKind, alias_of

AccountNumber = Annotated[str, Field(min_length=1, max_length=34, examples=["388104567001"])]
Bic = Annotated[str, Field(pattern=r"^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$", examples=["VPBKHKH0XXX"])]
AliasText = Annotated[
    str,
    Field(max_length=254, examples=["+85261234567", "@kowloon", "pay@kowloon.example"]),
    AfterValidator(lambda text: alias_of(text).value),
]
Name = Annotated[str, Field(min_length=1, max_length=140)]


class AliasGiven(Body):
    """An alias for an account of a customer here; who asks has the customer's consent."""

    alias: AliasText
    account: AccountNumber


class AliasView(Body):
    """An alias and the account here that it names."""

    alias: str
    kind: AliasKind
    account: str
    since: datetime


class AliasList(Body):
    """All aliases kept here."""

    aliases: list[AliasView]


class PayeeSearch(Body):
    """An alias to be looked for at every institution of the network."""

    alias: AliasText


class PayeeFound(Body):
    """An account that the alias names; the holder's name is masked."""

    agent: Annotated[str, Field(description="BIC of the institution that keeps the account")]
    account: str
    scheme: str
    currency: CurrencyCode
    masked_name: str | None


class PayeesFound(Body):
    """Everything found; `silent` are institutions that did not answer, so that more may be there."""

    payees: list[PayeeFound]
    silent: list[str]


class PayeeAsked(Body):
    """Whose account the payer means it is: an account number or an alias at the institution that is asked."""

    account: AccountNumber | None = None
    alias: AliasText | None = None
    name: Name | None = None
    currency: CurrencyCode | None = None

    @model_validator(mode="after")
    def _one_account(self) -> PayeeAsked:
        if (self.account is None) == (self.alias is None):
            raise ValueError("exactly one of account and alias is needed")
        return self


class PayeeToVerify(PayeeAsked):
    """The same, with the institution that keeps the account."""

    agent: Bic


class PayeeVerified(Body):
    """How the name compares with the holder's."""

    result: Annotated[
        str, Field(description="MTCH match, CMTC close match, NMTC no match, NOAP not possible", examples=["MTCH"])
    ]
    name: Annotated[str | None, Field(description="the holder's own name, where the stated one came close")]
    reason: Annotated[str | None, Field(description="our stable name of what stands against it")]
    iso_reason: Annotated[str | None, Field(description="ISO 20022 external status reason code")]
    text: str | None
