"""The whole state as one document, in the form Anvil writes and reads, and back into a chain.

A dump of ours also carries the state root. Whoever loads it hashes the accounts again, so a document that was
changed on the way, or cut short, is refused before anything of it is believed.
"""

import gzip
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_typing import Address

from node.chain.account_database import AccountDatabase
from node.chain.chain import LocalChain
from node.chain.errors import ChainError
from node.chain.genesis import SYSTEM_ACCOUNTS
from node.chain.hexadecimal import DATA
from node.chain.nodes import NodeDatabase
from node.chain.rules import LocalState
from node.chain.state_view import StateView
from node.chain.state_walk import WalkedAccount, preimages, walk_accounts
from node.chain.trie_node import BLANK_ROOT

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
GZIP = b"\x1f\x8b"
NUMBER = re.compile(r"0x[0-9a-fA-F]{1,64}")


class DumpRefused(ChainError):
    """Bytes that are no dump of a state, or not the dump they claim to be."""


@dataclass(frozen=True)
class StateDump:
    """All accounts by address, where they were taken, and the root they are said to have (None: not said)."""

    accounts: Mapping[bytes, WalkedAccount]
    number: int
    timestamp_s: int
    state_root: bytes | None


def take_dump(chain: LocalChain) -> StateDump:
    """The newest state, whole. Raises UnknownPreimage on a chain that does not keep preimages."""
    with chain.lock:
        born = {**SYSTEM_ACCOUNTS, **chain.genesis.accounts}
        slots = {slot for account in born.values() for slot in account.storage}
        known = preimages(*born, *(slot.to_bytes(32, "big") for slot in slots))
        root = chain.state_view().root
        accounts = dict(walk_accounts(chain.state_node, root, known))
        return StateDump(accounts, chain.head.number, chain.head.header.timestamp, root)


def load_dump(chain: LocalChain, dump: StateDump) -> None:
    """Give the chain every account of a dump, as it was, on top of its newest state; durable when this returns.

    Accounts that the dump does not name stay. The next block is not earlier than the dumped one; blocks, receipts
    and logs are not part of a state, and what waited in the pool is forgotten.
    """

    def replace(state: LocalState) -> None:
        for address in dump.accounts:
            state.delete_storage(Address(address))
        _put(state.account_database, dump.accounts)

    with chain.lock:
        chain.clear_pool()
        chain.amend_state(replace)
        behind_s = dump.timestamp_s - chain.clock.next_timestamp(chain.head.header.timestamp)
        chain.clock.shift(max(0, behind_s))


def encode_dump(dump: StateDump) -> bytes:
    """The dump as gzipped JSON; the same state gives the same bytes."""
    document = {
        "block": _environment(dump),
        "best_block_number": 0,  # it holds no blocks; Anvil then goes on from its own
        "accounts": {"0x" + raw.hex(): _shown(account) for raw, account in sorted(dump.accounts.items())},
        "stateRoot": "0x" + (dump.state_root or b"").hex(),
    }
    return gzip.compress(json.dumps(document, separators=(",", ":")).encode(), mtime=0)


def _environment(dump: StateDump) -> dict[str, Any]:
    """What Anvil insists on knowing of a block; gas is free, as on a Corridor network."""
    return {
        "number": hex(dump.number),
        "beneficiary": "0x" + "00" * 20,
        "timestamp": hex(dump.timestamp_s),
        "gas_limit": 30_000_000,
        "basefee": 0,
        "difficulty": "0x0",
        "prevrandao": "0x" + "00" * 32,
        "blob_excess_gas_and_price": {"excess_blob_gas": 0, "blob_gasprice": 1},
    }


def _shown(account: WalkedAccount) -> dict[str, Any]:
    return {
        "nonce": account.nonce,
        "balance": hex(account.balance),
        "code": "0x" + account.code.hex(),
        "storage": {f"0x{slot:064x}": f"0x{value:064x}" for slot, value in sorted(account.storage.items())},
    }


def decode_dump(encoded: bytes) -> StateDump:
    """A dump from its bytes, gzipped or plain: ours, or Anvil's. Raises DumpRefused, which says what is wrong."""
    document = _object(_json(_inflated(encoded)), "the dump")
    block = _object(document.get("block") or {}, "block")
    given = _object(document.get("accounts"), "accounts")
    accounts = {
        _octets(address, f"accounts: address {address!r}", 20): _account(fields, f"accounts.{address}")
        for address, fields in given.items()
    }
    root = document.get("stateRoot")
    dump = StateDump(
        accounts,
        _number(block.get("number", 0), "block.number", 64),
        _number(block.get("timestamp", 0), "block.timestamp", 40),
        None if root is None else _octets(root, "stateRoot", 32),
    )
    _check_root(dump)
    return dump


def _check_root(dump: StateDump) -> None:
    found = root_of(dump.accounts)
    if dump.state_root is not None and found != dump.state_root:
        raise DumpRefused(
            f"the accounts hash to state root 0x{found.hex()}, and the dump says 0x{dump.state_root.hex()}: "
            "it was changed after it was made; take a new one"
        )


def root_of(accounts: Mapping[bytes, WalkedAccount]) -> bytes:
    """The state root of exactly these accounts."""
    database = AccountDatabase(StateView(NodeDatabase(_Nothing()), BLANK_ROOT))
    _put(database, accounts)
    database.persist()
    return database.state_root


class _Nothing:
    """A store without nodes."""

    def node(self, key: bytes) -> bytes | None:
        """There is none."""
        del key
        return None


def _put(database: AccountDatabase, accounts: Mapping[bytes, WalkedAccount]) -> None:
    for raw, account in accounts.items():
        address = Address(raw)
        database.set_balance(address, account.balance)
        database.set_nonce(address, account.nonce)
        database.set_code(address, account.code)
        for slot, value in account.storage.items():
            database.set_storage(address, slot, value)


def _inflated(encoded: bytes) -> bytes:
    """The document itself; one that swells beyond all use is refused before it is inflated whole."""
    if not encoded.startswith(GZIP):
        return encoded
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        document = unpacker.decompress(encoded, MAX_DOCUMENT_BYTES)
    except zlib.error as error:
        raise DumpRefused(f"the dump cannot be unpacked: {error}") from error
    if unpacker.unconsumed_tail:
        raise DumpRefused(f"the dump is larger than {MAX_DOCUMENT_BYTES} bytes unpacked")
    if not unpacker.eof:
        raise DumpRefused("the dump is cut short")
    return document


def _json(document: bytes) -> Any:
    try:
        return json.loads(document)
    except (ValueError, RecursionError) as error:
        raise DumpRefused("the dump is neither gzip nor JSON") from error


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DumpRefused(f"{name}: want an object")
    return value


def _account(value: Any, name: str) -> WalkedAccount:
    fields = _object(value, name)
    storage = {
        _number(slot, f"{name}.storage: slot", 256): _number(number, f"{name}.storage.{slot}", 256)
        for slot, number in _object(fields.get("storage") or {}, f"{name}.storage").items()
    }
    return WalkedAccount(
        nonce=_number(fields.get("nonce"), f"{name}.nonce", 63),
        balance=_number(fields.get("balance"), f"{name}.balance", 256),
        code=_octets(fields.get("code"), f"{name}.code"),
        storage={slot: number for slot, number in storage.items() if number},
    )


def _number(value: Any, name: str, bits: int) -> int:
    """A number as JSON or hexadecimal, padded or not: Anvil writes all three."""
    found = value
    if isinstance(value, str) and NUMBER.fullmatch(value):
        found = int(value, 16)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < 1 << bits:
        raise DumpRefused(f"{name}: {value!r:.80} is no number of up to {bits} bits")
    return found


def _octets(value: Any, name: str, length: int | None = None) -> bytes:
    if not isinstance(value, str) or DATA.fullmatch(value) is None:
        raise DumpRefused(f"{name}: want hexadecimal bytes")
    found = bytes.fromhex(value[2:])
    if length is not None and len(found) != length:
        raise DumpRefused(f"{name}: want {length} bytes, got {len(found)}")
    return found
