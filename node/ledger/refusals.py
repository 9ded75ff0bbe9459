"""What engines say when they will not take a transaction, sorted by what can be done about it: one table.

Every engine has words of its own; what fits no line may pass by itself, and the same bytes are tried again.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final


class Refusal(Enum):
    """What a refusal asks for."""

    FEE_TOO_LOW = "the offer is too low now: the same transaction with higher fees may be taken"
    IMPOSSIBLE = "this transaction can never be in a block, whatever it offers"
    FUNDS = "the operator account cannot pay for it"
    UNCLEAR = "the same bytes may be taken later"


# geth, Anvil and the local chain; Besu's upper-case codes; Erigon's and Nethermind's words.
_WORDS: Final = (
    (
        Refusal.FEE_TOO_LOW,
        re.compile(
            r"underpriced|less than block base fee|below (the )?(current )?base ?fee|less than .{0,20}base ?fee"
            r"|fee ?cap ?too ?low|fee ?too ?low|gas[ _]price[ _](too[ _]low|below)|minimum gas price"
            r"|tip (too low|below)|greater than (the )?base ?fee"
        ),
    ),
    (
        Refusal.IMPOSSIBLE,
        re.compile(
            r"exceeds? block gas limit|exceeds_block_gas_limit|intrinsic[ _]gas|oversized data|gas limit too high"
            r"|gas limit exceeds|gas_limit > |out of gas|init ?code size"
        ),
    ),
    (Refusal.FUNDS, re.compile(r"insufficient (funds|balance)|upfront[ _]cost")),
)


def refusal_of(text: str) -> Refusal:
    """What an engine's refusal of a transaction asks for."""
    words = text.lower()
    return next((kind for kind, pattern in _WORDS if pattern.search(words)), Refusal.UNCLEAR)
