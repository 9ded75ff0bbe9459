"""Issuing and redeeming: within an allowance, by an issuer, of its own money."""

from tests.contracts.chain import ZERO_ADDRESS, logged
from tests.contracts.network import (
    ADMIN,
    CREDITOR,
    DEBTOR,
    FREEZER,
    ISSUER,
    OUTSIDER,
    PAUSER,
    REFERENCE,
    Network,
    deploy_token,
)


def test_issue_creates_money_and_shrinks_the_allowance(network: Network) -> None:
    token = network.cny
    left = token.functions.issue_allowance(ISSUER.address).call()
    issued = token.functions.issued_total().call()
    receipt = network.chain.send(ISSUER, token.functions.issue(CREDITOR.address, 9_00, REFERENCE))
    assert logged(receipt, token.events.Issued) == [
        {"issuer": ISSUER.address, "creditor": CREDITOR.address, "amount": 9_00, "reference": REFERENCE}
    ]
    assert logged(receipt, token.events.Transfer) == [
        {"debtor": ZERO_ADDRESS, "creditor": CREDITOR.address, "amount": 9_00}
    ]
    assert token.functions.balanceOf(CREDITOR.address).call() == 9_00
    assert token.functions.issue_allowance(ISSUER.address).call() == left - 9_00
    assert token.functions.issued_total().call() == issued + 9_00


def test_redeem_destroys_the_issuers_own_money_only(network: Network) -> None:
    token = network.cny
    supply = token.functions.totalSupply().call()
    redeem = token.functions.redeem
    network.chain.refuses(ISSUER, redeem(1, REFERENCE), "CurrencyToken: balance too low")
    network.chain.send(DEBTOR, token.functions.transfer(ISSUER.address, 30_00))
    receipt = network.chain.send(ISSUER, redeem(30_00, REFERENCE))
    assert logged(receipt, token.events.Redeemed) == [
        {"issuer": ISSUER.address, "amount": 30_00, "reference": REFERENCE}
    ]
    assert logged(receipt, token.events.Transfer) == [
        {"debtor": ISSUER.address, "creditor": ZERO_ADDRESS, "amount": 30_00}
    ]
    assert token.functions.totalSupply().call() == supply - 30_00
    assert token.functions.redeemed_total().call() == 30_00
    assert (
        token.functions.issued_total().call() - token.functions.redeemed_total().call()
        == token.functions.totalSupply().call()
    )
    network.chain.refuses(ISSUER, redeem(1, REFERENCE), "CurrencyToken: balance too low")


def test_nobody_else_issues_or_redeems(network: Network) -> None:
    for who in (ADMIN, DEBTOR, OUTSIDER):
        for call in (
            network.cny.functions.issue(who.address, 1, REFERENCE),
            network.cny.functions.redeem(0, REFERENCE),
        ):
            network.chain.refuses(who, call, "CurrencyToken: not an issuer")


def test_an_allowance_is_the_admins_to_set_and_a_limit(network: Network) -> None:
    token = network.cny
    network.chain.refuses(ISSUER, token.functions.set_issue_allowance(ISSUER.address, 1), "Access: not the admin")
    receipt = network.chain.send(ADMIN, token.functions.set_issue_allowance(ISSUER.address, 10))
    assert logged(receipt, token.events.IssueAllowanceChanged) == [{"issuer": ISSUER.address, "allowance": 10}]
    issue = token.functions.issue
    reason = "CurrencyToken: issue allowance too low"
    network.chain.refuses(ISSUER, issue(CREDITOR.address, 11, REFERENCE), reason)
    network.chain.send(ISSUER, issue(CREDITOR.address, 10, REFERENCE))
    network.chain.refuses(ISSUER, issue(CREDITOR.address, 1, REFERENCE), reason)


def test_pause_and_freeze_stop_issue_and_redemption(network: Network) -> None:
    token = network.cny
    network.chain.send(FREEZER, token.functions.freeze(CREDITOR.address))
    issue = token.functions.issue(CREDITOR.address, 1, REFERENCE)
    network.chain.refuses(ISSUER, issue, "CurrencyToken: creditor account frozen")
    network.chain.send(DEBTOR, token.functions.transfer(ISSUER.address, 1))
    network.chain.send(FREEZER, token.functions.freeze(ISSUER.address))
    redeem = token.functions.redeem(1, REFERENCE)
    network.chain.refuses(ISSUER, redeem, "CurrencyToken: debtor account frozen")
    network.chain.send(PAUSER, token.functions.pause())
    network.chain.refuses(ISSUER, issue, "CurrencyToken: paused")
    network.chain.refuses(ISSUER, redeem, "CurrencyToken: paused")


def test_money_is_issued_to_a_real_account(network: Network) -> None:
    for to in (ZERO_ADDRESS, network.cny.address):
        call = network.cny.functions.issue(to, 1, REFERENCE)
        network.chain.refuses(ISSUER, call, "CurrencyToken: creditor account not allowed")


def test_the_supply_never_outgrows_the_account_word(network: Network) -> None:
    """With all the money there can be on one account, the word is exactly full and still itself."""
    token = deploy_token(network.chain, "Digital test", "XTS", 0)
    largest = 2**80 - 1
    network.chain.send(ADMIN, token.functions.set_issue_allowance(ISSUER.address, 2**255))
    issue = token.functions.issue
    reason = "CurrencyToken: supply too large"
    network.chain.refuses(ISSUER, issue(CREDITOR.address, largest + 1, REFERENCE), reason)
    network.chain.refuses(ISSUER, issue(CREDITOR.address, 2**200, REFERENCE), reason)
    network.chain.send(ISSUER, issue(CREDITOR.address, largest, REFERENCE))
    network.chain.refuses(ISSUER, issue(DEBTOR.address, 1, REFERENCE), reason)
    assert token.functions.account_of(CREDITOR.address).call() == (largest, 0, 0, False, 0)
    network.chain.send(CREDITOR, token.functions.transfer(ISSUER.address, largest))
    network.chain.send(ISSUER, token.functions.redeem(largest, REFERENCE))
    network.chain.send(ISSUER, issue(DEBTOR.address, largest, REFERENCE))
    assert token.functions.totalSupply().call() == largest
    assert token.functions.issued_total().call() == 2 * largest
