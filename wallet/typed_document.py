"""Typed data in a file: the JSON of one known type with the domain it is for, and nothing that is not understood.

`types`, which other wallets expect, may be there and must then be exactly ours; it never tells us what to hash.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wallet.json_input import parse_json
from wallet.typed_data import (
    SETTLEMENT_NAME,
    SETTLEMENT_VERSION,
    Acceptance,
    BadTypedData,
    Cancellation,
    Instruction,
    Position,
    Quote,
    Struct,
    domain_separator,
    from_json,
    signing_digest,
    to_json,
)

MAX_DOCUMENT_BYTES: Final = 64 * 1024
_KNOWN: Final[Mapping[str, type[Struct]]] = {
    "Instruction": Instruction,
    "Acceptance": Acceptance,
    "Quote": Quote,
    "Cancellation": Cancellation,
    "Position": Position,
}
_DOMAIN_FIELDS: Final = ("name", "version", "chainId", "verifyingContract")
_CHAIN_ID = re.compile(r"[1-9][0-9]{0,77}")


@dataclass(frozen=True)
class TypedDocument:
    """A struct and the settlement contract on the chain that it is for."""

    chain_id: int
    verifying_contract: str
    value: Struct

    def digest(self) -> bytes:
        """Return the 32 bytes to sign."""
        return signing_digest(domain_separator(self.chain_id, self.verifying_contract), self.value)


def write_document(document: TypedDocument) -> dict[str, object]:
    """Return the JSON object of a document, as `read_document` takes it."""
    return {
        "primaryType": type(document.value).__name__,
        "domain": {
            "name": SETTLEMENT_NAME,
            "version": SETTLEMENT_VERSION,
            "chainId": str(document.chain_id),
            "verifyingContract": document.verifying_contract,
        },
        "message": to_json(document.value),
    }


def read_document(raw: bytes) -> TypedDocument:
    """Read a typed data file strictly. Raises BadTypedData naming the type or field at fault."""
    try:
        document = parse_json(raw, most_bytes=MAX_DOCUMENT_BYTES)
    except ValueError as error:
        raise BadTypedData(f"document: not JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadTypedData("document: not an object")
    unknown = document.keys() - {"primaryType", "domain", "message", "types"}
    if unknown:
        raise BadTypedData(f"document.{min(unknown)[:64]}: unknown field")
    struct = _struct(document.get("primaryType"))
    _check_types(document.get("types"), struct)
    chain_id, contract = _read_domain(document.get("domain"))
    message = document.get("message")
    if not isinstance(message, dict):
        raise BadTypedData(f"{struct.__name__}: missing, or not an object")
    value: Struct = from_json(struct, message)
    result = TypedDocument(chain_id, contract, value)
    result.digest()  # also checks the domain's values
    return result


def _struct(name: object) -> type[Struct]:
    if not isinstance(name, str) or name not in _KNOWN:
        raise BadTypedData(f"primaryType: {str(name)[:64]!r} is not one of {', '.join(_KNOWN)}")
    return _KNOWN[name]


def _check_types(types: object, struct: type[Struct]) -> None:
    ours = [{"name": name, "type": kind} for name, kind in struct.FIELDS]
    domain = [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ]
    if types not in (None, {struct.__name__: ours}, {struct.__name__: ours, "EIP712Domain": domain}):
        raise BadTypedData(f"types: not exactly the ones of {struct.__name__}")


def _read_domain(domain: object) -> tuple[int, str]:
    if not isinstance(domain, dict) or set(domain) != set(_DOMAIN_FIELDS):
        raise BadTypedData(f"domain: not an object with exactly {', '.join(_DOMAIN_FIELDS)}")
    if domain["name"] != SETTLEMENT_NAME or domain["version"] != SETTLEMENT_VERSION:
        raise BadTypedData(f"domain.name: not {SETTLEMENT_NAME!r}, version {SETTLEMENT_VERSION!r}")
    chain_id, contract = domain["chainId"], domain["verifyingContract"]
    if not isinstance(chain_id, str) or not _CHAIN_ID.fullmatch(chain_id):
        raise BadTypedData("domain.chainId: not a positive decimal integer as text")
    if not isinstance(contract, str):
        raise BadTypedData("domain.verifyingContract: not an address")
    return int(chain_id), contract
