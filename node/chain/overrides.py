"""State overrides of a call: what if this account had that balance, that code, those slots.

They change only the throw-away state the call runs on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_typing import Address

from node.chain.hexadecimal import parse_data, parse_quantity
from node.chain.parameters import as_mapping
from node.chain.rpc_error import invalid_params
from node.chain.rules import LocalState

MAX_SLOTS = 100_000
FIELDS = frozenset({"balance", "nonce", "code", "state", "stateDiff"})


@dataclass(frozen=True)
class AccountOverride:
    """What to pretend of one account; None leaves a thing as it is. `storage` replaces all slots, `slots` some."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    storage: Mapping[int, int] | None = None
    slots: Mapping[int, int] | None = None


Overrides = Mapping[bytes, AccountOverride]


def parse_overrides(value: Any, name: str) -> Overrides:
    """The overrides of eth_call and its relatives. Raises RpcError -32602."""
    if value is None:
        return {}
    given = as_mapping(value, name)
    return {
        parse_data(address, name, length=20): _account(as_mapping(fields, name), f"{name}.{address}")
        for address, fields in given.items()
    }


def apply_overrides(state: LocalState, overrides: Overrides) -> None:
    """Pretend, on a state that will be thrown away."""
    for raw, account in overrides.items():
        address = Address(raw)
        if account.balance is not None:
            state.set_balance(address, account.balance)
        if account.nonce is not None:
            state.set_nonce(address, account.nonce)
        if account.code is not None:
            state.set_code(address, account.code)
        if account.storage is not None:
            state.delete_storage(address)
        for slot, number in {**(account.storage or {}), **(account.slots or {})}.items():
            state.set_storage(address, slot, number)
    state.lock_changes()


def _account(fields: dict[str, Any], name: str) -> AccountOverride:
    unknown = set(fields) - FIELDS
    if unknown:
        raise invalid_params(f"{name}: unsupported override {min(unknown)}")
    if fields.get("state") is not None and fields.get("stateDiff") is not None:
        raise invalid_params(f"{name}: account has both 'state' and 'stateDiff'")
    code = fields.get("code")
    return AccountOverride(
        balance=_optional(fields.get("balance"), f"{name}.balance", bits=256),
        nonce=_optional(fields.get("nonce"), f"{name}.nonce", bits=64),
        code=None if code is None else parse_data(code, f"{name}.code"),
        storage=_slots(fields.get("state"), f"{name}.state"),
        slots=_slots(fields.get("stateDiff"), f"{name}.stateDiff"),
    )


def _optional(value: Any, name: str, *, bits: int) -> int | None:
    return None if value is None else parse_quantity(value, name, bits=bits)


def _slots(value: Any, name: str) -> dict[int, int] | None:
    if value is None:
        return None
    given = as_mapping(value, name)
    if len(given) > MAX_SLOTS:
        raise invalid_params(f"{name}: at most {MAX_SLOTS} slots")
    return {
        int.from_bytes(parse_data(slot, name, length=32), "big"): int.from_bytes(
            parse_data(number, name, length=32), "big"
        )
        for slot, number in given.items()
    }
