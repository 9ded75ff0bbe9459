"""Somebody outside: knows network.json, ISO 20022 and HTTP, and nothing of the product."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import httpx

# The sandbox speaks plain HTTP, and a client that could do more takes 20 ms of a processor to make.
NO_TLS: Final = False
ENDS = frozenset({"SETTLED", "REJECTED", "FAILED", "CANCELLED", "EXPIRED"})


@dataclass(frozen=True)
class Account:
    """A customer's account at a bank of the network; `number` is an IBAN where it begins with a country code."""

    bic: str
    name: str
    number: str

    def written(self) -> str:
        """As the account identification of a message."""
        kind = "<IBAN>{}</IBAN>" if self.number[:2].isalpha() else "<Othr><Id>{}</Id></Othr>"
        return kind.format(self.number)


@dataclass(frozen=True)
class Order:
    """A credit transfer to be written; `paid` is set where the debtor pays in another currency."""

    debtor: Account
    creditor: Account
    settled: tuple[str, str]  # currency code and amount in major units
    paid: tuple[str, str] | None = None
    rate: str | None = None
    quote_id: str | None = None
    remittance: str = "Invoice 4711"
    uetr: str = field(default_factory=lambda: str(uuid.uuid4()))
    message_id: str = field(default_factory=lambda: f"OUT{uuid.uuid4().hex[:24]}")

    def message(self) -> bytes:
        """The pacs.008.001.08, the same bytes every time."""
        paid = f'<InstdAmt Ccy="{self.paid[0]}">{self.paid[1]}</InstdAmt>' if self.paid else ""
        rate = f"<XchgRate>{self.rate}</XchgRate>" if self.rate else ""
        quote = f"<InstrForNxtAgt><InstrInf>/QUOTE/{self.quote_id}</InstrInf></InstrForNxtAgt>"
        return _PACS_008.format(
            order=self,
            at=f"{datetime.now(UTC):%Y-%m-%d}T00:00:00Z",
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            paid=paid + rate,
            quote=quote if self.quote_id else "",
            debtor_name=escape(self.debtor.name),
            creditor_name=escape(self.creditor.name),
            debtor_account=self.debtor.written(),
            creditor_account=self.creditor.written(),
            remittance=escape(self.remittance),
        ).encode()


class BackOffice:
    """One institution's back office: an HTTP client with its credential."""

    def __init__(self, network: dict[str, Any], bic: str) -> None:
        """Take address and credential from network.json's content."""
        self.entry: dict[str, Any] = next(one for one in network["participants"] if one["bic"] == bic)
        self.http = httpx.Client(
            base_url=self.entry["api_url"],
            headers={"Authorization": f"Bearer {self.entry['credential']}"},
            timeout=60,
            trust_env=False,
            verify=NO_TLS,
        )

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def send(self, message: bytes) -> httpx.Response:
        """Post a message; whatever is answered."""
        return self.http.post(
            "/v1/iso20022/messages", content=message, headers={"Content-Type": "application/xml"}
        )

    def payment(self, uetr: str) -> dict[str, Any] | None:
        """The payment as this bank knows it, or None."""
        answer = self.http.get(f"/v1/payments/{uetr}")
        return None if answer.status_code == 404 else _json(answer)

    def ended(self, uetr: str, patience_s: float = 120) -> dict[str, Any]:
        """The payment once it has ended here; raises AssertionError when it takes longer."""
        give_up = time.monotonic() + patience_s
        while True:
            payment = self.payment(uetr)
            if payment is not None and payment["state"] in ENDS:
                return payment
            state = payment["state"] if payment else "unknown"
            assert time.monotonic() < give_up, f"{uetr} is still {state} after {patience_s:.0f} s"
            time.sleep(0.05)

    def messages(self, uetr: str) -> list[dict[str, Any]]:
        """Every message of a payment."""
        found: list[dict[str, Any]] = _json(self.http.get(f"/v1/payments/{uetr}/messages"))["messages"]
        return found

    def balance(self, number: str) -> int:
        """An account's booked balance, in minor units."""
        accounts = _json(self.http.get("/v1/accounts"))["accounts"]
        return int(next(one["balance"] for one in accounts if one["account"] == number))


def read_network(folder: Path) -> dict[str, Any] | None:
    """network.json of a folder, once it is there."""
    file = folder / "network.json"
    content: dict[str, Any] | None = json.loads(file.read_text()) if file.exists() else None
    return content


def books(folder: Path, network: dict[str, Any]) -> dict[str, Path]:
    """Every institution's book by BIC."""
    bics = [one["bic"] for one in network["participants"]]
    return {bic: folder / "institutions" / bic / "book.sqlite" for bic in bics}


def customer_of(network: dict[str, Any], bic: str) -> Account:
    """The first customer of a bank that network.json names."""
    found = next(one for one in network["customers"] if one["participant_bic"] == bic)
    return Account(bic, found["name"], found["account"])


def bank_of(network: dict[str, Any], currency: str) -> str:
    """The BIC of the bank whose home currency this is."""
    banks = (one for one in network["participants"] if "bank" in one["roles"])
    return str(next(one["bic"] for one in banks if one["currency"] == currency))


def _json(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, f"{answer.request.url} answered {answer.status_code}: {answer.text}"
    content: dict[str, Any] = answer.json()
    return content


_PACS_008 = """\
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"><FIToFICstmrCdtTrf>
<GrpHdr><MsgId>{order.message_id}</MsgId><CreDtTm>{at}</CreDtTm><NbOfTxs>1</NbOfTxs>
<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>
<CdtTrfTxInf><PmtId><EndToEndId>E2E-1</EndToEndId><UETR>{order.uetr}</UETR></PmtId>
<IntrBkSttlmAmt Ccy="{order.settled[0]}">{order.settled[1]}</IntrBkSttlmAmt><IntrBkSttlmDt>{date}</IntrBkSttlmDt>
{paid}<ChrgBr>SHAR</ChrgBr>
<InstgAgt><FinInstnId><BICFI>{order.debtor.bic}</BICFI></FinInstnId></InstgAgt>
<InstdAgt><FinInstnId><BICFI>{order.creditor.bic}</BICFI></FinInstnId></InstdAgt>
<Dbtr><Nm>{debtor_name}</Nm></Dbtr><DbtrAcct><Id>{debtor_account}</Id></DbtrAcct>
<DbtrAgt><FinInstnId><BICFI>{order.debtor.bic}</BICFI></FinInstnId></DbtrAgt>
<CdtrAgt><FinInstnId><BICFI>{order.creditor.bic}</BICFI></FinInstnId></CdtrAgt>
<Cdtr><Nm>{creditor_name}</Nm></Cdtr><CdtrAcct><Id>{creditor_account}</Id></CdtrAcct>
{quote}<RmtInf><Ustrd>{remittance}</Ustrd></RmtInf></CdtTrfTxInf></FIToFICstmrCdtTrf></Document>
"""
