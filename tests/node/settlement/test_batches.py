"""Many payments settle in one transaction; a bad one fails alone; a batch refused whole is split."""

from __future__ import annotations

from dataclasses import replace

import pytest

import node.settlement.reconcile
from node.book.records import PaymentRecord
from node.domain.lifecycle import State
from node.domain.money import Money
from node.ledger import batch_call
from node.settlement import batching
from node.settlement.batching import SETTLE_BATCH, send_again_in_halves, submit_batch
from node.settlement.engine import carry, claim_due, due_payments, step_batch
from node.settlement.reconcile import reconcile
from node.settlement.sender import send_pending
from node.settlement.typed import instruction_of
from node.settlement.watcher import watch
from tests.node.settlement.town import CNY, CNY_ACCOUNT_ABROAD, DEBTOR_ACCOUNT, Town, payment

MANY, WORKER = 6, "worker"


def _accepted(town: Town, many: int = MANY) -> list[str]:
    """So many payments, received together and ready to be submitted."""
    uetrs = [town.post(payment(10_000)).uetr for _ in range(many)]
    for uetr in uetrs:
        carry(town.debtor_agent, uetr)
    assert {town.record(uetr).state for uetr in uetrs} <= {State.ACCEPTED, State.SUBMITTED}
    return uetrs


def _to_the_end(town: Town, uetrs: list[str]) -> list[PaymentRecord]:
    for _ in range(12):
        for office in town.offices():
            send_pending(office)
            watch(office)
        for uetr in due_payments(town.debtor_agent):
            carry(town.debtor_agent, uetr)
    return [town.record(uetr) for uetr in uetrs]


def _bulk(town: Town, uetrs: list[str]) -> list[str]:
    return [uetr for uetr in uetrs if town.record(uetr).sequence is not None]


def test_payments_that_come_together_settle_in_one_transaction(town: Town) -> None:
    before = town.account(town.creditor_agent, CNY_ACCOUNT_ABROAD).balance
    uetrs = _accepted(town)
    together = claim_due(town.debtor_agent, WORKER).together
    assert len(together) > town.debtor_agent.terms.batch_above
    step_batch(town.debtor_agent, together)
    hashes = {town.record(uetr).transaction_hash for uetr in together}
    assert len(hashes) == 1
    records = _to_the_end(town, uetrs)
    assert {record.state for record in records} == {State.SETTLED}
    for uetr in uetrs:
        theirs = town.record(uetr, town.creditor_agent)
        assert theirs.state is State.SETTLED
        assert theirs.block_hash == town.record(uetr).block_hash
    paid = sum(record.payment.interbank_settlement_amount.minor for record in records)
    assert town.account(town.creditor_agent, CNY_ACCOUNT_ABROAD).balance - before == Money(paid, CNY)
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved == Money(0, CNY)


def test_a_single_payment_keeps_the_strict_grade(town: Town) -> None:
    (uetr,) = _accepted(town, 1)
    assert town.record(uetr).sequence is None
    assert _to_the_end(town, [uetr])[0].state is State.SETTLED


def test_one_bad_payment_of_a_batch_fails_alone_and_says_why(town: Town) -> None:
    uetrs = _accepted(town)
    together = claim_due(town.debtor_agent, WORKER).together
    bad = together[2]
    with town.debtor_agent.book.unit() as unit:
        record = unit.payments.find(bad)
        assert record is not None
        unit.payments.save(replace(record, acceptance_signature=bytes([1] * 32 + [2] * 32 + [27])))
    step_batch(town.debtor_agent, together)
    records = {record.uetr: record for record in _to_the_end(town, uetrs)}
    assert records[bad].state is State.SUBMITTED
    assert [finding.rule for finding in records[bad].findings] == ["Settlement: acceptance signature invalid"]
    assert {record.state for uetr, record in records.items() if uetr != bad} == {State.SETTLED}
    town.forward_both(town.debtor_agent.terms.instruction_s + 60)
    town.run(town.post(payment(100)).uetr, lambda record: record.state is State.SETTLED)
    assert _to_the_end(town, [bad])[0].state is State.EXPIRED
    assert town.record(bad).findings == records[bad].findings
    assert town.record(bad, town.creditor_agent).state is State.EXPIRED
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved == Money(0, CNY)


def test_a_batch_refused_whole_is_sent_again_in_halves(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little gas for more than two payments stands for whatever makes a whole batch revert."""
    monkeypatch.setattr(batching, "gas_for", lambda many: batch_call.gas_for(many) if many <= 2 else 90_000)
    uetrs = _accepted(town)
    together = claim_due(town.debtor_agent, WORKER).together
    step_batch(town.debtor_agent, together)
    records = _to_the_end(town, uetrs)
    assert {record.state for record in records} == {State.SETTLED}
    assert len({town.record(uetr).transaction_hash for uetr in together}) >= 3


def test_a_batch_sent_twice_settles_each_payment_once(town: Town) -> None:
    """As two processes would that both think a batch was refused."""
    uetrs = _accepted(town)
    together = claim_due(town.debtor_agent, WORKER).together
    step_batch(town.debtor_agent, together)
    with town.debtor_agent.book.view() as unit:
        sent = next(one for one in unit.lanes.unfinished(town.debtor_agent.lane_signer.address))
        assert sent.purpose == SETTLE_BATCH
    assert send_again_in_halves(town.debtor_agent, sent)
    records = _to_the_end(town, uetrs)
    assert {record.state for record in records} == {State.SETTLED}


def test_what_has_moved_is_left_out_of_a_batch(town: Town) -> None:
    uetrs = _accepted(town)
    together = claim_due(town.debtor_agent, WORKER).together
    assert submit_batch(town.debtor_agent, together) == len(together)
    assert submit_batch(town.debtor_agent, together) == 0
    assert {record.state for record in _to_the_end(town, uetrs)} == {State.SETTLED}


def test_a_bulk_payment_can_settle_alone_and_is_reconciled(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page, with more pages than one."""
    monkeypatch.setattr(node.settlement.reconcile, "_PAGE", 2)
    uetrs = _accepted(town)
    bulk = _bulk(town, uetrs)
    assert bulk
    records = _to_the_end(town, uetrs)  # the engine's single steps, no batch
    assert {record.state for record in records} == {State.SETTLED}
    terms = instruction_of(town.record(bulk[0]))
    assert town.debtor_agent.contract.sequence_used(terms.debtor_agent, terms.sequence)
    assert reconcile(town.debtor_agent).problems == ()
    monkeypatch.setattr(type(town.debtor_agent.contract), "have_settled", lambda _self, some: [False] * len(some))
    problems = reconcile(town.debtor_agent).problems
    assert {f"{uetr}: settled here, not on chain" for uetr in uetrs} <= set(problems)
