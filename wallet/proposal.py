"""What a council's members sign: calls that the council makes, in their order, all or none.

A member approves by signing the proposal itself and not its hash, so that its wallet can show every call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wallet.keccak import keccak
from wallet.network import BadNetwork, Network
from wallet.typed_data import BadTypedData, TypedStruct, from_json, struct_hash, to_json
from wallet.words import Description, party_in_words, time_in_words

COUNCIL_NAME: Final = "Corridor Council"
MOST_CALLS: Final = 16
MOST_CALL_BYTES: Final = 1024
_SELECTOR_BYTES: Final = 4


@dataclass(frozen=True)
class Call(TypedStruct):
    """One call that the council makes."""

    TYPE = "Call(address target,bytes data)"

    target: str
    data: bytes

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.data) > MOST_CALL_BYTES:
            raise BadTypedData(f"Call.data: has {len(self.data)} bytes, more than {MOST_CALL_BYTES}")


@dataclass(frozen=True)
class Proposal(TypedStruct):
    """Calls to be made, valid for one version of the members and until `expiry` (unix s), as ICouncil has it."""

    TYPE = (
        "Proposal(Call[] calls,uint64 members_version,bytes32 salt,uint64 expiry)Call(address target,bytes data)"
    )

    calls: tuple[Call, ...]
    members_version: int
    salt: bytes
    expiry: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.calls) <= MOST_CALLS:
            raise BadTypedData(f"Proposal.calls: {len(self.calls)}, not within 1 .. {MOST_CALLS}")

    def words(self) -> bytes:
        """Return the words that are hashed: the calls' own hashes in one, then the plain fields."""
        return keccak(b"".join(struct_hash(call) for call in self.calls)) + super().words()

    def id(self) -> bytes:
        """Return what the council knows the proposal by: its hash."""
        return struct_hash(self)


def council_of(network: Network) -> str:
    """Return the address of the network's council. Raises BadNetwork where it has none."""
    if network.council is None:
        raise BadNetwork("this network has no council (contracts.council in network.json)")
    return network.council


def proposal_json(proposal: Proposal) -> dict[str, object]:
    """Return a proposal as JSON; `read_proposal` gives back an equal value."""
    return {"calls": [to_json(call) for call in proposal.calls], **to_json(proposal)}


def read_proposal(document: Mapping[str, object]) -> Proposal:
    """Read a proposal strictly. Raises BadTypedData naming the field at fault."""
    fields = dict(document)
    calls = fields.pop("calls", None)
    if not isinstance(calls, list):
        raise BadTypedData("Proposal.calls: missing, or not a list")
    known = {name for name, _ in Proposal.FIELDS}
    for name in fields:
        if name not in known:
            raise BadTypedData(f"Proposal.{str(name)[:64]}: unknown field")
    plain = from_json(_PlainFields, fields)
    found = tuple(from_json(Call, call) for call in calls)
    return Proposal(found, plain.members_version, plain.salt, plain.expiry)


def describe_proposal(proposal: Proposal, network: Network) -> Description:
    """Return a proposal as a person reads it, every byte of every call."""
    calls = [
        (f"Call {number}", f"{party_in_words(call.target, network)}: {_data_in_words(call.data)}")
        for number, call in enumerate(proposal.calls, 1)
    ]
    lines = (
        ("Council", council_of(network)),
        *calls,
        ("Members, version", str(proposal.members_version)),
        ("Can be executed until", time_in_words(proposal.expiry)),
        ("Proposal", "0x" + proposal.id().hex()),
    )
    some = "1 call" if len(calls) == 1 else f"{len(calls)} calls"
    return Description(f"Approve that the council makes {some}", lines)


@dataclass(frozen=True)
class _PlainFields(TypedStruct):
    """The fields of a proposal that are no list; only read, never hashed."""

    TYPE = "Proposal(uint64 members_version,bytes32 salt,uint64 expiry)"

    members_version: int
    salt: bytes
    expiry: int


def _data_in_words(data: bytes) -> str:
    function, arguments = data[:_SELECTOR_BYTES], data[_SELECTOR_BYTES:]
    if len(function) < _SELECTOR_BYTES:
        return f"data 0x{data.hex()}, which is no call of a function"
    return f"function 0x{function.hex()} with 0x{arguments.hex()}"
