"""Permits (ERC-2612) and transfer authorisations (ERC-3009), as wallets and exchanges know them."""

from typing import Any

from web3.contract.contract import ContractFunction

from tests.contracts.chain import ZERO_ADDRESS, Actor, logged
from tests.contracts.network import CREDITOR, DEBTOR, FREEZER, OUTSIDER, PAUSER, RELAY, Network
from tests.contracts.signing import domain, malleable_twin, sign_typed

FOREVER = 2**256 - 1
NONCE = bytes.fromhex("9d" * 32)
INVALID = "CurrencyToken: signature invalid"
USED = "CurrencyToken: nonce already used"


def fields(*named: str) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for kind, name in (entry.split() for entry in named)]


PERMIT = fields("address owner", "address spender", "uint256 value", "uint256 nonce", "uint256 deadline")
AUTHORIZATION = fields(
    "address from",
    "address to",
    "uint256 value",
    "uint256 validAfter",
    "uint256 validBefore",
    "bytes32 nonce",
)
CANCEL = fields("address authorizer", "bytes32 nonce")


def vrs(signature: bytes) -> tuple[int, bytes, bytes]:
    return signature[64], signature[:32], signature[32:64]


def signed(network: Network, who: Actor, name: str, kinds: Any, values: list[Any]) -> bytes:
    message = dict(zip((kind["name"] for kind in kinds), values, strict=True))
    return sign_typed(who, domain(network.cny, "Digital yuan"), name, kinds, message)


def permit(
    network: Network, *, signer: Actor = DEBTOR, deadline: int = FOREVER, nonce: int = 0
) -> ContractFunction:
    values = [DEBTOR.address, RELAY.address, 70_00, nonce, deadline]
    signature = signed(network, signer, "Permit", PERMIT, values)
    return network.cny.functions.permit(*values[:3], deadline, *vrs(signature))


def authorisation(
    network: Network,
    way: str = "transfer",
    *,
    signer: Actor = DEBTOR,
    after: int = 0,
    before: int = FOREVER,
    twin: bool = False,
) -> ContractFunction:
    values = [DEBTOR.address, CREDITOR.address, 50_00, after, before, NONCE]
    signature = signed(network, signer, f"{way.title()}WithAuthorization", AUTHORIZATION, values)
    given = malleable_twin(signature) if twin else signature
    return network.cny.functions[f"{way}WithAuthorization"](*values, *vrs(given))


def test_a_permit_sets_an_allowance_once(network: Network) -> None:
    call = network.cny.functions
    network.chain.send(OUTSIDER, permit(network))
    assert call.allowance(DEBTOR.address, RELAY.address).call() == 70_00
    assert call.nonces(DEBTOR.address).call() == 1
    network.chain.refuses(OUTSIDER, permit(network), INVALID)
    network.chain.send(OUTSIDER, permit(network, nonce=1))


def test_what_a_permit_refuses(network: Network) -> None:
    for spoiled in (permit(network, signer=OUTSIDER), permit(network, nonce=1)):
        network.chain.refuses(RELAY, spoiled, INVALID)
    late = permit(network, deadline=network.chain.now() - 10)
    network.chain.refuses(RELAY, late, "CurrencyToken: permit expired")
    nobody = network.cny.functions.permit(ZERO_ADDRESS, RELAY.address, 1, FOREVER, 27, bytes(32), bytes(32))
    network.chain.refuses(RELAY, nobody, INVALID)


def test_attack_permit_front_running(network: Network) -> None:
    """Somebody carries a permit ahead: the permit's own transaction fails, the allowance is there."""
    mine = permit(network)
    network.chain.send(OUTSIDER, permit(network))
    network.chain.refuses(RELAY, mine, INVALID)
    take = network.cny.functions.transferFrom(DEBTOR.address, RELAY.address, 70_00)
    network.chain.send(RELAY, take)


def test_an_authorisation_pays_once(network: Network) -> None:
    receipt = network.chain.send(RELAY, authorisation(network))
    assert logged(receipt, network.cny.events.AuthorizationUsed) == [
        {"authorizer": DEBTOR.address, "nonce": NONCE}
    ]
    assert network.cny.functions.balanceOf(CREDITOR.address).call() == 50_00
    assert network.cny.functions.authorizationState(DEBTOR.address, NONCE).call()
    network.chain.refuses(RELAY, authorisation(network), USED)
    network.chain.refuses(CREDITOR, authorisation(network, "receive"), USED)


def test_an_authorisation_to_receive_is_the_creditors_to_use(network: Network) -> None:
    receive = authorisation(network, "receive")
    network.chain.refuses(RELAY, receive, "CurrencyToken: caller is not the creditor")
    network.chain.send(CREDITOR, receive)
    assert network.cny.functions.balanceOf(CREDITOR.address).call() == 50_00


def test_one_kind_of_authorisation_is_not_the_other(network: Network) -> None:
    values = [DEBTOR.address, CREDITOR.address, 50_00, 0, FOREVER, NONCE]
    signature = signed(network, DEBTOR, "ReceiveWithAuthorization", AUTHORIZATION, values)
    network.chain.refuses(
        RELAY, network.cny.functions.transferWithAuthorization(*values, *vrs(signature)), INVALID
    )


def test_what_an_authorisation_refuses(network: Network) -> None:
    now = network.chain.now()
    for way, who in (("transfer", RELAY), ("receive", CREDITOR)):
        network.chain.refuses(who, authorisation(network, way, signer=OUTSIDER), INVALID)
        network.chain.refuses(who, authorisation(network, way, twin=True), INVALID)
        network.chain.refuses(
            who, authorisation(network, way, after=now + 99), "CurrencyToken: authorisation not yet valid"
        )
        network.chain.refuses(
            who, authorisation(network, way, before=now - 9), "CurrencyToken: authorisation expired"
        )
    network.chain.send(FREEZER, network.cny.functions.freeze(DEBTOR.address))
    network.chain.refuses(RELAY, authorisation(network), "CurrencyToken: debtor account frozen")
    network.chain.send(PAUSER, network.cny.functions.pause())
    network.chain.refuses(RELAY, authorisation(network), "CurrencyToken: paused")


def test_a_cancelled_authorisation_pays_nothing(network: Network) -> None:
    cancel = network.cny.functions.cancelAuthorization
    by_outsider = signed(network, OUTSIDER, "CancelAuthorization", CANCEL, [DEBTOR.address, NONCE])
    network.chain.refuses(RELAY, cancel(DEBTOR.address, NONCE, *vrs(by_outsider)), INVALID)
    signature = signed(network, DEBTOR, "CancelAuthorization", CANCEL, [DEBTOR.address, NONCE])
    receipt = network.chain.send(RELAY, cancel(DEBTOR.address, NONCE, *vrs(signature)))
    assert logged(receipt, network.cny.events.AuthorizationCanceled) == [
        {"authorizer": DEBTOR.address, "nonce": NONCE}
    ]
    network.chain.refuses(RELAY, authorisation(network), USED)
    network.chain.refuses(RELAY, cancel(DEBTOR.address, NONCE, *vrs(signature)), USED)
