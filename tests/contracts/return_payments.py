"""Returns to settle: the original reversed, signed by the other side."""

from dataclasses import astuple, replace

from web3.contract.contract import ContractFunction

from tests.contracts.network import CREDITOR_AGENT, DEBTOR_AGENT, Network
from tests.contracts.payments import Draft, arguments


def return_of(original: Draft, amount: int, uetr: bytes = b"\x0a" * 16) -> Draft:
    """The creditor agent sends back part of a payment in one currency."""
    instruction = replace(
        original.instruction,
        uetr=uetr,
        debtor_agent=original.instruction.creditor_agent,
        creditor_agent=original.instruction.debtor_agent,
        debtor_account=original.instruction.creditor_account,
        creditor_account=original.instruction.debtor_account,
        debit_token=original.instruction.credit_token,
        credit_token=original.instruction.debit_token,
        debit_amount=amount,
        credit_amount=amount,
        return_of=original.instruction.uetr,
    )
    return replace(original, instruction=instruction, debtor=CREDITOR_AGENT, acceptor=DEBTOR_AGENT)


def settle_return(network: Network, draft: Draft, original: Draft) -> ContractFunction:
    return network.settlement.functions.settle_return(*arguments(network, draft), astuple(original.instruction))
