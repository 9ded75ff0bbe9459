"""Between institutions over real TLS: who signs a request must show a certificate that names them."""

from __future__ import annotations

import json
import shutil
import ssl
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from typer.testing import CliRunner

from api.app import create_app
from api.institution import DESCRIPTION, BadInstitution, Institution, open_institution
from api.peer_certificate import NAMES_INSTITUTION, TellCertificates, institutions_named
from api.tls import client_context, server_context
from cli.api import app as api_command
from cli.atomic_file import replace_json
from cli.exit_codes import ExitCode
from cli.running_network import RunningNetwork
from node.chain.serving import BackgroundServer
from tests.api.expectations import problem
from tests.api.test_interbank import ASKED, Asker
from tests.api.test_tls import Authority, Identity
from tests.network import BANK_CN, BANK_HK, PROVIDER, Bank, bank

QUOTES = "/v1/interbank/quotes"


def named(bic: str) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(NAMES_INSTITUTION + bic)


@dataclass(frozen=True)
class Strict:
    """The provider, over TLS, asking for certificates that name who signs."""

    institution: Institution
    url: str
    authority: Authority
    network: RunningNetwork

    def context(self, identity: Identity | None) -> ssl.SSLContext:
        shown = (identity.certificate, identity.key) if identity else (None, None)
        return client_context(self.authority.certificate, *shown)

    def ask(self, identity: Identity | None, signer: str = BANK_CN) -> httpx.Response:
        """A quote asked for by this signer over a connection with this certificate."""
        asker, content = (
            Asker(self.institution, self.network.institutions[signer].signatory),
            json.dumps({**ASKED, "taker_bic": signer}).encode(),
        )
        head = asker.head(QUOTES, content)
        with httpx.Client(verify=self.context(identity), trust_env=False, timeout=60) as http:
            return http.post(self.url + QUOTES, content=content, headers=dict(head.headers))

    def issued(self, *bics: str) -> Identity:
        return self.authority.issue(f"peer-{uuid.uuid4().hex}", *(named(bic) for bic in bics))


def _described(network: RunningNetwork, folder: Path, **said: str) -> Path:
    copy = folder / PROVIDER
    shutil.copytree(network.data / "institutions" / PROVIDER, copy, ignore=shutil.ignore_patterns("book*"))
    replace_json(copy / DESCRIPTION, {**json.loads((copy / DESCRIPTION).read_text("utf-8")), **said})
    return copy


@pytest.fixture(scope="module")
def strict(network: RunningNetwork, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strict]:
    folder = tmp_path_factory.mktemp("strict")
    authority = Authority(folder, "network-authority")
    ours = authority.issue("provider")
    context = server_context(ours.certificate, ours.key, authority.certificate, clients_may_show_none=True)
    institution = open_institution(_described(network, folder, peer_certificates="named"))
    with BackgroundServer(TellCertificates(create_app(institution)), tls=context) as server:
        yield Strict(institution, server.url, authority, network)


@pytest.fixture
def provider(network: RunningNetwork) -> Iterator[Bank]:
    opened = bank(network, PROVIDER)
    with opened.http:
        yield opened


def test_who_signs_and_shows_a_certificate_in_their_name_is_answered(strict: Strict) -> None:
    answer = strict.ask(strict.issued(BANK_CN))
    assert answer.status_code == 200, answer.text
    assert strict.ask(strict.issued(BANK_HK, BANK_CN)).status_code == 200


WRONG: dict[str, Callable[[Strict], Identity | None]] = {
    "none": lambda _strict: None,
    "one without a name": lambda strict: strict.authority.issue("nameless"),
    "another institution's": lambda strict: strict.issued(BANK_HK),
    "one whose name begins alike": lambda strict: strict.issued(BANK_CN + "X"),
    "one that says the BIC elsewhere": lambda strict: strict.authority.issue(
        BANK_CN, x509.DNSName(BANK_CN.lower())
    ),
}


@pytest.mark.parametrize("shown", WRONG)
def test_a_good_signature_with_the_wrong_certificate_is_refused(strict: Strict, shown: str) -> None:
    problem(strict.ask(WRONG[shown](strict)), 403, "certificate_not_of_signer")


def test_a_certificate_of_another_authority_gets_no_answer(strict: Strict, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "network-authority").issue("peer", named(BANK_CN))
    with pytest.raises(httpx.TransportError):
        strict.ask(stranger)


def test_a_certificate_does_not_stand_in_for_a_signature(strict: Strict) -> None:
    """The signature is looked at first: a stranger learns nothing about certificates."""
    with httpx.Client(verify=strict.context(strict.issued(BANK_CN)), trust_env=False, timeout=60) as http:
        problem(http.post(strict.url + QUOTES, json=ASKED), 401, "message_signature_refused")


def test_a_header_names_nobody(strict: Strict) -> None:
    signatory = strict.network.institutions[BANK_CN].signatory
    content = json.dumps(ASKED).encode()
    head = Asker(strict.institution, signatory).head(QUOTES, content)
    said = {"X-SSL-Client-Cert": "…".encode().hex(), "X-Client-Certificate": NAMES_INSTITUTION + BANK_CN}
    with httpx.Client(verify=strict.context(None), trust_env=False, timeout=60) as http:
        answer = http.post(strict.url + QUOTES, content=content, headers={**dict(head.headers), **said})
    problem(answer, 403, "certificate_not_of_signer")


def test_connections_side_by_side_keep_their_own_certificates(strict: Strict) -> None:
    mine, theirs = strict.issued(BANK_CN), strict.issued(BANK_HK)
    with (
        httpx.Client(verify=strict.context(mine), trust_env=False, timeout=60) as one,
        httpx.Client(verify=strict.context(theirs), trust_env=False, timeout=60) as other,
    ):
        for http, signer, good in (
            (one, BANK_CN, 200),
            (other, BANK_CN, 403),
            (other, BANK_HK, 200),
            (one, BANK_HK, 403),
        ):
            asker = Asker(strict.institution, strict.network.institutions[signer].signatory)
            content = json.dumps({**ASKED, "taker_bic": signer}).encode()
            head = asker.head(QUOTES, content)
            answer = http.post(strict.url + QUOTES, content=content, headers=dict(head.headers))
            assert answer.status_code == good, answer.text


def test_the_back_office_and_browsers_need_no_certificate(strict: Strict, provider: Bank) -> None:
    headers = dict(provider.http.headers)
    with httpx.Client(verify=strict.context(None), trust_env=False, timeout=60, headers=headers) as http:
        assert http.get(strict.url + "/v1/accounts").status_code == 200


def test_without_the_setting_a_signature_is_enough(network: RunningNetwork) -> None:
    answer = Asker(network.institutions[PROVIDER], network.institutions[BANK_CN].signatory).ask(QUOTES, ASKED)
    assert answer.status_code == 200


def test_a_certificate_that_cannot_be_read_names_nobody() -> None:
    assert institutions_named(b"no certificate") == frozenset()


def test_the_setting_is_checked_when_the_institution_is_opened(network: RunningNetwork, tmp_path: Path) -> None:
    folder = _described(network, tmp_path, peer_certificates="some")
    with pytest.raises(BadInstitution, match="'some' is none of any, named"):
        open_institution(folder)


def test_the_command_does_not_serve_what_it_could_not_check(network: RunningNetwork, tmp_path: Path) -> None:
    folder = _described(network, tmp_path, peer_certificates="named")
    done = CliRunner().invoke(api_command, ["--data", str(folder)])
    assert done.exit_code == ExitCode.BAD_INPUT
    assert "--tls-client-authority" in done.output.replace("\n", " ")
