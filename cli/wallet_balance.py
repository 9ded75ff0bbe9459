"""`corridor wallet balance`: what an address holds, in every currency of the network."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.wallet_options import (
    DEFAULT_KEYSTORE,
    JsonOption,
    KeystoreOption,
    NetworkOption,
    keystore_at,
    known_network,
    ledger_of,
)
from cli.wallet_view import show_json, show_table, told
from wallet.address import address_bytes
from wallet.amount import format_amount
from wallet.words import party_in_words

app = typer.Typer()


@app.command("balance")
@told
def show_balance(
    network: NetworkOption,
    address: Annotated[str | None, typer.Option("--address", help="Whose; else all of yours.")] = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    as_json: JsonOption = False,
) -> None:
    """Show balances in every currency of the network: of your addresses, or of any one.

    Money on hold is still yours and cannot be spent; in JSON, amounts are minor units as text.
    """
    if address is not None:
        address_bytes(address)
    holders = [address] if address is not None else keystore_at(keystore).addresses()
    known = known_network(network, keystore)
    client = ledger_of(known)
    found = [
        (holder, token, *client.balances(token.address, holder))
        for holder in holders
        for token in known.tokens.values()
    ]
    if as_json:
        show_json(
            [
                {
                    "address": holder,
                    "currency": token.currency,
                    "amount": str(free),
                    "on_hold": str(held),
                    "decimals": token.decimals,
                }
                for holder, token, free, held in found
            ]
        )
        return
    for holder in holders:
        rows = [
            [token.currency, format_amount(free, token.decimals), format_amount(held, token.decimals)]
            for owner, token, free, held in found
            if owner == holder
        ]
        show_table(party_in_words(holder, known), ["Currency", "Amount", "On hold"], rows)
