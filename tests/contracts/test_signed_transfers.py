"""Transfers by signature: one or a hundred, of people and of contracts."""

from typing import Any

import pytest
from web3.contract.contract import Contract

from tests.contracts.chain import MAX_TRANSACTION_GAS, ZERO_ADDRESS, Actor, logged
from tests.contracts.contract_wallets import deploy_wallet
from tests.contracts.network import (
    CREDITOR,
    DEBTOR,
    FREEZER,
    OUTSIDER,
    PAUSER,
    RELAY,
    Network,
)
from tests.contracts.signed_transfers import TRANSFER, packed, sign_transfer
from tests.contracts.signing import GROUP_ORDER, domain, sign_typed

INVALID = "CurrencyToken: signature invalid"


def test_a_signed_transfer_is_carried_by_anybody_once(network: Network) -> None:
    call = network.cny.functions
    transfer = sign_transfer(network, DEBTOR, CREDITOR, 50_00, nonce=7)
    receipt = network.chain.send(RELAY, call.transfer_signed(transfer))
    assert logged(receipt, network.cny.events.Transfer) == [
        {"debtor": DEBTOR.address, "creditor": CREDITOR.address, "amount": 50_00}
    ]
    assert call.nonce_used(DEBTOR.address, 7).call()
    assert not call.nonce_used(DEBTOR.address, 8).call()
    assert not call.nonce_used(CREDITOR.address, 7).call()
    network.chain.refuses(RELAY, call.transfer_signed(transfer), "CurrencyToken: nonce already used")
    other = sign_transfer(network, DEBTOR, CREDITOR, 51_00, nonce=7)
    network.chain.refuses(RELAY, call.transfer_signed(other), "CurrencyToken: nonce already used")


def test_nonces_are_used_in_any_order_and_each_is_its_own(network: Network) -> None:
    call = network.cny.functions
    for nonce in (0, 255, 256, 2**64 - 1, 1):
        transfer = sign_transfer(network, DEBTOR, CREDITOR, 1, nonce=nonce)
        network.chain.send(RELAY, call.transfer_signed(transfer))
        assert call.nonce_used(DEBTOR.address, nonce).call()


def test_a_cancelled_nonce_is_used(network: Network) -> None:
    call = network.cny.functions
    transfer = sign_transfer(network, DEBTOR, CREDITOR, 50_00, nonce=7)
    receipt = network.chain.send(DEBTOR, call.cancel_nonce(7))
    assert logged(receipt, network.cny.events.AuthorizationCanceled) == [
        {"authorizer": DEBTOR.address, "nonce": (7).to_bytes(32, "big")}
    ]
    network.chain.refuses(RELAY, call.transfer_signed(transfer), "CurrencyToken: nonce already used")
    network.chain.refuses(DEBTOR, call.cancel_nonce(7), "CurrencyToken: nonce already used")


def test_only_what_was_signed_is_carried_out(network: Network) -> None:
    call = network.cny.functions
    terms, r, vs = sign_transfer(network, DEBTOR, CREDITOR, 50_00, nonce=7)
    for changed in (
        (OUTSIDER.address, *terms[1:]),
        (terms[0], OUTSIDER.address, *terms[2:]),
        (*terms[:2], 51_00, *terms[3:]),
        (*terms[:3], 8, terms[4]),
        (*terms[:4], terms[4] + 1),
    ):
        network.chain.refuses(RELAY, call.transfer_signed((changed, r, vs)), INVALID)
    by_another = sign_transfer(network, DEBTOR, CREDITOR, 50_00, nonce=7, signer=OUTSIDER)
    network.chain.refuses(RELAY, call.transfer_signed(by_another), INVALID)


def test_attack_signature_malleability(network: Network) -> None:
    terms, r, vs = sign_transfer(network, DEBTOR, CREDITOR, 50_00, nonce=7)
    parity, s = vs >> 255, vs & (2**255 - 1)
    twin = (terms, r, (GROUP_ORDER - s) & (2**255 - 1) | (1 - parity) << 255)
    network.chain.refuses(RELAY, network.cny.functions.transfer_signed(twin), INVALID)


def test_attack_signer_zero(network: Network) -> None:
    nobody = ((ZERO_ADDRESS, CREDITOR.address, 0, 0, 2_000_000_000), 0, 0)
    network.chain.refuses(RELAY, network.cny.functions.transfer_signed(nobody), INVALID)


def test_an_expired_transfer(network: Network) -> None:
    expired = sign_transfer(network, DEBTOR, CREDITOR, 1, nonce=0, expiry=network.chain.now() - 10)
    reason = "CurrencyToken: transfer expired"
    network.chain.refuses(RELAY, network.cny.functions.transfer_signed(expired), reason)
    network.chain.refuses(RELAY, network.cny.functions.transfer_batch_signed([packed(expired)]), reason)


def test_pause_freeze_and_balance_stop_signed_transfers(network: Network) -> None:
    call = network.cny.functions
    transfer = sign_transfer(network, DEBTOR, CREDITOR, 50_00, nonce=0)
    ways = (call.transfer_signed(transfer), call.transfer_batch_signed([packed(transfer)]))
    too_much = call.transfer_signed(sign_transfer(network, DEBTOR, CREDITOR, 200_000_01, nonce=0))
    network.chain.refuses(RELAY, too_much, "CurrencyToken: balance too low")
    network.chain.send(FREEZER, call.freeze(DEBTOR.address))
    for way in ways:
        network.chain.refuses(RELAY, way, "CurrencyToken: debtor account frozen")
    network.chain.send(PAUSER, call.pause())
    for way in ways:
        network.chain.refuses(RELAY, way, "CurrencyToken: paused")


def test_a_batch_is_carried_out_whole_or_not_at_all(network: Network) -> None:
    call = network.cny.functions
    good = [packed(sign_transfer(network, DEBTOR, CREDITOR, 10_00, nonce=n)) for n in range(3)]
    network.chain.refuses(RELAY, call.transfer_batch_signed([*good, good[1]]), "CurrencyToken: nonce already used")
    assert network.cny.functions.balanceOf(CREDITOR.address).call() == 0
    network.chain.send(RELAY, call.transfer_batch_signed(good), MAX_TRANSACTION_GAS)
    assert network.cny.functions.balanceOf(CREDITOR.address).call() == 30_00


def test_unused_bits_of_a_packed_transfer_are_zero(network: Network) -> None:
    transfer = packed(sign_transfer(network, DEBTOR, CREDITOR, 10_00, nonce=0))
    for word in (0, 1):
        spoiled = [*transfer]
        spoiled[word] |= 1 << 160
        receipt = network.chain.attempt(RELAY, network.cny.functions.transfer_batch_signed([tuple(spoiled)]))
        assert receipt["status"] == 0


def from_contract(network: Network, wallet: Contract, signer: Actor) -> Any:
    terms = {
        "debtor": wallet.address,
        "creditor": CREDITOR.address,
        "amount": 40_00,
        "nonce": 1,
        "expiry": 2_000_000_000,
    }
    signature = sign_typed(signer, domain(network.cny, "Digital yuan"), "Transfer", TRANSFER, terms)
    return network.cny.functions.transfer_signed_by_contract(tuple(terms.values()), signature)


def test_a_contract_that_holds_money_signs_too(network: Network) -> None:
    wallet = deploy_wallet(network, DEBTOR, mode=0)
    pay = from_contract(network, wallet, DEBTOR)
    network.chain.send(RELAY, pay)
    assert network.cny.functions.balanceOf(wallet.address).call() == 60_00
    network.chain.refuses(RELAY, pay, "CurrencyToken: nonce already used")


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_what_a_contract_does_not_accept_is_no_signature(network: Network, mode: int) -> None:
    wallet = deploy_wallet(network, DEBTOR, mode)
    signer = OUTSIDER if mode == 0 else DEBTOR
    network.chain.refuses(RELAY, from_contract(network, wallet, signer), INVALID)


def test_a_contract_that_answers_nothing_accepts_nothing(network: Network) -> None:
    silent = network.chain.deploy_code(OUTSIDER, "0x60016000f3")  # its code is one STOP
    terms = (silent, CREDITOR.address, 0, 1, 2_000_000_000)
    call = network.cny.functions.transfer_signed_by_contract(terms, b"\x01" * 65)
    network.chain.refuses(RELAY, call, INVALID)


def test_a_person_is_no_contract(network: Network) -> None:
    (terms, _, _) = sign_transfer(network, DEBTOR, CREDITOR, 50_00, nonce=7)
    call = network.cny.functions.transfer_signed_by_contract(terms, b"\x01" * 65)
    network.chain.refuses(RELAY, call, INVALID)
