"""The sandbox network as a fixture: a real chain over HTTP, nine real institutions with their books and APIs.

Any test can use it: `tests/conftest.py` has it. It is shared by a whole session, so a test begins when all is at
rest, looks at its own payments and at differences, and leaves everybody active and nothing reserved.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import pytest

from cli.network import BANK_AE, BANK_CN, BANK_HK, PROVIDER
from cli.running_network import NetworkOptions, RunningNetwork
from node.book.records import PaymentRecord
from node.domain.lifecycle import State
from node.domain.payment import Side
from node.settlement.office import Office
from node.settlement.reconcile import reconcile
from tests.outsider import NO_TLS

__all__ = [
    "BANK_AE",
    "BANK_CN",
    "BANK_HK",
    "ENDS",
    "PROVIDER",
    "Bank",
    "Transfer",
    "at_rest",
    "bank",
    "network",
    "settled",
]

DEBTOR_ACCOUNT: Final = "6228901020030040051"
CREDITOR_ACCOUNT: Final = "AE959990000004200018377"
ENDS: Final = frozenset({"SETTLED", "REJECTED", "FAILED", "CANCELLED", "EXPIRED"})
PATIENCE_S: Final = 120.0  # many times what a busy machine takes; nobody waits longer than needed
MOVING: Final = (State.RECEIVED, State.VALIDATED, State.ACCEPTED, State.SUBMITTED, State.INCLUDED)
XML: Final = {"Content-Type": "application/xml"}


@pytest.fixture(scope="session")
def network(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]
) -> Iterator[RunningNetwork]:
    """A running network on free ports; stopped at the end of the session."""
    options = NetworkOptions(port=0, rpc_port=0, database=new_database())
    with RunningNetwork(tmp_path_factory.mktemp("network"), options) as running:
        yield running


@pytest.fixture(autouse=True)
def at_rest(request: pytest.FixtureRequest) -> None:
    """No test begins on the shared network while something that one before it began is still on its way."""
    if "network" not in request.fixturenames:
        return
    running = request.getfixturevalue("network")
    if not isinstance(running, RunningNetwork):  # a room may have a network of its own by that name
        return
    deadline = time.monotonic() + PATIENCE_S
    while left := _moving(running):
        assert time.monotonic() < deadline, f"a test before this one left this on its way: {left}"
        time.sleep(0.05)


def _moving(network: RunningNetwork) -> list[str]:
    """What is on its way at any institution: payments, cases that are due, transactions that are not final."""
    found = []
    for bic, institution in network.institutions.items():
        with institution.office.book.view() as unit:
            moving = [one for one in unit.payments.in_state(*MOVING) if _goes_on(network, one)]
            found += [f"{one.uetr} {one.state.value} at {bic}" for one in moving]
            due = unit.cases.due(institution.office.clock.now_s(), 10)
            found += [f"case {one.reference} {one.state.value} at {bic}" for one in due]
            unfinished = [one for kept in unit.lanes.all() for one in unit.lanes.unfinished(kept.lane)]
            found += [f"{one.purpose} {one.transaction_hash} {one.status.value} at {bic}" for one in unfinished]
    return found


def _goes_on(network: RunningNetwork, record: PaymentRecord) -> bool:
    """What a creditor agent has accepted and its debtor agent has given up, or never had, only runs out."""
    if (record.side, record.state) != (Side.CREDITOR_AGENT, State.ACCEPTED):
        return True
    for institution in network.institutions.values():
        with institution.office.book.view() as unit:
            theirs = unit.payments.find(record.uetr)
        if theirs is not None and theirs.side is Side.DEBTOR_AGENT:
            return theirs.state in (*MOVING, State.SETTLED)
    return False


@dataclass(frozen=True)
class Transfer:
    """A pacs.008 to be written: by default ten thousand yuan within China's currency to the Hong Kong bank.

    `extra` is put before the remittance, `amount` and `instructed` are texts so that wrong ones can be written.
    """

    uetr: str = field(default_factory=lambda: str(uuid.uuid4()))
    message_id: str = field(default_factory=lambda: f"MSG{uuid.uuid4().hex[:24]}")
    currency: str = "CNY"
    amount: str = "10000.00"
    instructed: tuple[str, str] | None = None
    rate: str | None = None
    debtor_agent: str = BANK_CN
    debtor_account: str = DEBTOR_ACCOUNT
    creditor_agent: str = BANK_HK
    creditor_account: str = "388104567156"
    quote_id: str | None = None
    remittance: str = "Invoice 2026-11"

    def body(self) -> bytes:
        """The message's bytes."""
        instructed = rate = quote = ""
        if self.instructed is not None:
            code, ordered = self.instructed
            instructed = f'<InstdAmt Ccy="{code}">{ordered}</InstdAmt>'
        if self.rate is not None:
            rate = f"<XchgRate>{self.rate}</XchgRate>"
        if self.quote_id is not None:
            quote = f"<InstrForNxtAgt><InstrInf>/QUOTE/{self.quote_id}</InstrInf></InstrForNxtAgt>"
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"><FIToFICstmrCdtTrf>
<GrpHdr><MsgId>{self.message_id}</MsgId><CreDtTm>2026-01-05T09:30:00+08:00</CreDtTm><NbOfTxs>1</NbOfTxs>
<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>
<CdtTrfTxInf><PmtId><EndToEndId>E2E-1</EndToEndId><UETR>{self.uetr}</UETR></PmtId>
<IntrBkSttlmAmt Ccy="{self.currency}">{self.amount}</IntrBkSttlmAmt>{instructed}{rate}<ChrgBr>SHAR</ChrgBr>
<Dbtr><Nm>Jiangnan Textile Trading Co., Ltd.</Nm></Dbtr>
<DbtrAcct><Id>{_account(self.debtor_account)}</Id></DbtrAcct>
<DbtrAgt><FinInstnId><BICFI>{self.debtor_agent}</BICFI></FinInstnId></DbtrAgt>
<CdtrAgt><FinInstnId><BICFI>{self.creditor_agent}</BICFI></FinInstnId></CdtrAgt>
<Cdtr><Nm>A Creditor</Nm></Cdtr>
<CdtrAcct><Id>{_account(self.creditor_account)}</Id></CdtrAcct>
{quote}<RmtInf><Ustrd>{self.remittance}</Ustrd></RmtInf>
</CdtTrfTxInf></FIToFICstmrCdtTrf></Document>
""".encode()


def _account(number: str) -> str:
    return f"<IBAN>{number}</IBAN>" if number[:2].isalpha() else f"<Othr><Id>{number}</Id></Othr>"


@dataclass(frozen=True)
class Bank:
    """One institution as its back office and its operator see it."""

    bic: str
    http: httpx.Client
    office: Office
    entry: dict[str, Any]

    def post(self, body: bytes) -> httpx.Response:
        """Send a message."""
        return self.http.post("/v1/iso20022/messages", content=body, headers=XML)

    def payment(self, uetr: str) -> dict[str, Any]:
        """The payment as the API tells it."""
        answer = self.http.get(f"/v1/payments/{uetr}")
        assert answer.status_code == 200, answer.text
        content: dict[str, Any] = answer.json()
        return content

    def ended(self, uetr: str) -> dict[str, Any]:
        """The payment once it has come to an end, whichever."""
        deadline = time.monotonic() + PATIENCE_S
        while (payment := self.payment(uetr))["state"] not in ENDS:
            assert time.monotonic() < deadline, payment
            time.sleep(0.05)
        return payment

    def accounts(self) -> dict[str, tuple[int, int]]:
        """Balance and reserved amount by account, in minor units."""
        entries = self.http.get("/v1/accounts").json()["accounts"]
        return {one["account"]: (one["balance"], one["reserved"]) for one in entries}

    def quote(self, sell: str, buy: str, amount: int) -> dict[str, Any]:
        """A firm quote that sells so many minor units."""
        wish = {"sell_currency": sell, "buy_currency": buy, "sell_amount": amount}
        answer = self.http.post("/v1/quotes", json=wish)
        assert answer.status_code == 201, answer.text
        content: dict[str, Any] = answer.json()
        return content

    def reconciles(self) -> bool:
        """Whether book and chain agree."""
        found = reconcile(self.office)
        return found.block_number is not None and not found.problems


def bank(network: RunningNetwork, bic: str) -> Bank:
    """One of the network's institutions; close `http` when done, or let the session end do it."""
    entry = next(one for one in network.document["participants"] if one["bic"] == bic)
    headers = {"Authorization": f"Bearer {entry['credential']}"}
    http = httpx.Client(base_url=entry["api_url"], headers=headers, timeout=60, trust_env=False, verify=NO_TLS)
    return Bank(bic, http, network.institutions[bic].office, entry)


def settled(debtor_agent: Bank, body: bytes, uetr: str) -> dict[str, Any]:
    """Post a message and wait until its payment is SETTLED at the debtor agent."""
    answer = debtor_agent.post(body)
    assert answer.status_code == 202, answer.text
    payment = debtor_agent.ended(uetr)
    assert payment["state"] == "SETTLED", payment
    return payment
