"""A browser wallet's requests, replayed in its order from a page's and from an extension's origin.

The requests and the shapes of their answers are data (wallet_requests.json); this file only compares.
"""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth._utils.address import generate_contract_address
from eth_account.signers.local import LocalAccount
from eth_typing import Address

from node.chain.chain import LocalChain
from tests.node.chain.assembly import creation, error_data, keeper, refuser
from tests.node.chain.signing import dynamic_fee

STEPS = json.loads((Path(__file__).parent / "wallet_requests.json").read_text())["steps"]
PAGE = "https://wallet.example"  # on the list of the node under test
EXTENSION = "chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn"
FORMS = {
    "quantity": re.compile(r"0x(0|[1-9a-f][0-9a-f]*)"),
    "data": re.compile(r"0x([0-9a-f]{2})*"),
    "hash": re.compile(r"0x[0-9a-f]{64}"),
    "address": re.compile(r"0x[0-9a-f]{40}"),
    "text": re.compile(r".+"),
}
KINDS: dict[str, type | tuple[type, ...]] = {"null": type(None), "number": (int, float), "object": dict}


@pytest.fixture
def names(chain: LocalChain, debtor: LocalAccount, creditor: LocalAccount) -> dict[str, str]:
    """What stands for the $names: two parties, a contract that has announced something, and one that refuses."""
    for nonce, runtime in enumerate((keeper(), refuser(error_data("closed")))):
        chain.send_raw_transaction(dynamic_fee(debtor, nonce, data=creation(runtime)))
    contract, refusing = (contract_address(debtor, nonce) for nonce in (0, 1))
    chain.send_raw_transaction(dynamic_fee(debtor, 2, to=contract, data=(7).to_bytes(32, "big")))
    payment = dynamic_fee(debtor, 3, to=creditor.address, value=5, gas=21_000)
    parties = {"debtor": debtor.address.lower(), "creditor": creditor.address.lower()}
    return {**parties, "contract": contract, "refuser": refusing, "raw": "0x" + payment.hex()}


def contract_address(signer: LocalAccount, nonce: int) -> str:
    return "0x" + generate_contract_address(Address(bytes.fromhex(signer.address[2:])), nonce).hex()


def filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return names[value[1:]] if value.startswith("$") else value
    if isinstance(value, list):
        return [filled(one, names) for one in value]
    if isinstance(value, dict):
        return {key: filled(one, names) for key, one in value.items()}
    return value


def check(found: Any, shape: Any, names: dict[str, str], where: str) -> None:
    """Insist that an answer has a shape: exactly these members, and each of its form."""
    if isinstance(shape, list):
        assert isinstance(found, list), where
        for index, one in enumerate(found):
            check(one, shape[0], names, f"{where}[{index}]")
    elif isinstance(shape, dict):
        assert isinstance(found, dict), where
        assert found.keys() == shape.keys(), where
        for key, one in shape.items():
            check(found[key], one, names, f"{where}.{key}")
    elif shape.startswith("="):
        assert found == filled(shape[1:], names), where
    elif shape in KINDS:
        assert isinstance(found, KINDS[shape]), where
    else:
        assert isinstance(found, str), where
        assert FORMS[shape].fullmatch(found), (where, found)


@pytest.mark.parametrize("origin", [PAGE, EXTENSION])
def test_every_answer_has_its_shape(rpc_url: str, names: dict[str, str], origin: str) -> None:
    with httpx.Client(trust_env=False, headers={"origin": origin}, timeout=60) as client:
        for number, step in enumerate(STEPS):
            where = f"{step['when']}: {step['method']}"
            request = {"jsonrpc": "2.0", "id": 4_183_495_828_342 + number, "method": step["method"]}
            answered = client.post(rpc_url, json={**request, "params": filled(step["params"], names)})
            answer = answered.json()
            assert answered.headers["access-control-allow-origin"] == origin, where
            assert (answered.status_code, answer["id"]) == (200, request["id"]), where
            if "error" in step:
                assert answer["error"]["code"] == step["error"], where
                continue
            check(answer["result"], step["result"], names, where)
            if "keep" in step:
                names[step["keep"]] = answer["result"]


def preflight(url: str, origin: str) -> httpx.Response:
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    return httpx.options(url, headers={"origin": origin, **asks}, trust_env=False)


@pytest.mark.parametrize("origin", [PAGE, EXTENSION, "moz-extension://2d1e3f4a-0000-4000-8000-000000000000"])
def test_a_browser_asks_first(rpc_url: str, origin: str) -> None:
    allowed = preflight(rpc_url, origin)
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == origin
    assert "POST" in allowed.headers["access-control-allow-methods"]
    assert "content-type" in allowed.headers["access-control-allow-headers"]


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "https://chrome-extension.example", ""])
def test_other_pages_get_nothing(rpc_url: str, origin: str) -> None:
    refused = preflight(rpc_url, origin)
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers
