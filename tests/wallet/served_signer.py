"""A stand-in for web3signer over TLS: its JSON-RPC dialect, with eth-account holding the key and hashing.

It shares no code with the wallet, so equal signatures mean that what was told is what was meant.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from eth_account import Account
from eth_account.messages import encode_typed_data
from fastapi import FastAPI, Request, Response

from node.chain.serving import BackgroundServer

Answer = Callable[[dict[str, Any]], bytes]


@dataclass
class ServedSigner:
    """The signer's URL and certificate; `spoil` replaces its next answers, `asked` is what it was asked."""

    certificate: Path
    secret: bytes
    chain_id: int
    url: str = ""
    spoil: Answer | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, request: dict[str, Any]) -> bytes:
        self.asked.append(request)
        if self.spoil is not None:
            return self.spoil(request)
        handlers = {"eth_signTransaction": self.transaction, "eth_signTypedData": self.typed_data}
        result = handlers[request["method"]](request["params"])
        return json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()

    def transaction(self, params: list[Any]) -> str:
        (given,) = params
        fields = {name: value for name, value in given.items() if name != "from"}
        transaction = fields | {
            "type": 2,
            "chainId": self.chain_id,
        }  # as web3signer: its own chain
        if "to" in transaction:
            transaction["to"] = bytes.fromhex(transaction["to"][2:])
        return "0x" + bytes(Account.sign_transaction(transaction, self.secret).raw_transaction).hex()

    def typed_data(self, params: list[Any]) -> str:
        _, document = params
        signed = Account.sign_message(encode_typed_data(full_message=json.loads(document)), self.secret)
        return "0x" + bytes(signed.signature).hex()


def make_certificate(directory: Path, name: str) -> tuple[Path, Path]:
    """Write a self-signed certificate for 127.0.0.1 and its key; return their paths."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    certificate_file, key_file = directory / f"{name}.pem", directory / f"{name}.key"
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate_file, key_file


@contextmanager
def served_signer(directory: Path, secret: bytes, chain_id: int) -> Iterator[ServedSigner]:
    """Serve a signer on a free port."""
    certificate, key = make_certificate(directory, "signer")
    signer = ServedSigner(certificate, secret, chain_id)
    app = FastAPI()

    @app.post("/")
    async def sign(request: Request) -> Response:
        return Response(signer.answer(await request.json()), media_type="application/json")

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with BackgroundServer(app, tls=tls) as server:
        signer.url = f"{server.url}/"
        yield signer
