"""Names are compared as people mean them: order, case, accents and legal forms aside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.domain.alias import AliasKind, BadAlias, alias_of
from node.domain.names import NameMatch, compare_names


@pytest.mark.parametrize(
    ("stated", "kept", "match"),
    [
        ("Chan Wai Man", "CHAN, Wai-Man", NameMatch.MATCH),
        ("Wai Man Chan", "Chan Wai Man", NameMatch.MATCH),
        ("Jose Garcia", "José García", NameMatch.MATCH),
        ("Dr. Müller", "Muller", NameMatch.MATCH),
        ("Jiangnan Textile Trading", "Jiangnan Textile Trading Co., Ltd.", NameMatch.MATCH),
        ("江南纺织", "江南纺织", NameMatch.MATCH),
        ("Jiangnan Textil Trading", "Jiangnan Textile Trading Co., Ltd.", NameMatch.CLOSE_MATCH),
        ("Mariam Suwaidi", "Mariam Al Suwaidi", NameMatch.CLOSE_MATCH),
        ("Chan", "Chan Wai Man", NameMatch.NO_MATCH),
        ("Somchai Prasert", "Falcon Marine Supplies LLC", NameMatch.NO_MATCH),
        ("", "Chan Wai Man", NameMatch.NOT_POSSIBLE),
        (None, "Chan Wai Man", NameMatch.NOT_POSSIBLE),
        ("Chan Wai Man", None, NameMatch.NOT_POSSIBLE),
        ("...", "Chan Wai Man", NameMatch.NOT_POSSIBLE),
        ("The Company Ltd", "Company The Ltd.", NameMatch.MATCH),
    ],
)
def test_names_compare_as_people_mean_them(stated: str | None, kept: str | None, match: NameMatch) -> None:
    assert compare_names(stated, kept) is match


@given(st.text(max_size=60), st.text(max_size=60))
def test_comparing_is_symmetric_and_reflexive(one: str, other: str) -> None:
    assert compare_names(one, other) is compare_names(other, one)
    assert compare_names(one, one) in (NameMatch.MATCH, NameMatch.NOT_POSSIBLE)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("+852 6123-4567", AliasKind.PHONE, "+85261234567"),
        (" Pay@Kowloon.Example ", AliasKind.EMAIL, "pay@kowloon.example"),
        ("@Kowloon", AliasKind.HANDLE, "@kowloon"),
    ],
)
def test_an_alias_has_one_form(text: str, kind: AliasKind, value: str) -> None:
    assert (alias_of(text).kind, alias_of(text).value) == (kind, value)


@pytest.mark.parametrize("text", ["", "kowloon", "0852 61234567", "@", "a@b", "+1", "x" * 300 + "@example.com"])
def test_what_is_no_alias_is_refused(text: str) -> None:
    with pytest.raises(BadAlias):
        alias_of(text)
