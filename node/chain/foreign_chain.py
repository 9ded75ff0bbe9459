"""A chain that began elsewhere: its genesis.json, and its blocks as RLP, executed by py-evm's own import.

Every block is checked against the header it came with; the first that differs stops the import, and says so.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth.abc import BlockAPI, ReceiptAPI
from eth.chains.base import Chain
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth_hash.auto import keccak
from eth_utils.exceptions import ValidationError

from node.chain.chain import LocalChain
from node.chain.errors import ImportRefused
from node.chain.fork_schedule import ForkSchedule, header_class, read_schedule
from node.chain.genesis import Genesis, GenesisAccount, genesis_header, write_genesis_state
from node.chain.nodes import NodeDatabase
from node.chain.records import Outcome, SealedBlock

HEADER_FIELDS = {
    "nonce": "nonce",
    "mixHash": "mix_hash",
    "coinbase": "coinbase",
    "extraData": "extra_data",
}
HEADER_INTEGERS = {"difficulty": "difficulty", "gasLimit": "gas_limit", "timestamp": "timestamp"}
OPTIONAL_INTEGERS = {
    "baseFeePerGas": "base_fee_per_gas",
    "excessBlobGas": "excess_blob_gas",
    "blobGasUsed": "blob_gas_used",
}


@dataclass(frozen=True)
class ForeignGenesis:
    """What a genesis.json says: our genesis, and the forks."""

    genesis: Genesis
    schedule: ForkSchedule


def read_genesis(file: Path) -> ForeignGenesis:
    """Read a genesis.json as geth writes it. Raises ValueError or KeyError when it is none."""
    document = json.loads(file.read_text(encoding="utf-8"))
    schedule = read_schedule(document["config"])
    fields: dict[str, Any] = {
        ours: _integer(document.get(theirs, "0x0")) for theirs, ours in HEADER_INTEGERS.items()
    }
    for theirs, ours in HEADER_FIELDS.items():
        fields[ours] = bytes.fromhex(document.get(theirs, "0x")[2:].rjust(_digits(ours), "0"))
    form: Any = header_class(schedule, fields["timestamp"])
    known = {name for name, _ in form._meta.fields}
    for theirs, ours in OPTIONAL_INTEGERS.items():
        if ours in known and document.get(theirs) is not None:
            fields[ours] = _integer(document[theirs])
    header = form(block_number=0, **fields)
    accounts = {bytes.fromhex(key.removeprefix("0x")): _account(entry) for key, entry in document["alloc"].items()}
    genesis = Genesis(
        chain_id=int(document["config"]["chainId"]),
        gas_limit=fields["gas_limit"],
        accounts=accounts,
        foreign_header=header,
    )
    return ForeignGenesis(genesis, schedule)


def import_blocks(chain: LocalChain, foreign: ForeignGenesis, encoded: bytes) -> int:
    """Execute concatenated RLP blocks on a chain that is still at block 0; returns how many.

    Raises ImportRefused; the blocks before the one refused stay imported.
    """
    if chain.head.number != 0:
        raise ImportRefused(f"blocks are imported into an empty chain; this one is at block {chain.head.number}")
    raw = list(split_blocks(encoded))
    memory = MemoryDB()
    reference = _reference(foreign, raw, memory)
    for one in raw:
        known = set(memory.kv_store)
        try:
            block = _decode(foreign, one)
            result = reference.import_block(block)
        except (ValidationError, rlp.exceptions.RLPException) as error:
            raise ImportRefused(f"block {chain.head.number + 1} is not valid: {error}") from error
        receipts = result.imported_block.get_receipts(reference.chaindb)
        fresh = {key: value for key, value in memory.kv_store.items() if key not in known and _is_node(key, value)}
        chain.adopt(_sealed(result.imported_block, receipts, one), fresh)
    return len(raw)


def split_blocks(encoded: bytes) -> Iterator[bytes]:
    """The blocks of a file, each still encoded."""
    position = 0
    while position < len(encoded):
        _, _, length, start = rlp.codec.consume_length_prefix(encoded, position)
        end = start + length
        yield encoded[position:end]
        position = end


def _reference(foreign: ForeignGenesis, raw: list[bytes], memory: MemoryDB) -> Chain:
    nodes = NodeDatabase(_NoStore())
    header = genesis_header(foreign.genesis, write_genesis_state(foreign.genesis, nodes))
    for key, value in nodes.open_writes.items():
        memory[key] = value
    places = [(0, header.timestamp), *(_place(one) for one in raw)]
    attributes = {"vm_configuration": foreign.schedule.configuration(places), "chain_id": foreign.genesis.chain_id}
    configured: Any = type("ForeignChain", (Chain,), attributes)
    reference: Chain = configured.from_genesis_header(AtomicDB(memory), header)
    return reference


class _NoStore:
    """Genesis is written from nothing."""

    def node(self, key: bytes) -> None:
        del key


def _place(raw: bytes) -> tuple[int, int]:
    header = rlp.decode(raw, strict=False)[0]
    return int.from_bytes(header[8], "big"), int.from_bytes(header[11], "big")


def _decode(foreign: ForeignGenesis, raw: bytes) -> BlockAPI:
    machine = foreign.schedule.machine_for(*_place(raw))
    block: BlockAPI = rlp.decode(raw, sedes=machine.get_block_class())
    return block


def _sealed(block: BlockAPI, receipts: tuple[ReceiptAPI, ...], raw: bytes) -> SealedBlock:
    outcomes, used, logs_before = [], 0, 0
    for receipt in receipts:
        logs = tuple(
            (bytes(log.address), tuple(topic.to_bytes(32, "big") for topic in log.topics), bytes(log.data))
            for log in receipt.logs
        )
        root = receipt.state_root
        post_state = root if len(root) == 32 else None
        succeeded = post_state is not None or root == b"\x01"
        outcomes.append(
            Outcome(succeeded, receipt.gas_used - used, receipt.gas_used, logs_before, logs, post_state)
        )
        used, logs_before = receipt.gas_used, logs_before + len(logs)
    body = b"".join(rlp.encode(item) for item in rlp.decode(raw)[2:])
    return SealedBlock(block.header, block.transactions, outcomes, len(raw), body)


def _is_node(key: bytes, value: bytes) -> bool:
    return len(key) == 32 and keccak(value) == key


def _account(entry: Mapping[str, Any]) -> GenesisAccount:
    storage = {int(slot, 16): int(value, 16) for slot, value in entry.get("storage", {}).items()}
    return GenesisAccount(
        balance=_integer(entry.get("balance", "0x0")),
        nonce=_integer(entry.get("nonce", "0x0")),
        code=bytes.fromhex(entry.get("code", "0x").removeprefix("0x")),
        storage=storage,
    )


def _integer(value: str | int) -> int:
    return value if isinstance(value, int) else int(value, 0)


def _digits(field: str) -> int:
    return {"nonce": 16, "mix_hash": 64, "coinbase": 40}.get(field, 0)
