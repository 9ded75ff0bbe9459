"""`corridor wallet requests | approve | refuse`: acts that take several people, one of whom asked for it.

A keystore with a `policy.json` beside its keys signs only through its policy; everything is in the `audit.log`
there. People are known by addresses of their own: whoever acts unlocks their own key, and signs what they say.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from cli.wallet_journal import Journal, Kept
from cli.wallet_options import (
    DEFAULT_KEYSTORE,
    JsonOption,
    KeystoreOption,
    NetworkOption,
    PasswordFdOption,
    PasswordFileOption,
    YesOption,
    keystore_at,
    known_network,
    ledger_of,
    password,
)
from cli.wallet_people import MeOption, MePasswordFileOption, person, waiting_json
from cli.wallet_transfer import carry_on
from cli.wallet_view import NotAllowed, agree, show_description, show_json, show_lines, told
from wallet.consent import Approval, Refusal, request_bytes, sign_consent
from wallet.governed import entries_beside, policy_beside, service_beside
from wallet.intent import TransferIntent, words_of
from wallet.intent_document import read_intent
from wallet.network import Network
from wallet.signing_service import Denied, Pending, Signed
from wallet.transaction import SignedTransaction
from wallet.waiting import Waiting, waiting_in
from wallet.words import Description, party_in_words

app = typer.Typer()

RequestArgument = Annotated[str, typer.Argument(help="Its id, as `wallet requests` shows it.")]


@app.command("requests")
@told
def show_requests(
    network: NetworkOption, keystore: KeystoreOption = DEFAULT_KEYSTORE, as_json: JsonOption = False
) -> None:
    """Show what waits for people's consent. Nothing is unlocked."""
    directory, known = keystore.expanduser(), known_network(network, keystore)
    found = waiting_in(entries_beside(directory))
    if as_json:
        show_json([_request_json(one, known) for one in found])
        return
    for one in found:
        show_description(_words(one, known))
        show_lines(f"{one.id}  needs {one.missing} more of {', '.join(sorted(one.roles))}")
    if not found:
        show_lines("nothing waits")


@app.command("approve")
@told
def approve(
    request: RequestArgument,
    network: NetworkOption,
    me: MeOption = None,
    me_password_file: MePasswordFileOption = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    password_file: PasswordFileOption = None,
    password_fd: PasswordFdOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Agree to what waits, as another person than who asked; with the last consent it is signed and sent."""
    directory, known = keystore.expanduser(), known_network(network, keystore)
    found, words = _waiting(directory, known, request)
    show_description(words)
    mine = person(policy_beside(directory), me, me_password_file)
    agree(f"{words.title}: do you agree, as {mine.address}?", yes=yes)
    store = keystore_at(keystore)
    account = store.unlock(found.signer, password(password_file, password_fd))
    evidence = sign_consent(Approval(request_bytes(request)), found.signer, known, mine)
    with service_beside(directory, known, [account], store.addresses(), time.time) as service:
        judged = service.approve(request, mine.address, evidence)
    if isinstance(judged, Denied):
        raise NotAllowed("; ".join(judged.reasons))
    if isinstance(judged, Pending):
        _show(waiting_json(judged), f"agreed; it needs {judged.missing} more", as_json)
        return
    _carry(judged, found, known, directory, as_json)


@app.command("refuse")
@told
def refuse(
    request: RequestArgument,
    network: NetworkOption,
    me: MeOption = None,
    me_password_file: MePasswordFileOption = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Turn down what waits, or withdraw what you asked for; it will never be signed."""
    directory, known = keystore.expanduser(), known_network(network, keystore)
    found, words = _waiting(directory, known, request)
    show_description(words)
    mine = person(policy_beside(directory), me, me_password_file)
    agree(f"{words.title}: turn it down, as {mine.address}?", yes=yes)
    evidence = sign_consent(Refusal(request_bytes(request)), found.signer, known, mine)
    with service_beside(directory, known, (), keystore_at(keystore).addresses(), time.time) as service:
        service.reject(request, mine.address, evidence)
        still = {one.request for one in service.waiting()}
    if request in still:
        raise NotAllowed(f"{mine.address} has no say in this")
    _show({"request": request, "status": "refused"}, "refused; it will not be signed", as_json)


def _waiting(directory: Path, known: Network, request: str) -> tuple[Waiting, Description]:
    """What waits under this id, in words. Raises NotAllowed where nothing does, BadTypedData for what is no id."""
    request_bytes(request)
    found = next((one for one in waiting_in(entries_beside(directory)) if one.id == request), None)
    if found is None:
        raise NotAllowed(f"nothing waits as {request}; `wallet requests` shows what does")
    return found, _words(found, known)


def _words(found: Waiting, known: Network) -> Description:
    words = words_of(read_intent(found.intent), found.signer, known)
    return Description(words.title, (*words.lines, ("Asked by", party_in_words(found.asked_by, known))))


def _carry(judged: Signed, found: Waiting, known: Network, directory: Path, as_json: bool) -> None:
    """Send what was signed, if it is a transfer, or print the signature."""
    intent, result = read_intent(found.intent), judged.result
    if not isinstance(result, SignedTransaction) or not isinstance(intent, TransferIntent):
        raw = result.raw if isinstance(result, SignedTransaction) else result.to_bytes()
        _show({"request": found.id, "status": "signed", "signature": "0x" + raw.hex()}, "0x" + raw.hex(), as_json)
        return
    kept = Kept(
        time_ms=time.time_ns() // 1_000_000,
        chain_id=known.chain_id,
        debtor=found.signer,
        creditor=intent.creditor,
        currency=intent.currency,
        decimals=known.token(intent.currency).decimals,
        amount=intent.amount,
        transaction="0x" + result.hash.hex(),
        raw=result.raw,
    )
    with Journal(directory) as journal:
        journal.keep(kept)
        outcome = carry_on(ledger_of(known), kept, journal, 60)
    _show({"request": found.id, **outcome.as_json()}, f"{outcome.in_words()}, {outcome.transaction}", as_json)
    if outcome.failure:
        raise NotAllowed(outcome.failure)


def _show(document: dict[str, object], line: str, as_json: bool) -> None:
    if as_json:
        show_json(document)
    else:
        show_lines(line)


def _request_json(found: Waiting, known: Network) -> dict[str, object]:
    words = _words(found, known)
    return {
        "request": found.id,
        "title": words.title,
        **dict(words.lines),
        "missing": found.missing,
        "roles": sorted(found.roles),
        "agreed": list(found.agreed),
    }
