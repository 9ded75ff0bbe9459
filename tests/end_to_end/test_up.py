"""`corridor up` as an outsider meets it: network.json, HTTP, ISO 20022, JSON-RPC; and it loses nothing."""

from __future__ import annotations

import time
from contextlib import closing
from decimal import Decimal
from typing import Any

import httpx
import pytest
from lxml import etree

from tests.conformance.iso20022.corpus import official_schema
from tests.end_to_end.site import Site
from tests.outsider import Account, Order, bank_of, customer_of

IN_FLIGHT = 6


def crossing(site: Site, **changes: Any) -> Order:
    """100 CNY of a customer in China; a customer in the Emirates receives what a firm quote gives for it."""
    debtor, creditor = (customer_of(site.network, bank_of(site.network, code)) for code in ("CNY", "AED"))
    office = site.back_office(debtor.bic)
    wish = {"sell_currency": "CNY", "sell_amount": 10_000, "buy_currency": "AED"}
    quote = office.http.post("/v1/quotes", json=wish).json()
    office.close()
    bought = f"{Decimal(quote['buy']['amount']) / 100:.2f}"
    return Order(debtor, creditor, ("AED", bought), paid=("CNY", "100.00"), quote_id=quote["quote_id"], **changes)


def domestic(site: Site, amount: str = "12.50") -> Order:
    """CNY to the CNY account that a customer of the bank in the Emirates has there."""
    debtor, abroad = (customer_of(site.network, bank_of(site.network, code)) for code in ("CNY", "AED"))
    office = site.back_office(abroad.bic)
    accounts = office.http.get("/v1/accounts").json()["accounts"]
    office.close()
    kept = next(one for one in accounts if one["currency"] == "CNY" and one["kind"] == "customer")
    return Order(debtor, Account(abroad.bic, kept["holder"], kept["account"]), ("CNY", amount))


def settle(site: Site, order: Order) -> dict[str, Any]:
    """Send it, and follow it on both sides until it has settled."""
    debtor, creditor = site.back_office(order.debtor.bic), site.back_office(order.creditor.bic)
    site.send(debtor, order.uetr, order.message())
    payment = debtor.ended(order.uetr)
    assert payment["state"] == "SETTLED", payment
    assert creditor.ended(order.uetr)["state"] == "SETTLED"
    debtor.close()
    creditor.close()
    return payment


def test_the_document_is_what_was_promised(site: Site) -> None:
    document = site.network
    assert set(document) == {"rpc_url", "chain_id", "contracts", "tokens", "participants", "customers"}
    assert set(document["contracts"]) == {"registry", "settlement", "holds"}
    decimals = {code: token["decimals"] for code, token in document["tokens"].items()}
    assert decimals == {"CNY": 2, "HKD": 2, "THB": 2, "AED": 2}
    members = {"bic", "lei", "name", "roles", "currency", "settlement_address", "api_url", "credential"}
    assert all(set(one) == members for one in document["participants"])
    roles = [role for one in document["participants"] for role in one["roles"]]
    assert (roles.count("bank"), roles.count("issuer"), roles.count("fx_provider")) == (4, 4, 1)
    customer = {"participant_bic", "name", "account", "wallet_address"}
    assert all(set(one) == customer for one in document["customers"])
    assert site.document.stat().st_mode & 0o077 == 0, "it holds credentials"


def test_a_payment_in_two_currencies(site: Site) -> None:
    order = crossing(site)
    assert order.paid is not None
    watched = [
        (bic, code) for bic in (order.debtor.bic, order.creditor.bic, _provider(site)) for code in ("CNY", "AED")
    ]
    before = {key: site.on_chain(*key) for key in watched}
    payment = settle(site, order)
    bought = payment["credit"]["amount"]
    moved = {key: site.on_chain(*key) - before[key] for key in watched if site.on_chain(*key) != before[key]}
    assert moved == {
        (order.debtor.bic, "CNY"): -10_000,
        (_provider(site), "CNY"): 10_000,
        (_provider(site), "AED"): -bought,
        (order.creditor.bic, "AED"): bought,
    }
    assert [step["status"] for step in payment["history"]] == ["RCVD", "ACTC", "ACCP", "ACSP", "ACSP", "ACSC"]
    receipt = _receipt(site, payment["chain"]["transaction_hash"])
    assert int(receipt["blockNumber"], 16) == payment["chain"]["block_number"]
    assert receipt["status"] == "0x1"


def test_a_payment_in_one_currency(site: Site) -> None:
    order = domestic(site)
    before = site.on_chain(order.creditor.bic, "CNY")
    settle(site, order)
    assert site.on_chain(order.creditor.bic, "CNY") == before + 1250


def test_every_status_report_is_valid_by_the_official_schema(site: Site) -> None:
    order = crossing(site, remittance="5 < 6 & more")
    debtor = site.back_office(order.debtor.bic)
    first = site.send(debtor, order.uetr, order.message())
    assert debtor.ended(order.uetr)["state"] == "SETTLED"
    reports = [one["body"].encode() for one in debtor.messages(order.uetr) if one["name"].startswith("pacs.002")]
    debtor.close()
    schema = official_schema("pacs.002.001.10")
    for report in (first, *reports):
        schema.assertValid(_document(report))
    assert [_status(report) for report in (first, reports[-1])] == ["RCVD", "ACSC"]


def test_the_same_message_again_is_the_same_payment(site: Site) -> None:
    order = domestic(site)
    debtor = site.back_office(order.debtor.bic)
    answers = [site.send(debtor, order.uetr, order.message()) for _ in range(3)]
    assert len(set(answers)) == 1
    assert debtor.ended(order.uetr)["state"] == "SETTLED"
    other = Order(order.debtor, order.creditor, ("CNY", "99.00"), uetr=order.uetr)
    refused = debtor.send(other.message())
    debtor.close()
    assert (refused.status_code, refused.json()["iso_reason"]) == (409, "DUPL")


def test_a_credential_is_needed_and_others_payments_are_not_seen(site: Site) -> None:
    order = domestic(site)
    debtor, stranger = site.back_office(order.debtor.bic), site.back_office(bank_of(site.network, "THB"))
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": stranger.http.headers["authorization"]},
    ):
        answer = httpx.post(
            f"{debtor.entry['api_url']}/v1/iso20022/messages",
            content=order.message(),
            headers={"Content-Type": "application/xml", **headers},
            trust_env=False,
            timeout=60,
        )
        assert answer.status_code == 401, headers
        assert answer.headers["content-type"].startswith("application/problem+json")
    assert debtor.payment(order.uetr) is None
    settle(site, order)
    assert stranger.payment(order.uetr) is None
    debtor.close()
    stranger.close()


def test_stopping_and_starting_again_loses_nothing(site: Site) -> None:
    earlier = settle(site, crossing(site))
    before = _identities(site)
    began = time.monotonic()
    assert site.running.stop() == 0
    stopped = time.monotonic()
    assert not site.document.exists(), "it is there only while the network runs"
    site.start()
    print(f"\nstopped in {stopped - began:.1f} s, started again in {time.monotonic() - stopped:.1f} s")
    assert _identities(site) == before
    debtor = site.back_office(bank_of(site.network, "CNY"))
    assert debtor.payment(earlier["uetr"]) == earlier
    debtor.close()
    settle(site, crossing(site))
    assert site.faults() == []


def test_killing_it_in_full_swing_and_starting_again_loses_nothing(site: Site) -> None:
    orders = [crossing(site) if number % 2 else domestic(site) for number in range(IN_FLIGHT)]
    debtor = site.back_office(orders[0].debtor.bic)
    for order in orders:
        site.send(debtor, order.uetr, order.message())
    site.running.kill()
    before = _identities(site)
    debtor.close()
    if "--rpc-url" not in site.arguments:
        site.port = 0  # and every API moves at that
    site.start()
    assert _identities(site) == before
    assert _registered(site) == {one["bic"]: one["api_url"] for one in site.network["participants"]}
    for side in ("debtor", "creditor"):
        office = site.back_office(getattr(orders[0], side).bic)
        assert [office.ended(order.uetr)["state"] for order in orders] == ["SETTLED"] * IN_FLIGHT
        office.close()
    settle(site, domestic(site))
    assert site.faults() == []


@pytest.mark.parametrize("site", ["anvil"], indirect=True)
def test_it_may_move_to_other_ports_where_gas_costs(site: Site) -> None:
    site.running.stop()
    site.port = 0
    site.start()


def _identities(site: Site) -> dict[str, Any]:
    """Everything of network.json that must outlive a restart: all but the ports, which are chosen anew."""
    kept = {name: part for name, part in site.network.items() if name != "rpc_url"}
    kept["participants"] = [{**one, "api_url": None} for one in kept["participants"]]
    return kept


def _registered(site: Site) -> dict[str, str]:
    """Everybody's address as the registry on chain has it."""
    with closing(site.back_office(bank_of(site.network, "CNY"))) as office:
        participants = office.http.get("/v1/participants").json()["participants"]
    return {one["bic"]: one["api_address"] for one in participants}


def _provider(site: Site) -> str:
    return str(next(one["bic"] for one in site.network["participants"] if "fx_provider" in one["roles"]))


def _receipt(site: Site, transaction: str) -> dict[str, Any]:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionReceipt", "params": [transaction]}
    answer = httpx.post(site.network["rpc_url"], json=asked, trust_env=False, timeout=60)
    found: dict[str, Any] = answer.json()["result"]
    return found


def _document(report: bytes) -> etree._Element:
    return next(etree.fromstring(report).iter("{urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10}Document"))


def _status(report: bytes) -> str | None:
    return _document(report).findtext(".//{*}TxSts")
