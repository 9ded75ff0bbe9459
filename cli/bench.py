"""`corridor bench`: what things cost, measured here and now."""

from __future__ import annotations

from typing import Final

from cli.lazy_commands import Table, lazy_app

COMMANDS: Final[Table] = {
    "gas": (
        "cli.bench_gas",
        "Gas per payment of every contract operation, warm accounts, beside the EVM's floor and the limit.",
    ),
    "wallet": (
        "cli.bench_wallet",
        "Signing, recovering, a payment's signing and unlocking: medians with quartiles, both sides in turns.",
    ),
    "chain": (
        "cli.bench_chain",
        "Every speed the chain is held to: medians with quartiles, all engines in turns in one run.",
    ),
    "payments": (
        "cli.bench_payments",
        "Two banks and a chain: accepting, settling, waiting, and what a long history costs; all in one run.",
    ),
}

app = lazy_app(COMMANDS, help="Measure what things cost.")
