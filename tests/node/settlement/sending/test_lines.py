"""A line to the engine that loses answers, lags or refuses: the same bytes go out until they are looked up."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from node.domain.lifecycle import State
from node.settlement.sender import send_pending
from tests.node.ledger.proxies import Answer, forward
from tests.node.settlement.sending.following import Following

SEND = "eth_sendRawTransaction"
_STALE: dict[str, Any] = {"eth_getTransactionReceipt": None, "eth_getTransactionByHash": None}


class Unreliable:
    """A proxy that spoils three answers in ten by chance; `passes_on` says whether the engine got the request."""

    def __init__(self, url: str, spoilt: Answer, *, passes_on: bool) -> None:
        self._url = url
        self._spoilt = spoilt
        self._passes_on = passes_on
        self._chance = random.Random(20022)

    def respond(self, body: bytes) -> Answer:
        """The engine's answer, or what spoils it."""
        spoils = self._chance.random() < 0.3
        if spoils and not self._passes_on:
            return self._spoilt
        answer = forward(self._url, body)
        return self._spoilt if spoils else answer


@pytest.mark.parametrize("passes_on", [False, True])
@pytest.mark.parametrize("spoilt", [None, 429, 500, b"<html>busy</html>"])
def test_an_engine_that_answers_now_and_then(either: Following, spoilt: Answer, passes_on: bool) -> None:
    kept = [either.submitted() for _ in range(3)]
    with either.behind(Unreliable(either.town.url, spoilt, passes_on=passes_on).respond) as office:
        either.settle(office)
    for one in kept:
        assert [sent.transaction_hash for sent in either.attempts(one.nonce)] == [one.transaction_hash]


@pytest.mark.parametrize("spoilt", [None, 429, 500])
def test_an_answer_lost_after_the_engine_took_the_bytes(either: Following, spoilt: Answer) -> None:
    kept = [either.submitted() for _ in range(3)]

    def lose(body: bytes) -> Answer:
        answer = forward(either.town.url, body)
        return spoilt if SEND.encode() in body else answer

    with either.behind(lose) as office:
        for _ in range(3):
            either.turn(office)
    assert all(either.is_pooled(one) for one in kept)
    assert [either.attempts(one.nonce)[0].broadcast_count for one in kept] == [0, 0, 0]
    either.settle()
    for one in kept:
        assert len(either.attempts(one.nonce)) == 1


class Lagging:
    """A proxy in front of two engines of one address: one is up to date, the other stands at an old block.

    Either may answer, by chance; the late one knows no transaction since, and takes broadcasts.
    """

    def __init__(self, following: Following) -> None:
        self._url = following.town.url
        self._head = following.rpc("eth_getBlockByNumber", "latest", False)
        self._nonce = following.rpc("eth_getTransactionCount", following.office.lane_signer.address, "latest")
        self._chance = random.Random(20022)

    def respond(self, body: bytes) -> bytes:
        """The answer of one of the two."""
        asked = json.loads(body)
        answer = json.loads(forward(self._url, body))
        if self._chance.random() < 0.5:
            return json.dumps(answer).encode()
        if isinstance(asked, dict):
            return json.dumps(self._stale(asked, answer)).encode()
        by_id = {one["id"]: one for one in answer}
        return json.dumps([self._stale(one, by_id[one["id"]]) for one in asked]).encode()

    def _stale(self, asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        method, params = asked["method"], asked["params"]
        if method in _STALE:
            return {**answer, "result": None}
        if method == "eth_getTransactionCount":
            return (
                {**answer, "result": self._nonce} if params[1] == "latest" else self._unless_new(params[1], answer)
            )
        if method == "eth_getBlockByNumber":
            return {**answer, "result": self._head} if params[0] == "latest" else self._block(params[0], answer)
        return answer

    def _is_new(self, block: str) -> bool:
        return block.startswith("0x") and int(block, 16) > int(self._head["number"], 16)

    def _unless_new(self, block: str, answer: dict[str, Any]) -> dict[str, Any]:
        if not self._is_new(block):
            return answer
        return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32000, "message": "header not found"}}

    def _block(self, block: str, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "result": None} if self._is_new(block) else answer


def test_an_address_behind_which_one_engine_lags(either: Following) -> None:
    """It says "no such transaction" and an old nonce for what the other has in a block: nothing is signed anew."""
    lagging = Lagging(either)
    with either.behind(lagging.respond) as office:
        kept = [either.submitted() for _ in range(3)]
        for _ in range(12):
            either.turn(office)
        either.settle(office)
    assert either.lane.stopped is None
    for one in kept:
        assert [sent.transaction_hash for sent in either.attempts(one.nonce)] == [one.transaction_hash]


@pytest.mark.parametrize(
    "words",
    [
        "already known",
        "nonce too low: next nonce 99, tx nonce 1",
        "nonce too high",
        "txpool is full",
        "replacement transaction underpriced",
        "something nobody has ever seen",
    ],
)
def test_words_alone_change_nothing_about_a_payment(local: Following, words: str) -> None:
    """An engine that refuses with these words, having taken the transaction or not: the same bytes, again."""
    kept = local.submitted()
    error = {"code": -32000, "message": words}

    def refuse(body: bytes) -> bytes:
        asked = json.loads(body)
        sends = [one for one in (asked if isinstance(asked, list) else [asked]) if one["method"] == SEND]
        if not sends:
            return forward(local.town.url, body)
        refusals = [{"jsonrpc": "2.0", "id": one["id"], "error": error} for one in sends]
        return json.dumps(refusals if isinstance(asked, list) else refusals[0]).encode()

    with local.behind(refuse) as office:
        for _ in range(3):
            send_pending(office)
    assert local.state(kept.uetr or "") is State.SUBMITTED
    assert [one.broadcast_count for one in local.attempts(kept.nonce)] == [3]
    assert local.lane.stopped is None
    assert words in (local.lane.trouble or "")
    local.settle()
    assert local.lane.healthy
