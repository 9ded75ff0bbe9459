"""Customers and institutions as MT fields write them, written as ISO 20022 parties and agents."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from api.iso20022.check_digits import iban_problem
from api.iso20022.fin import Field
from api.iso20022.reference_data import clearing_systems
from api.iso20022.writing import add, add_if

_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_NUMBERED = re.compile(r"(?P<number>[1-8])/(?P<text>.*)")
_COUNTRY_AND_TOWN = re.compile(r"(?P<country>[A-Z]{2})(?:/(?P<town>.+))?")


class UnreadableField(ValueError):
    """A field does not have the form of its tag; the message is refused with this sentence."""

    def __init__(self, field: Field, text: str) -> None:
        """Name the field whose form is wrong."""
        super().__init__(f"Field {field.tag} {text}.")
        self.field = field


@dataclass(frozen=True)
class Institution:
    """An institution field taken apart; either `bic` or `name` is given, or only a clearing member."""

    bic: str | None
    name: str | None
    address: tuple[str, ...]
    account: str | None
    clearing_system: str | None
    member: str | None


def read_institution(field: Field) -> Institution:
    """Options A (BIC), C (account only), D (name and address); raises UnreadableField."""
    first, *rest = field.lines
    account = member = system = None
    if first.startswith("//"):
        system, member = clearing_systems().get(first[2:4]), first[4:] or None
    elif first.startswith("/"):
        account = first.removeprefix("/").removeprefix("C/").removeprefix("D/") or None
    else:
        rest = [first, *rest]
    if field.tag[2:] == "A":
        bic = rest[0].strip() if rest else ""
        if not _BIC.fullmatch(bic):
            raise UnreadableField(field, f"has no BIC where one belongs: {bic[:20]}")
        return Institution(bic, None, (), account, system, member)
    name, *address = rest or [""]
    return Institution(None, name or None, tuple(line for line in address if line), account, system, member)


def write_institution(parent: etree._Element, tag: str, institution: Institution) -> None:
    """Append an agent and, where it has one, its account."""
    identification = add(parent, f"{tag}/FinInstnId")
    add_if(identification, "BICFI", institution.bic)
    if institution.member:
        clearing = add(identification, "ClrSysMmbId")
        add_if(clearing, "ClrSysId/Cd", institution.clearing_system)
        add(clearing, "MmbId", institution.member)
    if institution.name:
        add(identification, "Nm", institution.name)
        address = add(identification, "PstlAdr")
        for line in institution.address or ("NOTPROVIDED",):
            add(address, "AdrLine", line)


def write_account(parent: etree._Element, tag: str, number: str | None) -> None:
    """Append an account, as IBAN where it is one by form and check digits."""
    if not number:
        return
    is_iban = _IBAN.fullmatch(number) is not None and iban_problem(number) is None
    add(parent, f"{tag}/Id/IBAN" if is_iban else f"{tag}/Id/Othr/Id", number)


@dataclass(frozen=True)
class Customer:
    """A customer field taken apart: options A (BIC), F (numbered lines), K or none (name and address)."""

    bic: str | None
    name: str | None
    lines: tuple[str, ...]
    town: str | None
    country: str | None
    account: str | None


def read_customer(field: Field) -> Customer:
    """An ordering or beneficiary customer; raises UnreadableField."""
    first, *rest = field.lines
    account = None
    if first.startswith("/"):
        account = first.removeprefix("/")
    else:
        rest = [first, *rest]
    option = field.tag[2:]
    if option == "A":
        bic = rest[0].strip() if rest else ""
        if not _BIC.fullmatch(bic):
            raise UnreadableField(field, f"has no BIC where one belongs: {bic[:20]}")
        return Customer(bic, None, (), None, None, account)
    if option == "F":
        return _numbered(field, rest, account)
    name, *lines = rest or [""]
    return Customer(None, name or None, tuple(line for line in lines if line), None, None, account)


def _numbered(field: Field, rest: list[str], account: str | None) -> Customer:
    """Option F: 1 name, 2 street, 3 country and town; what else is numbered stays as an address line."""
    names: list[str] = []
    lines: list[str] = []
    country = town = None
    for line in rest:
        match = _NUMBERED.fullmatch(line)
        if match is None:
            if account is None and not names:  # a party identifier such as CCPT/GB/123 instead of an account
                continue
            raise UnreadableField(field, f"has a line without a number: {line[:20]}")
        place = _COUNTRY_AND_TOWN.fullmatch(match["text"])
        if match["number"] == "1":
            names.append(match["text"])
        elif match["number"] == "3" and place is not None and country is None:
            country, town = place["country"], place["town"]
        elif match["text"]:
            lines.append(match["text"])
    return Customer(None, "".join(names) or None, tuple(lines), town, country, account)


def write_customer(parent: etree._Element, tag: str, customer: Customer) -> None:
    """Append a party with its name, its address as far as there is one, and its BIC."""
    party = add(parent, tag)
    add_if(party, "Nm", customer.name)
    if customer.country or customer.lines:
        address = add(party, "PstlAdr")
        add_if(address, "TwnNm", customer.town)
        add_if(address, "Ctry", customer.country)
        for line in customer.lines[:7]:
            add(address, "AdrLine", line)
    add_if(party, "Id/OrgId/AnyBIC", customer.bic)
