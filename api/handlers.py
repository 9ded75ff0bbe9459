"""Turns what a request ended with into a problem response: our own problems, the framework's errors, the chain's
silence, a locked book, and the fault nobody foresaw.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from api.problems import MEDIA_TYPE, Problem, document, encode
from api.refusals import Refusal
from node.book.records import BookBusy, BookFull, BookTrouble
from node.domain.reasons import Finding, Reason
from node.ledger.errors import LedgerUnreachable
from wallet.signer import SignatureRefused, SignerUnreachable

log = logging.getLogger("corridor.api")

_FRAMEWORK: Final = {
    400: (Refusal.MALFORMED_REQUEST, "The request cannot be read."),
    404: (Refusal.NOTHING_HERE, "Nothing is at this address; /docs lists what there is."),
    405: (Refusal.METHOD_NOT_ALLOWED, "This address takes another method; the Allow header says which."),
}


def problem_response(scope: Scope, problem: Problem) -> Response:
    """The response that a problem becomes; in XML where it can be said so and nothing else is asked for."""
    if problem.message is not None and _asks_for_xml(scope):
        return Response(problem.message, problem.status_code, dict(problem.headers or {}), "application/xml")
    body = document(
        problem.kind,
        problem.text,
        findings=problem.findings,
        instance=scope.get("path"),
        trace_id=scope.get("state", {}).get("trace_id", ""),
        message=problem.message,
    )
    return Response(encode(body), problem.status_code, dict(problem.headers or {}), MEDIA_TYPE)


def _asks_for_xml(scope: Scope) -> bool:
    accepted = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"accept"]
    said = ",".join(accepted)
    return ("application/xml" in said or "text/xml" in said) and "json" not in said


def install(app: FastAPI) -> None:
    """Give the application its exception handlers."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(LedgerUnreachable, _chain)
    app.add_exception_handler(BookTrouble, _book)
    app.add_exception_handler(SignerUnreachable, _key)
    app.add_exception_handler(SignatureRefused, _key)
    app.add_exception_handler(Exception, _fault)


async def _http(request: Request, error: Exception) -> Response:
    if isinstance(error, Problem):
        return problem_response(request.scope, error)
    assert isinstance(error, HTTPException)  # noqa: S101  (the handler is installed for nothing else)
    kind, text = _FRAMEWORK.get(error.status_code, (Refusal.MALFORMED_REQUEST, str(error.detail)))
    return problem_response(request.scope, Problem(kind, text, headers=error.headers))


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  (the handler is installed for nothing else)
    findings = tuple(_finding(fault) for fault in error.errors())
    text = "The request does not fit its schema: " + "; ".join(
        f"{finding.element}: {finding.text}" for finding in findings[:3]
    )
    text = text.rstrip(".") + "."
    return problem_response(request.scope, Problem(Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA, text, findings))


def _finding(fault: dict[str, Any]) -> Finding:
    element = ".".join(str(part) for part in fault.get("loc", ()))
    value = fault.get("input")
    shown = str(value) if isinstance(value, str | int | float | bool) else None
    return Finding(
        Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA,
        str(fault.get("msg", "not valid")),
        element=element,
        value=shown,
        rule=f"schema.{fault.get('type', 'invalid')}",
    )


async def _chain(request: Request, error: Exception) -> Response:
    log.warning("chain unreachable", extra={"fields": {"fault": type(error).__name__}})
    text = "The chain does not answer at the moment; nothing was changed. Try again shortly."
    return problem_response(request.scope, Problem(Refusal.CHAIN_UNREACHABLE, text, headers={"Retry-After": "2"}))


async def _book(request: Request, error: Exception) -> Response:
    if isinstance(error, BookBusy):
        text = "The book is being written to by somebody else; nothing was changed. Try again shortly."
    elif isinstance(error, BookFull):
        text = "The book has no room left; nothing was changed. Its operator must make room; try again later."
    else:
        text = "The book's database went away. Send the same request again: what was done is not done twice."
    if not isinstance(error, BookBusy):
        log.error("the book cannot be used", exc_info=error)
    return problem_response(request.scope, Problem(Refusal.BOOK_BUSY, text, headers={"Retry-After": "1"}))


async def _key(request: Request, error: Exception) -> Response:
    log.error("a key did not sign", extra={"fields": {"fault": str(error)}})
    text = "The institution's key does not sign at the moment; nothing was sent. Try again shortly."
    return problem_response(request.scope, Problem(Refusal.NOT_READY, text, headers={"Retry-After": "5"}))


async def _fault(request: Request, error: Exception) -> Response:
    log.error("internal fault", exc_info=error)
    trace_id = request.scope.get("state", {}).get("trace_id", "")
    text = f"Something went wrong on our side; tell the operator the trace id {trace_id}."
    return problem_response(request.scope, Problem(Refusal.INTERNAL_FAULT, text))
