"""Whose certificate a client shows: told to the application by the server, as the ASGI TLS extension says it.

uvicorn does not tell by itself. A certificate names the institution it was issued for by a URI,
`urn:corridor:bic:<BIC>`, among its alternative names; that it is an authority's is proven by the handshake.
"""

from __future__ import annotations

import asyncio
import ssl
from enum import Enum
from typing import Any, Final

from cryptography import x509
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from node.chain.timed_http import TimedHttp

NAMES_INSTITUTION: Final = "urn:corridor:bic:"
_NAMED: Final = "corridor.certified"  # what the certificate names, read once a connection


class PeerCertificates(Enum):
    """What is asked of an institution's certificate when it signs a request."""

    ANY = "any"  # nothing: its signature says who it is
    NAMED = "named"  # that it names the institution that signs


class TellCertificates:
    """ASGI application around another: tells it the client's certificate. To be served by `BackgroundServer`."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`; `http_protocol` is what the server must speak for this."""
        self._app = app
        self.http_protocol = _TellingProtocol

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; the protocol has said what there is to say."""
        await self._app(scope, receive, send)


class _TellingProtocol(TimedHttp):
    """uvicorn's HTTP/1.1, whose requests know the certificate of their connection."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        shown = tls.getpeercert(binary_form=True) if tls is not None else None
        self.app = _Certified(self.app, shown)


class _Certified:
    def __init__(self, app: Any, shown: bytes | None) -> None:
        self._app = app
        chain = [ssl.DER_cert_to_PEM_cert(shown)] if shown else []
        self._told = {"server_cert": None, "client_cert_chain": chain, "client_cert_name": None}
        self._named = institutions_named(shown) if shown else frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        extensions = {**scope.get("extensions", {}), "tls": self._told}
        await self._app({**scope, "extensions": extensions, _NAMED: self._named}, receive, send)


def institutions_named(certificate: bytes) -> frozenset[str]:
    """The BICs that a certificate (DER) names; none for one without such a name."""
    try:
        found = x509.load_der_x509_certificate(certificate).extensions
        names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return frozenset()
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return frozenset(uri.removeprefix(NAMES_INSTITUTION) for uri in uris if uri.startswith(NAMES_INSTITUTION))


def institutions_shown(request: HTTPConnection) -> frozenset[str]:
    """The BICs that the certificate of this request's connection names; none where none was shown."""
    named: frozenset[str] = request.scope.get(_NAMED, frozenset())
    return named
