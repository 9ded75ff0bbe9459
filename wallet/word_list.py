"""BIP-39's official word lists, read from the packages that ship them: 2048 words each, in NFKD.

eth-account ships nine of the ten; Portuguese (and two unofficial lists) come with the package `mnemonic`. A
missing list is said to be missing; no other is used in its place.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from wallet.encryption import KeystoreRefused

OFFICIAL: Final = (
    "chinese_simplified",
    "chinese_traditional",
    "czech",
    "english",
    "french",
    "italian",
    "japanese",
    "korean",
    "portuguese",
    "spanish",
)
_SHIPPED_IN: Final = (("eth_account", "hdaccount/wordlist"), ("mnemonic", "wordlist"))


class WordListMissing(KeystoreRefused):
    """No installed package ships this language's list."""


def languages() -> list[str]:
    """Return the languages whose lists are installed, sorted."""
    return sorted({path.stem for directory in _directories() for path in directory.glob("*.txt")})


@cache
def words(language: str) -> tuple[str, ...]:
    """Return the 2048 words of a language, in order. Raises WordListMissing."""
    for directory in _directories():
        path = directory / f"{language}.txt"
        if language.isidentifier() and path.is_file():
            text = unicodedata.normalize("NFKD", path.read_text(encoding="utf-8"))
            return _complete(language, tuple(text.split()))
    raise WordListMissing(f"no word list for {language!r} is installed; there are {', '.join(languages())}")


@cache
def positions(language: str) -> Mapping[str, int]:
    """Return each word's number, 0 to 2047. Raises WordListMissing."""
    return {word: number for number, word in enumerate(words(language))}


def _complete(language: str, found: tuple[str, ...]) -> tuple[str, ...]:
    if len(found) != 2048 or len(set(found)) != 2048:
        raise WordListMissing(f"the list for {language!r} has {len(set(found))} words, not 2048")
    return found


def _directories() -> Iterator[Path]:
    for package, inside in _SHIPPED_IN:
        spec = find_spec(package)  # finds the package without importing it
        for location in (spec.submodule_search_locations if spec else None) or ():
            yield Path(location) / inside
