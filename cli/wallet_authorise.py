"""Transfers that cost their holder no gas: authorised here, carried to the chain by the holder's institution.

An authorisation is like a signed cheque: whoever has it can have it carried out once, until it expires.
"""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.wallet_options import (
    DEFAULT_KEYSTORE,
    AddressOption,
    JsonOption,
    KeystoreOption,
    NetworkOption,
    PasswordFdOption,
    PasswordFileOption,
    YesOption,
    chosen,
    keystore_at,
    known_network,
    ledger_of,
    unlocked,
)
from cli.wallet_transfer import check_creditor
from cli.wallet_view import agree, note, show_description, show_json, told
from wallet.amount import BadAmount, format_amount, parse_amount
from wallet.authorisation import authorise
from wallet.contacts import read_contacts
from wallet.private_file import write_private
from wallet.typed_data import Transfer
from wallet.words import Description, party_in_words, time_in_words

app = typer.Typer()


@app.command("authorise")
@told
def authorise_transfer(
    amount: Annotated[str, typer.Argument(help="Such as 100 or 100.50.")],
    currency: Annotated[str, typer.Argument(help="Such as CNY.")],
    creditor: Annotated[str, typer.Argument(help="An address with its checksum, or one of your contacts.")],
    network: NetworkOption,
    to: Annotated[
        Path | None, typer.Option("--to", help="Write it to this new private file; else print it.")
    ] = None,
    valid_s: Annotated[int, typer.Option("--valid", help="Seconds it stays valid.", min=1, max=604_800)] = 3600,
    nonce: Annotated[
        int | None, typer.Option("--nonce", help="Its number, to authorise the same again and not twice.", min=0)
    ] = None,
    address: AddressOption = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    password_file: PasswordFileOption = None,
    password_fd: PasswordFdOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Sign a transfer that somebody else may carry to the chain, unchanged and once, and pays the gas for.

    Post what it prints to your institution's API: POST /v1/transfers.
    """
    creditor = read_contacts(keystore.expanduser()).address(creditor)
    store, known = keystore_at(keystore), known_network(network, keystore)
    debtor, token, client = chosen(store, address), known.token(currency), ledger_of(known)
    check_creditor(known, debtor, creditor)
    minor, balance = parse_amount(amount, token.decimals), client.balance_of(token.address, debtor)
    if minor > balance:
        raise BadAmount(
            f"the balance is {format_amount(balance, token.decimals)} {currency}, less than the amount"
        )
    number = secrets.randbits(63) if nonce is None else nonce
    terms = Transfer(debtor, creditor, minor, number, int(time.time()) + valid_s)
    title = f"Authorise {amount} {currency} to {party_in_words(creditor, known)}"
    show_description(
        Description(
            title,
            (
                ("From", party_in_words(debtor, known)),
                ("To", party_in_words(creditor, known)),
                ("Amount", f"{format_amount(minor, token.decimals)} {currency}"),
                ("Number", str(number)),
                ("Valid until", time_in_words(terms.expiry)),
            ),
        )
    )
    agree(f"{title}?", yes=yes)
    signer = unlocked(store, debtor, password_file, password_fd)
    signed = authorise(known, token, client.token_facts(token.address).name, terms, signer).as_json()
    if to is not None:
        write_private(to, json.dumps(signed, indent=2).encode())
        note(f"The authorisation is in {to}: who has it can have it carried out until it expires.")
    if as_json or to is None:  # it is JSON in any case
        show_json(signed if to is None else {"file": str(to), **signed})
