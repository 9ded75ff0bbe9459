"""When a block is final is found by asking; engines that cannot run here are played by scripts of answers."""

from __future__ import annotations

from typing import Any

import pytest

from node.ledger.client import LedgerBehind, LedgerClient
from node.ledger.finality import CAREFUL_DEPTH, FINALIZED, INSTANT, Finality, FinalityKind, finality_from
from tests.node.ledger.engines import Engine
from tests.node.ledger.proxies import scripted


def block(number: int) -> dict[str, str]:
    """A block as engines show it."""
    return {"number": hex(number), "hash": f"0x{number:064x}", "timestamp": hex(1_000 + number)}


def engine_like(version: str, **answers: Any) -> dict[str, Any]:
    """The answers of an engine whose head is block 100."""
    return {
        "web3_clientVersion": version,
        "eth_getBlockByNumber latest": block(100),
        **{f"eth_getBlockByNumber {hex(number)}": block(number) for number in range(101)},
        **{name.replace("__", " "): answer for name, answer in answers.items()},
    }


FINALIZED_AT_64 = {"eth_getBlockByNumber__finalized": block(64)}


@pytest.mark.parametrize(
    ("answers", "expected", "final"),
    [
        (engine_like("Geth/v1.17.2-stable/linux-amd64/go1.26", **FINALIZED_AT_64), FINALIZED, 64),
        (
            engine_like("Geth/v1.13.15", clique_getSigners=["a", "b", "c", "d"]),
            Finality(FinalityKind.DEPTH, 3),
            97,
        ),
        (engine_like("besu/v25.4.0/linux", qbft_getValidatorsByBlockNumber=["a"]), INSTANT, 100),
        (engine_like("besu/v24.1.0/linux", ibft_getValidatorsByBlockNumber=["a"]), INSTANT, 100),
        (engine_like("besu/v25.4.0/linux", **FINALIZED_AT_64), FINALIZED, 64),
        (engine_like("evmd/v0.7.0", eth_getBlockByNumber__finalized=block(100)), FINALIZED, 100),
        (engine_like("Unheard-of/1.0"), Finality(FinalityKind.DEPTH, CAREFUL_DEPTH), 88),
        (
            engine_like("Unheard-of/1.0", eth_getBlockByNumber__finalized=None),
            Finality(FinalityKind.DEPTH, 12),
            88,
        ),
        (engine_like("anvil/v1.7.1", **FINALIZED_AT_64), INSTANT, 100),
    ],
)
def test_the_rule_follows_from_the_engines_answers(
    answers: dict[str, Any], expected: Finality, final: int
) -> None:
    with scripted(answers) as url:
        client = LedgerClient(url)
        assert client.finality() == expected
        assert client.final().number == final


def test_the_rule_can_be_given(engine: Engine) -> None:
    head = LedgerClient(engine.url).head().number
    assert LedgerClient(engine.url, finality="depth:2").final().number == max(0, head - 2)
    assert LedgerClient(engine.url, finality="instant").final().number == head
    final = LedgerClient(engine.url, finality="finalized").final().number
    assert final == (head if engine.name == "local" else max(0, head - 64))


def test_a_chain_younger_than_its_depth_is_final_at_genesis() -> None:
    young = engine_like("Unheard-of/1.0") | {"eth_getBlockByNumber latest": block(3)}
    with scripted(young) as url:
        assert LedgerClient(url).final().number == 0


def test_a_chain_without_a_final_block_yet() -> None:
    with (
        scripted(engine_like("Geth/v1.17.2", eth_getBlockByNumber__finalized=None)) as url,
        pytest.raises(LedgerBehind),
    ):
        LedgerClient(url, finality="finalized").final()


@pytest.mark.parametrize("text", ["instant", "finalized", "depth:0", "depth:12", "depth:999999"])
def test_a_rule_is_read_as_it_is_written(text: str) -> None:
    assert str(finality_from(text)) == text


@pytest.mark.parametrize(
    "text", ["", "depth", "depth:-1", "depth:01", "depth:1000000", "Instant", "latest", "depth:1 "]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="finality is instant, finalized or depth:N"):
        LedgerClient("http://127.0.0.1:1", finality=text or " ")
