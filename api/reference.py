"""The OpenAPI document and the page that shows it: both from the routes themselves, with nothing from elsewhere.

The page is plain HTML without scripts, so it works offline and under a strict content security policy.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api import idempotency
from api.after_schemas import PassedMessage
from api.payee_schemas import PayeeAsked, PayeeSearch
from api.problems import MEDIA_TYPE, Kind, all_kinds, documented, example, row
from api.refusals import Refusal
from api.schemas import Body, PaymentProposal, PaymentProposals, ProblemDocument, QuoteAsked

_SPOKEN_OF: Final[tuple[type[Body], ...]] = (
    ProblemDocument,
    PassedMessage,
    PaymentProposal,
    PaymentProposals,
    QuoteAsked,
    PayeeSearch,
    PayeeAsked,
)
AT_EVERY_DOOR: Final[tuple[Kind, ...]] = (Refusal.TOO_MANY_REQUESTS, Refusal.SCOPE_MISSING)
AT_EVERY_CHANGE: Final[tuple[Kind, ...]] = (Refusal.CROSS_SITE_REQUEST, Refusal.APPROVAL_NEEDED)
AT_EVERY_POST: Final[tuple[Kind, ...]] = (Refusal.REQUEST_UNDER_WAY, Refusal.IDEMPOTENCY_KEY_REUSED)
_STYLE: Final = """\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
h2{margin-top:2.5rem;border-bottom:1px solid #d0d7de}h3 code{font-size:1rem}
pre{background:#f6f8fa;padding:.8rem;overflow:auto;font-size:13px}table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #d0d7de;padding:.3rem .6rem;text-align:left;vertical-align:top}
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"


def install(app: FastAPI) -> None:
    """Serve the OpenAPI document at /openapi.json and the page at /docs."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    def page(_request: Request) -> HTMLResponse:
        return HTMLResponse(render(document()), headers={"Content-Security-Policy": _POLICY})

    app.openapi = document  # type: ignore[method-assign]
    app.add_route("/docs", page, include_in_schema=False)


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    _, extra = models_json_schema(
        [(model, "validation") for model in _SPOKEN_OF], ref_template="#/components/schemas/{model}"
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {name: schema for name, schema in extra["$defs"].items() if name not in schemas}
    for method, operation in _guarded(document):
        _tell_of_the_door(method, operation)
    _complete_examples(document)
    return document


def _guarded(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for methods in document["paths"].values():
        yield from ((method, operation) for method, operation in methods.items() if operation.get("security"))


def _tell_of_the_door(method: str, operation: dict[str, Any]) -> None:
    """Add what every guarded operation may answer before its route is asked; `x-door` lists those statuses."""
    repeatable = method.upper() in idempotency.METHODS
    changes = (*AT_EVERY_CHANGE, *AT_EVERY_POST) if repeatable else ()
    kinds = (*AT_EVERY_DOOR, *changes)
    if "requestBody" in operation:
        kinds = (*kinds, Refusal.MALFORMED_REQUEST)
    if repeatable:
        operation.setdefault("parameters", []).append(idempotency.parameter())
    responses = operation["responses"]
    operation["x-door"] = [str(row(kind).status) for kind in kinds if str(row(kind).status) not in responses]
    for status, told in documented(*kinds).items():
        known = responses.setdefault(str(status), told)
        if known is not told:
            known["description"] = f"{known['description']}; {told['description']}"
            known["content"][MEDIA_TYPE]["examples"] |= told["content"][MEDIA_TYPE]["examples"]


def _complete_examples(document: Mapping[str, Any]) -> None:
    """Write the problems' examples again: the framework leaves out members that are null."""
    whole = {row(kind).code: example(kind) for kind in all_kinds()}
    for methods in document["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                for code, shown in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}).items():
                    shown["value"] = whole[code]


def render(document: Mapping[str, Any]) -> str:
    """The page of an OpenAPI document."""
    title = escape(document["info"]["title"])
    return "".join(
        (
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>",
            f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style>",
            f"<h1>{title}</h1><p>{escape(document['info']['description'])}</p>",
            "<p>The same as a document for programs: <a href=/openapi.json>/openapi.json</a></p>",
            *_operations(document),
            *_problems(),
            "</html>",
        )
    )


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"<h2 id={escape(operation['operationId'])}>{escape(operation['summary'])}</h2>"
            yield f"<h3><code>{method.upper()} {escape(path)}</code></h3>"
            yield f"<p>{escape(operation.get('description', ''))}</p>{_needs(operation)}"
            yield _parameters(operation.get("parameters", ()))
            yield from _contents("Request", operation.get("requestBody", {}))
            for status, response in operation["responses"].items():
                yield f"<h4>{status}</h4><p>{escape(response['description'])}</p>"
                if int(status) < 300:
                    yield from _contents("Example", response)


def _needs(operation: Mapping[str, Any]) -> str:
    names = sorted({name for scheme in operation.get("security", ()) for name in scheme})
    return f"<p>Needs: {escape(', '.join(names))}</p>" if names else ""


def _parameters(parameters: Any) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}<td>"
        f"{escape(one.get('description') or one['schema'].get('description', ''))}"
        for one in parameters
    )
    return f"<table><tr><th>Parameter<th>In<th>Meaning{rows}</table>" if rows else ""


def _contents(what: str, holder: Mapping[str, Any]) -> Iterator[str]:
    for media_type, content in holder.get("content", {}).items():
        example = content.get("example")
        if example is not None:
            text = example if isinstance(example, str) else json.dumps(example, indent=2)
            yield f"<p>{what}, <code>{escape(media_type)}</code>:</p><pre>{escape(text)}</pre>"


def _problems() -> Iterator[str]:
    yield "<h2 id=problems>Problems</h2><table><tr><th>Code<th>HTTP<th>ISO<th>Try again<th>Who acts"
    for kind in all_kinds():
        said = row(kind)
        yield (
            f"<tr id={said.code}><td><code>{said.code}</code><td>{said.status}<td>{said.iso_reason or ''}"
            f"<td>{'yes' if said.retryable else 'no'}<td>{escape(said.responsible_party)}"
        )
    yield "</table>"
