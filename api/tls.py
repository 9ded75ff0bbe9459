"""TLS for an institution's API: its certificate and key, and the authority of the clients that it lets in."""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path

import certifi

from wallet.private_file import UnsafeFile


class BadCertificate(ValueError):
    """Files that cannot serve TLS; the text names them and says why."""


def server_context(
    certificate: Path, key: Path, client_authority: Path | None, *, clients_may_show_none: bool = False
) -> ssl.SSLContext:
    """TLS 1.2 and newer with this certificate; with an authority, clients must show one of its certificates.

    Where they may show none, one that is shown must still be the authority's. The key's file must be closed to
    others. Raises BadCertificate, UnsafeFile.
    """
    if key.exists() and key.stat().st_mode & 0o077:
        raise UnsafeFile(f"{key} is open to others (mode {key.stat().st_mode & 0o777:04o}); chmod 600 it")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if client_authority is not None:
            context.load_verify_locations(client_authority)
            context.verify_mode = ssl.CERT_OPTIONAL if clients_may_show_none else ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise BadCertificate(f"{certificate} and {key} cannot serve TLS: {error}") from error
    return context


@cache
def public_context() -> ssl.SSLContext:
    """How an institution without settings of its own asks others: as everybody asks the public internet.

    One for the whole process, for reading the list of authorities takes 20 ms and nobody changes it.
    """
    return ssl.create_default_context(cafile=certifi.where())


def client_context(authority: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """How this institution asks others: which authority it trusts, what certificate it shows. Raises as above."""
    context = ssl.create_default_context(cafile=authority)
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise BadCertificate(f"{certificate} and {key} cannot be shown to others: {error}") from error
    return context
