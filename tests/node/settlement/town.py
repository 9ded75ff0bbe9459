"""A town of four institutions on a real local chain: two banks, an FX provider, an issuer per currency.

Chain, contracts, signatures and books are real; only the line between institutions is a switchboard in this
process that a test can cut, and the messages are plain text instead of XML.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from node.book.book import Book
from node.book.databases import place_of_book
from node.book.inbox_records import InboxRecord
from node.book.records import AccountKind, AccountStatus, CashAccountRecord, PaymentRecord
from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.genesis import Genesis
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer
from node.domain.money import Currency, Money
from node.domain.party import AccountScheme, Agent, CashAccount, ParticipantRole, Party
from node.domain.payment import ChargeBearer, Payment
from node.domain.reasons import Finding
from node.ledger.client import LedgerClient
from node.ledger.deployment import deploy_network
from node.ledger.directory import Directory
from node.ledger.plan import CurrencyPlan, IssuePlan, NetworkKeys, NetworkPlan, ParticipantPlan
from node.ledger.settlement_contract import SettlementContract
from node.settlement.engine import due_payments, step
from node.settlement.intake import Received, Recorded, receive
from node.settlement.office import Office
from node.settlement.ports import NOTHING_SAID, Remarks, Written
from node.settlement.reconcile import reconcile
from node.settlement.sender import send_pending
from node.settlement.terms import PriceBook, Terms
from node.settlement.watcher import watch
from tests.keys import MASTER
from tests.node.settlement.clocks import TownClock
from tests.node.settlement.switchboard import Switchboard
from wallet.signer import LocalSigner

CNY, AED = Currency("CNY", 2), Currency("AED", 2)
DEBTOR_BIC, CREDITOR_BIC, PROVIDER_BIC = "AAAACN0XXXX", "BBBBAE0XXXX", "FFFFHK0XXXX"
DEBTOR_ACCOUNT, CREDITOR_ACCOUNT, CNY_ACCOUNT_ABROAD = "6200000000000001", "AE070331234567890123456", "900001"
OPENING_MINOR = 1_000_000_00
INVENTORY_MINOR = 5_000_000_00
PATIENCE_S = 60.0


class PlainTranslator:
    """Messages as lines of text: what is tested here is settlement, not XML."""

    def forward(self, record: PaymentRecord, original: bytes) -> Written:
        return Written("pacs.008.001.08", f"forward-{record.uetr}", b"forward of " + original)

    def report(
        self,
        record: PaymentRecord,
        original: bytes,
        remarks: tuple[Finding, ...] = (),
        came_as: str | None = None,
    ) -> Written:
        reasons = ",".join(finding.reason.sentence for finding in record.findings + remarks)
        body = f"{record.uetr} {record.state.value} {reasons}".strip()
        return Written("pacs.002.001.10", f"report-{record.uetr}-{len(record.history)}", body.encode())

    def report_batch(
        self, entry: InboxRecord, records: Mapping[str, PaymentRecord], remarks: Remarks = NOTHING_SAID
    ) -> Written:
        states = (records[line.uetr].state.value if line.uetr else "NONE" for line in entry.lines)
        return Written("pacs.002.001.10", f"batch-{entry.key}", " ".join(states).encode())


@dataclass
class Town:
    """The institutions and what they stand on."""

    chain: Any  # the LocalChain underneath; None on another engine
    chain_clock: TownClock
    clock: TownClock
    url: str
    stop_engine: Callable[[], None]
    board: Switchboard
    debtor_agent: Office
    creditor_agent: Office
    provider: Office
    crossed: list[tuple[str, str]]
    issuer: LocalSigner

    def offices(self) -> tuple[Office, ...]:
        return (self.debtor_agent, self.creditor_agent, self.provider)

    def post(self, payment: Payment) -> PaymentRecord:
        answer = receive(self.debtor_agent, Received(payment, (), self.message(payment)))
        assert isinstance(answer, Recorded)
        return answer.record

    def message(self, payment: Payment, text: str = "please pay") -> Written:
        body = f"{text} {payment.uetr}".encode()
        self.board.payments[body] = payment
        return Written("pacs.008.001.08", payment.message_id, body)

    def forward_both(self, seconds: float) -> None:
        self.clock.forward(seconds)
        self.chain_clock.forward(seconds)

    def pay_gas_of(self, address: str) -> None:
        """Give an account money for gas, where gas is not free."""
        if self.chain is None:
            self.debtor_agent.client.connection.call("anvil_setBalance", address, hex(10**18))

    def height(self) -> int:
        return int(self.debtor_agent.client.connection.call("eth_blockNumber"), 16)

    def reorganise_above(self, number: int) -> None:
        """The blocks above are gone with all they held; an empty one is in their place."""
        if self.chain is not None:
            self.chain.revert_to(number)
            self.chain.mine()
            return
        call = self.debtor_agent.client.connection.call
        call("anvil_rollback", self.height() - number)
        call("evm_mine")

    def turn(self) -> None:
        """One round of everything each office does by itself."""
        for office in self.offices():
            for uetr in due_payments(office):
                step(office, uetr)
            send_pending(office)
            watch(office)

    def run(self, uetr: str, until: Callable[[PaymentRecord], bool], turns: int = 30) -> PaymentRecord:
        """Take turns until it holds; an engine elsewhere includes when it likes, and is given time for it."""
        ends_at = time.monotonic() + (0 if self.chain else PATIENCE_S)
        taken = 0
        while taken < turns or time.monotonic() < ends_at:
            record = self.record(uetr)
            if until(record):
                return record
            self.turn()
            taken += 1
        raise AssertionError(f"still {self.record(uetr).state} after {taken} turns")

    def record(self, uetr: str, office: Office | None = None) -> PaymentRecord:
        with (office or self.debtor_agent).book.view() as unit:
            record = unit.payments.find(uetr)
        assert record is not None
        return record

    def account(self, office: Office, number: str) -> CashAccountRecord:
        with office.book.view() as unit:
            account = unit.accounts.find(number)
        assert account is not None
        return account

    def on_chain(self, office: Office, currency: Currency) -> int:
        return office.client.balance_of(office.directory.tokens()[currency.code].address, office.account)

    def assert_sound(self) -> None:
        """Invariants 2 and 3 of the design: books equal chain, and all money is money that was issued."""
        for office in self.offices():
            watch(office)
            assert reconcile(office).problems == ()
        client = self.debtor_agent.client
        for info in self.debtor_agent.directory.tokens().values():
            facts = client.token_facts(info.address)
            held = sum(client.balance_of(info.address, office.account) for office in self.offices())
            assert held == facts.total_supply == facts.issued_total - facts.redeemed_total

    def close(self) -> None:
        for office in self.offices():
            office.book.close()
            office.client.close()
        self.stop_engine()


def payment(
    amount_minor: int, *, credit_minor: int | None = None, quote_id: str | None = None, **changes: Any
) -> Payment:
    """CNY from the debtor's account; in AED to the creditor's where `credit_minor` is given."""
    crossing = credit_minor is not None
    made = Payment(
        uetr=str(uuid.uuid4()),
        message_id=f"MSG-{uuid.uuid4().hex[:20]}",
        end_to_end_id="E2E-1",
        instruction_id=None,
        transaction_id=None,
        settlement_date=None,
        interbank_settlement_amount=Money(credit_minor, AED) if credit_minor else Money(amount_minor, CNY),
        instructed_amount=Money(amount_minor, CNY) if crossing else None,
        exchange_rate=None,
        charge_bearer=ChargeBearer.SHARED,
        charges=(),
        instructing_agent=Agent(DEBTOR_BIC),
        instructed_agent=Agent(CREDITOR_BIC),
        debtor=Party("Debtor Trading"),
        debtor_account=CashAccount(DEBTOR_ACCOUNT, AccountScheme.OTHER),
        debtor_agent=Agent(DEBTOR_BIC),
        creditor=Party("Creditor Trading"),
        creditor_account=CashAccount(
            CREDITOR_ACCOUNT if crossing else CNY_ACCOUNT_ABROAD,
            AccountScheme.IBAN if crossing else AccountScheme.OTHER,
        ),
        creditor_agent=Agent(CREDITOR_BIC),
        quote_id=quote_id,
    )
    return replace(made, **changes)


def found_town(folder: Path, database: str | None = None) -> Town:
    """Start a chain of our own, deploy, register, issue, open the books."""
    chain_clock = TownClock()
    chain = LocalChain.open(None, Genesis(), clock=ChainClock(chain_clock.now_s))
    server = BackgroundServer(create_rpc_app(chain)).start()

    def stop() -> None:
        server.stop()
        chain.close()

    return found_town_on(
        folder,
        server.url,
        TownClock(),
        chain=chain,
        chain_clock=chain_clock,
        stop_engine=stop,
        database=database,
    )


def found_town_on(
    folder: Path,
    url: str,
    clock: TownClock,
    *,
    funder: LocalSigner | None = None,
    chain: LocalChain | None = None,
    chain_clock: TownClock | None = None,
    stop_engine: Callable[[], None] = lambda: None,
    database: str | None = None,
) -> Town:
    """Deploy on a running engine, register, issue, open the books; `funder` pays where gas is not free.

    The books are files in `folder`, or schemas of the PostgreSQL `database` given.
    """
    client = LedgerClient(url)
    issuer = LocalSigner(bytes([9] * 32))
    signers = {bic: LocalSigner(bytes([index + 1] * 32)) for index, bic in enumerate(_BICS)}
    lanes = {bic: LocalSigner(bytes([index + 21] * 32)) for index, bic in enumerate(_BICS)}
    plan = replace(_plan(signers), operators=tuple(lane.address for lane in (*lanes.values(), SECOND_LANE)))
    keys = NetworkKeys(LocalSigner(bytes([7] * 32)), issuer, issuer, {"CNY": issuer, "AED": issuer}, funder)
    network = deploy_network(client, plan, keys)
    board, crossed = Switchboard(), list[tuple[str, str]]()

    def office(bic: str) -> Office:
        own_client = LedgerClient(url)
        made = Office(
            bic=bic,
            account=signers[bic].address,
            book=Book.open(place_of_book(database, bic, folder / f"{bic}.sqlite"), MASTER),
            client=own_client,
            directory=Directory(own_client, network.registry, fresh_s=0),
            contract=SettlementContract(own_client, network.settlement),
            correspondent=board.line_of(bic),
            translator=PlainTranslator(),
            signer=signers[bic],
            lane_signer=lanes[bic],
            clock=clock,
            boundary=lambda name, uetr: crossed.append((name, uetr)),
            terms=Terms(rebroadcast_s=0),
            prices=_PRICES if bic == PROVIDER_BIC else None,
        )
        board.offices[bic] = made
        return made

    debtor_agent, creditor_agent, provider = (office(bic) for bic in _BICS)
    town = Town(
        chain,
        chain_clock or clock,
        clock,
        url,
        stop_engine,
        board,
        debtor_agent,
        creditor_agent,
        provider,
        crossed,
        issuer,
    )
    client.close()
    _open_accounts(town)
    return town


SECOND_LANE = LocalSigner(bytes([31] * 32))
_BICS = (DEBTOR_BIC, CREDITOR_BIC, PROVIDER_BIC)
_PRICES = PriceBook({("CNY", "AED"): Fraction(51, 100)}, spread_bps=0)


def _plan(signers: dict[str, LocalSigner]) -> NetworkPlan:
    roles = {PROVIDER_BIC: ParticipantRole.FX_PROVIDER | ParticipantRole.BANK}
    participants = tuple(
        ParticipantPlan(
            account=signers[bic].address,
            bic=bic,
            lei=f"5493001KJTIIGC8Y1R{index + 12}",
            name=f"Institution {bic[:4]}",
            roles=roles.get(bic, ParticipantRole.BANK),
            message_key=bytes([index + 1] * 32),
            api_address=f"http://127.0.0.1:{index + 1}",
            jurisdiction=bic[4:6],
        )
        for index, bic in enumerate(_BICS)
    )
    issues = (
        IssuePlan(signers[DEBTOR_BIC].address, Money(OPENING_MINOR, CNY), bytes([1] * 32)),
        IssuePlan(signers[PROVIDER_BIC].address, Money(INVENTORY_MINOR, CNY), bytes([2] * 32)),
        IssuePlan(signers[PROVIDER_BIC].address, Money(INVENTORY_MINOR, AED), bytes([3] * 32)),
    )
    currencies = (CurrencyPlan(CNY, "Yuan"), CurrencyPlan(AED, "Dirham"))
    return NetworkPlan(participants, currencies, issues)


def _open_accounts(town: Town) -> None:
    """Customers' accounts; the debtor's opening balance comes out of what was issued to its bank."""
    watch(town.debtor_agent)
    with town.debtor_agent.book.unit() as unit:
        unit.accounts.open(account_of(DEBTOR_ACCOUNT, CNY))
        own = unit.accounts.own(CNY).number
        opening = Money(OPENING_MINOR, CNY)
        at = datetime(2027, 1, 1, tzinfo=UTC)
        assert unit.accounts.transfer(own, DEBTOR_ACCOUNT, opening, reference="opening", text="opening", at=at)
    with town.creditor_agent.book.unit() as unit:
        unit.accounts.open(account_of(CREDITOR_ACCOUNT, AED, AccountScheme.IBAN))
        unit.accounts.open(account_of(CNY_ACCOUNT_ABROAD, CNY))


def account_of(number: str, currency: Currency, scheme: AccountScheme = AccountScheme.OTHER) -> CashAccountRecord:
    """An empty account of a customer, to be opened."""
    return CashAccountRecord(
        number=number,
        scheme=scheme,
        kind=AccountKind.CUSTOMER,
        currency=currency,
        holder="A customer",
        wallet_address=None,
        status=AccountStatus.OPEN,
        balance=Money(0, currency),
        reserved=Money(0, currency),
    )
