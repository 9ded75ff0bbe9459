"""Wallets that are contracts, and sign by their owner (ERC-1271)."""

from functools import cache
from pathlib import Path
from typing import Any

import vyper  # type: ignore[import-untyped]
from web3.contract.contract import Contract

from tests.contracts.chain import Actor
from tests.contracts.network import DEBTOR, Network


@cache
def wallet_code() -> dict[str, Any]:
    source = (Path(__file__).parent / "contract_wallet.vy").read_text(encoding="ascii")
    output: dict[str, Any] = vyper.compile_code(source, output_formats=["abi", "bytecode"])
    return output


def deploy_wallet(network: Network, owner: Actor, mode: int) -> Contract:
    """A contract wallet with 100.00 yuan in it."""
    code = wallet_code()
    factory = network.chain.web3.eth.contract(abi=code["abi"], bytecode=code["bytecode"])
    receipt = network.chain.attempt(owner, factory.constructor(owner.address, mode))  # type: ignore[arg-type]
    address = receipt["contractAddress"]
    assert address is not None
    network.chain.send(DEBTOR, network.cny.functions.transfer(address, 100_00))
    return network.chain.web3.eth.contract(address=address, abi=code["abi"])
