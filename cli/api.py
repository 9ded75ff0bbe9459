"""`corridor api`: one institution, as a process of its own."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from api.app import create_app
from api.institution import peer_certificates, read_description
from api.peer_certificate import PeerCertificates, TellCertificates
from api.request_log import log_as_json
from api.tls import server_context
from cli.failures import ends_well_or_says_why
from cli.institution import institution_in
from cli.ports import HOST, not_listening
from cli.waiting import until_told_to_stop
from cli.worker import listening
from node.chain.serving import BackgroundServer
from node.settings import read_settings
from wallet.signer import assert_native_curve

app = typer.Typer()


@app.command()
@ends_well_or_says_why
def api(
    data: Annotated[Path, typer.Option(help="The institution's folder: DIR/institutions/<BIC> of a network.")],
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on; by default that of its registered address."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = HOST,
    tls_certificate: Annotated[Path | None, typer.Option(help="Serve TLS with this certificate (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key (PEM, mode 0600).")] = None,
    tls_client_authority: Annotated[
        Path | None, typer.Option(help="Demand client certificates by this authority (PEM).")
    ] = None,
    tls_client_optional: Annotated[
        bool,
        typer.Option(
            help="Let clients in that show none, such as browsers; other institutions by peer_certificates."
        ),
    ] = False,
    with_worker: Annotated[
        bool,
        typer.Option(
            "--worker/--no-worker", help="Work here too, or leave it to processes of their own: `corridor worker`."
        ),
    ] = True,
) -> None:
    """Run one institution's API and worker until interrupted. Its registered address should lead here."""
    settings = read_settings()
    log_as_json(settings.log_level)
    assert_native_curve()
    said = read_description(data)
    registered = said.api_address
    wanted = _port_of(registered) if port is None else port
    if peer_certificates(said) is PeerCertificates.NAMED and tls_client_authority is None:
        raise typer.BadParameter("peer_certificates is `named`; say by --tls-client-authority whose certificates")
    tls = _tls(tls_certificate, tls_key, tls_client_authority, tls_client_optional)
    institution = institution_in(data, settings, worker=settings.worker if with_worker else None)
    try:
        server = BackgroundServer(TellCertificates(create_app(institution)), host, wanted, tls)
    except OSError as error:
        institution.close()
        raise not_listening(host, wanted, "--port", error) from None
    with until_told_to_stop() as told, listening(data, institution), server:
        typer.echo(f"{institution.name} ({institution.office.bic}) on {server.url}, registered as {registered}")
        told.wait()


def _port_of(address: str) -> int:
    named = urlsplit(address)
    return named.port or (443 if named.scheme == "https" else 80)


def _tls(
    certificate: Path | None, key: Path | None, client_authority: Path | None, optional: bool
) -> ssl.SSLContext | None:
    if certificate is None and key is None and client_authority is None:
        return None
    if certificate is None or key is None:
        raise typer.BadParameter("TLS needs both --tls-certificate and --tls-key")
    return server_context(certificate, key, client_authority, clients_may_show_none=optional)
