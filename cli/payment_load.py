"""A back office in a hurry, as a process of its own: posts credit transfers, or nothing at all, and says how fast.

`python -m cli.payment_load` reads one Load as JSON from its standard input and answers with one Loaded.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import count
from urllib.parse import urlsplit

from cli.network import BANK_CN, BANK_HK

DEBTOR_ACCOUNT, CREDITOR_ACCOUNT = "6228901020030040051", "388104567156"


@dataclass(frozen=True)
class Load:
    """What to post: `many` requests over some connections, so many a second where `rate` is above 0."""

    url: str
    path: str
    credential: str
    is_empty: bool
    many: int
    connections: int = 4
    rate: float = 0.0


@dataclass(frozen=True)
class Loaded:
    """What became of it: the seconds from the first request to the last answer, and the payments accepted."""

    seconds: float
    uetrs: list[str]


def post(load: Load) -> Loaded:
    """Post a load from another process. Raises RuntimeError where an answer was not as it should be."""
    run = subprocess.run(
        [sys.executable, "-m", "cli.payment_load"],
        input=json.dumps(asdict(load)),
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise RuntimeError(f"the load could not be posted: {run.stderr[-500:]}")
    return Loaded(**json.loads(run.stdout))


def credit_transfer(uetr: str) -> bytes:
    """A pacs.008 over one yuan between two customers of the sandbox."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"><FIToFICstmrCdtTrf>
<GrpHdr><MsgId>{uetr[:8]}{uetr[-12:]}</MsgId><CreDtTm>2026-11-23T09:30:00+08:00</CreDtTm><NbOfTxs>1</NbOfTxs>
<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>
<CdtTrfTxInf><PmtId><EndToEndId>E2E-1</EndToEndId><UETR>{uetr}</UETR></PmtId>
<IntrBkSttlmAmt Ccy="CNY">1.00</IntrBkSttlmAmt><ChrgBr>SHAR</ChrgBr>
<Dbtr><Nm>Jiangnan Textile Trading Co., Ltd.</Nm></Dbtr>
<DbtrAcct><Id><Othr><Id>{DEBTOR_ACCOUNT}</Id></Othr></Id></DbtrAcct>
<DbtrAgt><FinInstnId><BICFI>{BANK_CN}</BICFI></FinInstnId></DbtrAgt>
<CdtrAgt><FinInstnId><BICFI>{BANK_HK}</BICFI></FinInstnId></CdtrAgt>
<Cdtr><Nm>Kowloon Instruments Limited</Nm></Cdtr>
<CdtrAcct><Id><Othr><Id>{CREDITOR_ACCOUNT}</Id></Othr></Id></CdtrAcct>
<RmtInf><Ustrd>Invoice 2026-11</Ustrd></RmtInf>
</CdtTrfTxInf></FIToFICstmrCdtTrf></Document>
""".encode()


def _post_all(load: Load) -> Loaded:
    names = [str(uuid.uuid4()) for _ in range(load.many)]
    bodies = [b"" if load.is_empty else credit_transfer(name) for name in names]
    turns, lock = count(), threading.Lock()
    started = time.perf_counter()

    def one_connection(_number: int) -> None:
        connection = http.client.HTTPConnection(urlsplit(load.url).netloc, timeout=60)
        headers = {"Authorization": f"Bearer {load.credential}", "Content-Type": "application/xml"}
        while True:
            with lock:
                turn = next(turns)
            if turn >= load.many:
                return
            if load.rate:
                time.sleep(max(0.0, started + turn / load.rate - time.perf_counter()))
            connection.request("POST", load.path, bodies[turn], headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status not in {200, 202}:
                raise RuntimeError(f"{answer.status}: {text[:300]!r}")

    with ThreadPoolExecutor(load.connections) as pool:
        list(pool.map(one_connection, range(load.connections)))
    return Loaded(time.perf_counter() - started, [] if load.is_empty else names)


if __name__ == "__main__":
    print(json.dumps(asdict(_post_all(Load(**json.loads(sys.stdin.read()))))))
