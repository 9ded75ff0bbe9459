"""A stand-in for AWS KMS served over HTTP: GetPublicKey and Sign as its API has them, with OpenSSL's keys.

Like the real one it answers in DER, uses a new nonce for every signature, and leaves s high half of the time.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ARN = "arn:aws:kms:eu-central-1:000000000000:key/"
Answer = tuple[int, dict[str, Any]]


@dataclass
class ServedKeyService:
    """Its address, its keys by id, where aliases point, every signature given, and what it answers instead."""

    url: str = ""
    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    signatures: list[bytes] = field(default_factory=list)
    instead: list[Answer] = field(default_factory=list)

    def answer(self, operation: str, asked: dict[str, Any]) -> Answer:
        if self.instead:
            return self.instead.pop(0)
        name = str(asked["KeyId"]).removeprefix(ARN)
        key_id = self.aliases.get(name, name)
        key = self.keys.get(key_id)
        if key is None:
            return failure("NotFoundException", 400)
        if operation == "GetPublicKey":
            return 200, _public(key_id, key)
        if operation != "Sign":
            return failure("UnsupportedOperationException", 400)
        return self._sign(key_id, key, asked)

    def _sign(self, key_id: str, key: ec.EllipticCurvePrivateKey, asked: dict[str, Any]) -> Answer:
        message = base64.b64decode(asked["Message"])
        if asked.get("MessageType") != "DIGEST" or asked.get("SigningAlgorithm") != "ECDSA_SHA_256":
            return failure("InvalidKeyUsageException", 400)
        if len(message) != 32:
            return failure("ValidationException", 400)
        signature = key.sign(message, ec.ECDSA(utils.Prehashed(SHA256())))
        self.signatures.append(signature)
        return 200, {"KeyId": ARN + key_id, "Signature": _text(signature), "SigningAlgorithm": "ECDSA_SHA_256"}


def failure(code: str, status: int) -> Answer:
    """An error as the service writes it."""
    return status, {"__type": code, "message": f"{code}, said by the stand-in"}


def _public(key_id: str, key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    spec = {"secp256k1": "ECC_SECG_P256K1", "secp256r1": "ECC_NIST_P256"}[key.curve.name]
    return {"KeyId": ARN + key_id, "PublicKey": _text(der), "KeySpec": spec, "KeyUsage": "SIGN_VERIFY"}


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@contextmanager
def served_key_service() -> Iterator[ServedKeyService]:
    """Serve on a free port of this machine."""
    service = ServedKeyService()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].removeprefix("TrentService.")
            status, document = service.answer(operation, asked)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
