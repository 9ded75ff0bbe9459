"""A request to be paid, as a link (ERC-681) that other wallets understand too: token, chain, creditor, amount.

What a link asks for is only ever a proposal: it is read strictly, for this network's tokens alone, and is shown in
words before anybody agrees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from wallet.address import address_bytes
from wallet.network import Network, Token

_LINK: Final = re.compile(
    r"ethereum:(?P<token>0x[0-9a-fA-F]{40})@(?P<chain>[1-9][0-9]{0,77})/transfer"
    r"\?address=(?P<creditor>0x[0-9a-fA-F]{40})&uint256=(?P<amount>[1-9][0-9]{0,77})"
)


class BadRequest(ValueError):
    """A link that is no request for a currency token of this network."""


@dataclass(frozen=True)
class PaymentRequest:
    """Pay `amount` minor units of `token` to `creditor`."""

    token: Token
    creditor: str
    amount: int

    def link(self, network: Network) -> str:
        """Return the request as a link."""
        return (
            f"ethereum:{self.token.address}@{network.chain_id}/transfer"
            f"?address={self.creditor}&uint256={self.amount}"
        )


def parse_request(link: str, network: Network) -> PaymentRequest:
    """Read a link. Raises BadRequest, BadAddress."""
    found = _LINK.fullmatch(link)
    if found is None:
        raise BadRequest("not a request such as ethereum:TOKEN@CHAIN/transfer?address=CREDITOR&uint256=AMOUNT")
    if int(found["chain"]) != network.chain_id:
        raise BadRequest(f"the request is for chain {found['chain']}, not for chain {network.chain_id}")
    token = network.token_at(found["token"])
    if token is None:
        raise BadRequest(f"{found['token']} is no currency token of this network")
    address_bytes(found["creditor"])
    return PaymentRequest(token, found["creditor"], int(found["amount"]))
