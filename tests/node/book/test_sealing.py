"""What is sealed opens with its key at its place, and with no other key and at no other place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.book.sealing import BadMasterKey, Key, Unreadable, at_place, master_key_of, new_key, new_master_key_text
from node.book.vault import Vault

HERE, THERE = at_place("payments", "sealed", "one"), at_place("payments", "sealed", "two")


@given(st.binary(max_size=5000), st.text(max_size=40))
def test_what_is_sealed_comes_back(plain: bytes, row: str) -> None:
    key, place = new_key(), at_place("messages", "body", row)
    sealed = key.seal(plain, place)
    assert key.open(sealed, place) == plain
    assert len(plain) < 8 or plain not in sealed


@given(st.binary(min_size=1, max_size=64), st.integers(0), st.integers(1, 255))
def test_a_changed_byte_is_found(plain: bytes, at: int, change: int) -> None:
    key = new_key()
    sealed = bytearray(key.seal(plain, HERE))
    sealed[at % len(sealed)] ^= change
    with pytest.raises(Unreadable):
        key.open(bytes(sealed), HERE)


def test_it_opens_nowhere_else_and_with_no_other_key() -> None:
    key = new_key()
    sealed = key.seal(b"Lin Meihua", HERE)
    with pytest.raises(Unreadable, match=r"payments\.sealed:two"):
        key.open(sealed, THERE)
    with pytest.raises(Unreadable):
        new_key().open(sealed, HERE)
    with pytest.raises(Unreadable):
        key.open(sealed[:10], HERE)


def test_the_same_text_is_never_sealed_the_same() -> None:
    key = new_key()
    assert key.seal(b"same", HERE) != key.seal(b"same", HERE)


def test_a_key_shows_itself_to_nobody() -> None:
    key = Key(b"k" * 32)
    assert "kkk" not in repr(key) + str(key)
    assert key.fingerprint == Key(b"k" * 32).fingerprint != new_key().fingerprint


@pytest.mark.parametrize("text", [b"", b"c2hvcnQ=", b"not base64 at all !!", b"\xff" * 44])
def test_a_master_key_is_32_bytes_in_base64(text: bytes) -> None:
    with pytest.raises(BadMasterKey, match="32 random bytes"):
        master_key_of(text)


def test_a_new_master_key_is_read_from_its_file() -> None:
    text = new_master_key_text()
    assert master_key_of(text).fingerprint == master_key_of(text.strip()).fingerprint


def test_a_vault_tells_erased_from_altered() -> None:
    vault = Vault(new_key(), new_key(), new_key())
    key, wrapped = vault.new_file_key("payments", "one", None)
    sealed, houses = vault.seal(key, b"text", HERE), vault.seal(None, b"text", HERE)
    assert vault.open(vault.file_key("payments", "one", wrapped, None), sealed, HERE) == b"text"
    assert vault.open(None, houses, HERE) == b"text"
    assert vault.open(None, sealed, HERE) is None
    assert vault.file_key("payments", "one", None, None) is None
    with pytest.raises(Unreadable):
        vault.file_key("payments", "another", wrapped, None)
    with pytest.raises(Unreadable):
        vault.open(new_key(), sealed, HERE)


def test_an_index_tells_kinds_apart_and_needs_its_key() -> None:
    one, other = (Vault(new_key(), new_key(), new_key()) for _ in range(2))
    assert one.index_of("account", "1") == one.index_of("account", "1") != one.index_of("alias", "1")
    assert one.index_of("account", "1") != other.index_of("account", "1")
