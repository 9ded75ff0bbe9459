"""`corridor wallet`: keys, balances, transfers and signatures for the people and institutions that hold money.

Nothing is signed that was not shown in words first, and no secret is ever taken from the arguments.
"""

from __future__ import annotations

from typing import Final

from cli.exit_codes import epilog
from cli.lazy_commands import Table, lazy_app

COMMANDS: Final[Table] = {
    "balance": (
        "cli.wallet_balance",
        "Show balances in every currency of the network: of your addresses, or of any one.",
    ),
    "typed-data": (
        "cli.wallet_documents",
        "Say in words what typed data would agree to, and give its digest. Nothing is signed.",
    ),
    "sign": (
        "cli.wallet_documents",
        "Sign an instruction, acceptance, quote or cancellation for this network; anything else is refused.",
    ),
    "verify": (
        "cli.wallet_documents",
        "Say whether an address signed typed data. Exit code 0: yes; 1: somebody else did, or nobody.",
    ),
    "new": (
        "cli.wallet_keys",
        "Make a new key and keep it encrypted, or have a hardware module make one that never leaves it.",
    ),
    "import": (
        "cli.wallet_keys",
        "Take over a key: from words, from 32 bytes in hexadecimal, or from another keystore file.",
    ),
    "export": (
        "cli.wallet_keys",
        "Write a key to a new private file: raw, which whoever reads it can spend, or under another password.",
    ),
    "list": ("cli.wallet_keys", "List your addresses. Nothing is unlocked."),
    "address": (
        "cli.wallet_keys",
        "Print your address, or that of a key in a hardware module: what others need to pay you.",
    ),
    "policy": (
        "cli.wallet_policy",
        "Check a policy and say what it allows; its hash is what every audit entry names.",
    ),
    "audit": (
        "cli.wallet_policy",
        "Check an audit log's chain from its first entry to its last, and show what it says.",
    ),
    "authorise": (
        "cli.wallet_authorise",
        "Sign a transfer that somebody else may carry to the chain, unchanged and once, and pays the gas for.",
    ),
    "send": ("cli.wallet_send", "Send money of one currency from your address to another."),
    "pay": ("cli.wallet_send", "Pay what a link asks for."),
    "request": (
        "cli.wallet_send",
        "Print a link that asks others to pay you. It says only your address, the currency and the amount.",
    ),
    "history": ("cli.wallet_send", "Show what was sent from this keystore, and what is known of it."),
    "hold": (
        "cli.wallet_hold",
        "Reserve money for somebody; it is paid when receipt is confirmed, and comes back if it is not.",
    ),
    "confirm": ("cli.wallet_hold", "Confirm receipt: the money that is held becomes the creditor's, for good."),
    "lift": (
        "cli.wallet_hold",
        "End a hold: its money is the debtor's again. Before its time is over, only the creditor can.",
    ),
    "requests": ("cli.wallet_requests", "Show what waits for people's consent. Nothing is unlocked."),
    "approve": (
        "cli.wallet_requests",
        "Agree to what waits, as another person than who asked; with the last consent it is signed and sent.",
    ),
    "refuse": (
        "cli.wallet_requests",
        "Turn down what waits, or withdraw what you asked for; it will never be signed.",
    ),
    "lanes": (
        "cli.wallet_lanes",
        "Show an institution's lanes: what waits for a block, and what is the matter. Its node may be running.",
    ),
    "resume-lane": (
        "cli.wallet_lanes",
        "Let a stopped lane run again, behind whatever used its nonces; its running node goes on with it.",
    ),
    "contacts": ("cli.wallet_contacts", "Names for the addresses you pay."),
}

app = lazy_app(COMMANDS, help="Keys, balances, transfers and signatures.", epilog=epilog())
