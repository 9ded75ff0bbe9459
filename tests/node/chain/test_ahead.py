"""A block opened ahead of its transaction comes out as one opened with it, or is thrown away."""

from pathlib import Path
from random import Random

import pytest
from eth.vm.forks.prague.constants import HISTORY_STORAGE_ADDRESS
from eth_account.signers.local import LocalAccount
from hypothesis import given, settings
from hypothesis import strategies as st

from node.chain.account import Account
from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.genesis import Genesis
from node.chain.nodes import NodeDatabase
from node.chain.rpc import dispatch
from node.chain.state_view import StateView, StorageChanges
from node.chain.trie_node import BLANK_ROOT
from tests.node.chain.assembly import creation, keeper
from tests.node.chain.signing import dynamic_fee


class Wall:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize("strict", [False, True])
def test_blocks_are_the_same(tmp_path: Path, genesis: Genesis, debtor: LocalAccount, *, strict: bool) -> None:
    """Whether or not there was time between transactions, and whatever happened meanwhile."""
    wall = Wall()
    one = LocalChain.open(tmp_path / "ahead", genesis, ChainClock(wall, strict=strict))
    other = LocalChain.open(tmp_path / "not", genesis, ChainClock(wall, strict=strict))
    address, dice = bytes.fromhex(debtor.address[2:]), Random(7)
    contract = None
    for turn in range(120):
        nonce = one.nonce(address)
        fields = {"data": b"\1" * 32, "to": contract} if contract else {"data": creation(keeper())}
        raw = dynamic_fee(debtor, nonce, gas=dice.choice([200_000, 200_000, 30_000]), **fields)
        one.catch_up()
        if turn % 7 == 3:
            wall.now_s += dice.choice([0.5, 1, 40])
        for chain in (one, other):
            if turn % 11 == 5:
                chain.amend_state(lambda state, turn=turn: state.set_balance(address, 10**18 + turn))  # type: ignore[misc]
            if turn % 13 == 6:
                chain.revert_to(chain.head.number - 2)
            if turn % 17 == 4:
                chain.mine()
        if turn % 5 == 2:  # what was hashed ahead is not to be read yet
            slots = [one.storage(HISTORY_STORAGE_ADDRESS, slot) for slot in range(turn)]
            assert slots == [other.storage(HISTORY_STORAGE_ADDRESS, slot) for slot in range(turn)]
        if one.nonce(address) == nonce:
            sent = [chain.send_raw_transaction(raw) for chain in (one, other)]
            assert sent[0] == sent[1]
            record = one.transaction(sent[0])
            assert record == other.transaction(sent[0])
            if contract is None and record is not None and record.succeeded:
                contract = "0x" + created(one, sent[0]).hex()
        assert one.head.hash == other.head.hash
    roots = [one.state_view().root, other.state_view().root]
    assert roots[0] == roots[1]
    one.close()
    other.close()
    again = LocalChain.open(tmp_path / "ahead", genesis, ChainClock(wall, strict=strict))
    assert again.nonce(address) > 0
    again.close()


def created(chain: LocalChain, transaction_hash: bytes) -> bytes:
    shown = dispatch(chain, "eth_getTransactionReceipt", ["0x" + transaction_hash.hex()])
    return bytes.fromhex(shown["contractAddress"][2:])


class Nothing:
    """A store without nodes."""

    def node(self, _: bytes) -> bytes | None:
        return None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_storage_hashed_ahead_has_the_same_root(seed: int) -> None:
    """Slots of three accounts, zeros among them; some of it foreseen, some of that wrongly."""
    dice = Random(seed)
    plain, ahead = (StateView(NodeDatabase(Nothing()), BLANK_ROOT) for _ in range(2))
    addresses = [bytes([number]) * 20 for number in range(3)]
    for _ in range(12):
        storage = {}
        for address in dice.sample(addresses, 2):
            slots = {dice.randrange(20): dice.choice([0, 1, 2**200]) for _ in range(dice.randrange(6))}
            storage[address] = StorageChanges(dice.random() < 0.1, slots)
            if dice.random() < 0.7:
                wrong = {dice.randrange(20): 5} if dice.random() < 0.3 else {}
                ahead.hash_ahead(address, {**slots, **wrong})
        read = [(address, slot) for address in addresses for slot in dice.sample(range(20), 3)]
        assert [plain.slot(*one) for one in read] == [ahead.slot(*one) for one in read]
        accounts = {address: Account(nonce=dice.randrange(2), balance=1) for address in addresses[:2]}
        kept = {
            address: account._replace(storage_root=found.storage_root)
            for address, account in accounts.items()
            if (found := plain.account(address)) is not None
        }
        assert plain.apply(kept, storage, {}) == ahead.apply(kept, storage, {})
        every = [(address, slot) for address in addresses for slot in range(20)]
        fresh = StateView(ahead._nodes, ahead.root)
        assert [plain.slot(*one) for one in every] == [fresh.slot(*one) for one in every]
