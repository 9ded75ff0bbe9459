"""Typed data: the same digest as eth-account's, one JSON spelling per value, and every other value refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wallet.strategies import addresses, structs
from wallet.address import ZERO_ADDRESS, checksum_address
from wallet.typed_data import (
    SETTLEMENT_NAME,
    SETTLEMENT_VERSION,
    Acceptance,
    BadTypedData,
    Instruction,
    Position,
    Quote,
    Struct,
    domain_separator,
    from_json,
    signing_digest,
    struct_hash,
    to_json,
)

CONTRACT = checksum_address(b"\xc0" * 20)
INSTRUCTION = Instruction(
    uetr=b"\x01" * 16,
    debtor_agent=checksum_address(b"\xa1" * 20),
    creditor_agent=checksum_address(b"\xa2" * 20),
    debtor_account=checksum_address(b"\xa3" * 20),
    creditor_account=checksum_address(b"\xa4" * 20),
    debit_token=checksum_address(b"\xa5" * 20),
    debit_amount=100_00,
    credit_token=checksum_address(b"\xa6" * 20),
    credit_amount=51_20,
    message_digest=b"\x02" * 32,
    return_of=bytes(16),
    sequence=0,
    expiry=1_800_000_000,
)


def digest_by_eth_account(chain_id: int, contract: str, value: Struct) -> bytes:
    domain = {
        "name": SETTLEMENT_NAME,
        "version": SETTLEMENT_VERSION,
        "chainId": chain_id,
        "verifyingContract": contract,
    }
    members = [{"name": name, "type": kind} for name, kind in value.FIELDS]
    data = {name: getattr(value, name) for name, _ in value.FIELDS}
    message = encode_typed_data(domain, {type(value).__name__: members}, data)
    return keccak(b"\x19" + message.version + message.header + message.body)


@given(structs, st.integers(1, 2**256 - 1), addresses)
@settings(deadline=None)
def test_the_digest_equals_eth_accounts(value: Struct, chain_id: int, contract: str) -> None:
    digest = signing_digest(domain_separator(chain_id, contract), value)
    assert digest == digest_by_eth_account(chain_id, contract, value)


def test_the_type_strings_are_the_agreed_ones() -> None:
    assert Acceptance.TYPE == "Acceptance(bytes32 instruction,uint64 expiry)"
    assert keccak(Instruction.TYPE.encode()) == Instruction.TYPE_HASH
    assert [name for name, _ in Quote.FIELDS] == list(Quote.__dataclass_fields__)
    assert [name for name, _ in Instruction.FIELDS] == list(Instruction.__dataclass_fields__)


@given(structs)
def test_json_gives_back_the_same_value(value: Struct) -> None:
    again: Struct = from_json(type(value), to_json(value))
    assert again == value


def test_json_spells_each_kind_in_one_way() -> None:
    document = to_json(INSTRUCTION)
    assert document["uetr"] == "01010101-0101-0101-0101-010101010101"
    assert document["debit_amount"] == "10000"
    assert document["message_digest"] == "0x" + "02" * 32
    assert document["debtor_agent"] == INSTRUCTION.debtor_agent


REFUSED_JSON: list[tuple[str, object]] = [
    ("uetr", "01010101-0101-0101-0101-0101010101"),
    ("uetr", "01010101010101010101010101010101"),
    ("uetr", "01010101-0101-0101-0101-01010101010A"),
    ("debit_amount", "0x10"),
    ("debit_amount", "016"),
    ("debit_amount", "-1"),
    ("debit_amount", "1e3"),
    ("debit_amount", "٣"),
    ("debit_amount", "16\n"),
    ("debit_amount", 16),
    ("debit_amount", True),
    ("debit_amount", None),
    ("debit_amount", str(2**256)),
    ("expiry", str(2**64)),
    ("message_digest", "0x" + "02" * 31),
    ("message_digest", "02" * 32),
    ("message_digest", "0x" + "0G" * 32),
    ("debtor_agent", INSTRUCTION.debtor_agent.lower()),
    ("debtor_agent", INSTRUCTION.debtor_agent[:-1]),
    ("debtor_agent", INSTRUCTION.debtor_agent.swapcase().replace("0X", "0x")),
    ("debtor_agent", ["0x"]),
]


@pytest.mark.parametrize(("name", "text"), REFUSED_JSON)
def test_json_in_another_spelling_is_refused_with_its_field(name: str, text: object) -> None:
    document: dict[str, object] = {**to_json(INSTRUCTION), name: text}
    with pytest.raises(BadTypedData, match=rf"^Instruction\.{name}: "):
        from_json(Instruction, document)


@pytest.mark.parametrize("text", ["-0", "+1", "--1", "-01", str(2**255), str(-(2**255) - 1), "- 1", -1])
def test_a_net_amount_may_be_below_zero_and_has_one_spelling(text: object) -> None:
    position = Position(b"\1" * 32, b"\2" * 32, INSTRUCTION.debit_token, -5, 1_800_000_000)
    document: dict[str, object] = dict(to_json(position))
    assert document["net_amount"] == "-5"
    assert from_json(Position, document) == position
    with pytest.raises(BadTypedData, match=r"^Position\.net_amount: "):
        from_json(Position, document | {"net_amount": text})


def test_an_unknown_or_missing_field_is_refused_with_its_name() -> None:
    document: dict[str, object] = dict(to_json(INSTRUCTION))
    with pytest.raises(BadTypedData, match=r"^Instruction\.memo: unknown field$"):
        from_json(Instruction, document | {"memo": "x"})
    del document["sequence"]
    with pytest.raises(BadTypedData, match=r"^Instruction\.sequence: missing$"):
        from_json(Instruction, document)
    with pytest.raises(BadTypedData, match="not an object"):
        from_json(Instruction, [])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fault",
    [
        {"uetr": b"\1" * 15},
        {"uetr": "01010101-0101-0101-0101-010101010101"},
        {"debit_amount": -1},
        {"debit_amount": 2**256},
        {"debit_amount": True},
        {"debit_amount": 1.0},
        {"expiry": 2**64},
        {"debtor_agent": "0x" + "a1" * 20},
        {"debtor_agent": b"\xa1" * 20},
        {"message_digest": b"\2" * 33},
    ],
)
def test_a_value_its_solidity_type_cannot_hold_is_never_built(fault: dict[str, object]) -> None:
    (name,) = fault
    with pytest.raises(BadTypedData, match=rf"^Instruction\.{name}: "):
        replace(INSTRUCTION, **fault)  # type: ignore[arg-type]


def test_a_domain_without_a_chain_is_refused() -> None:
    with pytest.raises(BadTypedData, match="chainId"):
        domain_separator(0, CONTRACT)
    with pytest.raises(BadTypedData, match="verifyingContract"):
        domain_separator(1, "0x" + "c0" * 20)
    with pytest.raises(BadTypedData, match="domain"):
        signing_digest(b"\0" * 31, INSTRUCTION)


def test_digests_differ_by_chain_contract_and_field() -> None:
    here = domain_separator(20022, CONTRACT)
    digests = {
        signing_digest(here, INSTRUCTION),
        signing_digest(here, replace(INSTRUCTION, debit_amount=100_01)),
        signing_digest(domain_separator(20023, CONTRACT), INSTRUCTION),
        signing_digest(domain_separator(20022, ZERO_ADDRESS), INSTRUCTION),
    }
    assert len(digests) == 4
    assert struct_hash(INSTRUCTION) not in digests
