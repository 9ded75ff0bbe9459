"""The words of many engines, each in its line of the table."""

from __future__ import annotations

import pytest

from node.ledger.refusals import Refusal, refusal_of


@pytest.mark.parametrize(
    "text",
    [
        "replacement transaction underpriced",
        "transaction underpriced: gas tip cap 0, minimum needed 1",
        "max fee per gas less than block base fee: address 0x12, maxFeePerGas: 7, baseFee: 1000000000",
        "max fee per gas less than block base fee: 7 < 1000000000",
        "FeeTooLow, MaxFeePerGas too low",
        "FeeTooLowToCompete",
        "Gas price below configured minimum gas price",
        "GAS_PRICE_TOO_LOW",
        "fee cap too low",
    ],
)
def test_the_offer_is_too_low(text: str) -> None:
    assert refusal_of(text) is Refusal.FEE_TOO_LOW


@pytest.mark.parametrize(
    "text",
    [
        "exceeds block gas limit: gas 31000000, limit 30000000",
        "exceeds block gas limit",
        "EXCEEDS_BLOCK_GAS_LIMIT",
        "intrinsic gas too low: gas 20999, minimum needed 21000",
        "intrinsic gas too high -- tx.gas_limit > env.block.gas_limit",
        "INTRINSIC_GAS_EXCEEDS_GAS_LIMIT",
        "oversized data: transaction size 131073, limit 131072",
        "transaction gas limit too high (cap: 16777216, tx: 30000000)",
    ],
)
def test_it_never_can_be_included(text: str) -> None:
    assert refusal_of(text) is Refusal.IMPOSSIBLE


@pytest.mark.parametrize(
    "text",
    [
        "insufficient funds for gas * price + value: address 0x12 have 0 want 1",
        "Insufficient funds for gas * price + value",
        "UPFRONT_COST_EXCEEDS_BALANCE",
    ],
)
def test_the_operator_is_too_poor(text: str) -> None:
    assert refusal_of(text) is Refusal.FUNDS


@pytest.mark.parametrize(
    "text",
    ["already known", "nonce too low", "nonce too high", "txpool is full", "account limit exceeded", "", "no"],
)
def test_everything_else_may_pass(text: str) -> None:
    assert refusal_of(text) is Refusal.UNCLEAR
