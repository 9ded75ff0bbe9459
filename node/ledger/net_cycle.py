"""A netting cycle as the contract takes it: positions and obligations in words, and the root that is signed.

The root is what `settle_net` computes from its own arguments, so a signature
is for one form, one list of participants and one set of payments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_abi.abi import encode

from contracts import artifact
from node.domain.netting import Obligation, net_positions, payments_root
from node.ledger.abi import call_data
from wallet.keccak import keccak
from wallet.typed_data import Position

# Set in the sequence of every payment of a cycle; none that is settled gross may have it.
NETTED: Final = 1 << 63
MAX_POSITIONS: Final = 48
_LANES, _LANE_BITS, _AMOUNT_BITS, _DEBTOR_SHIFT = 4, 62, 56, 248
_MAX_AMOUNT: Final = (1 << _AMOUNT_BITS) - 1


def cycle_id(clearing_agent: str, number: int) -> bytes:
    """The id of a clearing agent's cycle: its address, and `number` below 2**63 with the highest of 64 bits set.

    The last eight bytes are the sequence of every instruction that the cycle settles.
    """
    return bytes.fromhex(clearing_agent[2:]) + bytes(4) + (NETTED | number).to_bytes(8, "big")


def sequence_of(cycle: bytes) -> int:
    """The sequence of the instructions in a cycle."""
    return int.from_bytes(cycle[-8:], "big")


@dataclass(frozen=True)
class NetCycle:
    """A cycle, complete but for its signatures; `positions` are (token, participant, net minor units), ascending.

    `obligations` are the contract's words, none in the form of positions only; `expiry` the last unix second.
    """

    cycle: bytes
    payments_root: bytes
    tokens: tuple[str, ...]
    positions: tuple[tuple[str, str, int], ...]
    obligations: tuple[int, ...]
    expiry: int

    def root(self) -> bytes:
        """What every participant signs besides its own net amount."""
        participants = keccak(encode(["address[]", "uint256[]"], [list(self.tokens), self._places()]))
        return keccak(
            encode(
                ["bytes32", "bytes32", "uint256[]", "int256[]"],
                [self.payments_root, participants, list(self.obligations), self._nets()],
            )
        )

    def to_sign(self) -> tuple[tuple[str, Position], ...]:
        """Who signs what, in the order in which the contract takes the signatures."""
        root = self.root()
        return tuple(
            (participant, Position(self.cycle, root, token, net, self.expiry))
            for token, participant, net in self.positions
        )

    def agree_call(self) -> bytes:
        """The call by which a participant agrees to its positions itself, or the clearing agent proposes."""
        return self._consent_call(given=True)

    def withdraw_call(self) -> bytes:
        """The call by which a participant or the clearing agent makes sure that it never settles as signed."""
        return self._consent_call(given=False)

    def settle_call(self, signatures: Sequence[bytes]) -> bytes:
        """The call that settles the cycle; anyone may send it.

        Signatures of 65 bytes, in the order of to_sign; none of those who have agreed on chain.
        """
        return call_data(artifact("Settlement").abi, "settle_net", *self.settle_arguments(signatures))

    def settle_arguments(self, signatures: Sequence[bytes]) -> tuple[Any, ...]:
        """The arguments of that call."""
        return (
            self.cycle,
            self.payments_root,
            list(self.tokens),
            self._places(),
            list(self.obligations),
            self._nets(),
            self.expiry,
            [_compact(signature) for signature in signatures],
        )

    def _consent_call(self, *, given: bool) -> bytes:
        arguments = (self.cycle, self.root(), list(self.tokens), self._places(), self.expiry, given)
        return call_data(artifact("Settlement").abi, "consent", *arguments)

    def _nets(self) -> list[int]:
        """The net amounts as the contract is given them: not at all where it finds them itself."""
        return [] if self.obligations else [net for _, _, net in self.positions]

    def _places(self) -> list[int]:
        return [_position_word(self.tokens, token, who) for token, who, _ in self.positions]


def net_cycle(
    cycle: bytes, obligations: Sequence[Obligation], tokens: Mapping[str, str], expiry: int, *, on_chain: bool
) -> NetCycle:
    """The cycle of these obligations, whose participants are addresses; `tokens` has the token of each currency.

    `on_chain` is the form in which the contract adds up every obligation itself. Raises BadObligation, and
    ValueError where a cycle has more positions than the contract takes.
    """
    nets = net_positions(obligations)
    used = tuple(tokens[code] for code in sorted({currency.code for currency, _ in nets}))
    found = [(tokens[currency.code], who, net) for (currency, who), net in nets.items()]
    positions = tuple(sorted(found, key=lambda each: _position_word(used, each[0], each[1])))
    if len(positions) > MAX_POSITIONS:
        raise ValueError(f"{len(positions)} positions in one cycle; the contract takes {MAX_POSITIONS}")
    places = {(token, who): place for place, (token, who, _) in enumerate(positions)}
    words = _words(obligations, tokens, places) if on_chain else ()
    return NetCycle(cycle, payments_root([each.payment for each in obligations]), used, positions, words, expiry)


def _position_word(tokens: Sequence[str], token: str, participant: str) -> int:
    return tokens.index(token) << 160 | int(participant, 16)


def _words(
    obligations: Sequence[Obligation], tokens: Mapping[str, str], places: Mapping[tuple[str, str], int]
) -> tuple[int, ...]:
    """Four obligations of one debtor to a word; an amount too large for its lane takes several."""
    lanes: dict[int, list[int]] = {}
    for each in obligations:
        token, left = tokens[each.amount.currency.code], each.amount.minor
        of_debtor = lanes.setdefault(places[token, each.debtor], [])
        while left:
            part = min(left, _MAX_AMOUNT)
            of_debtor.append(places[token, each.creditor] << _AMOUNT_BITS | part)
            left -= part
    return tuple(
        debtor << _DEBTOR_SHIFT
        | sum(lane << _LANE_BITS * place for place, lane in enumerate(of_debtor[start : start + _LANES]))
        for debtor, of_debtor in sorted(lanes.items())
        for start in range(0, len(of_debtor), _LANES)
    )


def _compact(signature: bytes) -> tuple[int, int]:
    """r, and s with the parity above it (EIP-2098)."""
    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:64]))
    return r, s | (signature[64] - 27) << 255
