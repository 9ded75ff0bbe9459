"""Whatever is changed in a keystore file: a clear error or the very same key, never another one, and no leak."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wallet.encryption import LIGHT_COST, KeystoreRefused
from wallet.keystore import decrypt_key, encrypt_key, parse_document
from wallet.secret import Secret

SECRET, PASSWORD = Secret(b"\x11" * 32), Secret(b"correct horse")
DOCUMENT = encrypt_key(SECRET, PASSWORD, LIGHT_COST)

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 4096),
    st.floats(),
    st.text(max_size=70),
    st.binary(max_size=33).map(bytes.hex),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
)


def places(document: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place in a document that holds something."""
    for name, value in document.items():
        yield (*path, name)
        if isinstance(value, dict):
            yield from places(value, (*path, name))


@given(place=st.sampled_from(list(places(DOCUMENT))), value=values, delete=st.booleans())
@settings(max_examples=120, deadline=None)
def test_a_changed_value_gives_an_error_or_the_same_key(
    place: tuple[str, ...], value: object, delete: bool
) -> None:
    document: Any = copy.deepcopy(DOCUMENT)
    target = document
    for name in place[:-1]:
        target = target[name]
    if delete:
        del target[place[-1]]
    else:
        target[place[-1]] = value
    try:
        found = decrypt_key(document, PASSWORD)
    except KeystoreRefused:
        return
    assert found == SECRET


@given(st.sampled_from(["ciphertext", "mac", "iv", "salt"]), st.integers(0, 511), st.integers(1, 15))
@settings(max_examples=60, deadline=None)
def test_a_changed_digit_is_always_found(field: str, digit: int, change: int) -> None:
    document: Any = copy.deepcopy(DOCUMENT)
    crypto = document["crypto"]
    holder = {"iv": crypto["cipherparams"], "salt": crypto["kdfparams"]}.get(field, crypto)
    digits = [int(c, 16) for c in holder[field]]
    digits[digit % len(digits)] ^= change
    holder[field] = "".join(f"{d:x}" for d in digits)
    with pytest.raises(KeystoreRefused, match="altered"):
        decrypt_key(document, PASSWORD)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_parser(raw: bytes) -> None:
    with pytest.raises(KeystoreRefused):
        decrypt_key(parse_document(raw), PASSWORD)


@pytest.mark.parametrize("fault", [{"address": "00" * 20}, {"version": 4}, {"crypto": {}}])
def test_no_failure_shows_a_secret_in_its_traceback(fault: dict[str, object]) -> None:
    with pytest.raises(KeystoreRefused) as refusal:
        decrypt_key(DOCUMENT | fault, PASSWORD)
    trace = traceback.TracebackException.from_exception(refusal.value, capture_locals=True)
    trace.stack.pop(0)
    shown = "".join(trace.format())
    assert "correct horse" not in shown
    assert SECRET.reveal().hex() not in shown
    assert r"\x11\x11" not in shown
    assert "Secret(hidden)" in shown
