"""A deployed network in the hands of a test: payments made ready, transactions sent and waited for."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, replace

from node.domain.money import Currency
from node.ledger.client import LedgerClient, Receipt
from node.ledger.orders import Order, carry_out, next_nonces
from node.ledger.plan import DeployedNetwork, NetworkKeys, NetworkPlan
from node.ledger.settlement_contract import SettlementContract
from tests.node.ledger.actors import CURRENCIES, PROVIDER, actor, bank, digest
from wallet.signer import LocalSigner
from wallet.transaction import SignedTransaction, UnsignedTransaction, sign_transaction
from wallet.typed_data import Acceptance, Instruction, Quote, Struct, signing_digest, struct_hash


@dataclass(frozen=True)
class Network:
    """The network, with everybody's keys."""

    client: LedgerClient
    plan: NetworkPlan
    keys: NetworkKeys
    deployed: DeployedNetwork

    @property
    def contract(self) -> SettlementContract:
        """The settlement contract."""
        return SettlementContract(self.client, self.deployed.settlement)

    def token(self, currency: Currency) -> str:
        """The token of a currency."""
        return self.deployed.tokens[currency.code]

    def balance(self, currency: Currency, signer: LocalSigner) -> int:
        """What somebody holds now."""
        return self.client.balance_of(self.token(currency), signer.address)

    def sign(self, signer: LocalSigner, value: Struct) -> bytes:
        """Somebody's signature under the settlement contract's domain."""
        return signer.sign_digest(signing_digest(self.contract.domain(), value)).to_bytes()

    def send(self, signer: LocalSigner, to: str, data: bytes) -> Receipt:
        """Send one transaction that must succeed."""
        orders = [Order("test", signer, to, data)]
        return carry_out(self.client, orders, next_nonces(self.client, [signer]), patience_s=120)[0]

    def included(self, *transactions: SignedTransaction) -> list[Receipt]:
        """The receipts of transactions already sent, once all are in blocks; Anvil accepts before it includes."""
        ends_at = time.monotonic() + 120
        while time.monotonic() < ends_at:
            found = self.client.receipts([hash_of(item) for item in transactions])
            receipts = [receipt for receipt in found if receipt is not None]
            if len(receipts) == len(transactions):
                return receipts
            time.sleep(0.01)
        raise AssertionError("not in a block after two minutes")

    def transaction(self, data: bytes, *, nonce: int | None = None, gas: int = 1_000_000) -> SignedTransaction:
        """A transaction of the operator to the settlement contract, signed and not sent."""
        fees = self.client.fees()
        lane = actor("operator")
        unsigned = UnsignedTransaction(
            chain_id=self.client.chain_id(),
            nonce=self.client.next_nonce(lane.address) if nonce is None else nonce,
            to=self.deployed.settlement,
            value=0,
            data=data,
            gas=gas,
            max_fee_per_gas=fees.max_fee_per_gas,
            max_priority_fee_per_gas=fees.max_priority_fee_per_gas,
        )
        return sign_transaction(unsigned, lane)


def hash_of(transaction: SignedTransaction) -> str:
    """A transaction's hash as the ledger names it."""
    return "0x" + transaction.hash.hex()


@dataclass(frozen=True)
class Payment:
    """A cross-currency payment between two banks, with what must be signed for it."""

    instruction: Instruction
    quote: Quote

    def call(self, network: Network, **changed: bytes) -> bytes:
        """The settlement call with everybody's real signatures; `changed` replaces some of them."""
        acceptance = Acceptance(struct_hash(self.instruction), self.instruction.expiry)
        signatures = {
            "debtor_signature": network.sign(_signer(self.instruction.debtor_account), self.instruction),
            "acceptance_signature": network.sign(_signer(self.instruction.creditor_agent), acceptance),
            "quote_signature": network.sign(PROVIDER, self.quote),
        }
        return network.contract.settle_call(
            self.instruction, acceptance_expiry_s=acceptance.expiry, quote=self.quote, **(signatures | changed)
        )


def _signer(address: str) -> LocalSigner:
    return next(bank(currency) for currency in CURRENCIES if bank(currency).address == address)


def payment(network: Network, sell: Currency, buy: Currency, sold: int, bought: int) -> Payment:
    """A payment from one currency's bank to the other's, valid for ten minutes of the chain's time."""
    uetr, expiry = uuid.uuid4(), network.client.pending_time_s() + 600
    debtor, creditor = bank(sell).address, bank(buy).address
    instruction = Instruction(
        uetr=uetr.bytes,
        debtor_agent=debtor,
        creditor_agent=creditor,
        debtor_account=debtor,
        creditor_account=creditor,
        debit_token=network.token(sell),
        debit_amount=sold,
        credit_token=network.token(buy),
        credit_amount=bought,
        message_digest=digest(str(uetr)),
        return_of=bytes(16),
        sequence=0,
        expiry=expiry,
    )
    quote = Quote(
        id=uuid.uuid4().bytes,
        provider=PROVIDER.address,
        taker=debtor,
        sell_token=network.token(sell),
        sell_amount=sold,
        buy_token=network.token(buy),
        buy_amount=bought,
        expiry=expiry,
    )
    return Payment(instruction, quote)


def same_but(made: Payment, **changed: object) -> Payment:
    """The payment with other fields in its instruction."""
    return replace(made, instruction=replace(made.instruction, **changed))  # type: ignore[arg-type]
