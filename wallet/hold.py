"""A hold: money reserved on its own account for somebody, until it is confirmed to be due or its time is over.

The contract keeps no terms, only their hash: whoever is to release or lift a hold needs the terms themselves, so
they go around as a small file, which gives nobody any power.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wallet.json_input import parse_json
from wallet.network import BadNetwork, Network
from wallet.typed_data import BadTypedData, TypedStruct, domain_separator, from_json, struct_hash, to_json
from wallet.words import Description, amount_in_words, party_in_words, time_in_words

HOLDS_NAME: Final = "Corridor Holds"
NO_LOCK: Final = bytes(32)
STATUSES: Final = ("unknown", "placed", "released, not yet paid", "paid", "lifted")
MAX_TERMS_BYTES: Final = 16 * 1024


@dataclass(frozen=True)
class Hold(TypedStruct):
    """The terms, as the contract has them (IHolds). Amounts in minor units; releasable until `expiry`."""

    TYPE = (
        "Hold(address token,address debtor,address creditor,address confirmer,uint256 amount,uint256 premium,"
        "bytes32 lock,bytes32 reference,bytes32 salt,uint64 expiry)"
    )

    token: str
    debtor: str
    creditor: str
    confirmer: str
    amount: int
    premium: int
    lock: bytes
    reference: bytes
    salt: bytes
    expiry: int

    def id(self) -> bytes:
        """Return what the contract knows the hold by: the hash of its terms."""
        return struct_hash(self)


@dataclass(frozen=True)
class Premium(TypedStruct):
    """The creditor's agreement to pay its debtor so many minor units for a hold, by the hold's id."""

    TYPE = "Premium(bytes32 hold,uint256 premium)"

    hold: bytes
    premium: int


@dataclass(frozen=True)
class Confirmation(TypedStruct):
    """The confirmer's word that a hold is due, by the hold's id."""

    TYPE = "Confirmation(bytes32 hold)"

    hold: bytes


def holds_of(network: Network) -> str:
    """Return the address of the network's contract for holds. Raises BadNetwork where it has none."""
    if network.holds is None:
        raise BadNetwork("this network has no contract for holds (contracts.holds in network.json)")
    return network.holds


def holds_domain(network: Network) -> bytes:
    """Return the EIP-712 domain separator under which holds are signed. Raises BadNetwork."""
    return domain_separator(network.chain_id, holds_of(network), HOLDS_NAME)


def terms_json(hold: Hold, network: Network) -> dict[str, object]:
    """Return the terms as JSON, with the network and contract they are for."""
    return {"chain_id": network.chain_id, "holds": holds_of(network), "hold": to_json(hold)}


def read_terms(raw: bytes, network: Network) -> Hold:
    """Read terms that `terms_json` wrote, for this network. Raises BadTypedData, BadNetwork."""
    try:
        document = parse_json(raw, most_bytes=MAX_TERMS_BYTES)
    except ValueError as error:
        raise BadTypedData(f"terms: not JSON: {error}") from error
    if not isinstance(document, dict) or set(document) != {"chain_id", "holds", "hold"}:
        raise BadTypedData("terms: not an object with exactly chain_id, hold, holds")
    if (document["chain_id"], document["holds"]) != (network.chain_id, holds_of(network)):
        raise BadTypedData("terms: for another chain or another contract than this network's")
    fields = document["hold"]
    hold = from_json(Hold, fields if isinstance(fields, Mapping) else {})
    if network.token_at(hold.token) is None:
        raise BadTypedData("Hold.token: no currency token of this network")
    return hold


def describe_premium(hold: Hold, network: Network) -> Description:
    """Return the creditor's agreement to pay for a hold as a person reads it."""
    amount = amount_in_words(hold.premium, hold.token, network)
    title = f"Pay {amount} to {party_in_words(hold.debtor, network)} for a hold, which does not come back"
    return Description(title, describe_hold(hold, network).lines)


def describe_confirmation(hold: Hold, network: Network) -> Description:
    """Return the confirmer's word as a person reads it before giving it."""
    amount = amount_in_words(hold.amount, hold.token, network)
    title = f"Confirm that {amount} is due to {party_in_words(hold.creditor, network)}: it is paid for good"
    return Description(title, describe_hold(hold, network).lines)


def describe_hold(hold: Hold, network: Network) -> Description:
    """Return the terms as a person reads them."""
    amount = amount_in_words(hold.amount, hold.token, network)
    creditor = party_in_words(hold.creditor, network)
    lines = [
        ("Debtor", party_in_words(hold.debtor, network)),
        ("Creditor", creditor),
        ("Amount", amount),
        ("Released by", party_in_words(hold.confirmer, network)),
        ("What for (digest)", "0x" + hold.reference.hex()),
        ("Goes back after", time_in_words(hold.expiry)),
        ("Hold", "0x" + hold.id().hex()),
    ]
    if hold.premium:
        lines.insert(3, ("Premium to the debtor", amount_in_words(hold.premium, hold.token, network)))
    if hold.lock != NO_LOCK:
        lines.insert(4, ("And by the secret of", "0x" + hold.lock.hex()))
    return Description(f"Hold {amount} for {creditor}", tuple(lines))
