"""The transactions of the bench: a plain token's transfers to accounts never seen before, signed for any chain.

Signing is done by hand over libsecp256k1, because a hundred thousand of them must not outlast the measurement.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

from coincurve import PrivateKey
from eth_hash.auto import keccak

from node.chain.account import encode_integer
from node.chain.trie_node import rlp_list, rlp_string

ARTIFACT: Final = Path(__file__).with_name("workload.json")
TRANSFER_GAS: Final = 80_000
BATCH: Final = 200
BATCH_GAS: Final = 7_000_000
DEPLOYMENT_GAS: Final = 2_000_000
FEE_LIMIT: Final = 10**10  # wei; enough for eth-tester's and Anvil's first base fee, where they have one
FUNDS: Final = 10**24  # wei

_DOCUMENT: Final[dict[str, Any]] = json.loads(ARTIFACT.read_text(encoding="ascii"))
BYTECODE: Final = bytes.fromhex(_DOCUMENT["bytecode"])
_RECEIVERS = count(1)


def _selector(signature: str) -> bytes:
    return bytes.fromhex(_DOCUMENT["selectors"][signature].removeprefix("0x").rjust(8, "0"))


def fresh_address() -> bytes:
    """An account that this process has named to no chain before."""
    return keccak(b"receiver %d" % next(_RECEIVERS))[12:]


def transfer(creditor: bytes) -> bytes:
    """Call data: move one unit."""
    return _selector("transfer(address,uint256)") + creditor.rjust(32, b"\0") + _word(1)


def batch(creditors: Sequence[bytes], amount: int = 1) -> bytes:
    """Call data: move an amount to each of up to 200 accounts."""
    listed = b"".join(one.rjust(32, b"\0") for one in creditors)
    return _selector("batch(address[],uint256)") + _word(64) + _word(amount) + _word(len(creditors)) + listed


def fresh_batch() -> bytes:
    """Call data: a transfer to each of 200 fresh accounts, about 5 Mgas."""
    return batch([fresh_address() for _ in range(BATCH)])


def spin(times: int) -> bytes:
    """Call data: the compute loop; about 160 gas a turn."""
    return _selector("spin(uint256)") + _word(times)


@dataclass
class Account:
    """A key with its next nonce on one chain, signing with that chain's id and a price it accepts."""

    seed: bytes
    chain_id: int
    fee_limit: int = 0
    nonce: int = 0
    key: PrivateKey = field(init=False)
    address: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.key = PrivateKey(keccak(self.seed))
        self.address = keccak(self.key.public_key.format(compressed=False)[1:])[12:]

    def signed(self, to: bytes, data: bytes, gas: int) -> bytes:
        """The next transaction of this account, raw (EIP-1559)."""
        fields = b"".join(
            (
                encode_integer(self.chain_id),
                encode_integer(self.nonce),
                encode_integer(0),
                encode_integer(self.fee_limit),
                encode_integer(gas),
                rlp_string(to),
                encode_integer(0),
                rlp_string(data),
                b"\xc0",
            )
        )
        signature = self.key.sign_recoverable(keccak(b"\x02" + rlp_list(fields)), hasher=None)
        self.nonce += 1
        r, s = (int.from_bytes(signature[start : start + 32], "big") for start in (0, 32))
        return b"\x02" + rlp_list(fields + encode_integer(signature[64]) + encode_integer(r) + encode_integer(s))


def accounts(chain_id: int, fee_limit: int, how_many: int) -> list[Account]:
    """The bench's accounts: the same keys on every chain."""
    return [Account(b"bench account %d" % number, chain_id, fee_limit) for number in range(how_many)]


def deployment(owner: Account) -> tuple[bytes, bytes]:
    """The transaction that creates the token, and the address it will have."""
    address = keccak(rlp_list(rlp_string(owner.address) + encode_integer(owner.nonce)))[12:]
    return owner.signed(b"", BYTECODE, DEPLOYMENT_GAS), address


def transfers(signers: Sequence[Account], token: bytes) -> Iterator[bytes]:
    """One transfer of each signer, to a fresh account."""
    for signer in signers:
        yield signer.signed(token, transfer(fresh_address()), TRANSFER_GAS)


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")
