"""Mnemonics and derivation: the published vectors, and what must not be taken for a phrase or a path."""

from __future__ import annotations

import json
import traceback
import unicodedata

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from tests.wallet.vectors import vectors
from wallet.derivation import ETHEREUM_PATH, HARDENED, BadPath, ExtendedKey, derive, master_key, parse_path
from wallet.mnemonic import BadMnemonic, entropy_of, mnemonic_of, new_mnemonic, seed_of
from wallet.secret import Secret
from wallet.signer import LocalSigner
from wallet.word_list import OFFICIAL, WordListMissing, languages, words

PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
ALL = (*OFFICIAL, "russian", "turkish")


@pytest.mark.parametrize("language", ALL)
def test_published_vectors(language: str) -> None:
    published = json.loads((vectors() / "bip39" / "trezor-vectors.json").read_text())[language]
    assert len(published) == 24
    for entropy, phrase, seed, xprv in published:
        made = mnemonic_of(Secret(bytes.fromhex(entropy)), language)
        assert unicodedata.normalize("NFKD", made.reveal().decode()) == unicodedata.normalize("NFKD", phrase)
        given_phrase = Secret(phrase.encode())
        assert entropy_of(given_phrase, language).reveal().hex() == entropy
        assert seed_of(given_phrase, Secret(b"TREZOR"), language).reveal().hex() == seed
        assert master_key(Secret(bytes.fromhex(seed))).xprv().reveal().decode() == xprv


def test_bip_32_vectors() -> None:
    published = json.loads((vectors() / "bip32" / "bip32-vectors-1-3.json").read_text())
    for tree in published:
        for place in tree["chains"]:
            key = derive(Secret(bytes.fromhex(tree["seed"])), place["path"])
            assert key.xprv().reveal().decode() == place["xprv"]
            assert key.xpub() == place["xpub"]
    assert sum(len(tree["chains"]) for tree in published) == 14


@given(st.sampled_from([16, 20, 24, 28, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_a_phrase_gives_back_its_entropy_without_its_language(entropy: bytes) -> None:
    assert entropy_of(mnemonic_of(Secret(entropy), "spanish")) == Secret(entropy)


def test_the_account_is_where_other_wallets_find_it() -> None:
    Account.enable_unaudited_hdwallet_features()
    for path in (ETHEREUM_PATH, "m/44'/60'/3'/0/7"):
        ours = LocalSigner(derive(seed_of(Secret(PHRASE.encode())), path).key)
        assert ours.address == Account.from_mnemonic(PHRASE, account_path=path).address


def test_new_phrases_differ_and_have_their_length() -> None:
    phrases = {new_mnemonic(256).reveal() for _ in range(3)} | {new_mnemonic(128).reveal()}
    assert sorted(len(phrase.split()) for phrase in phrases) == [12, 24, 24, 24]
    with pytest.raises(BadMnemonic, match="bits"):
        new_mnemonic(129)


@pytest.mark.parametrize(
    ("phrase", "reason"),
    [
        ("", "words"),
        (PHRASE.replace(" about", ""), "words"),
        (PHRASE + " abandon", "words"),
        (PHRASE.replace(" ", "  "), "words"),
        (" " + PHRASE, "words"),
        (PHRASE.replace("about", "abandon"), "checksum"),
        (PHRASE.replace("about", "About"), "word 12 is not"),
        (PHRASE.upper(), "word 1 is not"),
        (PHRASE.replace("about", "abоut"), "word 12 is not"),  # a Cyrillic letter
        (PHRASE.replace(" about", "\tabout"), "words"),
    ],
)
def test_a_wrong_phrase_is_refused_without_being_quoted(phrase: str, reason: str) -> None:
    with pytest.raises(BadMnemonic, match=reason) as refusal:
        seed_of(Secret(phrase.encode()), language="english")
    trace = traceback.TracebackException.from_exception(refusal.value, capture_locals=True)
    trace.stack.pop(0)  # our own frame, which knows the phrase
    assert "aband" not in "".join(trace.format())
    with pytest.raises(BadMnemonic):
        entropy_of(Secret(phrase.encode()))


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(BadMnemonic, match="UTF-8"):
        entropy_of(Secret(b"\xff"))


def test_a_missing_list_is_said_to_be_missing() -> None:
    for language in ("klingon", "../english", ""):
        with pytest.raises(WordListMissing):
            words(language)
    assert set(OFFICIAL) <= set(languages())


@pytest.mark.parametrize(
    "path",
    ["", "44'", "m/", "m/-1", "m/ 1", "m/1h", "m/2147483648", "m/4294967296", "m/0x1", "m/01", "M/1", "m/٣"],
)
def test_a_wrong_path_is_refused(path: str) -> None:
    with pytest.raises(BadPath):
        parse_path(path)


def test_the_tree_has_its_bounds() -> None:
    assert parse_path("m") == []
    assert parse_path("m/2147483647'") == [2 * HARDENED - 1]
    for size in (15, 65):
        with pytest.raises(BadPath, match="seed"):
            master_key(Secret(bytes(size)))
    deepest = ExtendedKey(Secret(b"\1" * 32), Secret(bytes(32)), depth=255)
    for number in (-1, 0, 1 << 32):
        with pytest.raises(BadPath):
            deepest.child(number)
    assert "Secret(hidden)" in repr(deepest)
