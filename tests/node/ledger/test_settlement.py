"""One payment-versus-payment with everybody's real signatures, read back from the chain in the ledger's words."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from contracts import artifact
from node.ledger.abi import call_data
from node.ledger.client import CallRefused, LedgerBehind, LedgerClient, ReadRefused
from node.ledger.logs import CancelledLog, ChainLog, SettledLog, TransferLog, events, issues
from node.ledger.settlement_contract import CANCELLED, NEVER_SEEN, SettlementContract, WrongDomain
from tests.node.ledger.actors import AED, CNY, CURRENCIES, FIRST_MONEY, HKD, PROVIDER, actor, bank, digest, issuer
from tests.node.ledger.networks import Network, payment, same_but
from tests.node.ledger.proxies import scripted
from wallet.typed_data import Acceptance, Cancellation, domain_separator, struct_hash

OPERATOR = actor("operator")
TOKEN_ABI = artifact("CurrencyToken").abi


def simulate(network: Network, data: bytes) -> int | CallRefused:
    """What would become of a call to the settlement contract."""
    return network.client.simulate(OPERATOR.address, network.deployed.settlement, data)


def all_events(network: Network, first: int, last: int) -> list[ChainLog]:
    """Everything that happened in some blocks."""
    return events(network.client, network.deployed.settlement, list(network.deployed.tokens.values()), first, last)


def test_payment_versus_payment(network: Network) -> None:
    made = payment(network, CNY, AED, 100_00, 51_00)
    call = made.call(network)
    before = balances(network)
    gas = simulate(network, call)
    assert isinstance(gas, int)
    receipt = network.send(OPERATOR, network.deployed.settlement, call)
    assert receipt.succeeded
    assert receipt.gas_used <= gas
    moved = {key: after - before[key] for key, after in balances(network).items() if after != before[key]}
    assert moved == {
        ("CNY", bank(CNY).address): -100_00,
        ("CNY", PROVIDER.address): 100_00,
        ("AED", PROVIDER.address): -51_00,
        ("AED", bank(AED).address): 51_00,
    }
    contract, instruction = network.contract, made.instruction
    assert contract.settled(instruction.debtor_agent, instruction.uetr) == struct_hash(instruction)
    assert contract.is_settled(instruction.debtor_agent, instruction.uetr)
    assert contract.quote_used(PROVIDER.address, made.quote.id)
    assert contract.settled(instruction.debtor_agent, instruction.uetr, receipt.block_number - 1) == NEVER_SEEN


def balances(network: Network) -> dict[tuple[str, str], int]:
    """What everybody holds of everything."""
    holders = [*(bank(currency) for currency in CURRENCIES), PROVIDER]
    return {
        (currency.code, holder.address): network.balance(currency, holder)
        for currency in CURRENCIES
        for holder in holders
    }


def test_its_logs_say_all_of_it_in_order(network: Network) -> None:
    made = payment(network, HKD, AED, 200_00, 94_00)
    receipt = network.send(OPERATOR, network.deployed.settlement, made.call(network))
    found = all_events(network, receipt.block_number, receipt.block_number)
    assert [type(log) for log in found] == [TransferLog, TransferLog, SettledLog]
    assert [log.log_index for log in found] == sorted(log.log_index for log in found)
    debit, credit, settled = found
    assert isinstance(debit, TransferLog)
    assert isinstance(credit, TransferLog)
    assert isinstance(settled, SettledLog)
    assert (debit.token, debit.debtor, debit.creditor, debit.amount) == (
        network.token(HKD), bank(HKD).address, PROVIDER.address, 200_00
    )  # fmt: skip
    assert (credit.token, credit.debtor, credit.creditor, credit.amount) == (
        network.token(AED), PROVIDER.address, bank(AED).address, 94_00
    )  # fmt: skip
    instruction = made.instruction
    for name in ("uetr", "debtor_agent", "creditor_agent", "debtor_account", "creditor_account", "debit_token",
                 "debit_amount", "credit_token", "credit_amount", "message_digest", "return_of"):  # fmt: skip
        assert getattr(settled, name) == getattr(instruction, name), name
    assert (settled.provider, settled.quote_id) == (PROVIDER.address, made.quote.id)
    assert {log.transaction_hash for log in found} == {receipt.hash}
    assert {log.block_hash for log in found} == {receipt.block_hash}


def test_within_one_currency_there_is_no_provider(network: Network) -> None:
    made = payment(network, CNY, CNY, 5, 5)
    instruction = replace(made.instruction, creditor_account=actor("holder CNY").address)
    call = network.contract.settle_call(
        instruction,
        debtor_signature=network.sign(bank(CNY), instruction),
        acceptance_signature=b"",
        acceptance_expiry_s=0,
    )
    receipt = network.send(OPERATOR, network.deployed.settlement, call)
    _, settled = all_events(network, receipt.block_number, receipt.block_number)
    assert isinstance(settled, SettledLog)
    assert settled.provider is None
    assert settled.quote_id == bytes(16)


def test_a_cancelled_uetr_never_settles(network: Network) -> None:
    made = payment(network, CNY, AED, 10, 5)
    uetr, agent = made.instruction.uetr, made.instruction.debtor_agent
    cancellation = Cancellation(uetr, agent)
    call = network.contract.cancel_call(cancellation, network.sign(bank(CNY), cancellation))
    receipt = network.send(OPERATOR, network.deployed.settlement, call)
    [log] = all_events(network, receipt.block_number, receipt.block_number)
    assert isinstance(log, CancelledLog)
    assert (log.uetr, log.debtor_agent) == (uetr, agent)
    assert network.contract.settled(agent, uetr) == CANCELLED
    assert network.contract.is_cancelled(agent, uetr)
    assert not network.contract.is_settled(agent, uetr)
    assert simulate(network, made.call(network)) == CallRefused("Settlement: uetr cancelled")


def test_a_refusal_is_a_value_with_the_contracts_sentence(network: Network) -> None:
    made = payment(network, CNY, AED, 10, 5)
    wrong = network.sign(actor("outsider"), made.instruction)
    assert simulate(network, made.call(network, debtor_signature=wrong)) == CallRefused(
        "Settlement: debtor signature invalid"
    )
    other_amount = replace(made, quote=replace(made.quote, buy_amount=6))
    assert simulate(network, other_amount.call(network)) == CallRefused("Settlement: quote does not match")
    too_much = payment(network, CNY, AED, 100 * FIRST_MONEY, 5)
    assert simulate(network, too_much.call(network)) == CallRefused("CurrencyToken: balance too low")
    expired = same_but(made, expiry=network.client.head().timestamp_s - 60)
    assert simulate(network, expired.call(network)) == CallRefused("Settlement: instruction expired")
    acceptance = network.sign(
        actor("outsider"), Acceptance(struct_hash(made.instruction), made.instruction.expiry)
    )
    assert simulate(network, made.call(network, acceptance_signature=acceptance)) == CallRefused(
        "Settlement: acceptance signature invalid"
    )


def test_why_an_included_transaction_reverted(network: Network) -> None:
    """Both were good when they were signed; the second meets the first's trace and is included all the same."""
    made = payment(network, CNY, AED, 10, 5)
    call = made.call(network)
    nonce = network.client.next_nonce(OPERATOR.address)
    pair = [network.transaction(call, nonce=nonce + offset) for offset in (0, 1)]
    network.client.broadcast_many([item.raw for item in pair])
    first, second = network.included(*pair)
    assert first.succeeded
    assert not second.succeeded
    assert network.client.revert_reason(second.hash) == "Settlement: uetr already settled"
    assert network.client.revert_reason("0x" + "00" * 32) == "the transaction is in no block"


def test_the_receipt_says_in_which_block_it_was() -> None:
    """Anvil shows a transaction as pending for a moment when its receipt is there already."""
    sent = {"from": OPERATOR.address, "to": OPERATOR.address, "input": "0x", "gas": "0x5208", "blockNumber": None}
    answers = {
        "eth_getTransactionByHash": sent,
        "eth_getTransactionReceipt": {"blockNumber": "0x7"},
        "eth_call": "0x",
    }
    with scripted(answers) as url:
        assert LedgerClient(url).revert_reason("0x" + "ab" * 32).startswith("reverted in its block")


def test_reading_what_is_not_there(network: Network) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        network.client.balance_of(actor("nobody").address, OPERATOR.address)
    registry_abi = artifact("ParticipantRegistry").abi
    with pytest.raises(ReadRefused):
        network.client.read(network.deployed.registry, registry_abi, "token_at", 4)
    with pytest.raises(WrongDomain):
        SettlementContract(network.client, network.token(CNY)).domain()


def test_the_domain_is_the_wallets(network: Network) -> None:
    assert network.contract.domain() == domain_separator(network.client.chain_id(), network.deployed.settlement)


def test_issue_events_by_issuer(network: Network) -> None:
    found = issues(network.client, network.token(HKD), issuer(HKD).address, 0, network.client.head().number)
    assert [log.amount for log in found] == [FIRST_MONEY] * 3
    assert found[0].reference == digest(f"first HKD to {bank(HKD).address}")
    head = network.client.head().number
    assert issues(network.client, network.token(HKD), actor("outsider").address, 0, head) == []
    with pytest.raises(LedgerBehind):
        issues(network.client, network.token(HKD), issuer(HKD).address, 0, head + 10**6)


def test_money_paid_wallet_to_wallet_is_told_too(network: Network) -> None:
    holder, creditor = actor("holder CNY"), actor("creditor").address
    data = call_data(TOKEN_ABI, "pay", creditor, 7, uuid.uuid4().bytes, digest("invoice"))
    receipt = network.send(holder, network.token(CNY), data)
    [log] = all_events(network, receipt.block_number, receipt.block_number)
    assert isinstance(log, TransferLog)
    assert (log.token, log.debtor, log.creditor, log.amount) == (network.token(CNY), holder.address, creditor, 7)
