"""Real transfers between institutions, customers' orders and FIN messages, adapted as in `test_real_messages`."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from lxml import etree

from tests.conformance.iso20022.corpus import NAMESPACE_PREFIX, folder, official_schema
from tests.end_to_end.site import Site
from tests.end_to_end.test_real_messages import adapt, end_of, fill
from tests.end_to_end.test_up import domestic
from tests.outsider import Account, BackOffice

_FIN_TYPE = re.compile(rb"\{2:[IO](103|202|205)")


@pytest.mark.parametrize(
    ("identifier", "fewest"), [("pacs.009.001.08", 15), ("pain.001.001.09", 1)], ids=["pacs.009", "pain.001"]
)
def test_other_messages_of_real_schemes_settle_or_are_refused_with_a_reason(
    local_site: Site, identifier: str, fewest: int
) -> None:
    order = domestic(local_site)
    outcomes: Counter[str] = Counter()
    with closing(local_site.back_office(order.debtor.bic)) as office:
        for name, message in _messages(identifier, order.debtor, order.creditor):
            outcome = _outcome(local_site, office, office.send(message))
            assert ("schema_invalid" in outcome) != _is_valid(identifier, message), f"{name}: {outcome}"
            outcomes[outcome] += 1
            print(f"\n{outcome:<24} {name}", end="")
    print(f"\n{identifier}: {dict(outcomes)}")
    assert outcomes.total() >= fewest
    assert outcomes["SETTLED"] >= fewest // 3
    assert local_site.faults() == []


def test_real_fin_messages_settle_or_are_refused_with_a_reason(local_site: Site) -> None:
    order = domestic(local_site)
    outcomes: Counter[str] = Counter()
    with closing(local_site.back_office(order.debtor.bic)) as office:
        for name, text in _fin_messages(order.debtor, order.creditor):
            answer = office.http.post(
                "/v1/iso20022/messages", content=text, headers={"Content-Type": "text/plain"}
            )
            outcome = _outcome(local_site, office, answer)
            outcomes[outcome] += 1
            print(f"\n{outcome:<24} {name}", end="")
    print(f"\nFIN: {dict(outcomes)}")
    assert outcomes.total() >= 60
    assert outcomes["SETTLED"] >= 10
    assert all(re.fullmatch(r"SETTLED|WAITS .*|202 \w{4}|\d{3} [a-z_]+", outcome) for outcome in outcomes)
    assert local_site.faults() == []


def _messages(identifier: str, debtor: Account, creditor: Account) -> Iterator[tuple[str, bytes]]:
    """Every message of this kind in the corpus, whole."""
    wanted = f"{{{NAMESPACE_PREFIX}{identifier}}}Document"
    for path in sorted((folder() / "corpus").rglob("*.xml")):
        try:
            root = etree.fromstring(path.read_bytes())
        except etree.XMLSyntaxError:
            continue
        if next(root.iter(wanted), None) is not None:
            adapt(root, debtor, creditor)
            if identifier.startswith("pacs.009"):
                _name_institutions(root, debtor.bic, creditor.bic)
            yield path.stem, etree.tostring(root)


def _name_institutions(root: etree._Element, debtor: str, creditor: str) -> None:
    """Debtor and creditor of a transfer between institutions are the two banks of this network."""
    for transaction in root.iter("{*}CdtTrfTxInf"):
        for name, bic in (("Dbtr", debtor), ("Cdtr", creditor)):
            for party in transaction.iterfind(f"{{*}}{name}/{{*}}FinInstnId"):
                fill(party, "BICFI", bic)


def _fin_messages(debtor: Account, creditor: Account) -> Iterator[tuple[str, bytes]]:
    for path in sorted((folder() / "corpus").rglob("*.fin")):
        raw = path.read_bytes()
        kind = _FIN_TYPE.search(raw)
        if kind is not None and b"{4:" in raw[max(raw.rfind(b"{1:F01"), 0) :]:
            yield f"MT{kind[1].decode()} {path.stem}", _adapted(raw.decode("latin-1"), debtor, creditor).encode()


def _adapted(text: str, debtor: Account, creditor: Account) -> str:
    """Sender, receiver, customers' accounts, currency and identity of this network; the rest stays as it is."""
    text = text[max(text.rfind("{1:F01"), 0) :]
    uetr = str(uuid.uuid4())
    body = text[text.index("{4:") :]
    kind = re.search(r"\{2:[IO](\d{3})", text)
    cover = "{119:COV}" if "{119:COV}" in text else ""
    assert kind is not None
    head = f"{{1:F01{debtor.bic[:8]}AXXX0000000000}}{{2:I{kind[1]}{creditor.bic[:8]}XXXXN}}"
    head += f"{{3:{cover}{{121:{uetr}}}}}"
    body = re.sub(r"(?m)^:20:[^\r\n]*", f":20:{uetr[:16]}", body)
    body = re.sub(r"(?m)^:(32A:\d{6}|33B:|71[FG]:)[A-Z]{3}", r":\1CNY", body)
    body = re.sub(r"(?m)^:(50[AFK]?):/[^\r\n]*", rf":\1:/{debtor.number}", body)
    body = re.sub(r"(?m)^:(59[AF]?):/[^\r\n]*", rf":\1:/{creditor.number}", body)
    for tag, bic in (("52A", debtor.bic), ("57A", creditor.bic), ("58A", creditor.bic)):
        body = re.sub(rf"(?m)^:{tag}:(?:/[^\r\n]*\r?\n)?[A-Z0-9]+", f":{tag}:{bic}", body)
    return head + body


def _is_valid(identifier: str, message: bytes) -> bool:
    document = next(etree.fromstring(message).iter(f"{{{NAMESPACE_PREFIX}{identifier}}}Document"))
    return official_schema(identifier).validate(etree.fromstring(etree.tostring(document, with_tail=False)))


def _outcome(site: Site, office: BackOffice, answer: httpx.Response) -> str:
    """What became of it; every answer is itself valid by the official schema."""
    if answer.status_code != 202:
        reject = etree.fromstring(answer.json()["message"].encode()) if answer.json()["message"] else None
        assert reject is None or official_schema("admi.002.001.01").validate(reject)
        return f"{answer.status_code} {answer.json()['code']}"
    report = next(etree.fromstring(answer.content).iter("{*}Document"))
    identifier = str(etree.QName(report).namespace).removeprefix(NAMESPACE_PREFIX)
    assert official_schema(identifier).validate(etree.fromstring(etree.tostring(report, with_tail=False)))
    where = answer.headers["Location"]
    if "/messages/" in where:
        lines = office.http.get(where).json()["instructions"]
        ends = {office.ended(line["uetr"])["state"] if line["payment"] else "202 RJCT" for line in lines}
        return ends.pop() if len(ends) == 1 else "202 PART"
    return end_of(site, office, where.rpartition("/")[2])
