"""Plain payments inside one currency: transfers, allowances, referenced payments."""

import pytest

from tests.contracts.chain import ZERO_ADDRESS, logged
from tests.contracts.network import (
    CREDITOR,
    CREDITOR_AGENT,
    DEBTOR,
    FREEZER,
    OUTSIDER,
    PAUSER,
    RELAY,
    UNPAUSER,
    Network,
)

UETR = b"\x21" * 16
DIGEST = b"\x42" * 32
UNLIMITED = 2**256 - 1


def test_a_transfer_moves_money(network: Network) -> None:
    token = network.cny
    receipt = network.chain.send(DEBTOR, token.functions.transfer(CREDITOR.address, 50_00))
    assert token.functions.balanceOf(DEBTOR.address).call() == 199_950_00
    assert token.functions.balanceOf(CREDITOR.address).call() == 50_00
    assert logged(receipt, token.events.Transfer) == [
        {"debtor": DEBTOR.address, "creditor": CREDITOR.address, "amount": 50_00}
    ]
    assert token.functions.transfer(CREDITOR.address, 0).call({"from": OUTSIDER.address}) is True


def test_a_payment_carries_its_reference_after_its_transfer(network: Network) -> None:
    receipt = network.chain.send(DEBTOR, network.cny.functions.pay(CREDITOR.address, 50_00, UETR, DIGEST))
    assert logged(receipt, network.cny.events.Payment) == [{"uetr": UETR, "digest": DIGEST}]
    assert len(logged(receipt, network.cny.events.Transfer)) == 1
    assert network.cny.functions.balanceOf(CREDITOR.address).call() == 50_00


def test_a_payment_to_oneself_changes_nothing(network: Network) -> None:
    before = network.balances()
    network.chain.send(DEBTOR, network.cny.functions.transfer(DEBTOR.address, 200_000_00))
    assert network.balances() == before


@pytest.mark.parametrize("way", ["transfer", "pay", "transferFrom"])
def test_what_every_way_of_paying_refuses(network: Network, way: str) -> None:
    token = network.cny
    network.chain.send(DEBTOR, token.functions.approve(DEBTOR.address, UNLIMITED))

    def refused(to: str, amount: int, reason: str) -> None:
        calls = {
            "transfer": token.functions.transfer(to, amount),
            "pay": token.functions.pay(to, amount, UETR, DIGEST),
            "transferFrom": token.functions.transferFrom(DEBTOR.address, to, amount),
        }
        network.chain.refuses(DEBTOR, calls[way], reason)

    refused(CREDITOR.address, 200_000_01, "CurrencyToken: balance too low")
    refused(CREDITOR.address, 2**255, "CurrencyToken: balance too low")
    refused(ZERO_ADDRESS, 1, "CurrencyToken: creditor account not allowed")
    refused(token.address, 1, "CurrencyToken: creditor account not allowed")
    network.chain.send(FREEZER, token.functions.freeze(CREDITOR.address))
    refused(CREDITOR.address, 1, "CurrencyToken: creditor account frozen")
    network.chain.send(FREEZER, token.functions.thaw(CREDITOR.address))
    network.chain.send(FREEZER, token.functions.freeze(DEBTOR.address))
    refused(CREDITOR.address, 1, "CurrencyToken: debtor account frozen")
    refused(DEBTOR.address, 0, "CurrencyToken: debtor account frozen")
    network.chain.send(PAUSER, token.functions.pause())
    refused(CREDITOR.address, 1, "CurrencyToken: paused")
    network.chain.send(UNPAUSER, token.functions.unpause())
    network.chain.send(FREEZER, token.functions.thaw(DEBTOR.address))
    network.chain.send(DEBTOR, token.functions.transfer(CREDITOR.address, 1))


def test_an_allowance_is_spent(network: Network) -> None:
    token = network.cny
    receipt = network.chain.send(DEBTOR, token.functions.approve(RELAY.address, 70_00))
    assert logged(receipt, token.events.Approval) == [
        {"owner": DEBTOR.address, "spender": RELAY.address, "amount": 70_00}
    ]
    take = token.functions.transferFrom
    network.chain.send(RELAY, take(DEBTOR.address, CREDITOR.address, 50_00))
    assert token.functions.allowance(DEBTOR.address, RELAY.address).call() == 20_00
    network.chain.refuses(RELAY, take(DEBTOR.address, CREDITOR.address, 20_01), "CurrencyToken: allowance too low")
    network.chain.refuses(OUTSIDER, take(DEBTOR.address, CREDITOR.address, 1), "CurrencyToken: allowance too low")


def test_an_unlimited_allowance_does_not_shrink(network: Network) -> None:
    token = network.cny
    network.chain.send(DEBTOR, token.functions.approve(RELAY.address, UNLIMITED))
    network.chain.send(RELAY, token.functions.transferFrom(DEBTOR.address, CREDITOR.address, 50_00))
    assert token.functions.allowance(DEBTOR.address, RELAY.address).call() == UNLIMITED


def test_account_zero_spends_nothing(network: Network) -> None:
    for change in ("approve", "increase_allowance", "decrease_allowance"):
        call = network.cny.functions[change](ZERO_ADDRESS, 1)
        network.chain.refuses(DEBTOR, call, "CurrencyToken: spender not allowed")


def test_attack_approve_race(network: Network) -> None:
    """Who spends just before an allowance is lowered cannot spend the lowered allowance as well."""
    token = network.cny
    network.chain.send(DEBTOR, token.functions.increase_allowance(RELAY.address, 100_00))
    network.chain.send(RELAY, token.functions.transferFrom(DEBTOR.address, RELAY.address, 100_00))
    network.chain.send(DEBTOR, token.functions.decrease_allowance(RELAY.address, 60_00))
    assert token.functions.allowance(DEBTOR.address, RELAY.address).call() == 0
    network.chain.refuses(
        RELAY,
        token.functions.transferFrom(DEBTOR.address, RELAY.address, 1),
        "CurrencyToken: allowance too low",
    )


def test_what_a_currency_says_of_itself(network: Network) -> None:
    call = network.cny.functions
    assert call.name().call() == "Digital yuan"
    assert call.symbol().call() == "CNY"
    assert call.decimals().call() == 2
    fields, name, version, chain_id, contract, salt, extensions = call.eip712Domain().call()
    assert (fields, name, version) == (b"\x0f", "Digital yuan", "1")
    assert (chain_id, contract) == (network.chain.web3.eth.chain_id, network.cny.address)
    assert (salt, extensions) == (bytes(32), [])


def test_supply_is_the_sum_of_all_balances(network: Network) -> None:
    network.chain.send(DEBTOR, network.cny.functions.transfer(CREDITOR_AGENT.address, 12_34))
    total = sum(amount for (_, currency), amount in network.balances().items() if currency == "CNY")
    assert network.cny.functions.totalSupply().call() == total
