"""Passwords, one-time codes, recovery codes and the seal, each alone."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.operators.one_time import address_of, code_at, code_digest, new_secret, recovery_codes, step_of
from api.operators.passwords import OPERATOR_COST, Passwords, WeakPassword
from api.operators.seal import Seal, SealBroken
from node.book.sealing import new_key
from node.book.vault import Vault
from wallet.encryption import ScryptCost

LIGHT = Passwords(ScryptCost(2**4))
MASTER, HOUSE = new_key(), new_key()
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at_s", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
    ],
)
def test_codes_are_those_of_rfc_6238(at_s: int, code: str) -> None:
    """Its appendix B, SHA-1, the last six of its eight digits."""
    assert code_at(RFC_SECRET, at_s) == code
    assert step_of(RFC_SECRET, code, at_s, 0) == at_s // 30


@given(at_s=st.integers(10**6, 2**40), off=st.integers(-3, 3), used=st.integers(-3, 3))
def test_a_code_counts_within_one_step_and_after_the_last_used(at_s: int, off: int, used: int) -> None:
    step = at_s // 30
    found = step_of(RFC_SECRET, code_at(RFC_SECRET, at_s + 30 * off), at_s, step + used)
    if found is not None:  # another step may have the same six digits by chance
        assert step + used < found <= step + 1
    elif abs(off) <= 1:
        assert off <= used


def test_what_an_authenticator_reads_names_institution_and_login() -> None:
    assert address_of(RFC_SECRET, "mei", "A Bank").startswith("otpauth://totp/A%20Bank:mei?secret=")
    assert len(new_secret()) == 32
    assert new_secret() != new_secret()


def test_recovery_codes_are_ten_and_as_good_without_hyphens() -> None:
    codes = recovery_codes()
    assert len(set(codes)) == 10
    assert code_digest(codes[0]) == code_digest(codes[0].replace("-", "").lower() + "\n")


@given(
    password=st.text(min_size=12, max_size=40).filter(
        lambda text: len(set(text)) >= 5 and "mei" not in text.lower()
    )
)
def test_a_password_is_matched_by_itself_only(password: str) -> None:
    kept = LIGHT.hashed(password, "mei")
    assert LIGHT.match(kept, password)
    assert not LIGHT.match(kept, password + "x")
    assert password not in kept
    assert kept != LIGHT.hashed(password, "mei")


@pytest.mark.parametrize("weak", ["short", "x" * 257, "aaaaaaaaaaaaaaaa", "My name is MEI ok"])
def test_weak_passwords_are_refused(weak: str) -> None:
    with pytest.raises(WeakPassword):
        LIGHT.hashed(weak, "mei")


def test_a_hash_says_its_cost_and_is_matched_at_it() -> None:
    assert OPERATOR_COST.n * OPERATOR_COST.r * 128 >= 2**25
    kept = LIGHT.hashed("Correct horse 9", "mei")
    assert kept.startswith("scrypt$16$8$1$")
    assert Passwords(ScryptCost(2**5)).match(kept, "Correct horse 9")
    for broken in ("", "plain", kept[:-1], kept.replace("scrypt", "md5")):
        assert not LIGHT.match(broken, "Correct horse 9")
    assert not LIGHT.match(None, "Correct horse 9")


@given(plain=st.binary(max_size=60), position=st.integers(0, 200))
def test_a_seal_opens_where_it_was_put_and_unchanged(plain: bytes, position: int) -> None:
    seal = Seal(Vault(MASTER, HOUSE, new_key()))
    sealed = seal.close(plain, "op_1")
    assert seal.open(sealed, "op_1") == plain
    assert plain == b"" or len(plain) < 4 or plain not in sealed
    changed = bytearray(sealed)
    changed[position % len(sealed)] ^= 1
    for broken, about in ((bytes(changed), "op_1"), (sealed, "op_2"), (sealed[:6], "op_1"), (b"", "op_1")):
        with pytest.raises(SealBroken):
            seal.open(broken, about)
    with pytest.raises(SealBroken):
        Seal(Vault(MASTER, new_key(), new_key())).open(sealed, "op_1")
