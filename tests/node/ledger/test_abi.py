"""Reverts, structs and logs between bytes and plain values."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode

from contracts import artifact
from node.ledger.abi import NO_REASON, call_data, decode_log, decode_result, event_topic, revert_sentence

ERROR = "0x08c379a0" + encode(["string"], ["CurrencyToken: paused"]).hex()
PANIC = "0x4e487b71" + encode(["uint256"], [0x11]).hex()


@pytest.mark.parametrize(
    ("message", "data", "sentence"),
    [
        ("execution reverted: CurrencyToken: paused", ERROR, "CurrencyToken: paused"),
        ("Execution reverted", ERROR, "CurrencyToken: paused"),
        ("VM Exception", {"data": ERROR}, "CurrencyToken: paused"),
        ("execution reverted: CurrencyToken: paused", None, "CurrencyToken: paused"),
        ("execution reverted", "0x", NO_REASON),
        ("execution reverted", None, NO_REASON),
        ("execution reverted", PANIC, "panic 0x11"),
        ("execution reverted", "0xdeadbeef", "custom error 0xdeadbeef"),
        ("execution reverted", "0x08c379a0ffff", NO_REASON),
        ("gas required exceeds allowance (30000000)", None, "gas required exceeds allowance (30000000)"),
    ],
)
def test_what_a_contract_said(message: str, data: object, sentence: str) -> None:
    assert revert_sentence(message, data) == sentence


def test_functions_are_chosen_by_name_and_number_of_arguments() -> None:
    abi = artifact("CurrencyToken").abi
    assert call_data(abi, "totalSupply").hex() == "18160ddd"  # the published selectors of ERC-20
    assert call_data(abi, "transfer", "0x" + "11" * 20, 5).hex()[:8] == "a9059cbb"
    with pytest.raises(KeyError, match="no function mint of 1 arguments"):
        call_data(abi, "mint", 1)
    with pytest.raises(KeyError, match="no function transfer of 1 arguments"):
        call_data(abi, "transfer", 1)
    with pytest.raises(KeyError, match="no event Minted"):
        event_topic(abi, "Minted")


def test_addresses_come_out_checksummed_at_any_depth() -> None:
    members = [{"name": "owner", "type": "address"}, {"name": "amounts", "type": "uint256[]"}]
    outputs = [{"name": "", "type": "tuple[2][]", "components": members}, {"name": "", "type": "address[1]"}]
    abi = [{"type": "function", "name": "f", "inputs": [], "outputs": outputs}]
    low = "0x" + "ab" * 20
    data = encode(["(address,uint256[])[2][]", "address[1]"], [[[(low, [1]), (low, [])]], [low]])
    high = "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB"
    assert decode_result(abi, "f", 0, data) == (
        (({"owner": high, "amounts": (1,)}, {"owner": high, "amounts": ()}),),
        (high,),
    )


def test_the_transfer_event_is_erc_20s() -> None:
    abi = artifact("CurrencyToken").abi
    topic = event_topic(abi, "Transfer")
    assert topic == "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    party = "0x" + "00" * 12 + "ab" * 20
    fields = decode_log(abi, "Transfer", [topic, party, party], "0x" + (9).to_bytes(32, "big").hex())
    assert fields["amount"] == 9
    assert fields["debtor"] == fields["creditor"] == "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB"
