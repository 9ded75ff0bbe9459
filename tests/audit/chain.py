"""What the chain says up to one block, decoded by hand from JSON-RPC: events, balances, everything ever sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from tests.audit.rpc import Rpc

ZERO = "0x" + "00" * 20
SETTLED = (
    "Settled(bytes16,address,address,address,address,address,uint256,address,uint256,"
    "address,bytes16,bytes32,bytes16)"
)
SETTLED_IN_BATCH = "SettledInBatch(bytes16,address,bytes32)"
TRANSFER = "Transfer(address,address,uint256)"
ISSUED = "Issued(address,address,uint256,bytes32)"
REDEEMED = "Redeemed(address,uint256,bytes32)"
INSTRUCTION = (
    ("uetr", "bytes16"),
    ("debtor_agent", "address"),
    ("creditor_agent", "address"),
    ("debtor_account", "address"),
    ("creditor_account", "address"),
    ("debit_token", "address"),
    ("debit_amount", "uint256"),
    ("credit_token", "address"),
    ("credit_amount", "uint256"),
    ("message_digest", "bytes32"),
    ("return_of", "bytes16"),
    ("sequence", "uint64"),
    ("expiry", "uint64"),
)


@dataclass(frozen=True)
class Settled:
    """One settled payment; addresses in lower case, UUIDs as text.

    `instruction` is the struct hash that the event of a batch names, and None for one that settled alone.
    """

    uetr: str
    debtor_agent: str
    creditor_agent: str
    debtor_account: str
    creditor_account: str
    debit_token: str
    debit_amount: int
    credit_token: str
    credit_amount: int
    provider: str
    quote_id: str
    message_digest: bytes
    return_of: str
    block: int
    transaction: str
    instruction: bytes | None = None


@dataclass(frozen=True)
class Transfer:
    """One `Transfer` event of a currency token."""

    token: str
    debtor: str
    creditor: str
    amount: int
    block: int
    transaction: str


@dataclass(frozen=True)
class Supply:
    """A token's totals: by its view functions, and by adding up its events."""

    total: int
    issued: int
    redeemed: int
    issued_events: int
    redeemed_events: int


@dataclass(frozen=True)
class Chain:
    """The chain from its first block to `head`."""

    rpc: Rpc
    chain_id: int
    settlement: str
    tokens: Mapping[str, str]  # currency code -> address in lower case
    head: int
    settled: tuple[Settled, ...]
    transfers: tuple[Transfer, ...]
    supply: Mapping[str, Supply]
    public_bytes: bytes  # every transaction's input and every log's data, one after the other

    def owned(self, token: str, holders: Iterable[str], block: int) -> dict[str, int]:
        """What each holder owns of a token at a block: its free balance and what holds reserve of it."""
        holders = list(holders)
        calls = [_view(token, f"{name}(address)", block, holder) for holder in holders for name in _OWNED]
        found = iter(self.rpc.batch(calls))
        return {holder: int(next(found), 16) + int(next(found), 16) for holder in holders}

    def block_hash(self, number: int) -> str | None:
        """The hash of a block, or None where the chain has none of this number."""
        found = self.rpc.call("eth_getBlockByNumber", hex(number), False)
        return found and str(found["hash"])

    def settled_marks(self, keys: Iterable[tuple[str, str]]) -> list[bytes]:
        """What the contract keeps for (debtor agent, UETR): the hash of the instruction that used the UETR."""
        calls = [
            _view(self.settlement, "settled(address,bytes16)", self.head, agent, uuid.UUID(uetr).bytes)
            for agent, uetr in keys
        ]
        return [bytes.fromhex(found[2:]) for found in self.rpc.batch(calls)]

    def sequences_used(self, keys: Iterable[tuple[str, int]]) -> list[bool]:
        """Whether the contract has used up (debtor agent, sequence), which is all it keeps in the bulk grade."""
        calls = [
            _view(self.settlement, "sequence_used(address,uint64)", self.head, agent, sequence)
            for agent, sequence in keys
        ]
        return [int(found, 16) == 1 for found in self.rpc.batch(calls)]

    def instruction_hash(self, instruction: Mapping[str, str]) -> bytes:
        """The EIP-712 struct hash of an instruction as a book keeps it, by an implementation not ours."""
        message = {name: _typed(kind, instruction[name]) for name, kind in INSTRUCTION}
        domain = {"name": "Corridor Settlement", "version": "1", "chainId": self.chain_id}
        types = {"Instruction": [{"name": name, "type": kind} for name, kind in INSTRUCTION]}
        signable = encode_typed_data({**domain, "verifyingContract": self.settlement}, types, message)
        return bytes(signable.body)


_BATCH = (
    "address",
    "address[]",
    "(uint256,uint256,bytes32,uint256,uint256,uint256,uint256,uint256)[]",
    "(uint256,uint256)[]",
)
_OWNED = ("balanceOf", "held_of")


def read_chain(rpc: Rpc, settlement: str, tokens: Mapping[str, str]) -> Chain:
    """Read everything up to the newest block."""
    settlement = settlement.lower()
    tokens = {code: address.lower() for code, address in tokens.items()}
    head = int(rpc.call("eth_blockNumber"), 16)
    asked = {"fromBlock": "0x0", "toBlock": hex(head), "address": [settlement, *tokens.values()]}
    logs = rpc.call("eth_getLogs", asked)
    of_tokens = [log for log in logs if log["address"].lower() in tokens.values()]
    of_settlement = [log for log in logs if log["address"].lower() == settlement]
    return Chain(
        rpc=rpc,
        chain_id=int(rpc.call("eth_chainId"), 16),
        settlement=settlement,
        tokens=tokens,
        head=head,
        settled=(
            *(_settled(log) for log in _of(SETTLED, of_settlement)),
            *settled_in_batches(rpc, _of(SETTLED_IN_BATCH, of_settlement)),
        ),
        transfers=tuple(_transfer(log) for log in _of(TRANSFER, of_tokens)),
        supply={code: _supply(rpc, address, of_tokens, head) for code, address in tokens.items()},
        public_bytes=_public_bytes(rpc, head),
    )


def account_of(rpc: Rpc, registry: str, bic: str) -> str:
    """The settlement account that the registry names for a BIC."""
    data = keccak(text="account_of(string)")[:4] + encode(["string"], [bic])
    return _address(rpc.call("eth_call", {"to": registry, "data": "0x" + data.hex()}, "latest")[2:])


def _of(event: str, logs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    topic = "0x" + keccak(text=event).hex()
    return [log for log in logs if log["topics"] and log["topics"][0].lower() == topic]


def _settled(log: dict[str, Any]) -> Settled:
    word = _words(log)
    return Settled(
        uetr=_uuid(log["topics"][1][2:]),
        debtor_agent=_address(log["topics"][2][2:]),
        creditor_agent=_address(log["topics"][3][2:]),
        debtor_account=_address(word[0]),
        creditor_account=_address(word[1]),
        debit_token=_address(word[2]),
        debit_amount=int(word[3], 16),
        credit_token=_address(word[4]),
        credit_amount=int(word[5], 16),
        provider=_address(word[6]),
        quote_id=_uuid(word[7]),
        message_digest=bytes.fromhex(word[8]),
        return_of=_uuid(word[9]),
        block=int(log["blockNumber"], 16),
        transaction=log["transactionHash"],
    )


def settled_in_batches(rpc: Rpc, logs: list[dict[str, Any]]) -> list[Settled]:
    """The payments that batches settled; their terms are in the transaction, their events say which settled."""
    sent = {log["transactionHash"]: log for log in logs}
    inputs = rpc.batch([("eth_getTransactionByHash", (key,)) for key in sent])
    terms = {key: batch_terms(found["input"]) for key, found in zip(sent, inputs, strict=True)}
    return [_settled_in_batch(log, *terms[log["transactionHash"]]) for log in logs]


def batch_terms(data: str) -> tuple[str, Sequence[str], dict[str, Sequence[Any]]]:
    """Token, accounts and payments by UETR of a `settle_batch` call."""
    token, accounts, payments, _ = decode(_BATCH, bytes.fromhex(data[10:]))
    return token, accounts, {str(uuid.UUID(bytes=one[0].to_bytes(32, "big")[:16])): one for one in payments}


def _settled_in_batch(
    log: dict[str, Any], token: str, accounts: Sequence[str], payments: dict[str, Sequence[Any]]
) -> Settled:
    uetr = _uuid(log["topics"][1][2:])
    places, amount, digest = payments[uetr][:3]
    agents = [accounts[places & 255], accounts[places >> 8 & 255]]
    others = [places >> 16 & 255, places >> 24 & 255]  # counted from 1; 0 is the agent's own account
    debtor, creditor = (
        accounts[other - 1] if other else agent for agent, other in zip(agents, others, strict=True)
    )
    return Settled(
        uetr=uetr,
        debtor_agent=_address(log["topics"][2][2:]),
        creditor_agent=agents[1].lower(),
        debtor_account=debtor.lower(),
        creditor_account=creditor.lower(),
        debit_token=token.lower(),
        debit_amount=amount,
        credit_token=token.lower(),
        credit_amount=amount,
        provider=ZERO,
        quote_id=str(uuid.UUID(int=0)),
        message_digest=digest,
        return_of=str(uuid.UUID(int=0)),
        block=int(log["blockNumber"], 16),
        transaction=log["transactionHash"],
        instruction=bytes.fromhex(_words(log)[0]),
    )


def _transfer(log: dict[str, Any]) -> Transfer:
    debtor, creditor = (_address(topic[2:]) for topic in log["topics"][1:3])
    block, amount = int(log["blockNumber"], 16), int(_words(log)[0], 16)
    return Transfer(log["address"].lower(), debtor, creditor, amount, block, log["transactionHash"])


def _supply(rpc: Rpc, token: str, logs: list[dict[str, Any]], head: int) -> Supply:
    names = ("totalSupply()", "issued_total()", "redeemed_total()")
    total, issued, redeemed = (int(x, 16) for x in rpc.batch([_view(token, name, head) for name in names]))
    mine = [log for log in logs if log["address"].lower() == token]
    issues, redemptions = (
        sum(int(_words(log)[0], 16) for log in _of(event, mine)) for event in (ISSUED, REDEEMED)
    )
    return Supply(total, issued, redeemed, issues, redemptions)


def _public_bytes(rpc: Rpc, head: int) -> bytes:
    blocks = rpc.batch([("eth_getBlockByNumber", (hex(number), True)) for number in range(head + 1)])
    inputs = [bytes.fromhex(sent["input"][2:]) for block in blocks for sent in block["transactions"]]
    logs = rpc.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": hex(head)})
    return b"\n".join([*inputs, *(bytes.fromhex(log["data"][2:]) for log in logs)])


def _view(contract: str, signature: str, block: int, *args: Any) -> tuple[str, tuple[Any, ...]]:
    kinds = [kind for kind in signature.partition("(")[2].rstrip(")").split(",") if kind]
    data = keccak(text=signature)[:4] + encode(kinds, args)
    return "eth_call", ({"to": contract, "data": "0x" + data.hex()}, hex(block))


def _typed(kind: str, text: str) -> Any:
    if kind == "bytes16":
        return uuid.UUID(text).bytes
    if kind == "bytes32":
        return bytes.fromhex(text.removeprefix("0x"))
    return text if kind == "address" else int(text)


def _words(log: dict[str, Any]) -> list[str]:
    data = log["data"][2:]
    return [data[at : at + 64] for at in range(0, len(data), 64)]


def _address(word: str) -> str:
    return "0x" + word[24:64].lower()


def _uuid(word: str) -> str:
    return str(uuid.UUID(hex=word[:32]))
