"""Signatures made with eth-account's own EIP-712 encoder: an oracle independent of wallet and contracts."""

from dataclasses import asdict
from typing import Any

from eth_account.messages import encode_typed_data
from web3.contract.contract import Contract

from tests.contracts.chain import Actor
from wallet.typed_data import Struct

# The order of the secp256k1 group.
GROUP_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def domain(contract: Contract, name: str = "Corridor Settlement") -> dict[str, Any]:
    return {
        "name": name,
        "version": "1",
        "chainId": contract.w3.eth.chain_id,
        "verifyingContract": contract.address,
    }


def sign(who: Actor, contract: Contract, value: Struct) -> bytes:
    """65 bytes, r || s || v, over one of the structs that participants sign."""
    kinds = [{"name": name, "type": kind} for name, kind in value.FIELDS]
    return sign_typed(who, domain(contract), type(value).__name__, kinds, asdict(value))


def sign_typed(
    who: Actor, at: dict[str, Any], name: str, kinds: list[dict[str, str]], value: dict[str, Any]
) -> bytes:
    message = encode_typed_data(at, {name: kinds}, value)
    return bytes(who.account.sign_message(message).signature)


def sign_proposal(who: Actor, at: dict[str, Any], proposal: Any) -> bytes:
    """A council member's signature over a whole proposal, its calls among it."""
    types = {
        "Call": [{"name": "target", "type": "address"}, {"name": "data", "type": "bytes"}],
        "Proposal": [
            {"name": "calls", "type": "Call[]"},
            {"name": "members_version", "type": "uint64"},
            {"name": "salt", "type": "bytes32"},
            {"name": "expiry", "type": "uint64"},
        ],
    }
    value = {
        "calls": [{"target": target, "data": data} for target, data in proposal.calls],
        "members_version": proposal.members_version,
        "salt": proposal.salt,
        "expiry": proposal.expiry,
    }
    return bytes(who.account.sign_message(encode_typed_data(at, types, value)).signature)


def malleable_twin(signature: bytes) -> bytes:
    """The same signature written the second way, with s in the upper half of the group."""
    s = GROUP_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
