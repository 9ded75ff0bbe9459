"""POST /v1/transfers: the holder signs, its institution pays and carries; once, unchanged, only for its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from cli.folders import kept_key, kept_secret
from cli.running_network import RunningNetwork
from node.settlement.office import Office
from tests.api.expectations import problem
from tests.network import BANK_AE, BANK_CN, PATIENCE_S, Bank
from wallet.authorisation import authorise
from wallet.network import Network, read_network
from wallet.signer import LocalSigner
from wallet.typed_data import Transfer


@dataclass(frozen=True)
class Holder:
    """A customer of an institution, with its wallet's key."""

    network: Network
    office: Office
    key: LocalSigner
    creditor: str

    def signs(self, amount: int, nonce: int | None = None, valid_s: int = 3600) -> dict[str, Any]:
        """An authorisation as `corridor wallet authorise` prints it."""
        number = time.time_ns() if nonce is None else nonce
        terms = Transfer(self.key.address, self.creditor, amount, number, int(time.time()) + valid_s)
        token = self.network.token("CNY")
        name = self.office.directory.tokens()["CNY"].name
        return authorise(self.network, token, name, terms, self.key).as_json()

    def balances(self) -> tuple[int, int]:
        token = self.network.token("CNY").address
        client = self.office.client
        return client.balance_of(token, self.key.address), client.balance_of(token, self.creditor)


def holder_of(network: RunningNetwork) -> Holder:
    """A customer of the bank in China, who pays a customer of another bank."""
    customers = [one for one in network.document["customers"] if one["participant_bic"] == BANK_CN]
    others = [one for one in network.document["customers"] if one["participant_bic"] != BANK_CN]
    key = wallet_of(network, customers[0]["wallet_address"])
    office = network.institutions[BANK_CN].office
    return Holder(read_network(network.data), office, key, others[0]["wallet_address"])


def authorised(network: RunningNetwork) -> dict[str, Any]:
    """A transfer that could be carried."""
    return holder_of(network).signs(1)


@pytest.fixture(scope="module")
def holder(network: RunningNetwork) -> Holder:
    return holder_of(network)


def wallet_of(network: RunningNetwork, address: str) -> LocalSigner:
    """The key of a customer's wallet, from where the sandbox keeps it."""
    for folder in (network.data / "customers").iterdir():
        signer = kept_key(folder / "keystore", kept_secret(folder / "password"))
        if signer.address == address:
            return signer
    raise LookupError(address)


@pytest.fixture(autouse=True)
def book_equals_chain(debtor_agent: Bank) -> Iterator[None]:
    before = debtor_agent.accounts()
    yield
    assert debtor_agent.accounts() == before  # a wallet's money is not in the bank's book
    assert debtor_agent.reconciles()


def final(office: Office, transaction: str) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        receipt = office.client.receipt(transaction)
        if receipt is not None and receipt.block_number <= office.client.final().number:
            return receipt.succeeded
        time.sleep(0.05)
    raise AssertionError("the transfer is in no final block")


def post(bank: Bank, document: dict[str, Any]) -> httpx.Response:
    return bank.http.post("/v1/transfers", json=document)


def test_the_institution_carries_and_pays_and_the_holder_sends_nothing(debtor_agent: Bank, holder: Holder) -> None:
    debtor, creditor = holder.balances()
    nonce = holder.office.client.next_nonce(holder.key.address)
    document = holder.signs(250)
    answer = post(debtor_agent, document)
    assert answer.status_code == 202, answer.text
    relayed = answer.json()
    assert relayed["amount"] == {"amount": 250, "currency": "CNY"}
    assert final(holder.office, relayed["transaction_hash"])
    assert holder.balances() == (debtor - 250, creditor + 250)
    assert holder.office.client.next_nonce(holder.key.address) == nonce
    deadline = time.monotonic() + PATIENCE_S
    while (again := post(debtor_agent, document)).status_code == 202:  # until the book knows that it is final
        assert again.json()["id"] == relayed["id"]
        assert again.json()["transaction_hash"] == relayed["transaction_hash"]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "nonce" in problem(again, 422, "settlement_refused_by_contract")["detail"]
    assert holder.balances() == (debtor - 250, creditor + 250)


def test_posted_many_times_at_once_it_is_carried_once(debtor_agent: Bank, holder: Holder) -> None:
    debtor, creditor = holder.balances()
    document = holder.signs(3)
    answers = [post(debtor_agent, document) for _ in range(5)]
    hashes = {answer.json()["transaction_hash"] for answer in answers if answer.status_code == 202}
    assert len(hashes) == 1
    assert final(holder.office, hashes.pop())
    assert holder.balances() == (debtor - 3, creditor + 3)


def followed(bank: Bank, location: str, wanted: str) -> dict[str, Any]:
    """The transfer at its location, once it has this status."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := bank.http.get(location).json())["status"] != wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return dict(found)


def test_it_is_followed_to_its_settlement(debtor_agent: Bank, holder: Holder) -> None:
    document = holder.signs(7)
    answer = post(debtor_agent, document)
    settled = followed(debtor_agent, answer.headers["Location"], "settled")
    assert settled["id"] == answer.json()["id"]
    assert (settled["reason"], settled["amount"]) == (None, {"amount": 7, "currency": "CNY"})
    receipt = holder.office.client.receipt(settled["transaction_hash"])
    assert receipt is not None
    assert settled["block_number"] == receipt.block_number
    assert (settled["debtor"], settled["creditor"]) == (holder.key.address, holder.creditor)


def test_transfers_are_listed_page_by_page_the_newest_first(debtor_agent: Bank, holder: Holder) -> None:
    posted = [post(debtor_agent, holder.signs(1)).json()["id"] for _ in range(3)]
    first = debtor_agent.http.get("/v1/transfers", params={"limit": 2}).json()
    assert [one["id"] for one in first["transfers"]] == posted[:0:-1]
    second = debtor_agent.http.get("/v1/transfers", params={"limit": 2, "after": first["next"]}).json()
    assert second["transfers"][0]["id"] == posted[0]
    for one in posted:
        followed(debtor_agent, f"/v1/transfers/{one}", "settled")


@pytest.mark.parametrize(
    ("field", "value"), [("creditor", None), ("amount", "251"), ("nonce", "1"), ("expiry", "9")]
)
def test_what_was_changed_on_the_way_is_refused(
    debtor_agent: Bank, holder: Holder, field: str, value: str | None
) -> None:
    before = holder.balances()
    document = holder.signs(250)
    document["transfer"][field] = value or holder.key.address
    refused = problem(post(debtor_agent, document), 401, "signature_wrong")
    assert refused["errors"][0]["element"] == "signature"
    assert holder.balances() == before


def test_what_the_token_would_refuse_is_never_sent(debtor_agent: Bank, holder: Holder) -> None:
    nonce = holder.office.client.next_nonce(holder.office.lane_signer.address)
    for document in (holder.signs(10**12), holder.signs(1, valid_s=-3600)):
        problem(post(debtor_agent, document), 422, "settlement_refused_by_contract")
    assert holder.office.client.next_nonce(holder.office.lane_signer.address) == nonce


def test_only_its_own_institution_relays_for_a_holder(third_bank: Bank, holder: Holder) -> None:
    assert third_bank.bic == BANK_AE
    problem(post(third_bank, holder.signs(1)), 422, "debtor_account_unknown")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"currency": "EUR"}, "currency_not_issued"),
        ({"chain_id": 1}, "request_does_not_fit_its_schema"),
        ({"chain_id": "20022"}, "request_does_not_fit_its_schema"),
        ({"memo": "x"}, "request_does_not_fit_its_schema"),
        ({"transfer": {}}, "request_does_not_fit_its_schema"),
        ({"signature": "0x00"}, "request_does_not_fit_its_schema"),
        ({"token": "0x" + "00" * 20}, "request_does_not_fit_its_schema"),
    ],
)
def test_what_is_no_authorisation_here_is_refused(
    debtor_agent: Bank, holder: Holder, change: dict[str, Any], code: str
) -> None:
    answer = post(debtor_agent, holder.signs(1) | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


def test_a_signature_out_of_range_is_refused(debtor_agent: Bank, holder: Holder) -> None:
    high_s = holder.signs(1) | {"signature": "0x" + "11" * 32 + "ff" * 32 + "1b"}
    problem(post(debtor_agent, high_s), 401, "signature_wrong")


def test_it_takes_the_back_offices_credential(debtor_agent: Bank, holder: Holder) -> None:
    url = debtor_agent.entry["api_url"] + "/v1/transfers"
    problem(httpx.post(url, json=holder.signs(1), trust_env=False, timeout=60), 401, "credential_missing")
