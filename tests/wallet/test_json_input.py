"""JSON from outside: bounded in every way, and no document ends the process."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.audit import AuditBroken, read_entries
from wallet.json_input import MOST_NESTED, deepest, parse_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(values)
def test_what_is_json_is_read_and_its_depth_is_known(value: object) -> None:
    content = json.dumps(value, ensure_ascii=False).encode()
    assert parse_json(content, most_bytes=10**6, most_objects=10**6) == value
    assert deepest(content) == depth(value)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_deep_nesting_is_refused_before_it_is_parsed(opening: bytes) -> None:
    at_most = b"[" * MOST_NESTED + b"]" * MOST_NESTED
    assert parse_json(at_most, most_bytes=10**7, most_objects=10**7)
    with pytest.raises(ValueError, match="nested deeper"):
        parse_json(opening * 500_000, most_bytes=10**7, most_objects=10**7)
    with pytest.raises(ValueError, match="nested deeper"):
        parse_json(b'["\\"]]]]' + b'",' + opening * 100, most_bytes=10**7, most_objects=10**7)


@pytest.mark.parametrize("content", [b'"[[[', b"]]]]" + b"[" * 80, b'{"a":1,"a":2}', b"NaN", b"\xff", b"", b"[1"])
def test_what_is_not_json_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(content, most_bytes=1000)
    with pytest.raises(ValueError, match="larger"):
        parse_json(content + b" " * 1001, most_bytes=1000)


def test_an_audit_log_that_is_nested_without_end_is_broken() -> None:
    with pytest.raises(AuditBroken):
        list(read_entries(b"[" * 2_000_000))
