"""Who may ask what: the back office its own institution, another institution by its signature, nobody else."""

from __future__ import annotations

import httpx
import pytest

from cli.running_network import RunningNetwork
from tests.api.expectations import problem
from tests.network import BANK_CN, Bank, Transfer, bank


@pytest.mark.parametrize("path", ["/v1/payments", "/v1/accounts", "/v1/participants"])
@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "credential_missing"),
        ("Bearer wrong", "credential_wrong"),
        ("Basic dXNlcjpwYXNz", "credential_missing"),
    ],
)
def test_an_unauthenticated_caller_gets_nothing(
    path: str, authorization: str | None, code: str, debtor_agent: Bank
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = httpx.get(debtor_agent.entry["api_url"] + path, headers=headers, trust_env=False, timeout=60)
    problem(answer, 401, code)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_an_unauthenticated_message_is_not_even_read(debtor_agent: Bank) -> None:
    url = debtor_agent.entry["api_url"] + "/v1/iso20022/messages"
    problem(httpx.post(url, content=b"not even XML", trust_env=False, timeout=60), 401, "credential_missing")


def test_another_institutions_credential_opens_nothing(debtor_agent: Bank, third_bank: Bank) -> None:
    headers = {"Authorization": f"Bearer {third_bank.entry['credential']}"}
    answer = httpx.get(
        debtor_agent.entry["api_url"] + "/v1/payments", headers=headers, trust_env=False, timeout=60
    )
    problem(answer, 401, "credential_wrong")


def test_someone_elses_payment_is_not_shown(debtor_agent: Bank, third_bank: Bank) -> None:
    transfer = Transfer(amount="99999999.00")
    debtor_agent.post(transfer.body())
    debtor_agent.ended(transfer.uetr)
    for path in ("", "/messages"):
        problem(third_bank.http.get(f"/v1/payments/{transfer.uetr}{path}"), 404, "payment_not_found")


def test_someone_elses_payment_is_not_instructed(debtor_agent: Bank, third_bank: Bank) -> None:
    transfer = Transfer()
    document = problem(third_bank.post(transfer.body()), 403, "not_your_payment")
    assert document["errors"][0]["value"] == BANK_CN
    assert third_bank.http.get(f"/v1/payments/{transfer.uetr}").status_code == 404
    assert debtor_agent.http.get(f"/v1/payments/{transfer.uetr}").status_code == 404


def test_nothing_personal_is_logged(debtor_agent: Bank, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="corridor"):
        transfer = Transfer(amount="99999999.00", remittance="For my dear aunt Euphemia")
        debtor_agent.post(transfer.body())
        debtor_agent.ended(transfer.uetr)
        debtor_agent.post(b"<Document>Jiangnan</Document>")
    written = " ".join(f"{record.getMessage()} {getattr(record, 'fields', '')}" for record in caplog.records)
    assert transfer.uetr in written
    for private in ("Jiangnan", "Euphemia", transfer.debtor_account, "99999999", debtor_agent.entry["credential"]):
        assert private not in written


def test_the_bank_of_another_network_has_no_way_in(network: RunningNetwork) -> None:
    stranger = bank(network, BANK_CN)
    with stranger.http:
        answer = stranger.http.post("/v1/interbank/quotes", json={})
        problem(answer, 401, "message_signature_refused")
