"""Money held until receipt is confirmed: placed by its owner, released by the confirmer, or back after its time.

The creditor sees the money reserved and cannot take it; the debtor cannot take it back before the expiry.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli.wallet_journal import Journal
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
from cli.wallet_send import finish_earlier, show_outcome
from cli.wallet_transfer import Order, check_creditor, send_and_wait
from cli.wallet_view import agree, note, show_description, told
from contracts import artifact
from node.ledger.abi import call_data
from node.ledger.client import LedgerClient
from node.ledger.values import CallRefused
from wallet.amount import parse_amount
from wallet.contacts import read_contacts
from wallet.hold import MAX_TERMS_BYTES, NO_LOCK, STATUSES, Hold, describe_hold, holds_of, read_terms, terms_json
from wallet.network import Network
from wallet.private_file import UnsafeFile, write_private
from wallet.transaction import BadTransaction, UnsignedTransaction

app = typer.Typer()

TermsArgument = Annotated[Path, typer.Argument(help="The terms, as `wallet hold` wrote them.")]


@dataclass(frozen=True)
class _Act:
    """Something to do with a hold: the call, and the question to ask first."""

    function: str
    arguments: tuple[object, ...]
    question: str


@dataclass(frozen=True)
class _Choices:
    """Whose key, and how it is opened."""

    keystore: Path
    network: Path
    address: str | None
    password_file: Path | None
    password_fd: int | None
    yes: bool
    as_json: bool


@app.command("hold")
@told
def place(
    amount: Annotated[str, typer.Argument(help="Such as 100 or 100.50.")],
    currency: Annotated[str, typer.Argument(help="Such as CNY.")],
    creditor: Annotated[str, typer.Argument(help="An address with its checksum, or one of your contacts.")],
    network: NetworkOption,
    to: Annotated[Path, typer.Option("--to", help="Write the terms to this new file; keep it.")],
    confirmer: Annotated[str | None, typer.Option("--confirmer", help="Who confirms; by default you.")] = None,
    valid_s: Annotated[int, typer.Option("--valid", help="Seconds until it goes back.", min=1)] = 30 * 86_400,
    reference: Annotated[str, typer.Option("--for", help="What it is for; only its digest is told.")] = "",
    address: AddressOption = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    password_file: PasswordFileOption = None,
    password_fd: PasswordFdOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Reserve money for somebody; it is paid when receipt is confirmed, and comes back if it is not."""
    choices = _Choices(keystore, network, address, password_file, password_fd, yes, as_json)

    def wanted(known: Network, debtor: str) -> Hold:
        token, contacts = known.token(currency), read_contacts(keystore.expanduser())
        payee = contacts.address(creditor)
        check_creditor(known, debtor, payee)
        return Hold(
            token=token.address,
            debtor=debtor,
            creditor=payee,
            confirmer=debtor if confirmer is None else contacts.address(confirmer),
            amount=parse_amount(amount, token.decimals),
            premium=0,
            lock=NO_LOCK,
            reference=hashlib.sha256(reference.encode()).digest() if reference else bytes(32),
            salt=secrets.token_bytes(32),
            expiry=int(time.time()) + valid_s,
        )

    _act(choices, wanted, lambda hold: _Act("place", (astuple(hold), b"", b""), "reserve this?"), keep=to)
    note(f"The terms are in {to}: creditor and confirmer need a copy.")


@app.command("confirm")
@told
def confirm(
    terms: TermsArgument,
    network: NetworkOption,
    address: AddressOption = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    password_file: PasswordFileOption = None,
    password_fd: PasswordFdOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Confirm receipt: the money that is held becomes the creditor's, for good."""
    choices = _Choices(keystore, network, address, password_file, password_fd, yes, as_json)
    question = "is this due? It is paid for good"
    _act(
        choices,
        lambda known, _signer: read_terms(_read(terms), known),
        lambda hold: _Act("release", (astuple(hold), bytes(32), b""), question),
    )


@app.command("lift")
@told
def lift(
    terms: TermsArgument,
    network: NetworkOption,
    address: AddressOption = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    password_file: PasswordFileOption = None,
    password_fd: PasswordFdOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """End a hold: its money is the debtor's again. Before its time is over, only the creditor can."""
    choices = _Choices(keystore, network, address, password_file, password_fd, yes, as_json)
    _act(
        choices,
        lambda known, _signer: read_terms(_read(terms), known),
        lambda hold: _Act("lift", (astuple(hold),), "give this back to its debtor?"),
    )


def _act(
    choices: _Choices, terms: Callable[[Network, str], Hold], act: Callable[[Hold], _Act], keep: Path | None = None
) -> None:
    store = keystore_at(choices.keystore)
    signer_address = chosen(store, choices.address)
    known = known_network(choices.network, choices.keystore)
    client = ledger_of(known)
    with Journal(choices.keystore) as journal:
        finish_earlier(client, journal, signer_address, 10)
        hold = terms(known, signer_address)
        wanted = act(hold)
        order = _prepare(client, known, signer_address, hold, wanted)
        description = describe_hold(hold, known)
        show_description(description)
        agree(f"{description.title}: {wanted.question}", yes=choices.yes)
        signer = unlocked(store, signer_address, choices.password_file, choices.password_fd)
        if keep is not None:  # before anything is sent: without its terms nobody can release or lift it
            write_private(keep, json.dumps(terms_json(hold, known), indent=2).encode())
        outcome = send_and_wait(client, order, signer, journal, 60)
    status = client.read(holds_of(known), artifact("Holds").abi, "status", hold.id())
    note(f"The hold is {STATUSES[int(status)]}.")
    show_outcome(order, outcome, choices.as_json)


def _prepare(client: LedgerClient, known: Network, sender: str, hold: Hold, act: _Act) -> Order:
    """Try it on the chain before anybody is asked. Raises BadTransaction where the contract would refuse it."""
    data = call_data(artifact("Holds").abi, act.function, *act.arguments)
    gas = client.simulate(sender, holds_of(known), data)
    if isinstance(gas, CallRefused):
        raise BadTransaction(f"the contract would refuse this: {gas.reason}")
    fees, token = client.fees(), known.token_at(hold.token)
    if token is None:
        raise BadTransaction("token: no currency token of this network")
    unsigned = UnsignedTransaction(
        chain_id=known.chain_id,
        nonce=client.next_nonce(sender),
        to=holds_of(known),
        value=0,
        data=data,
        gas=gas + gas // 2,
        max_fee_per_gas=fees.max_fee_per_gas,
        max_priority_fee_per_gas=fees.max_priority_fee_per_gas,
    )
    return Order(sender, hold.creditor, token, hold.amount, client.balance_of(token.address, sender), unsigned)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_TERMS_BYTES + 1)
    except OSError as error:
        raise UnsafeFile(f"{file} cannot be read: {error.strerror}") from error
