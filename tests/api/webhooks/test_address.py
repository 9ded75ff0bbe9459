"""Webhooks lead to public addresses over TLS, by whatever way somebody tries to lead them elsewhere."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

import pytest

from api.webhooks.address import BadTarget, WebhookTargets, check_url, is_public, resolve

PUBLIC, ANY = WebhookTargets.PUBLIC, WebhookTargets.ANY


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example/hook",
        "ftp://bank.example/hook",
        "https:///hook",
        "https://",
        "",
        "bank.example",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.8/",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/",
        "https://[::ffff:192.168.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://224.0.0.1/",
        "https://user:secret@bank.example/",
        "https://bank.example/#part",
        "https://bank.example:99999/",
        "https://bank.example/with space",
        "https://bänk.example/",
        "https://bank.example/" + "a" * 2000,
    ],
)
def test_a_url_that_must_not_be_asked_is_refused(url: str) -> None:
    with pytest.raises(BadTarget):
        check_url(url, PUBLIC)


def test_a_public_address_over_tls_is_taken() -> None:
    assert check_url("https://bank.example:8443/hook?a=1", PUBLIC).port == 8443
    assert check_url("https://93.184.215.14/hook", PUBLIC).hostname == "93.184.215.14"


def test_a_sandbox_may_lead_anywhere_but_not_with_credentials() -> None:
    assert check_url("http://127.0.0.1:9000/hook", ANY).port == 9000
    with pytest.raises(BadTarget):
        check_url("http://user:secret@127.0.0.1/", ANY)


def _resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    async def found(_loop: Any, host: str, port: int, **_rest: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", found)


def test_the_checked_address_is_the_one_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolving(monkeypatch, "93.184.215.14")
    target = asyncio.run(resolve("https://bank.example/hook?a=1", PUBLIC))
    assert target.url == "https://93.184.215.14:443/hook?a=1"
    assert (target.host, target.authority) == ("bank.example", "bank.example")


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("93.184.215.14", "10.1.2.3"), ("fd00::1",), ()])
def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]) -> None:
    _resolving(monkeypatch, *addresses)
    with pytest.raises(BadTarget):
        asyncio.run(resolve("https://bank.example/hook", PUBLIC))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
