"""What participants sign, as frozen data and as EIP-712 digests equal to the contracts' to the byte.

The type strings below are the single source: fields are read from them, hashed and written to JSON by them.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Final, TypeVar

from wallet.address import BadAddress, address_bytes
from wallet.digest import Digest
from wallet.keccak import keccak

SETTLEMENT_NAME: Final = "Corridor Settlement"
SETTLEMENT_VERSION: Final = "1"
ZERO_UUID: Final = bytes(16)

_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_FIELD = re.compile(r"(\w+) (\w+)")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,77}")
_SIGNED_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,77}")
_DIGEST = re.compile(r"0x[0-9a-f]{64}")
_BYTES = re.compile(r"0x([0-9a-f]{2})*")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class BadTypedData(ValueError):
    """A value that cannot be part of what is signed; the message begins with the type and field at fault."""


class TypedStruct:
    """A signed struct: its constructor refuses values that its Solidity types cannot hold."""

    TYPE: ClassVar[str]
    TYPE_HASH: ClassVar[bytes]
    FIELDS: ClassVar[tuple[tuple[str, str], ...]]  # (field name, Solidity type) in the order hashed

    def __init_subclass__(cls) -> None:
        cls.TYPE_HASH = keccak(cls.TYPE.encode())
        members = cls.TYPE[cls.TYPE.index("(") + 1 : cls.TYPE.index(")")]
        cls.FIELDS = tuple((name, kind) for kind, name in _FIELD.findall(members))

    def words(self) -> bytes:
        """Return the 32-byte words that are hashed after the type's own hash, one a field."""
        return b"".join(_KINDS[kind].word(getattr(self, name)) for name, kind in self.FIELDS)

    def __post_init__(self) -> None:
        for name, kind in self.FIELDS:
            _check(f"{type(self).__name__}.{name}", kind, getattr(self, name))


@dataclass(frozen=True)
class Instruction(TypedStruct):
    """The order to pay, signed by the owner of the account debited (and by its agent, if that is another).

    Amounts in minor units; `uetr` and `return_of` the UUID's 16 bytes (zero: no return); `message_digest` the
    SHA-256 of the pacs.008 sent to the creditor agent; `sequence` 0 means strict uniqueness; `expiry` unix
    seconds, still valid at that second.
    """

    TYPE = (
        "Instruction(bytes16 uetr,address debtor_agent,address creditor_agent,address debtor_account,"
        "address creditor_account,address debit_token,uint256 debit_amount,address credit_token,"
        "uint256 credit_amount,bytes32 message_digest,bytes16 return_of,uint64 sequence,uint64 expiry)"
    )

    uetr: bytes
    debtor_agent: str
    creditor_agent: str
    debtor_account: str
    creditor_account: str
    debit_token: str
    debit_amount: int
    credit_token: str
    credit_amount: int
    message_digest: bytes
    return_of: bytes
    sequence: int
    expiry: int


@dataclass(frozen=True)
class Acceptance(TypedStruct):
    """The creditor agent's promise to accept the instruction with this struct hash, until `expiry` (unix s)."""

    TYPE = "Acceptance(bytes32 instruction,uint64 expiry)"

    instruction: bytes
    expiry: int


@dataclass(frozen=True)
class Quote(TypedStruct):
    """An FX provider's firm, single-use price: the taker sells and buys exactly these minor units."""

    TYPE = (
        "Quote(bytes16 id,address provider,address taker,address sell_token,uint256 sell_amount,"
        "address buy_token,uint256 buy_amount,uint64 expiry)"
    )

    id: bytes
    provider: str
    taker: str
    sell_token: str
    sell_amount: int
    buy_token: str
    buy_amount: int
    expiry: int


@dataclass(frozen=True)
class Cancellation(TypedStruct):
    """The debtor agent's order to burn a UETR, so that its signatures can never settle afterwards."""

    TYPE = "Cancellation(bytes16 uetr,address debtor_agent)"

    uetr: bytes
    debtor_agent: str


@dataclass(frozen=True)
class SequenceCancellation(TypedStruct):
    """The debtor agent's order to burn a sequence of the bulk grade, likewise."""

    TYPE = "SequenceCancellation(uint64 sequence,address debtor_agent)"

    sequence: int
    debtor_agent: str


@dataclass(frozen=True)
class Position(TypedStruct):
    """A participant's agreement to one cycle of netting: its net of these obligations, in one currency.

    `net_amount` in minor units: above zero it is received, below zero paid. `root` commits to every obligation of
    the cycle, so nobody's net can be made of others than its signer saw; `cycle` is settled once.
    """

    TYPE = "Position(bytes32 cycle,bytes32 root,address token,int256 net_amount,uint64 expiry)"

    cycle: bytes
    root: bytes
    token: str
    net_amount: int
    expiry: int


@dataclass(frozen=True)
class Transfer(TypedStruct):
    """A holder's authorisation to move minor units of one currency token, once per `nonce`, until `expiry`.

    For the domain of the token and not of settlement. Anybody may carry it to the chain and nobody can change it,
    so a holder needs no gas.
    """

    TYPE = "Transfer(address debtor,address creditor,uint256 amount,uint64 nonce,uint64 expiry)"

    debtor: str
    creditor: str
    amount: int
    nonce: int
    expiry: int


Struct = Instruction | Acceptance | Quote | Cancellation | SequenceCancellation | Position | Transfer
S = TypeVar("S", bound=TypedStruct)


@dataclass(frozen=True)
class _Kind:
    """One Solidity type: the fault of a value (or None), its 32-byte word, and its text in JSON, both ways."""

    fault: Callable[[Any], str | None]
    word: Callable[[Any], bytes]
    read: Callable[[str], bytes | int | str]
    write: Callable[[Any], str] = str


def _bytes_kind(length: int, read: Callable[[str], bytes], write: Callable[[bytes], str]) -> _Kind:
    def fault(value: object) -> str | None:
        if not isinstance(value, bytes):
            return f"not bytes but {type(value).__name__}"
        return None if len(value) == length else f"has {len(value)} bytes, not {length}"

    return _Kind(fault, lambda value: value.ljust(32, b"\0"), read, write)


def _unsigned_kind(bits: int) -> _Kind:
    def fault(value: object) -> str | None:
        if type(value) is not int:  # a bool is an int to Python, and to nobody else
            return f"not an integer but {type(value).__name__}"
        return None if 0 <= value < 1 << bits else f"{value} is not within 0 .. 2**{bits} - 1"

    return _Kind(fault, lambda value: value.to_bytes(32, "big"), _read_decimal)


def _signed_kind(bits: int) -> _Kind:
    bound = 1 << (bits - 1)

    def fault(value: object) -> str | None:
        if type(value) is not int:
            return f"not an integer but {type(value).__name__}"
        return None if -bound <= value < bound else f"{value} is not within -2**{bits - 1} .. 2**{bits - 1} - 1"

    return _Kind(fault, lambda value: value.to_bytes(32, "big", signed=True), _read_signed_decimal)


def _address_fault(value: object) -> str | None:
    if not isinstance(value, str):
        return f"not an address but {type(value).__name__}"
    try:
        address_bytes(value)
    except BadAddress as error:
        return str(error)
    return None


def _read_uuid(text: str) -> bytes:
    if not _UUID.fullmatch(text):
        raise ValueError("not a UUID in lower-case text")
    return uuid.UUID(text).bytes


def _read_digest(text: str) -> bytes:
    if not _DIGEST.fullmatch(text):
        raise ValueError("not 0x and 64 lower-case hexadecimal digits")
    return bytes.fromhex(text[2:])


def _read_decimal(text: str) -> int:
    if not _DECIMAL.fullmatch(text):
        raise ValueError("not an unsigned decimal integer without leading zeros")
    return int(text)


def _read_signed_decimal(text: str) -> int:
    if not _SIGNED_DECIMAL.fullmatch(text):
        raise ValueError("not a decimal integer without leading zeros")
    return int(text)


def _bytes_fault(value: object) -> str | None:
    return None if isinstance(value, bytes) else f"not bytes but {type(value).__name__}"


def _read_bytes(text: str) -> bytes:
    if not _BYTES.fullmatch(text):
        raise ValueError("not 0x and pairs of lower-case hexadecimal digits")
    return bytes.fromhex(text[2:])


_KINDS: Final = {
    "bytes": _Kind(_bytes_fault, keccak, _read_bytes, lambda value: "0x" + value.hex()),
    "bytes16": _bytes_kind(16, _read_uuid, lambda value: str(uuid.UUID(bytes=value))),
    "bytes32": _bytes_kind(32, _read_digest, lambda value: "0x" + value.hex()),
    "uint64": _unsigned_kind(64),
    "uint256": _unsigned_kind(256),
    "int256": _signed_kind(256),
    "address": _Kind(_address_fault, lambda value: bytes(12) + address_bytes(value), str),
}


def _check(where: str, kind: str, value: object) -> None:
    fault = _KINDS[kind].fault(value)
    if fault is not None:
        raise BadTypedData(f"{where}: {fault}")


def struct_hash(value: TypedStruct) -> bytes:
    """Return the EIP-712 struct hash: keccak of the type hash and one 32-byte word per field."""
    return keccak(value.TYPE_HASH + value.words())


@lru_cache(maxsize=256)
def domain_separator(
    chain_id: int, verifying_contract: str, name: str = SETTLEMENT_NAME, version: str = SETTLEMENT_VERSION
) -> bytes:
    """Return the EIP-712 domain separator of one contract on one chain. Raises BadTypedData, also for chain 0."""
    _check("domain.chainId", "uint256", chain_id)
    _check("domain.verifyingContract", "address", verifying_contract)
    if chain_id == 0:
        raise BadTypedData("domain.chainId: 0 is no chain, the signature could be replayed on any")
    return keccak(
        keccak(_DOMAIN_TYPE)
        + keccak(name.encode())
        + keccak(version.encode())
        + _KINDS["uint256"].word(chain_id)
        + _KINDS["address"].word(verifying_contract)
    )


def signing_digest(domain: bytes, value: TypedStruct) -> Digest:
    """Return the 32 bytes to sign: keccak of 0x1901, the domain separator and the struct hash (EIP-712)."""
    if len(domain) != 32:
        raise BadTypedData(f"domain: the separator has {len(domain)} bytes, not 32")
    return Digest(keccak(b"\x19\x01" + domain + struct_hash(value)), (domain, value))


def to_json(value: TypedStruct) -> dict[str, str]:
    """Return the JSON mapping of a struct, its fields in signing order; `from_json` gives back an equal value.

    UUIDs as lower-case text, integers as decimal strings (JSON numbers lose digits), addresses checksummed,
    digests as 0x and hexadecimal digits.
    """
    return {name: _KINDS[kind].write(getattr(value, name)) for name, kind in value.FIELDS}


def from_json(struct: type[S], mapping: Mapping[str, object]) -> S:
    """Read a struct strictly. Raises BadTypedData naming the field that is unknown, missing or ill spelt."""
    title = struct.__name__
    if not isinstance(mapping, Mapping):
        raise BadTypedData(f"{title}: not an object but {type(mapping).__name__}")
    known = {name for name, _ in struct.FIELDS}
    for name in mapping:
        if name not in known:
            raise BadTypedData(f"{title}.{str(name)[:64]}: unknown field")
    values: dict[str, Any] = {name: _read_field(title, name, kind, mapping) for name, kind in struct.FIELDS}
    return struct(**values)


def _read_field(title: str, name: str, kind: str, mapping: Mapping[str, object]) -> bytes | int | str:
    if name not in mapping:
        raise BadTypedData(f"{title}.{name}: missing")
    text = mapping[name]
    if not isinstance(text, str):
        raise BadTypedData(f"{title}.{name}: not text but {type(text).__name__}")
    try:
        return _KINDS[kind].read(text)
    except ValueError as error:
        raise BadTypedData(f"{title}.{name}: {error}") from error
