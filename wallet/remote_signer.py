"""A key held by another machine that speaks web3signer's JSON-RPC, reached over TLS with a pinned certificate.

It is told the transaction or the typed data, never a bare digest, and what it returns is believed only after the
signature was found to be its address's own, over exactly our digest: a signature of anything else is refused.
"""

from __future__ import annotations

import itertools
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import rlp  # type: ignore[import-untyped]
from rlp.exceptions import DecodingError  # type: ignore[import-untyped]

from wallet.address import address_bytes
from wallet.digest import Digest
from wallet.json_input import parse_json
from wallet.signer import Signature, SignatureRefused, SignerUnreachable, normalise
from wallet.transaction import UnsignedTransaction
from wallet.typed_data import SETTLEMENT_NAME, SETTLEMENT_VERSION, Struct, domain_separator

_MAX_ANSWER_BYTES: Final = 256 * 1024
_DOMAIN_TYPES: Final = (
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
)


@dataclass(frozen=True)
class RemoteKey:
    """Where a key is: the signer's https URL, the key's address, and the settlement contract it signs for."""

    url: str
    address: str
    chain_id: int
    settlement: str


def pinned_context(
    certificate: Path, client_certificate: Path | None = None, client_key: Path | None = None
) -> ssl.SSLContext:
    """Return a TLS context that trusts this one certificate (PEM) and no authority of the system.

    With a client certificate, the signer can know who asks. Raises OSError, ssl.SSLError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the pinned one may be no authority itself
    if client_certificate is not None:
        context.load_cert_chain(client_certificate, client_key)
    return context


class RemoteSigner:
    """Signs by asking. Threads may share it. Raises ValueError unless the URL is https."""

    def __init__(self, key: RemoteKey, context: ssl.SSLContext, *, timeout_s: float = 5) -> None:
        if not key.url.startswith("https://"):
            raise ValueError(f"{key.url} is not https; a signer is not asked in the clear")
        address_bytes(key.address)
        self.address = key.address
        self._key = key
        self._domain = domain_separator(key.chain_id, key.settlement)
        self._http = httpx.Client(verify=context, timeout=timeout_s, trust_env=False, follow_redirects=False)
        self._numbers = itertools.count(1)

    def sign_digest(self, digest: bytes) -> Signature:
        """Have the subject of `digest` signed. Raises SignatureRefused, SignerUnreachable.

        Refused without asking: bytes that are no Digest, typed data of another contract or chain.
        """
        subject = digest.subject if isinstance(digest, Digest) else None
        if isinstance(subject, UnsignedTransaction):
            r, s = self._sign_transaction(subject)
        elif isinstance(subject, tuple) and subject[0] == self._domain:
            r, s = self._sign_typed_data(subject[1])
        else:
            raise SignatureRefused("a remote signer is only asked for what it can be told in full")
        return normalise(digest, r, s, self.address)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _sign_transaction(self, unsigned: UnsignedTransaction) -> tuple[int, int]:
        if unsigned.chain_id != self._key.chain_id:
            raise SignatureRefused(f"the remote signer is for chain {self._key.chain_id}")
        raw = self._call("eth_signTransaction", [_transaction_json(unsigned, self.address)])
        try:
            fields = rlp.decode(raw[1:])
            return int.from_bytes(fields[-2], "big"), int.from_bytes(fields[-1], "big")
        except (DecodingError, IndexError, TypeError) as error:
            raise SignatureRefused("the remote signer returned no signed transaction") from error

    def _sign_typed_data(self, value: Struct) -> tuple[int, int]:
        document = json.dumps(_typed_data_json(value, self._key), separators=(",", ":"))
        raw = self._call("eth_signTypedData", [self.address.lower(), document])
        if len(raw) != 65:
            raise SignatureRefused(f"the remote signer returned {len(raw)} bytes, not a signature's 65")
        return int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big")

    def _call(self, method: str, params: list[object]) -> bytes:
        number = next(self._numbers)
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        try:
            with self._http.stream("POST", self._key.url, json=request) as response:
                answer = _parse(_read(response))
        except httpx.HTTPError as error:
            raise SignerUnreachable(f"the remote signer did not answer: {type(error).__name__}") from error
        if "error" in answer:
            raise SignatureRefused(f"the remote signer refused: {_message(answer['error'])}")
        if answer.get("id") != number:
            raise SignerUnreachable("the remote signer answered another request")
        return _bytes(answer.get("result"))


def _read(response: httpx.Response) -> bytes:
    content = b""
    for part in response.iter_bytes():
        content += part
        if len(content) > _MAX_ANSWER_BYTES:
            raise SignerUnreachable(f"the remote signer's answer is larger than {_MAX_ANSWER_BYTES} bytes")
    return content


def _parse(content: bytes) -> Mapping[str, Any]:
    try:
        answer = parse_json(content, most_bytes=_MAX_ANSWER_BYTES)
    except ValueError as error:
        raise SignerUnreachable("the remote signer's answer is not JSON") from error
    if not isinstance(answer, dict):
        raise SignerUnreachable("the remote signer's answer is no JSON-RPC answer")
    return answer


def _message(error: object) -> str:
    text = error.get("message") if isinstance(error, dict) else error
    return str(text)[:200]


def _bytes(result: object) -> bytes:
    try:
        return bytes.fromhex(str(result).removeprefix("0x"))
    except ValueError as error:
        raise SignatureRefused("the remote signer's result is not hexadecimal") from error


def _transaction_json(unsigned: UnsignedTransaction, address: str) -> dict[str, str]:
    found = {
        "from": address.lower(),
        "nonce": hex(unsigned.nonce),
        "gas": hex(unsigned.gas),
        "value": hex(unsigned.value),
        "data": "0x" + unsigned.data.hex(),
        "maxFeePerGas": hex(unsigned.max_fee_per_gas),
        "maxPriorityFeePerGas": hex(unsigned.max_priority_fee_per_gas),
    }
    return found if unsigned.to is None else found | {"to": unsigned.to.lower()}


def _typed_data_json(value: Struct, key: RemoteKey) -> dict[str, object]:
    title = type(value).__name__
    members = [{"name": name, "type": kind} for name, kind in value.FIELDS]
    return {
        "types": {"EIP712Domain": list(_DOMAIN_TYPES), title: members},
        "primaryType": title,
        "domain": {
            "name": SETTLEMENT_NAME,
            "version": SETTLEMENT_VERSION,
            "chainId": key.chain_id,
            "verifyingContract": key.settlement,
        },
        "message": {name: _plain(getattr(value, name)) for name, _ in value.FIELDS},
    }


def _plain(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
