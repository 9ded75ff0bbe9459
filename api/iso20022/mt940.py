"""Says in FIN what a camt.053 or camt.054 of ours says: MT940, and MT900 or MT910 for one entry.

Only what the XML says is written; the XML stays the original.
"""

from __future__ import annotations

import re
from decimal import Decimal

from lxml import etree

from api.iso20022.tree import find_all, required, text_at

_NOT_FIN = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


def write_mt940(statement: bytes, bic: str) -> bytes:
    """The MT940 of one page of a camt.053, from and to the institution itself."""
    node = required(etree.fromstring(statement), "BkToCstmrStmt/Stmt")
    opening, closing = find_all(node, "Bal")
    kinds = ("M" if text_at(one, "Tp/CdOrPrtry/SubTp/Cd") == "INTM" else "F" for one in (opening, closing))
    first, last = kinds
    page, number = text_at(node, "StmtPgntn/PgNb"), text_at(node, "ElctrncSeqNb")
    lines = [
        f":20:{_reference(text_at(node, 'Id'))}",
        f":25:{_account(node)}",
        f":28C:{number}/{page}",
        f":60{first}:{_balance(opening)}",
        *(line for entry in find_all(node, "Ntry") for line in _entry(entry)),
        f":62{last}:{_balance(closing)}",
    ]
    return _message("940", bic, lines)


def write_advice(notification: bytes, bic: str) -> bytes:
    """The MT900 (debit) or MT910 (credit) of one camt.054."""
    node = required(etree.fromstring(notification), "BkToCstmrDbtCdtNtfctn/Ntfctn")
    entry = required(node, "Ntry")
    amount = required(entry, "Amt")
    is_credit = text_at(entry, "CdtDbtInd") == "CRDT"
    details = required(entry, "NtryDtls/TxDtls")
    related = text_at(details, "Refs/InstrId") or text_at(details, "Refs/EndToEndId") or "NONREF"
    debtor_agent = text_at(details, "RltdAgts/DbtrAgt/FinInstnId/BICFI") or bic
    lines = [
        f":20:{_reference(text_at(node, 'Id'))}",
        f":21:{_reference(related)}",
        f":25:{_account(node)}",
        f":32A:{_day(entry, 'ValDt/Dt')}{amount.get('Ccy')}{_number(amount.text)}",
        f":52A:{debtor_agent}",
    ]
    return _message("910" if is_credit else "900", bic, lines, text_at(details, "Refs/UETR"))


def _entry(entry: etree._Element) -> list[str]:
    mark = "C" if text_at(entry, "CdtDbtInd") == "CRDT" else "D"
    value, booked = _day(entry, "ValDt/Dt"), _day(entry, "BookgDt/Dt")
    owner = _reference(text_at(entry, "NtryDtls/TxDtls/Refs/EndToEndId") or "NONREF")
    ours = _reference(text_at(entry, "AcctSvcrRef"))
    uetr = text_at(entry, "NtryDtls/TxDtls/Refs/UETR")
    lines = [f":61:{value}{booked[2:]}{mark}{_number(text_at(entry, 'Amt'))}NTRF{owner}//{ours}"]
    told = [_plain(text_at(entry, "AddtlNtryInf") or ""), *([f"UETR {uetr}"] if uetr else [])]
    return [*lines, *(f":86:{told[0]}" if number == 0 else line for number, line in enumerate(told) if line)]


def _balance(node: etree._Element) -> str:
    mark = "C" if text_at(node, "CdtDbtInd") == "CRDT" else "D"
    amount = required(node, "Amt")
    return f"{mark}{_day(node, 'Dt/Dt')}{amount.get('Ccy')}{_number(amount.text)}"


def _account(node: etree._Element) -> str:
    return text_at(node, "Acct/Id/IBAN") or text_at(node, "Acct/Id/Othr/Id") or ""


def _day(node: etree._Element, path: str) -> str:
    return (text_at(node, path) or "").replace("-", "")[2:]


def _number(text: str | None) -> str:
    """An amount as FIN writes it: a comma always, and no sign."""
    whole, _, rest = format(Decimal(text or "0"), "f").partition(".")
    return f"{whole},{rest}"


def _reference(text: str | None) -> str:
    """A reference of 16 characters: neither slash at its ends, nor two together."""
    plain = re.sub(r"/+", "/", _plain(text or "NONREF")).strip("/ ")
    return plain[-16:].strip("/") or "NONREF"


def _plain(text: str) -> str:
    return _NOT_FIN.sub(".", text)[:65]


def _message(kind: str, bic: str, lines: list[str], uetr: str | None = None) -> bytes:
    terminal = f"{bic[:8]}A{bic[8:]}"
    user = f"{{3:{{121:{uetr}}}}}" if uetr else ""
    head = f"{{1:F01{terminal}0000000000}}{{2:I{kind}{terminal}N}}{user}{{4:"
    return ("\r\n".join([head, *lines, "-}"])).encode()
