"""Persons, companies and their accounts, read from a message and written into one."""

from __future__ import annotations

from lxml import etree

from api.iso20022.sending import lines_aside
from api.iso20022.tree import find, find_all, required, text_at
from api.iso20022.writing import add, add_if
from node.domain.party import AccountScheme, CashAccount, Party, PostalAddress

_NOT_PROVIDED = "NOTPROVIDED"
_STREET = ("StrtNm", "BldgNb", "BldgNm", "Flr", "Room", "PstBx", "PstCd", "TwnLctnNm", "DstrctNm", "CtrySubDvsn")


def read_party(transaction: etree._Element, tag: str) -> Party:
    """The debtor or creditor of a transaction, by name, address and LEI."""
    node = required(transaction, tag)
    address = _read_address(find(node, "PstlAdr"), lines_aside(transaction, f"{tag}/PstlAdr"))
    return Party(text_at(node, "Nm"), address, text_at(node, "Id/OrgId/LEI"))


def read_institution_party(transaction: etree._Element, tag: str) -> Party:
    """An institution that pays or is paid; its BIC is no name, and stands among the agents where it matters."""
    node = required(transaction, tag)
    identification = find(node, "FinInstnId")
    if identification is None:
        return Party(None)
    return Party(
        text_at(identification, "Nm"),
        _read_address(find(identification, "PstlAdr"), lines_aside(transaction, f"{tag}/FinInstnId/PstlAdr")),
        text_at(identification, "LEI"),
    )


def _read_address(node: etree._Element | None, aside: tuple[str, ...]) -> PostalAddress | None:
    """An address; the structured elements below the town become one line, before the free lines.

    Lines that were set `aside` on their way belong to it.
    """
    if node is None:
        return PostalAddress(None, None, aside) if aside else None
    parts = [text_at(node, tag) for tag in _STREET]
    street = " ".join(part for part in parts if part)
    lines = [line.text or "" for line in find_all(node, "AdrLine")] + list(aside)
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


def write_party(parent: etree._Element, tag: str, party: Party) -> None:
    """Append a person or company with its name, what is known of its address, and its LEI."""
    node = add(parent, tag)
    add_if(node, "Nm", party.name)
    if party.address is not None:
        _write_address(node, party.address)
    add_if(node, "Id/OrgId/LEI", party.lei)


def _write_address(node: etree._Element, address: PostalAddress) -> None:
    written = add(node, "PstlAdr")
    add_if(written, "TwnNm", address.town)
    add_if(written, "Ctry", address.country)
    for line in address.lines[:7]:
        add(written, "AdrLine", line[:70])


def write_account(parent: etree._Element, tag: str, account: CashAccount) -> etree._Element:
    """Append an account by its number, with its currency where that is known."""
    node = add(parent, tag)
    is_iban = account.scheme is AccountScheme.IBAN
    add(node, "Id/IBAN" if is_iban else "Id/Othr/Id", account.number)
    add_if(node, "Ccy", account.currency)
    return node
