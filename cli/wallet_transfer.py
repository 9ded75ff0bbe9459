"""A transfer between wallets, prepared so that a person can judge it, then signed, sent and followed.

It is tried on the chain before it is signed; a transfer that the token would refuse never leaves.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from cli.exit_codes import ExitCode
from cli.wallet_journal import NOT_TAKEN, REFUSED, REPLACED, SETTLED, Journal, Kept
from node.ledger.client import LedgerClient
from node.ledger.errors import LedgerUnreachable
from node.ledger.values import BroadcastStatus, CallRefused, Receipt
from wallet.address import ZERO_ADDRESS
from wallet.amount import BadAmount, format_amount
from wallet.intent import Gas, TransferIntent
from wallet.network import Network, Token
from wallet.signer import Signer
from wallet.transaction import BadTransaction, SignedTransaction, UnsignedTransaction, sign_transaction
from wallet.transfer import transfer, transfer_call_data
from wallet.words import Description, party_in_words

_POLL_S = 0.2


@dataclass(frozen=True)
class Order:
    """A transfer that could be sent now: `amount` and `balance` in minor units."""

    debtor: str
    creditor: str
    token: Token
    amount: int
    balance: int
    unsigned: UnsignedTransaction

    def description(self, network: Network) -> Description:
        """Return the transfer in words."""
        amount = f"{format_amount(self.amount, self.token.decimals)} {self.token.currency}"
        after = f"{format_amount(self.balance - self.amount, self.token.decimals)} {self.token.currency}"
        fee = self.unsigned.gas * self.unsigned.max_fee_per_gas
        return Description(
            f"Send {amount} to {party_in_words(self.creditor, network)}",
            (
                ("From", party_in_words(self.debtor, network)),
                ("To", party_in_words(self.creditor, network)),
                ("Amount", amount),
                ("Left afterwards", after),
                ("Fee", f"at most {fee} wei" if fee else "none"),
                ("Chain", str(network.chain_id)),
            ),
        )

    def intent(self) -> TransferIntent:
        """Return the transfer as a policy judges it; signing it gives the same transaction."""
        unsigned = self.unsigned
        gas = Gas(unsigned.nonce, unsigned.gas, unsigned.max_fee_per_gas, unsigned.max_priority_fee_per_gas)
        return TransferIntent(self.token.currency, self.creditor, self.amount, gas)

    def as_json(self) -> dict[str, Any]:
        """Return the transfer for programs; amounts in minor units as text."""
        return {
            "from": self.debtor,
            "to": self.creditor,
            "currency": self.token.currency,
            "amount": str(self.amount),
            "decimals": self.token.decimals,
            "nonce": self.unsigned.nonce,
            "gas": self.unsigned.gas,
            "max_fee_per_gas": str(self.unsigned.max_fee_per_gas),
        }


@dataclass(frozen=True)
class Outcome:
    """What became of a transfer; `failure` is a sentence, or empty."""

    status: str
    transaction: str
    block: int | None = None
    failure: str = ""
    exit_code: ExitCode = ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """Return the outcome for programs."""
        found = {"status": self.status, "transaction": self.transaction, "block": self.block}
        return found | ({"failure": self.failure} if self.failure else {})

    def in_words(self) -> str:
        """Return status and block for people."""
        return self.status if self.block is None else f"{self.status} in block {self.block}"


def prepare(
    client: LedgerClient, network: Network, token: Token, debtor: str, creditor: str, amount: int
) -> Order:
    """Build the transfer and try it on the chain.

    Raises BadAmount above the balance, BadTransaction if the token would refuse it or the money would be lost.
    """
    check_creditor(network, debtor, creditor)
    balance = client.balance_of(token.address, debtor)
    if amount > balance:
        have = format_amount(balance, token.decimals)
        raise BadAmount(f"the balance is {have} {token.currency}, less than the amount")
    data = transfer_call_data(creditor, amount)
    gas = client.simulate(debtor, token.address, data)
    if isinstance(gas, CallRefused):
        raise BadTransaction(f"the currency token would refuse this transfer: {gas.reason}")
    fees = client.fees()
    unsigned = transfer(
        network,
        token,
        creditor,
        amount,
        nonce=client.next_nonce(debtor),
        gas=gas + gas // 4,  # the state may differ a little when it is included
        max_fee_per_gas=fees.max_fee_per_gas,
        max_priority_fee_per_gas=fees.max_priority_fee_per_gas,
    )
    return Order(debtor, creditor, token, amount, balance, unsigned)


def check_creditor(network: Network, debtor: str, creditor: str) -> None:
    """Raises BadTransaction for an address where money would be lost, or that it is to come from."""
    if creditor == ZERO_ADDRESS:
        raise BadTransaction("to: nobody has the zero address; the money would be lost")
    if network.has_contract_at(creditor):
        raise BadTransaction("to: a contract of the network, which cannot give money back; it would be lost")
    if creditor == debtor:
        raise BadTransaction("to: the address that the money comes from; nothing would change")


def send_and_wait(client: LedgerClient, order: Order, signer: Signer, journal: Journal, wait_s: float) -> Outcome:
    """Sign, keep, send, and follow until the transfer is final or `wait_s` seconds are over."""
    return keep_and_wait(client, order, sign_transaction(order.unsigned, signer), journal, wait_s)


def keep_and_wait(
    client: LedgerClient, order: Order, signed: SignedTransaction, journal: Journal, wait_s: float
) -> Outcome:
    """Keep what was signed, send it, and follow it until it is final or `wait_s` seconds are over."""
    kept = Kept(
        time_ms=time.time_ns() // 1_000_000,
        chain_id=order.unsigned.chain_id,
        debtor=order.debtor,
        creditor=order.creditor,
        currency=order.token.currency,
        decimals=order.token.decimals,
        amount=order.amount,
        transaction="0x" + signed.hash.hex(),
        raw=signed.raw,
    )
    journal.keep(kept)
    return carry_on(client, kept, journal, wait_s)


def carry_on(client: LedgerClient, kept: Kept, journal: Journal, wait_s: float) -> Outcome:
    """Broadcast what was kept (again), follow it, and record what has become of it.

    When the chain does not answer, the outcome says so: it may be on its way, and stays open in the journal.
    """
    try:
        answer = client.broadcast(kept.raw)
        if answer.on_its_way:
            outcome = _follow(client, kept.transaction, time.monotonic() + wait_s)
        else:
            replaced = answer.status is BroadcastStatus.NONCE_TOO_LOW
            status = REPLACED if replaced else NOT_TAKEN
            outcome = Outcome(status, kept.transaction, None, answer.text or status, ExitCode.NO)
    except LedgerUnreachable as error:
        failure = f"{error}; it may be on its way, and the next send looks it up first"
        outcome = Outcome("unknown", kept.transaction, None, failure, ExitCode.UNREACHABLE)
    journal.note(kept.transaction, outcome.status, outcome.block)
    return outcome


def _follow(client: LedgerClient, transaction: str, deadline_s: float) -> Outcome:
    while True:
        receipt = client.receipt(transaction)
        if receipt is not None and receipt.block_number <= client.final().number:
            return _final(client, receipt)
        if time.monotonic() >= deadline_s:
            return _unfinished(transaction, receipt)
        time.sleep(_POLL_S)


def _final(client: LedgerClient, receipt: Receipt) -> Outcome:
    if receipt.succeeded:
        return Outcome(SETTLED, receipt.hash, receipt.block_number)
    return Outcome(REFUSED, receipt.hash, receipt.block_number, client.revert_reason(receipt.hash), ExitCode.NO)


def _unfinished(transaction: str, receipt: Receipt | None) -> Outcome:
    if receipt is None:
        return Outcome("sent", transaction)
    return Outcome("included", transaction, receipt.block_number)
