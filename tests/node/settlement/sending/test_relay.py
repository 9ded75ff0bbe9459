"""A holder's signed transfer, carried: killed at every boundary it moves once; refused, it says why."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pytest

from contracts import artifact
from node.ledger.abi import call_data
from node.ledger.orders import Order, carry_out, next_nonces
from node.settlement.office import Office
from node.settlement.reconcile import reconcile
from node.settlement.relay import CarriedTransfer, NotRelayed, TransferState, carried, failure_of, relay
from node.settlement.sender import send_pending
from node.settlement.watcher import watch
from tests.node.ledger.actors import actor
from tests.node.settlement.sending.mortal import Errand, dies
from tests.node.settlement.town import CNY, CNY_ACCOUNT_ABROAD, DEBTOR_BIC, Town, found_town
from wallet.authorisation import Authorisation, authorise
from wallet.network import Network, Token
from wallet.typed_data import Transfer

HOLDER, CREDITOR = actor("a wallet's holder"), actor("the holder's creditor").address
HELD_MINOR = 1_000
TURNS = 30


@dataclass
class Carrier:
    """A bank whose customer has a wallet, and what that customer signs."""

    town: Town
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def office(self) -> Office:
        return self.town.debtor_agent

    @property
    def token(self) -> str:
        return self.office.directory.tokens()[CNY.code].address

    def signs(self, amount: int, number: int | None = None) -> Authorisation:
        info, contract = self.office.directory.tokens()[CNY.code], self.office.contract
        token = Token(CNY.code, info.address, CNY.minor_units)
        chain_id, registry = self.office.client.chain_id(), self.office.directory.registry
        network = Network(self.town.url, chain_id, registry, contract.address, {CNY.code: token}, {})
        nonce = next(self.numbers) if number is None else number
        expiry = int(self.town.chain_clock.now_s()) + 3600
        return authorise(
            network, token, info.name, Transfer(HOLDER.address, CREDITOR, amount, nonce, expiry), HOLDER
        )

    def relays(self, authorisation: Authorisation) -> CarriedTransfer:
        found = relay(self.office, authorisation)
        assert isinstance(found, CarriedTransfer), found
        return found

    def ended(self, transfer: CarriedTransfer) -> CarriedTransfer:
        for _ in range(TURNS):
            found = self.now(transfer)
            if found.state in (TransferState.SETTLED, TransferState.REFUSED):
                return found
            send_pending(self.office)
            watch(self.office)
        raise AssertionError(found)

    def now(self, transfer: CarriedTransfer) -> CarriedTransfer:
        with self.office.book.view() as unit:
            record = unit.transfers.find(transfer.record.transfer_id)
            assert record is not None
            return carried(unit, record)

    def received(self) -> int:
        return self.office.client.balance_of(self.token, CREDITOR)

    def sends(self, signer: object, function: str, *arguments: object) -> None:
        """Somebody's own call of the token, in a block when this returns."""
        order = Order(function, signer, self.token, call_data(artifact("CurrencyToken").abi, function, *arguments))  # type: ignore[arg-type]  # any actor
        carry_out(self.office.client, [order], next_nonces(self.office.client, [order.signer]), patience_s=120)

    def dies_at(self, boundary: str, authorisation: Authorisation) -> bool:
        """Whether another process that carries it was killed there."""
        office = self.office
        return dies(
            Errand(
                url=self.town.url,
                book=office.book.url,
                registry=office.contract.registry(),
                settlement=office.contract.address,
                bic=DEBTOR_BIC,
                secret=(bytes([1]) * 32).hex(),
                lane_secret=(bytes([21]) * 32).hex(),
                uetr="",
                dies_at=boundary,
                ahead_s=office.clock.now_s() - time.time(),
                authorisation=authorisation,
            )
        )


@pytest.fixture(scope="module")
def shared_carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carrier]:
    town = found_town(Path(tmp_path_factory.mktemp("relay")))
    carrier = Carrier(town)
    with town.debtor_agent.book.unit() as unit, town.creditor_agent.book.view() as theirs:
        account = theirs.accounts.find(CNY_ACCOUNT_ABROAD)
        assert account is not None
        unit.accounts.open(replace(account, number="6200000000000009", wallet_address=HOLDER.address))
    allowance = ("set_issue_allowance", town.issuer.address, HELD_MINOR)
    for function, *arguments in (allowance, ("issue", HOLDER.address, HELD_MINOR, bytes([8] * 32))):
        carrier.sends(town.issuer, str(function), *arguments)
    yield carrier
    town.close()


@pytest.fixture
def carrier(shared_carrier: Carrier) -> Iterator[Carrier]:
    yield shared_carrier
    watch(shared_carrier.office)
    assert reconcile(shared_carrier.office).problems == ()


@pytest.mark.parametrize(
    ("boundary", "is_kept", "arrived"),
    [
        ("allotted", False, False),  # in the unit that allots, signs and keeps, before its commit
        ("relayed", True, False),  # kept, not broadcast
        ("sent", True, True),  # the engine has it, the book does not know
        ("broadcast", True, True),  # noted, not yet looked for
    ],
)
def test_killed_at_every_boundary_it_moves_once(
    carrier: Carrier, boundary: str, is_kept: bool, arrived: bool
) -> None:
    before, authorisation = carrier.received(), carrier.signs(3)
    assert carrier.dies_at(boundary, authorisation)
    with carrier.office.book.view() as unit:
        record = unit.transfers.find("0x" + authorisation.id().hex())
        found = None if record is None else carried(unit, record)
    assert (found is not None) == is_kept
    if found is not None:
        assert carrier.office.client.is_known(found.sent.transaction_hash) == arrived
        assert carrier.relays(authorisation).sent.transaction_hash == found.sent.transaction_hash
    posted_again = found or carrier.relays(authorisation)
    settled = carrier.ended(posted_again)
    assert (settled.state, failure_of(settled)) == (TransferState.SETTLED, None)
    assert settled.sent.transaction_hash == posted_again.sent.transaction_hash
    assert carrier.received() == before + 3


def test_what_the_token_refuses_in_its_block_says_why(carrier: Carrier) -> None:
    """Another transfer uses the number up after this one was tried, and before it is in a block."""
    before, first = carrier.received(), carrier.signs(1)
    overtaking = carrier.signs(2, first.terms.nonce)
    kept = carrier.relays(first)
    assert kept.state is TransferState.SIGNED
    carrier.sends(carrier.town.issuer, "transfer_signed", overtaking.parts())
    refused = carrier.ended(kept)
    assert refused.state is TransferState.REFUSED
    assert "nonce" in (failure_of(refused) or "")
    assert refused.sent.block_number is not None
    again = relay(carrier.office, first)
    assert isinstance(again, NotRelayed)
    assert carrier.received() == before + 2


def test_what_was_refused_for_want_of_money_may_be_posted_again(carrier: Carrier) -> None:
    balance = carrier.office.client.balance_of(carrier.token, HOLDER.address)
    authorisation = carrier.signs(balance)
    kept = carrier.relays(authorisation)
    carrier.sends(HOLDER, "transfer", carrier.town.issuer.address, balance)
    refused = carrier.ended(kept)
    assert refused.state is TransferState.REFUSED
    assert "balance" in (failure_of(refused) or "")
    carrier.sends(carrier.town.issuer, "transfer", HOLDER.address, balance)
    again = carrier.relays(authorisation)
    assert again.sent.nonce != kept.sent.nonce
    assert carrier.ended(again).state is TransferState.SETTLED
    carrier.sends(carrier.town.issuer, "set_issue_allowance", carrier.town.issuer.address, HELD_MINOR)
    carrier.sends(carrier.town.issuer, "issue", HOLDER.address, HELD_MINOR, bytes([9] * 32))


def test_the_same_terms_signed_anew_are_the_same_transfer(carrier: Carrier) -> None:
    """Hardware signs with another nonce each time; what is under way is found by its terms."""
    authorisation = carrier.signs(1)
    kept = carrier.relays(authorisation)
    twin = replace(authorisation, signature=replace(authorisation.signature, y_parity=0))
    assert carrier.relays(twin).sent.transaction_hash == kept.sent.transaction_hash
    assert carrier.ended(kept).state is TransferState.SETTLED
