"""Documents that a wallet agrees to: said in words, signed, and checked for who signed them.

Nothing is signed that was not shown in words first, and an acceptance only beside the instruction it accepts.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.exit_codes import ExitCode
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
    password,
    unlocked,
)
from cli.wallet_people import Asker, MeOption, MePasswordFileOption
from cli.wallet_view import (
    agree,
    show_description,
    show_json,
    told,
)
from wallet.address import address_bytes
from wallet.governed import is_governed
from wallet.intent import AcceptanceIntent, BadIntent, Intent, facts_of, words_of
from wallet.network import Network
from wallet.signature import Signature, SignatureRefused
from wallet.typed_data import (
    Acceptance,
    BadTypedData,
    Instruction,
    SequenceCancellation,
    Struct,
    Transfer,
    struct_hash,
)
from wallet.typed_document import MAX_DOCUMENT_BYTES, TypedDocument, read_document
from wallet.verification import recover
from wallet.words import describe, time_in_words

app = typer.Typer()


@app.command("typed-data")
@told
def show_typed_data(
    file: Annotated[Path, typer.Argument(help="Typed data as JSON; - reads standard input.")],
    network: NetworkOption,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    as_json: JsonOption = False,
) -> None:
    """Say in words what typed data would agree to, and give its digest. Nothing is signed."""
    known = known_network(network, keystore)
    document = for_this_network(read_file(file), known)
    description = describe(document.value, known)
    if as_json:
        show_json(
            {"title": description.title, **dict(description.lines), "digest": "0x" + document.digest().hex()}
        )
    else:
        show_description(description)
        typer.echo("0x" + document.digest().hex())


@app.command("sign")
@told
def sign(
    file: Annotated[Path, typer.Argument(help="Typed data as JSON; - reads standard input.")],
    network: NetworkOption,
    instruction: Annotated[
        Path | None, typer.Option("--instruction", help="What an acceptance accepts, as JSON.")
    ] = None,
    address: AddressOption = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    password_file: PasswordFileOption = None,
    password_fd: PasswordFdOption = None,
    yes: YesOption = False,
    me: MeOption = None,
    me_password_file: MePasswordFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign an instruction, acceptance, quote or cancellation for this network; anything else is refused.

    It must be the signer's to sign, in this network's currencies, and not expired. An acceptance names its
    instruction by a hash, which says nothing to anybody: it is signed together with the instruction itself.
    """
    known = known_network(network, keystore)
    document = for_this_network(read_file(file), known)
    store = keystore_at(keystore)
    signer_address = chosen(store, address)
    intent = intent_of(document.value, instruction)
    check_intent(intent, signer_address, known)
    description = words_of(intent, signer_address, known)
    show_description(description)
    agree(f"{description.title}: sign as {signer_address}?", yes=yes)
    digest = document.digest()
    if is_governed(store.directory):
        asker = Asker(me, me_password_file, as_json)
        signature = asker.ask(
            store.directory, known, intent, signer_address, lambda: password(password_file, password_fd)
        ).result
    else:
        signature = unlocked(store, signer_address, password_file, password_fd).sign_digest(digest)
    if not isinstance(signature, Signature):
        raise SignatureRefused("the signing service returned no signature of typed data")
    result = {
        "primary_type": type(document.value).__name__,
        "address": signer_address,
        "digest": "0x" + digest.hex(),
        "signature": "0x" + signature.to_bytes().hex(),
    }
    if as_json:
        show_json(result)
    else:
        typer.echo(result["signature"])


@app.command("verify")
@told
def verify(
    file: Annotated[Path, typer.Argument(help="Typed data as JSON; - reads standard input.")],
    signature: Annotated[str, typer.Argument(help="65 bytes as 0x and hexadecimal digits.")],
    address: Annotated[str, typer.Option("--address", help="Who should have signed.")],
    as_json: JsonOption = False,
) -> None:
    """Say whether an address signed typed data. Exit code 0: yes; 1: somebody else did, or nobody."""
    address_bytes(address)
    document = read_file(file)
    signed_by = recover(document.digest(), read_signature(signature))
    good = signed_by == address
    if as_json:
        show_json({"valid": good, "signed_by": signed_by, "expected": address})
    else:
        typer.echo(f"signed by {signed_by}" if good else f"NOT signed by {address}, but by {signed_by}")
    if not good:
        raise typer.Exit(ExitCode.NO)


def for_this_network(document: TypedDocument, network: Network) -> TypedDocument:
    """Return a document that is for this network's settlement contract. Raises BadTypedData for any other."""
    if (document.chain_id, document.verifying_contract) != (network.chain_id, network.settlement):
        raise BadTypedData("domain: for another chain or another contract than this network's settlement")
    return document


def intent_of(value: Struct, instruction: Path | None) -> Intent:
    """Return what signing a document means. Raises BadIntent."""
    if isinstance(value, Transfer):
        raise BadIntent("a transfer is authorised with `wallet authorise`")
    if isinstance(value, SequenceCancellation):
        raise BadIntent(
            "a sequence is cancelled by its debtor agent's own call of cancel_sequence, not by a document"
        )
    if not isinstance(value, Acceptance):
        return value
    accepted = None if instruction is None else read_file(instruction).value
    if not isinstance(accepted, Instruction):
        raise BadIntent("an acceptance is signed with its instruction: say --instruction FILE")
    if struct_hash(accepted) != value.instruction:
        raise BadIntent("Acceptance.instruction: the hash of another instruction than the one given")
    return AcceptanceIntent(accepted, value.expiry)


def check_intent(intent: Intent, signer: str, network: Network) -> None:
    """Raise BadIntent if an intent is not `signer`'s to sign, names an unknown token, or has expired."""
    facts = facts_of(intent, signer, network)
    if facts.expiry_s is not None and facts.expiry_s < time.time():
        raise BadIntent(f"it expired at {time_in_words(facts.expiry_s)}")


def read_file(file: Path) -> TypedDocument:
    """Read a typed data file, or standard input for "-". Raises BadTypedData."""
    if str(file) == "-":
        return read_document(sys.stdin.buffer.read(MAX_DOCUMENT_BYTES + 1))
    try:
        with file.open("rb") as stream:
            return read_document(stream.read(MAX_DOCUMENT_BYTES + 1))
    except OSError as error:
        raise BadTypedData(f"{file} cannot be read: {error.strerror}") from error


def read_signature(text: str) -> Signature:
    """Read a signature as 0x and 130 hexadecimal digits. Raises SignatureRefused."""
    try:
        raw = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise SignatureRefused("the signature is not 0x and hexadecimal digits") from error
    return Signature.from_bytes(raw)
