"""Check digits of account numbers and identifiers: what a schema cannot see and a typing mistake breaks."""

from __future__ import annotations

from api.iso20022.reference_data import country_codes, iban_lengths


def iban_problem(iban: str) -> str | None:
    """What is wrong with an IBAN (ISO 13616), or None.

    A country that has no IBAN in our list is judged by its check digits alone.
    """
    country, length = iban[:2], iban_lengths().get(iban[:2])
    if country not in country_codes():
        return f"begins with {country}, which is no country"
    if length is not None and len(iban) != length:
        return f"has {len(iban)} characters; an IBAN of {country} has {length}"
    return None if _remainder_97(iban[4:] + iban[:4]) == 1 else "has wrong check digits"


def lei_problem(lei: str) -> str | None:
    """What is wrong with an LEI (ISO 17442), or None."""
    return None if _remainder_97(lei) == 1 else "has wrong check digits"


def bic_problem(bic: str) -> str | None:
    """What is wrong with a BIC (ISO 9362) that its form does not show, or None."""
    if bic == "NOTPROVIDED":
        return "has the form of a BIC and says that there is none"
    return None if bic[4:6] in country_codes() else f"names the country {bic[4:6]}, which there is not"


def _remainder_97(text: str) -> int:
    """The remainder by 97 with letters as two digits, A = 10 (ISO/IEC 7064, MOD 97-10)."""
    return int("".join(str(int(character, 36)) for character in text)) % 97
