"""Messages of real schemes, adapted in agents, accounts, currency and identity: each settles or says why not."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

from lxml import etree

from tests.conformance.iso20022.corpus import NAMESPACE_PREFIX, folder, official_schema
from tests.end_to_end.site import Site
from tests.end_to_end.test_up import domestic
from tests.outsider import Account, BackOffice

PACS_008 = f"{{{NAMESPACE_PREFIX}pacs.008.001.08}}"
OURS = ("Fr", "InstgAgt", "DbtrAgt")
THEIRS = ("To", "InstdAgt", "CdtrAgt")
FEWEST = 30
WAITS = "WAITS FOR ITS COVER"


def test_messages_of_real_schemes_settle_or_are_refused_with_a_reason(local_site: Site) -> None:
    order = domestic(local_site)
    outcomes: Counter[str] = Counter()
    with closing(local_site.back_office(order.debtor.bic)) as office:
        for name, message in _messages(order.debtor, order.creditor):
            outcome = _outcome(local_site, office, message)
            assert (outcome == "422 FF01") != _is_valid(message), f"{name}: {outcome}"
            outcomes[outcome] += 1
            print(f"\n{outcome:<24} {name}", end="")
    print(f"\n{dict(outcomes)}")
    assert outcomes.total() >= FEWEST
    assert outcomes["SETTLED"] > outcomes.total() / 2
    assert all(
        re.fullmatch(r"SETTLED|WAITS .*|\d{3} [A-Z]{2}\d{2}|\d{3} [A-Z]{4}", outcome) for outcome in outcomes
    )
    assert local_site.faults() == []


def _messages(debtor: Account, creditor: Account) -> Iterator[tuple[str, bytes]]:
    """Every pacs.008 of the corpus, whole with its envelope and header where it has one."""
    for path in sorted((folder() / "corpus").rglob("*.xml")):
        try:
            root = etree.fromstring(path.read_bytes())
        except etree.XMLSyntaxError:
            continue
        if next(root.iter(f"{PACS_008}FIToFICstmrCdtTrf"), None) is not None:
            adapt(root, debtor, creditor)
            yield path.stem, etree.tostring(root)


def adapt(root: etree._Element, debtor: Account, creditor: Account) -> None:
    """Give it agents, accounts and the currency of this network, and an identity of its own."""
    for names, bic in ((OURS, debtor.bic), (THEIRS, creditor.bic)):
        for name in names:
            for agent in root.iter(f"{{*}}{name}"):
                for institution in agent.iter("{*}FinInstnId"):
                    fill(institution, "BICFI", bic)
    for name, account in (("DbtrAcct", debtor), ("CdtrAcct", creditor)):
        for found in root.iter(f"{{*}}{name}"):
            identification = next(found.iter("{*}Id"))
            kind = "IBAN" if account.number[:2].isalpha() else "Othr"
            written = fill(identification, kind, account.number if kind == "IBAN" else None)
            if kind == "Othr":
                fill(written, "Id", account.number)
    for amount in root.iterfind(".//*[@Ccy]"):
        amount.set("Ccy", "CNY")
    for uetr in root.iter("{*}UETR"):
        uetr.text = str(uuid.uuid4())
    renamed = f"OUT{uuid.uuid4().hex[:24]}"
    for identity in root.iter("{*}MsgId", "{*}BizMsgIdr"):
        identity.text = renamed


def fill(parent: etree._Element, name: str, text: str | None) -> etree._Element:
    """Leave one child, of this name in the parent's namespace."""
    for child in list(parent):
        parent.remove(child)
    filled = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")
    filled.text = text
    return filled


def _is_valid(message: bytes) -> bool:
    """Whether the official schema takes it."""
    document = next(etree.fromstring(message).iter(f"{PACS_008}Document"))
    return official_schema("pacs.008.001.08").validate(etree.fromstring(etree.tostring(document, with_tail=False)))


def _outcome(site: Site, office: BackOffice, message: bytes) -> str:
    """The end of the payment that was recorded, or the HTTP status with the ISO reason."""
    answer = office.send(message)
    if answer.status_code != 202:
        return f"{answer.status_code} {answer.json()['iso_reason']}"
    return end_of(site, office, answer.headers["Location"].rpartition("/")[2])


def end_of(site: Site, office: BackOffice, uetr: str) -> str:
    """SETTLED, waiting for the cover that its sender announces, or 202 with the ISO reason."""
    waiting = (office.payment(uetr) or {}).get("waits_for") or {}
    if waiting.get("kind") == "cover":
        return WAITS
    site.answered[uetr] = office.entry["bic"]
    payment = office.ended(uetr)
    return "SETTLED" if payment["state"] == "SETTLED" else f"202 {payment['reasons'][0]['code']}"
