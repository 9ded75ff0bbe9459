"""What every refusal of the API has in common, and how a participant is suspended for the length of a test."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from lxml import etree

from cli.folders import kept_key, kept_secret
from cli.running_network import RunningNetwork
from contracts import artifact
from node.domain.party import ParticipantStatus
from node.ledger.abi import call_data
from node.ledger.orders import Order, carry_out, next_nonces
from tests.network import BANK_CN, PATIENCE_S


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of a refusal, with the members that every one has."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["code"] == code, document
    assert document["status"] == status
    assert document["title"]
    assert document["detail"].endswith((".", "…")), document["detail"]
    assert document["type"] == f"/docs#{code}"
    assert document["responsible_party"]
    assert document["retryable"] in (True, False)
    assert document["trace_id"] == answer.headers["x-request-id"]
    return document


def report_of(answer: httpx.Response) -> tuple[str, str | None, str]:
    """Status, reason code and text of a pacs.002 answer."""
    assert answer.status_code == 202, answer.text
    report = etree.fromstring(answer.content)
    text = " ".join(node.text or "" for node in report.iterfind(".//{*}AddtlInf"))
    return report.findtext(".//{*}TxSts") or "", report.findtext(".//{*}Rsn/{*}Cd"), text


@contextmanager
def suspended(network: RunningNetwork, bic: str) -> Iterator[None]:
    """Let the registry suspend a participant, and make it active again."""
    authority = network.data / "authority"
    governor = kept_key(authority / "governor_key", kept_secret(authority / "password"))
    entry = next(one for one in network.document["participants"] if one["bic"] == bic)
    client, registry = network.institutions[BANK_CN].office.client, network.document["contracts"]["registry"]

    def order(status: ParticipantStatus, function: str, *arguments: int) -> None:
        data = call_data(artifact("ParticipantRegistry").abi, function, entry["settlement_address"], *arguments)
        orders = [Order(function, governor, registry, data)]
        carry_out(client, orders, next_nonces(client, [governor]), patience_s=PATIENCE_S)
        seen_by_all(network, bic, status)

    order(ParticipantStatus.SUSPENDED, "suspend")
    try:
        yield
    finally:
        order(ParticipantStatus.ACTIVE, "set_status", ParticipantStatus.ACTIVE.value)


def seen_by_all(network: RunningNetwork, bic: str, status: ParticipantStatus) -> None:
    """Wait until every institution's directory, which may be older than the head, says so."""
    ends_at = time.monotonic() + PATIENCE_S
    directories = [institution.office.directory for institution in network.institutions.values()]
    while any((found := one.by_bic(bic)) is None or found.status is not status for one in directories):
        assert time.monotonic() < ends_at, f"{bic} is not seen as {status}"
        time.sleep(0.02)
