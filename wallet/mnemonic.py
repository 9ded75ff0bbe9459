"""A key as words that can be written on paper (BIP-39): made, checked, and turned into a seed.

The seed is derived from the text, whatever it is, so one wrong word would silently open another, empty wallet: a
phrase is refused unless every word and the checksum are right. Errors name the word's place, never the word.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from typing import Final

from wallet.encryption import KeystoreRefused
from wallet.secret import Secret
from wallet.word_list import languages, positions, words

_STRENGTHS: Final = (128, 160, 192, 224, 256)
_IDEOGRAPHIC_SPACE: Final = "\u3000"
_WRONG_CHECKSUM: Final = "the checksum is wrong: a word is wrong, or two are swapped"


class BadMnemonic(KeystoreRefused):
    """A phrase that is not a BIP-39 mnemonic; says what is wrong with it without quoting it."""


def new_mnemonic(strength_bits: int = 256, language: str = "english") -> Secret:
    """Return a random phrase in UTF-8: 24 words for 256 bits, 12 for 128. Raises BadMnemonic."""
    if strength_bits not in _STRENGTHS:
        raise BadMnemonic(f"a mnemonic has one of {_STRENGTHS} bits, not {strength_bits}")
    return mnemonic_of(Secret(secrets.token_bytes(strength_bits // 8)), language)


def mnemonic_of(entropy: Secret, language: str = "english") -> Secret:
    """Return the phrase for 16, 20, 24, 28 or 32 bytes of entropy. Raises BadMnemonic, WordListMissing."""
    bits = len(entropy) * 8
    if bits not in _STRENGTHS:
        raise BadMnemonic(f"a mnemonic has one of {_STRENGTHS} bits, not {bits}")
    number = (int.from_bytes(entropy.reveal(), "big") << bits // 32) | _checksum(entropy)
    count = (bits + bits // 32) // 11
    chosen = [words(language)[number >> 11 * place & 2047] for place in reversed(range(count))]
    return Secret((_IDEOGRAPHIC_SPACE if language == "japanese" else " ").join(chosen).encode())


def entropy_of(phrase: Secret, language: str | None = None) -> Secret:
    """Return the entropy of a phrase, in one language or in whichever installed one it is right.

    Raises BadMnemonic: another number of words, a word that is in no list (also for its case or an extra blank),
    a wrong checksum. Raises WordListMissing.
    """
    candidates = [language] if language else languages()
    for candidate in candidates:
        positions(candidate)  # a missing list is found here, before any word is on the stack
    outcome = _read(phrase, candidates)
    if isinstance(outcome, str):
        raise BadMnemonic(outcome)
    return outcome


def seed_of(phrase: Secret, passphrase: Secret | None = None, language: str | None = None) -> Secret:
    """Return the 64-byte seed of a right phrase; another passphrase gives another seed and no error.

    Raises BadMnemonic, WordListMissing.
    """
    entropy_of(phrase, language)
    salt = b"mnemonic" + _normal(passphrase or Secret(b"")).encode()
    return Secret(hashlib.pbkdf2_hmac("sha512", " ".join(_split(phrase)).encode(), salt, 2048))


def _read(phrase: Secret, candidates: list[str]) -> Secret | str:
    """Return the entropy, or what is wrong: raising from here would put the words into a traceback's locals."""
    found = _split(phrase)
    if len(found) not in {12, 15, 18, 21, 24}:
        return f"a mnemonic has 12, 15, 18, 21 or 24 words with one blank between, not {len(found)}"
    faults = []
    for language in candidates:
        outcome = _read_in(found, language)
        if isinstance(outcome, Secret):
            return outcome
        faults.append(outcome)
    checksums = [fault for fault in faults if fault == _WRONG_CHECKSUM]
    return faults[0] if len(faults) == 1 else (checksums or ["the words are of no single language"])[0]


def _read_in(found: list[str], language: str) -> Secret | str:
    numbers = positions(language)
    total = 0
    for place, word in enumerate(found, 1):
        if word not in numbers:
            return f"word {place} is not in the {language} list"
        total = total << 11 | numbers[word]
    bits = len(found) * 32 // 3
    entropy = Secret((total >> bits // 32).to_bytes(bits // 8, "big"))
    return entropy if _checksum(entropy) == total & (1 << bits // 32) - 1 else _WRONG_CHECKSUM


def _checksum(entropy: Secret) -> int:
    return hashlib.sha256(entropy.reveal()).digest()[0] >> 8 - len(entropy) // 4


def _split(phrase: Secret) -> list[str]:
    return _normal(phrase).split(" ")


def _normal(text: Secret) -> str:
    try:
        return unicodedata.normalize("NFKD", text.reveal().decode())
    except UnicodeDecodeError:
        raise BadMnemonic("not UTF-8 text") from None
