"""TLS and client certificates over a real server: who shows none of ours gets no byte of an answer."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from api.tls import BadCertificate, client_context, server_context
from node.chain.serving import BackgroundServer
from wallet.private_file import UnsafeFile, write_private

HERE = Starlette(routes=[Route("/", lambda _request: PlainTextResponse("here"))])
NOW = datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True)
class Identity:
    certificate: Path
    key: Path


class Authority:
    """Issues certificates into a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.certificate = folder / f"{name}.pem"
        made = self._build(self.name, self.private, authority=True)
        self.certificate.write_bytes(made.public_bytes(Encoding.PEM))

    def issue(self, name: str, *names: x509.GeneralName) -> Identity:
        private = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        identity = Identity(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        identity.certificate.write_bytes(self._build(subject, private, names).public_bytes(Encoding.PEM))
        write_private(identity.key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return identity

    def _build(
        self,
        subject: x509.Name,
        private: ec.EllipticCurvePrivateKey,
        names: tuple[x509.GeneralName, ...] = (),
        *,
        authority: bool = False,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - datetime.timedelta(days=1))
            .not_valid_after(NOW + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), *names])
            builder = builder.add_extension(here, critical=False)
        return builder.sign(self.private, hashes.SHA256())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "network-authority")


def ask(url: str, context: ssl.SSLContext) -> httpx.Response:
    with httpx.Client(verify=context, trust_env=False, timeout=60) as http:
        return http.get(url)


def test_the_api_is_served_over_tls(authority: Authority) -> None:
    ours = authority.issue("bank")
    context = server_context(ours.certificate, ours.key, None)
    with BackgroundServer(HERE, tls=context) as server:
        assert server.url.startswith("https://")
        assert ask(server.url, client_context(authority.certificate, None, None)).text == "here"
        with pytest.raises(httpx.ConnectError):
            ask(server.url, client_context(None, None, None))
        old = client_context(authority.certificate, None, None)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert ask(server.url, old).text == "here"


def test_who_shows_no_certificate_of_the_networks_authority_is_not_answered(
    authority: Authority, tmp_path: Path
) -> None:
    ours, peer = authority.issue("bank"), authority.issue("peer")
    (tmp_path / "elsewhere").mkdir()
    stranger = Authority(tmp_path / "elsewhere", "other-authority").issue("stranger")
    context = server_context(ours.certificate, ours.key, authority.certificate)
    with BackgroundServer(HERE, tls=context) as server:
        shown = client_context(authority.certificate, peer.certificate, peer.key)
        assert ask(server.url, shown).text == "here"
        for refused in (
            client_context(authority.certificate, None, None),
            client_context(authority.certificate, stranger.certificate, stranger.key),
        ):
            with pytest.raises(httpx.TransportError):
                ask(server.url, refused)
        with pytest.raises(httpx.TransportError):
            httpx.get(server.url.replace("https", "http"), trust_env=False, timeout=60)


def test_files_that_cannot_serve_are_refused_by_name(authority: Authority, tmp_path: Path) -> None:
    ours, other = authority.issue("bank"), authority.issue("other")
    with pytest.raises(BadCertificate, match=r"bank\.pem"):
        server_context(ours.certificate, other.key, None)
    with pytest.raises(BadCertificate):
        server_context(tmp_path / "absent.pem", ours.key, None)
    ours.key.chmod(0o644)
    with pytest.raises(UnsafeFile, match="0644"):
        server_context(ours.certificate, ours.key, None)
