"""What goes wrong between two steps, and what must hold afterwards: settled once, or ended for good."""

from __future__ import annotations

import time
from dataclasses import replace

from contracts import artifact
from node.book.records import PaymentRecord
from node.domain.lifecycle import TERMINAL, State
from node.domain.reasons import Reason
from node.ledger.abi import call_data
from node.ledger.client import LedgerClient, Receipt
from node.settlement.engine import due_payments, step
from node.settlement.ports import Written
from node.settlement.sender import send_pending
from node.settlement.watcher import watch
from tests.node.settlement.town import AED, CNY_ACCOUNT_ABROAD, DEBTOR_ACCOUNT, PlainTranslator, Town, payment
from wallet.signer import Signer
from wallet.transaction import UnsignedTransaction, sign_transaction

TOKEN_ABI = artifact("CurrencyToken").abi


def ended(record: PaymentRecord) -> bool:
    return record.state in TERMINAL


def settled(record: PaymentRecord) -> bool:
    return record.state is State.SETTLED


def engine_only(town: Town, uetr: str, state: State) -> PaymentRecord:
    """Take steps without letting anything reach the chain, until the payment is in this state."""
    for _ in range(20):
        if town.record(uetr).state is state:
            return town.record(uetr)
        town.clock.forward(1)
        for due in due_payments(town.debtor_agent):
            step(town.debtor_agent, due)
    raise AssertionError(town.record(uetr).state)


def move_by_hand(town: Town, amount_minor: int, *, back: bool = False) -> None:
    """The provider moves its dirhams to the issuer, or the issuer gives them back, outside any payment."""
    signer = town.issuer if back else town.provider.signer
    to = town.provider.account if back else town.issuer.address
    token = town.provider.directory.tokens()["AED"].address
    assert send_by_hand(town, signer, token, call_data(TOKEN_ABI, "transfer", to, amount_minor)).succeeded


def send_by_hand(town: Town, signer: Signer, to: str, data: bytes) -> Receipt:
    """One transaction outside any payment, and what became of it."""
    town.pay_gas_of(signer.address)
    client = town.provider.client
    fees = client.fees()
    unsigned = UnsignedTransaction(
        chain_id=client.chain_id(),
        nonce=client.next_nonce(signer.address),
        to=to,
        value=0,
        data=data,
        gas=1_000_000,
        max_fee_per_gas=fees.max_fee_per_gas,
        max_priority_fee_per_gas=fees.max_priority_fee_per_gas,
    )
    signed = sign_transaction(unsigned, signer)
    assert client.broadcast(signed.raw).on_its_way
    ends_at = time.monotonic() + 120
    while (receipt := client.receipt("0x" + signed.hash.hex())) is None:  # Anvil accepts before it includes
        assert time.monotonic() < ends_at
        time.sleep(0.01)
    return receipt


def test_a_counterparty_that_is_down_costs_nothing_but_time(town: Town) -> None:
    town.board.fault = "down"
    posted = town.post(payment(100))
    for _ in range(5):
        town.turn()
        town.clock.forward(1)
    assert town.record(posted.uetr).state is State.VALIDATED
    town.board.fault = None
    town.clock.forward(20)
    town.run(posted.uetr, settled)


def test_a_counterparty_down_for_good_expires_the_payment(town: Town) -> None:
    town.board.fault = "down"
    posted = town.post(payment(100))
    for _ in range(3):
        town.turn()
        town.clock.forward(1)
    town.forward_both(town.debtor_agent.terms.payment_s + 1)
    record = town.run(posted.uetr, ended)
    assert (record.state, record.findings[0].reason) == (State.EXPIRED, Reason.CREDITOR_AGENT_UNREACHABLE)
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved.minor == 0


def test_a_lost_answer_is_asked_for_again_and_is_the_same(town: Town) -> None:
    town.board.fault = "reply lost"
    posted = town.post(payment(100))
    for _ in range(4):
        town.turn()
        town.clock.forward(1)
    theirs = town.record(posted.uetr, town.creditor_agent)
    assert theirs.state is State.ACCEPTED
    town.board.fault = None
    town.clock.forward(20)
    record = town.run(posted.uetr, settled)
    assert record.acceptance_signature == theirs.acceptance_signature


def test_a_counterparty_that_gets_a_request_twice_answers_the_same_and_settles_once(town: Town) -> None:
    town.board.fault = "twice"
    posted = town.post(payment(100))
    record = town.run(posted.uetr, settled)
    town.turn()
    theirs = town.record(posted.uetr, town.creditor_agent)
    assert theirs.acceptance_signature == record.acceptance_signature
    assert [one.state for one in theirs.history].count(State.ACCEPTED) == 1
    assert theirs.state is State.SETTLED


def test_a_request_that_arrives_after_its_asker_gave_up_for_good_settles_nothing(town: Town) -> None:
    town.board.fault = "late"
    posted = town.post(payment(100))
    for _ in range(3):
        town.turn()
        town.clock.forward(1)
    assert town.board.under_way
    town.forward_both(town.debtor_agent.terms.payment_s + 1)
    record = town.run(posted.uetr, ended)
    assert record.state is State.EXPIRED
    town.board.deliver_late()
    town.forward_both(town.debtor_agent.terms.payment_s * 2)
    town.turn()
    with town.creditor_agent.book.view() as unit:
        theirs = unit.payments.find(posted.uetr)
    assert theirs is None or theirs.state in {State.EXPIRED, State.REJECTED, State.CANCELLED}
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved.minor == 0


def test_a_late_answer_is_taken_when_it_is_asked_for_again(town: Town) -> None:
    town.board.fault = "late"
    posted = town.post(payment(100))
    for _ in range(3):
        town.turn()
        town.clock.forward(1)
    town.board.deliver_late()
    theirs = town.record(posted.uetr, town.creditor_agent)
    assert theirs.state is State.ACCEPTED
    town.board.fault = None
    town.clock.forward(20)
    assert town.run(posted.uetr, settled).acceptance_signature == theirs.acceptance_signature


def test_an_acceptance_signed_by_another_key_is_no_acceptance(town: Town) -> None:
    town.board.fault = "ill signed"
    record = town.run(town.post(payment(100)).uetr, ended)
    assert (record.state, record.findings[0].reason) == (
        State.REJECTED,
        Reason.CREDITOR_AGENT_ANSWERED_WRONGLY,
    )
    assert record.instruction_signature is None


def test_a_provider_that_became_short_is_withdrawn_from_before_anything_is_sent(town: Town) -> None:
    posted = town.post(payment(10_000, credit_minor=5_100))
    engine_only(town, posted.uetr, State.ACCEPTED)
    inventory = town.on_chain(town.provider, AED)
    move_by_hand(town, inventory)
    engine_only(town, posted.uetr, State.SUBMITTED)
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved.minor == 10_000
    record = town.run(posted.uetr, ended)
    assert (record.state, record.findings[0].reason) == (State.FAILED, Reason.AGENT_LIQUIDITY_TOO_LOW)
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved.minor == 0
    move_by_hand(town, inventory, back=True)
    town.run(posted.uetr, lambda record: True)
    assert town.record(posted.uetr, town.creditor_agent).state is State.CANCELLED


def test_a_set_that_reverted_in_public_is_burnt_before_the_payment_fails(town: Town) -> None:
    posted = town.post(payment(10_000, credit_minor=5_100))
    engine_only(town, posted.uetr, State.SUBMITTED)
    inventory = town.on_chain(town.provider, AED)
    move_by_hand(town, inventory)
    with town.debtor_agent.book.view() as unit:
        kept = unit.lanes.of(posted.uetr)[0]
    record = town.run(posted.uetr, ended)
    assert (record.state, record.findings[0].reason) == (State.FAILED, Reason.AGENT_LIQUIDITY_TOO_LOW)
    move_by_hand(town, inventory, back=True)
    # Anybody may send the public call again; the burnt UETR stops it.
    ours = town.creditor_agent
    data = _input_of(ours.client, kept.transaction_hash)
    receipt = send_by_hand(town, ours.lane_signer, ours.contract.address, data)
    assert not receipt.succeeded


def _input_of(client: LedgerClient, transaction_hash: str) -> bytes:
    found = client.connection.call("eth_getTransactionByHash", transaction_hash)
    return bytes.fromhex(found["input"][2:])


def test_the_kept_bytes_are_what_is_sent_after_a_crash(town: Town) -> None:
    posted = town.post(payment(100))
    engine_only(town, posted.uetr, State.SUBMITTED)
    with town.debtor_agent.book.view() as unit:
        kept = unit.lanes.of(posted.uetr)[0]
    # The node sent the bytes and died before noting it; started again, it simply sends them again.
    assert town.debtor_agent.client.broadcast(kept.raw).on_its_way
    record = town.run(posted.uetr, settled)
    assert record.transaction_hash == kept.transaction_hash
    with town.debtor_agent.book.view() as unit:
        assert len(unit.lanes.of(posted.uetr)) == 1


def test_nobody_settles_an_accepted_payment_that_was_never_signed_and_it_expires(town: Town) -> None:
    posted = town.post(payment(100))
    engine_only(town, posted.uetr, State.ACCEPTED)
    town.forward_both(town.debtor_agent.terms.payment_s * 2)
    watch(town.creditor_agent)
    theirs = town.record(posted.uetr, town.creditor_agent)
    assert (theirs.state, theirs.findings[0].reason) == (State.EXPIRED, Reason.INSTRUCTION_EXPIRED)
    ours = town.run(posted.uetr, ended)
    assert ours.state in {State.EXPIRED, State.FAILED}
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved.minor == 0


def test_our_own_clock_set_forward_expires_nothing(town: Town) -> None:
    posted = town.post(payment(100))
    engine_only(town, posted.uetr, State.SUBMITTED)
    town.clock.forward(7_200)
    watch(town.debtor_agent)
    watch(town.creditor_agent)
    assert town.record(posted.uetr).state is State.SUBMITTED
    assert town.record(posted.uetr, town.creditor_agent).state is State.ACCEPTED
    town.run(posted.uetr, settled)
    town.clock.forward(-7_200)


def test_included_is_not_settled_and_a_reorganisation_steps_back(town: Town) -> None:
    careful = LedgerClient(town.url, finality="depth:2")
    ours = replace(town.debtor_agent, client=careful)
    posted = town.post(payment(100))
    engine_only(town, posted.uetr, State.SUBMITTED)
    before = town.height()
    send_pending(ours)
    watch(ours)
    assert town.record(posted.uetr).state is State.INCLUDED
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved.minor == 100
    town.reorganise_above(before)
    watch(ours)
    assert town.record(posted.uetr).state is State.SUBMITTED
    abroad = town.account(town.creditor_agent, CNY_ACCOUNT_ABROAD).balance.minor
    record = town.run(posted.uetr, settled)
    town.turn()
    assert [s.state for s in record.history].count(State.INCLUDED) == 2
    assert town.account(town.creditor_agent, CNY_ACCOUNT_ABROAD).balance.minor == abroad + 100
    careful.close()


def test_a_fault_of_ours_holds_up_one_payment_and_spins_nothing(town: Town) -> None:
    class Broken(PlainTranslator):
        def forward(self, record: PaymentRecord, original: bytes) -> Written:
            raise ZeroDivisionError(record.uetr)

    broken = replace(town.debtor_agent, translator=Broken())
    posted = town.post(payment(100))
    for _ in range(3):
        step(broken, posted.uetr)
    record = town.record(posted.uetr)
    assert (record.state, record.attempts) == (State.VALIDATED, 2)
    assert record.due_at_s > town.clock.now_s()
    town.clock.forward(20)
    town.run(posted.uetr, settled)


def test_a_payment_that_waited_past_its_deadline_unread_expires(town: Town) -> None:
    posted = town.post(payment(100))
    town.forward_both(town.debtor_agent.terms.payment_s + 1)
    record = town.run(posted.uetr, ended)
    assert (record.state, record.findings[0].reason) == (State.EXPIRED, Reason.INSTRUCTION_EXPIRED)
