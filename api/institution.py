"""One institution as it runs: its office, its worker and its keys, opened from its own folder.

Folder: `institution.json`, `settlement_key/` and `operator_key/` (keystores of one key each),
`message_key.json`, `password` and `master_key` (mode 0600), `book.sqlite`. Signing keys may live elsewhere: the
description's `signers` says where (`wallet.key_place`). Nothing is asked of the chain to open it, unless a signer
is remote.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import partial
from pathlib import Path
from random import SystemRandom
from threading import BoundedSemaphore
from typing import Any, Final, TypeVar

import httpx

from api.clock import SystemClock
from api.correspondent import HttpCorrespondent
from api.iso20022.catalogue import Catalogue
from api.limits import BodyLimits
from api.peer_certificate import PeerCertificates
from api.pricing import BadPricing, price_book
from api.reporter import Iso20022Reporter
from api.scribe import Iso20022Scribe
from api.signatures import Signatory
from api.tls import client_context, public_context
from api.translation import Iso20022Translator, reasons_of, remarks_of
from api.webhooks.address import WebhookTargets
from api.webhooks.dispatcher import Dispatcher
from api.webhooks.sending import HttpSender
from node.book.book import Book
from node.book.databases import place_of_book
from node.book.sealing import Key, master_key_of, new_master_key_text
from node.domain.calendar import BadCalendar, Calendars, calendars_from
from node.domain.names import NameCheck
from node.domain.party import Agent, Participant
from node.domain.reasons import Finding
from node.ledger.client import LedgerClient
from node.ledger.directory import Directory
from node.ledger.settlement_contract import SettlementContract
from node.settlement.aftercare import Aftercare
from node.settlement.bell import Bell
from node.settlement.office import Office
from node.settlement.ports import Boundary, Clock
from node.settlement.terms import BadTerms, PriceBook, Terms, terms_from
from node.settlement.worker import Worker
from node.settlement.workers_elsewhere import WorkersElsewhere
from wallet.key_place import BadKeyPlace, KeyPlaces, KeystorePlace, read_places
from wallet.key_ring import KeyRing, secret_in
from wallet.message_key import load_message_key
from wallet.private_file import read_private, write_private
from wallet.signer import Signer

DESCRIPTION: Final = "institution.json"
UNLOCKS_KEYS: Final = "password"
MESSAGE_KEY: Final = "message_key.json"
SETTLEMENT_KEY: Final = "settlement_key"
OPERATOR_KEY: Final = "operator_key"
MASTER_KEY: Final = "master_key"
BOOK: Final = "book.sqlite"
BELLS: Final = "bells"
PEER_TIMEOUT_S: Final = 10.0
_MOST_KEY_BYTES: Final = 4096
_TLS_MEMBERS: Final = ("authority", "certificate", "key")
ASKED_AT_ONCE: Final = 8
_Chosen = TypeVar("_Chosen", bound=Enum)


class BadInstitution(ValueError):
    """A folder that is not an institution's, or whose description cannot be used; the text says what is wrong."""


@dataclass(frozen=True)
class InstitutionDescription:
    """What `institution.json` says; keys and customers' data are elsewhere.

    `database` is the URL of its book, where it is neither the file in the folder nor in the process's database.
    `tls` says how it asks others: the `authority` it trusts, the `certificate` and `key` it shows, as files;
    `peer_certificates` what it asks of theirs.
    """

    bic: str
    name: str
    lei: str
    rpc_url: str
    registry: str
    settlement: str
    settlement_account: str
    operator_account: str
    api_address: str
    credential_sha256: str
    prices: Mapping[str, str] = field(default_factory=dict)
    spread_bps: int = 20
    terms: Mapping[str, float] = field(default_factory=dict)
    signers: Mapping[str, Any] = field(default_factory=dict)
    database: str = ""
    webhook_targets: str = WebhookTargets.PUBLIC.value
    calendars: Mapping[str, Any] = field(default_factory=dict)
    name_check: str = NameCheck.TELL.value
    tls: Mapping[str, str] = field(default_factory=dict)
    peer_certificates: str = PeerCertificates.ANY.value
    pricing: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Institution:
    """Everything the API of one institution works with."""

    name: str
    office: Office
    worker: Worker | WorkersElsewhere
    signatory: Signatory
    credential_digest: bytes
    api_address: str
    catalogue: Catalogue
    translator: Iso20022Translator
    http: httpx.Client
    line: HttpCorrespondent
    together: _AllAtOnce
    limits: BodyLimits
    keys: KeyRing
    webhook_targets: WebhookTargets
    dispatcher: Dispatcher
    peer_certificates: PeerCertificates

    def start_work(self) -> None:
        """Start the worker and the webhooks, where this process has them to do."""
        if isinstance(self.worker, Worker):
            self.worker.start()
            self.dispatcher.start()

    def close(self) -> None:
        """Stop working and let go of keys, book and connections."""
        self.worker.stop()
        self.keys.close()
        self.dispatcher.stop()
        self.together.close()
        self.http.close()
        self.office.client.close()
        self.office.book.close()


def _refuse_unknown(members: dict[str, Any]) -> None:
    known = [one.name for one in fields(InstitutionDescription)]
    if unknown := sorted(set(members) - set(known)):
        raise ValueError(f"there is no member {unknown[0]}; there are {', '.join(known)}")


def read_description(folder: Path) -> InstitutionDescription:
    """The folder's description; raises BadInstitution."""
    try:
        members: dict[str, Any] = json.loads((folder / DESCRIPTION).read_bytes())
        _refuse_unknown(members)
        return InstitutionDescription(**members)
    except FileNotFoundError:
        raise BadInstitution(f"{folder} is no institution's folder: it has no {DESCRIPTION}") from None
    except (ValueError, TypeError) as error:
        raise BadInstitution(f"{folder / DESCRIPTION} cannot be used: {error}") from error


def described_signers(folder: Path) -> Mapping[str, Any]:
    """The `signers` of the folder's description, which may lack everything else yet; raises BadInstitution."""
    try:
        members = json.loads((folder / DESCRIPTION).read_bytes())
        return dict(members.get("signers", {}))
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInstitution(f"{folder / DESCRIPTION} cannot be used: {error}") from error


def key_places(folder: Path, signers: Mapping[str, Any]) -> KeyPlaces:
    """Where the institution's signing keys live; raises BadInstitution."""
    try:
        return read_places(signers, folder)
    except BadKeyPlace as fault:
        raise BadInstitution(f"{folder / DESCRIPTION}: {fault}") from fault


def open_institution(
    folder: Path,
    *,
    clock: Clock | None = None,
    boundary: Boundary | None = None,
    limits: BodyLimits | None = None,
    gate: BoundedSemaphore | None = None,
    database: str | None = None,
    worker: str | None = "worker",
    master_key: Path | None = None,
    schemas: Path | None = None,
) -> Institution:
    """Open the institution kept in `folder`: unlock its keys, migrate and open its book; start nothing.

    `boundary` is told of every boundary crossed; `gate` bounds key derivations across several institutions of a
    process; `database` is the PostgreSQL database that keeps the book, in a schema of the BIC, unless the
    description names one; `worker` tells this process from others on the same book, None leaves the work to
    others; `master_key` is a file elsewhere, `schemas` a folder. Raises BadInstitution, BadSchemas,
    KeystoreRefused, UnsafeFile, BookTrouble, WrongMasterKey, BadMasterKey; SignatureRefused, SignerUnreachable.
    """
    said = read_description(folder)
    targets, clock = _one_of(WebhookTargets, "webhook_targets", said.webhook_targets), clock or SystemClock()
    catalogue, client = Catalogue(schemas), LedgerClient(said.rpc_url)
    password = secret_in(folder / UNLOCKS_KEYS)
    signatory = Signatory(said.bic, load_message_key(folder / MESSAGE_KEY, password))
    keys = KeyRing(password, lambda: (client.chain_id(), said.settlement), gate)
    signers = _signers(folder, said, keys)
    http = httpx.Client(timeout=PEER_TIMEOUT_S, trust_env=False, follow_redirects=False, verify=_tls(said))
    directory, ourselves = Directory(client, said.registry), Agent(said.bic, said.name, said.lei)
    correspondent = HttpCorrespondent(signatory, http, clock, directory.tokens, *_heard(catalogue))
    together, translator = _AllAtOnce(), Iso20022Translator(catalogue, ourselves, clock)
    office = Office(
        bic=said.bic,
        account=said.settlement_account,
        book=_book(folder, said, database, master_key),
        client=client,
        directory=directory,
        contract=SettlementContract(client, said.settlement),
        correspondent=correspondent,
        translator=translator,
        signer=signers.settlement,
        lane_signer=signers.operator,
        clock=clock,
        boundary=boundary or _pass_by,
        terms=_terms(said),
        prices=_prices(said, folder, http, clock),
        ask_all=together,
        more_lane_signers=signers.more_operators,
        aftercare=_aftercare(catalogue, ourselves, correspondent, clock),
        calendars=_calendars(said),
        name_check=_name_check(said),
    )
    return Institution(
        name=said.name,
        office=office,
        worker=Worker(office, worker) if worker else WorkersElsewhere(office, Bell(folder / BELLS)),
        signatory=signatory,
        credential_digest=bytes.fromhex(said.credential_sha256),
        api_address=said.api_address,
        catalogue=catalogue,
        translator=translator,
        http=http,
        line=correspondent,
        together=together,
        limits=limits or BodyLimits(),
        keys=keys,
        webhook_targets=targets,
        dispatcher=Dispatcher(office.book, clock, HttpSender(targets), SystemRandom().random, worker or ""),
        peer_certificates=peer_certificates(said),
    )


def _heard(catalogue: Catalogue) -> Iterator[Callable[[bytes], tuple[Finding, ...]]]:
    """What is read in other institutions' reports: reasons, then remarks."""
    return (partial(read, catalogue=catalogue) for read in (reasons_of, remarks_of))


def open_book(folder: Path, database: str | None = None, master_key: Path | None = None) -> Book:
    """The institution's book alone, for commands beside its running API; raises as `open_institution`."""
    return _book(folder, read_description(folder), database, master_key)


def master_key_in(folder: Path, elsewhere: Path | None = None) -> Key:
    """The institution's master key; made in its folder where it is to lie there and does not yet.

    Raises BadMasterKey, UnsafeFile, and FileNotFoundError for a file elsewhere, which is nobody's to make.
    """
    if elsewhere is None and not (folder / MASTER_KEY).exists():
        with suppress(FileExistsError):  # another process was faster by a moment
            write_private(folder / MASTER_KEY, new_master_key_text())
    return master_key_of(read_private(elsewhere or folder / MASTER_KEY, _MOST_KEY_BYTES))


def book_place(folder: Path, database: str | None = None) -> str:
    """The URL of the institution's book; raises BadInstitution."""
    return _place(folder, read_description(folder), database)


def _place(folder: Path, said: InstitutionDescription, database: str | None) -> str:
    return place_of_book(said.database or database, said.bic, folder / BOOK)


def _book(folder: Path, said: InstitutionDescription, database: str | None, master_key: Path | None) -> Book:
    return Book.open(_place(folder, said, database), master_key_in(folder, master_key))


def _aftercare(
    catalogue: Catalogue, ourselves: Agent, correspondent: HttpCorrespondent, clock: Clock
) -> Aftercare:
    reporter = Iso20022Reporter(ourselves, clock)
    return Aftercare(Iso20022Scribe(catalogue, ourselves, clock), correspondent, reporter)


@dataclass(frozen=True)
class _Signers:
    settlement: Signer
    operator: Signer
    more_operators: tuple[Signer, ...]


def _signers(folder: Path, said: InstitutionDescription, keys: KeyRing) -> _Signers:
    """Open the institution's signing keys; the addresses on record must be theirs."""
    places = key_places(folder, said.signers)
    settlement = places.settlement or KeystorePlace(folder=folder / SETTLEMENT_KEY)
    operator = places.operator or KeystorePlace(folder=folder / OPERATOR_KEY)
    try:
        return _Signers(
            keys.open(settlement, said.settlement_account),
            keys.open(operator, said.operator_account),
            tuple(keys.open(place) for place in places.more_operators),
        )
    except BadKeyPlace as fault:
        keys.close()
        raise BadInstitution(f"{folder / DESCRIPTION}: {fault}") from fault
    except BaseException:
        keys.close()
        raise


def _terms(said: InstitutionDescription) -> Terms:
    try:
        return terms_from(said.terms)
    except BadTerms as fault:
        raise BadInstitution(f"terms: {fault}") from None


def _tls(said: InstitutionDescription) -> ssl.SSLContext:
    """How others are asked; without a setting, as everybody asks the public internet."""
    if not said.tls:
        return public_context()
    if strangers := said.tls.keys() - set(_TLS_MEMBERS):
        raise BadInstitution(f"tls: there is no {min(strangers)}; there are {', '.join(_TLS_MEMBERS)}")
    files = (Path(said.tls[name]) if name in said.tls else None for name in _TLS_MEMBERS)
    return client_context(*files)


def peer_certificates(said: InstitutionDescription) -> PeerCertificates:
    """What the description asks of other institutions' certificates; raises BadInstitution."""
    return _one_of(PeerCertificates, "peer_certificates", said.peer_certificates)


def _one_of(kinds: type[_Chosen], member: str, said: str) -> _Chosen:
    try:
        return kinds(said)
    except ValueError:
        known = ", ".join(one.value for one in kinds)
        raise BadInstitution(f"{member}: {said!r} is none of {known}") from None


def _calendars(said: InstitutionDescription) -> Calendars:
    try:
        return calendars_from(said.calendars)
    except BadCalendar as fault:
        raise BadInstitution(f"calendars: {fault}") from None


def _name_check(said: InstitutionDescription) -> NameCheck:
    try:
        return NameCheck(said.name_check)
    except ValueError:
        known = ", ".join(check.value for check in NameCheck)
        raise BadInstitution(f"name_check: {said.name_check!r} is none of {known}") from None


def _prices(said: InstitutionDescription, folder: Path, http: httpx.Client, clock: Clock) -> PriceBook | None:
    try:
        return price_book(said.prices, said.spread_bps, said.pricing, folder, http, clock)
    except BadPricing as fault:
        raise BadInstitution(f"pricing: {fault}") from None


class _AllAtOnce:
    """Puts a question to several institutions at the same time (`node.settlement.office.AskAll`)."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=ASKED_AT_ONCE, thread_name_prefix="ask")

    def __call__(self, question: Callable[[Participant], Any], asked: Sequence[Participant]) -> Iterable[Any]:
        return list(self._pool.map(question, asked)) if len(asked) > 1 else [question(one) for one in asked]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _pass_by(boundary: str, uetr: str) -> None:
    """Nobody asked to be told."""
