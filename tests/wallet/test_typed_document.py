"""Typed data files: known types for our settlement contract only, and no field that is not understood."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from tests.wallet.strategies import settlement_structs
from tests.wallet.test_typed_data import CONTRACT, INSTRUCTION, digest_by_eth_account
from wallet.typed_data import BadTypedData, Struct
from wallet.typed_document import TypedDocument, read_document, write_document

GOOD = TypedDocument(20022, CONTRACT, INSTRUCTION)


@given(settlement_structs)
def test_a_document_is_read_back_and_has_eth_accounts_digest(value: Struct) -> None:
    document = TypedDocument(20022, CONTRACT, value)
    assert read_document(json.dumps(write_document(document)).encode()) == document
    assert document.digest() == digest_by_eth_account(20022, CONTRACT, value)


def test_types_may_be_there_if_they_are_ours() -> None:
    document: Any = write_document(GOOD)
    ours = [{"name": name, "type": kind} for name, kind in INSTRUCTION.FIELDS]
    assert read_document(json.dumps(document | {"types": {"Instruction": ours}}).encode()) == GOOD
    ours[6]["type"] = "uint128"
    with pytest.raises(BadTypedData, match="types"):
        read_document(json.dumps(document | {"types": {"Instruction": ours}}).encode())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["primaryType"], "Permit"),
        (["primaryType"], "Transfer"),
        (["primaryType"], None),
        (["primaryType"], ["Instruction"]),
        (["memo"], "please"),
        (["message"], []),
        (["message", "memo"], "please"),
        (["message", "debit_amount"], "0x10"),
        (["domain"], None),
        (["domain", "salt"], "0x00"),
        (["domain", "name"], "Corridor SettIement"),
        (["domain", "version"], "2"),
        (["domain", "chainId"], 20022),
        (["domain", "chainId"], "0"),
        (["domain", "chainId"], str(2**256)),
        (["domain", "verifyingContract"], CONTRACT.lower()),
        (["domain", "verifyingContract"], None),
    ],
)
def test_what_is_not_understood_is_refused(place: list[str], value: object) -> None:
    document: Any = write_document(GOOD)
    target = document
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    with pytest.raises(BadTypedData):
        read_document(json.dumps(document).encode())


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"[]", b"\xff\xfe", b'{"primaryType":1,"primaryType":2}', b"[" * 60_000, b" " * 70_000]
)
def test_bytes_that_are_no_document_are_refused(raw: bytes) -> None:
    with pytest.raises(BadTypedData, match=r"^document: "):
        read_document(raw)
