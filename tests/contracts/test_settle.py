"""Settlement of one payment: both legs or none, in one currency or two."""

from dataclasses import replace

from tests.contracts.network import RELAY, Network
from tests.contracts.payments import pvp, settle, single_currency


def test_pvp(network: Network) -> None:
    r = network.chain.send(RELAY, settle(network, pvp(network)))
    print("GAS", r["gasUsed"])
    q = pvp(network)
    q2 = q.with_instruction(uetr=b"\x01" * 16).with_quote(id=q.quote.id[:15] + b"\x02")
    r = network.chain.send(RELAY, settle(network, q2))
    print("GAS warm", r["gasUsed"])
    r = network.chain.send(RELAY, settle(network, single_currency(network).with_instruction(uetr=b"\x02" * 16)))
    print("GAS single", r["gasUsed"])
    from tests.contracts.network import DEBTOR, PROVIDER
    r = network.chain.send(DEBTOR, network.cny.functions.transfer(PROVIDER.address, 1234567))
    print("GAS transfer", r["gasUsed"])
    r = network.chain.send(DEBTOR, network.cny.functions.pay(PROVIDER.address, 1234567, b"\xaa"*16, b"\xbb"*32))
    print("GAS pay", r["gasUsed"])
