"""Network descriptions: read by their fields, refused by their fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.wallet.actors import DEBTOR, network_document
from wallet.address import checksum_address
from wallet.network import BadNetwork, read_network

CONTRACT = checksum_address(b"\xc1" * 20)


def document() -> dict[str, Any]:
    return network_document("http://127.0.0.1:1", 20022, CONTRACT, CONTRACT, CONTRACT)


def test_a_network_is_read(tmp_path: Path) -> None:
    (tmp_path / "network.json").write_text(json.dumps(document()))
    network = read_network(tmp_path)
    assert (network.chain_id, network.settlement) == (20022, CONTRACT)
    assert network.token("CNY").decimals == 2
    assert network.token_at(CONTRACT) == network.token("CNY")
    assert network.token_at(DEBTOR) is None
    assert network.name(DEBTOR) == "Debtor Ltd, customer of AAAACNBJ"
    assert network.name(checksum_address(bytes(20))) is None
    with pytest.raises(BadNetwork, match="nobody issues 'EUR'"):
        network.token("EUR")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["chain_id"], "20022"),
        (["chain_id"], 0),
        (["chain_id"], True),
        (["contracts"], {}),
        (["contracts", "settlement"], CONTRACT.lower()),
        (["contracts", "settlement"], 5),
        (["tokens"], []),
        (["tokens", "CNY", "decimals"], -1),
        (["tokens", "CNY", "decimals"], 2.0),
        (["participants", 0, "settlement_address"], "0x"),
        (["customers", 0, "wallet_address"], None),
    ],
)
def test_a_description_that_does_not_fit_is_refused(tmp_path: Path, place: list[str | int], value: object) -> None:
    changed: Any = document()
    target = changed
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    (tmp_path / "network.json").write_text(json.dumps(changed))
    with pytest.raises(BadNetwork):
        read_network(tmp_path)


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b"[" * 100_000, b" " * 5_000_000])
def test_bytes_that_are_no_description_are_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "network.json").write_bytes(raw)
    with pytest.raises(BadNetwork):
        read_network(tmp_path)
    with pytest.raises(BadNetwork, match="cannot be read"):
        read_network(tmp_path / "elsewhere")
