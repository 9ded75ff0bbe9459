"""Money leaving a wallet: sent to an address, a contact, or as a link asks; and what has become of it.

Everything is shown in words, tried on the chain, and agreed to before the key is unlocked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.wallet_journal import Journal, Kept, transfers_of
from cli.wallet_options import (
    DEFAULT_KEYSTORE,
    AddressOption,
    JsonOption,
    KeystoreOption,
    NetworkOption,
    PasswordFdOption,
    PasswordFileOption,
    QrOption,
    YesOption,
    chosen,
    keystore_at,
    known_network,
    ledger_of,
    password,
    unlocked,
)
from cli.wallet_people import Asker, MeOption, MePasswordFileOption
from cli.wallet_transfer import Order, Outcome, carry_on, keep_and_wait, prepare
from cli.wallet_view import (
    StillOpen,
    agree,
    complain,
    note,
    show_description,
    show_json,
    show_lines,
    show_qr_code,
    told,
)
from node.ledger.client import LedgerClient
from wallet.amount import format_amount, parse_amount
from wallet.contacts import read_contacts
from wallet.governed import is_governed
from wallet.keystore import Keystore
from wallet.network import Network
from wallet.payment_request import PaymentRequest, parse_request
from wallet.transaction import BadTransaction, SignedTransaction, sign_transaction
from wallet.words import time_in_words

app = typer.Typer()

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check everything, sign and send nothing.")]
WaitOption = Annotated[float, typer.Option("--wait", help="Seconds to wait for settlement.", min=0)]


@dataclass(frozen=True)
class _Choices:
    """How a transfer is to be made."""

    keystore: Path
    network: Path
    address: str | None
    password_file: Path | None
    password_fd: int | None
    yes: bool
    dry_run: bool
    wait_s: float
    as_json: bool
    asker: Asker


@app.command("send")
@told
def send(
    amount: Annotated[str, typer.Argument(help="Such as 100 or 100.50.")],
    currency: Annotated[str, typer.Argument(help="Such as CNY.")],
    creditor: Annotated[str, typer.Argument(help="An address with its checksum, or one of your contacts.")],
    network: NetworkOption,
    address: AddressOption = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    password_file: PasswordFileOption = None,
    password_fd: PasswordFdOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait_s: WaitOption = 60,
    me: MeOption = None,
    me_password_file: MePasswordFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send money of one currency from your address to another."""
    asker = Asker(me, me_password_file, as_json)
    choices = _Choices(
        keystore, network, address, password_file, password_fd, yes, dry_run, wait_s, as_json, asker
    )

    def wanted(known: Network) -> PaymentRequest:
        token = known.token(currency)
        to = read_contacts(keystore.expanduser()).address(creditor)
        return PaymentRequest(token, to, parse_amount(amount, token.decimals))

    _transfer(wanted, choices)


@app.command("pay")
@told
def pay(
    link: Annotated[str, typer.Argument(help="A request such as `wallet request` prints.")],
    network: NetworkOption,
    address: AddressOption = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    password_file: PasswordFileOption = None,
    password_fd: PasswordFdOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait_s: WaitOption = 60,
    me: MeOption = None,
    me_password_file: MePasswordFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pay what a link asks for."""
    asker = Asker(me, me_password_file, as_json)
    choices = _Choices(
        keystore, network, address, password_file, password_fd, yes, dry_run, wait_s, as_json, asker
    )
    _transfer(lambda known: parse_request(link, known), choices)


@app.command("request")
@told
def request(
    amount: Annotated[str, typer.Argument(help="Such as 100 or 100.50.")],
    currency: Annotated[str, typer.Argument(help="Such as CNY.")],
    network: NetworkOption,
    address: AddressOption = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    qr: QrOption = False,
    as_json: JsonOption = False,
) -> None:
    """Print a link that asks others to pay you. It says only your address, the currency and the amount."""
    known = known_network(network, keystore)
    token = known.token(currency)
    creditor = chosen(keystore_at(keystore), address)
    link = PaymentRequest(token, creditor, parse_amount(amount, token.decimals)).link(known)
    if qr:
        show_qr_code(link)
    if as_json:
        show_json({"link": link})
    else:
        typer.echo(link)


def _transfer(wanted: Callable[[Network], PaymentRequest], choices: _Choices) -> None:
    store = keystore_at(choices.keystore)
    debtor = chosen(store, choices.address)
    known = known_network(choices.network, choices.keystore)
    asked = wanted(known)
    client = ledger_of(known)
    with Journal(choices.keystore) as journal:
        if not choices.dry_run:
            finish_earlier(client, journal, debtor, choices.wait_s)
        order = prepare(client, known, asked.token, debtor, asked.creditor, asked.amount)
        description = order.description(known)
        show_description(description)
        if choices.dry_run:
            note("This is a dry run: nothing is signed and nothing is sent.")
            outcome = Outcome("dry run", "")
        else:
            agree(f"{description.title}?", yes=choices.yes)
            signed = _signed(known, store, order, choices)
            outcome = keep_and_wait(client, order, signed, journal, choices.wait_s)
    show_outcome(order, outcome, choices.as_json)


def _signed(known: Network, store: Keystore, order: Order, choices: _Choices) -> SignedTransaction:
    """Sign it; where the keystore has a policy, as that allows."""
    if not is_governed(store.directory):
        signer = unlocked(store, order.debtor, choices.password_file, choices.password_fd)
        return sign_transaction(order.unsigned, signer)
    result = choices.asker.ask(
        store.directory,
        known,
        order.intent(),
        order.debtor,
        lambda: password(choices.password_file, choices.password_fd),
    ).result
    if not isinstance(result, SignedTransaction):
        raise BadTransaction("the signing service returned no transaction")
    return result


def show_outcome(order: Order, outcome: Outcome, as_json: bool) -> None:
    """Print what became of a transfer. Raises typer.Exit with its code if it was not sent, or refused."""
    if as_json:
        show_json(order.as_json() | outcome.as_json())
    elif outcome.transaction:
        show_lines(outcome.in_words(), f"transaction {outcome.transaction}")
    if outcome.failure:
        complain(outcome.failure)
        raise typer.Exit(outcome.exit_code)


def finish_earlier(client: LedgerClient, journal: Journal, debtor: str, wait_s: float) -> None:
    """Find out what became of transfers whose end is unknown. Raises StillOpen if there were any.

    They may be the very transfer that is being asked for again, so a person has to look before it is sent anew.
    """
    for kept in journal.transfers():
        if not (kept.open and kept.debtor == debtor and kept.chain_id == client.chain_id()):
            continue
        outcome = carry_on(client, kept, journal, wait_s)
        amount = f"{format_amount(kept.amount, kept.decimals)} {kept.currency}"
        raise StillOpen(
            f"an earlier transfer of {amount} to {kept.creditor} was open and is now {outcome.status} "
            f"({kept.transaction}); nothing new was sent: look at `wallet history`, then send if you still mean it"
        )


@app.command("history")
@told
def history(keystore: KeystoreOption = DEFAULT_KEYSTORE, as_json: JsonOption = False) -> None:
    """Show what was sent from this keystore, and what is known of it."""
    sent = transfers_of(keystore)
    if as_json:
        show_json([_kept_json(kept) for kept in sent])
        return
    for kept in sent:
        amount = f"{format_amount(kept.amount, kept.decimals)} {kept.currency}"
        show_lines(
            f"{time_in_words(kept.time_ms // 1000)}  {kept.status}  {amount}",
            f"  to {kept.creditor}",
            f"  transaction {kept.transaction}",
        )


def _kept_json(kept: Kept) -> dict[str, object]:
    """By the names, and in the units, in which `send --json` tells a transfer."""
    return {
        "time": datetime.fromtimestamp(kept.time_ms // 1000, UTC).isoformat(),
        "status": kept.status,
        "from": kept.debtor,
        "to": kept.creditor,
        "currency": kept.currency,
        "amount": str(kept.amount),
        "decimals": kept.decimals,
        "transaction": kept.transaction,
        "block": kept.block,
    }
