"""Persons, companies and their accounts, read from a message."""

from __future__ import annotations

from lxml import etree

from api.iso20022.tree import find, find_all, text_at
from node.domain.party import AccountScheme, CashAccount, Party, PostalAddress

_NOT_PROVIDED = "NOTPROVIDED"
_STREET = ("StrtNm", "BldgNb", "BldgNm", "Flr", "Room", "PstBx", "PstCd", "TwnLctnNm", "DstrctNm", "CtrySubDvsn")


def read_party(node: etree._Element) -> Party:
    """A debtor or creditor by name, address and LEI."""
    return Party(text_at(node, "Nm"), _read_address(find(node, "PstlAdr")), text_at(node, "Id/OrgId/LEI"))


def _read_address(node: etree._Element | None) -> PostalAddress | None:
    """An address; the structured elements below the town become one line, before the free lines."""
    if node is None:
        return None
    parts = [text_at(node, tag) for tag in _STREET]
    street = " ".join(part for part in parts if part)
    lines = [line.text or "" for line in find_all(node, "AdrLine")]
    return PostalAddress(
        text_at(node, "Ctry"), text_at(node, "TwnNm"), tuple(line for line in (street, *lines) if line.strip())
    )


def read_account(node: etree._Element | None) -> CashAccount | None:
    """An account by its number; NOTPROVIDED, which schemes write where one is required, is no account."""
    if node is None:
        return None
    iban, other = text_at(node, "Id/IBAN"), text_at(node, "Id/Othr/Id")
    number = iban or other
    if not number or number == _NOT_PROVIDED:
        return None
    scheme = AccountScheme.IBAN if iban else AccountScheme.OTHER
    return CashAccount(number, scheme, text_at(node, "Ccy"))
