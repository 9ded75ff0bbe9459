"""What a wallet must know of a network: its chain, its contracts, its currency tokens, and who is who.

Read from the `network.json` that a running network writes; a document that does not fit is refused by its field.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wallet.address import BadAddress, address_bytes
from wallet.json_input import parse_json

_MAX_BYTES: Final = 4 * 1024 * 1024
_MAX_OBJECTS: Final = 50_000  # far from the depth at which the JSON parser would end the process


class BadNetwork(ValueError):
    """A network description that is missing, malformed, or lacks what is asked of it."""


@dataclass(frozen=True)
class Token:
    """A currency token: its ISO 4217 code, its contract, and its number of decimals (minor units)."""

    currency: str
    address: str
    decimals: int


@dataclass(frozen=True)
class Network:
    """One chain with its registry and settlement contracts, tokens by currency code, and names by address."""

    rpc_url: str
    chain_id: int
    registry: str
    settlement: str
    tokens: Mapping[str, Token]
    names: Mapping[str, str]
    holds: str | None = None  # the contract that reserves money, where the network has one
    council: str | None = None  # the contract whose members decide together, likewise

    def token(self, currency: str) -> Token:
        """Return the token of a currency. Raises BadNetwork if nobody issues it here."""
        if currency not in self.tokens:
            issued = ", ".join(sorted(self.tokens)) or "none"
            raise BadNetwork(f"nobody issues {currency!r} on this network; issued are {issued}")
        return self.tokens[currency]

    def token_at(self, address: str) -> Token | None:
        """Return the token whose contract is at `address`, or None."""
        return next((token for token in self.tokens.values() if token.address == address), None)

    def has_contract_at(self, address: str) -> bool:
        """Whether one of the network's own contracts is there: none of them gives back what is sent to it."""
        contracts = (self.registry, self.settlement, self.holds, self.council)
        return address in contracts or self.token_at(address) is not None

    def name(self, address: str) -> str | None:
        """Return who is known to be at `address`, made safe to print, or None for a stranger."""
        known = self.names.get(address)
        return None if known is None else printable(known)


def printable(text: str) -> str:
    """Return `text` with every control, format and private character replaced.

    A name must not move the cursor, hide itself, or turn the line's direction while money is being confirmed.
    """
    return "".join("\ufffd" if unicodedata.category(c).startswith("C") else c for c in text)


def read_network(directory: Path) -> Network:
    """Read `directory/network.json`. Raises BadNetwork."""
    path = directory / "network.json"
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise BadNetwork(f"{path} cannot be read: {error.strerror}") from error
    try:
        return parse_network(_object(parse_json(raw, most_bytes=_MAX_BYTES, most_objects=_MAX_OBJECTS)))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadNetwork(f"{path} is no network description: {type(error).__name__}: {error}") from error


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadNetwork("not an object")
    return value


def parse_network(document: Mapping[str, Any]) -> Network:
    """Read a network description; where it does not fit, BadNetwork, KeyError, TypeError or AttributeError."""
    chain_id = document["chain_id"]
    if type(chain_id) is not int or chain_id <= 0:
        raise BadNetwork(f"chain_id: {chain_id!r} is not a positive integer")
    tokens = {code: _token(code, entry) for code, entry in document["tokens"].items()}
    names = {token.address: f"the {code} currency token" for code, token in tokens.items()}
    for entry in document.get("customers", []):
        names[_address(entry["wallet_address"])] = f"{entry['name']}, customer of {entry['participant_bic']}"
    for entry in document["participants"]:
        names[_address(entry["settlement_address"])] = f"{entry['name']} ({entry['bic']})"
    return Network(
        rpc_url=str(document["rpc_url"]),
        chain_id=chain_id,
        registry=_address(document["contracts"]["registry"]),
        settlement=_address(document["contracts"]["settlement"]),
        tokens=tokens,
        names=names,
        holds=_contract(document, "holds"),
        council=_contract(document, "council"),
    )


def _contract(document: Mapping[str, Any], name: str) -> str | None:
    return _address(document["contracts"][name]) if name in document["contracts"] else None


def _token(code: str, entry: Mapping[str, Any]) -> Token:
    decimals = entry["decimals"]
    if type(decimals) is not int or not 0 <= decimals <= 18:
        raise BadNetwork(f"tokens.{code}.decimals: {decimals!r} is not within 0 .. 18")
    return Token(code, _address(entry["address"]), decimals)


def _address(text: str) -> str:
    try:
        address_bytes(text)
    except BadAddress as error:
        raise BadNetwork(str(error)) from error
    return text
