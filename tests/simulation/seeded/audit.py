"""What must hold when a run has ended, asked of the fake chain's own state and of every book."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict

from contracts import artifact
from node.domain.lifecycle import State
from node.domain.payment import Side, credit_leg, is_cross_currency
from node.ledger.abi import decode_log, event_topic
from node.ledger.settlement_contract import CANCELLED
from node.settlement.reconcile import reconcile
from tests.simulation.seeded.world import World


def faults(world: World) -> list[str]:
    """Sentences about what is wrong; none when all is well."""
    looks = (_open, _money, _doubles, _returns, _books, _sides, _at_home)
    return [fault for look in looks for fault in look(world)]


def ends(world: World) -> Counter[str]:
    """How the customers' instructions ended."""
    return Counter(_state(world, bic, uetr) for uetr, bic in world.posted.items())


def _open(world: World) -> list[str]:
    return [f"{uetr} has not ended" for uetr in world.still_open()]


def _money(world: World) -> list[str]:
    found = []
    for token, issued in world.contracts.issued.items():
        held = sum(amount for (which, _), amount in world.contracts.balances.items() if which == token)
        if held != issued:
            found.append(f"{world.contracts.tokens[token].code}: {issued} issued, {held} held")
    return found


def _doubles(world: World) -> list[str]:
    abi = artifact("Settlement").abi
    told = {event_topic(abi, name) for name in ("Settled", "SettledInBatch")}
    settled = Counter(
        event.topics[1:3] for block in world.chain.blocks for _, event in block.events if event.topics[0] in told
    )
    return [f"{topics[0]} settled {times} times" for topics, times in settled.items() if times > 1]


def _returns(world: World) -> list[str]:
    """By the settled events alone: what was given back of a payment is at most what it credited."""
    abi = artifact("Settlement").abi
    topic, credited, back = event_topic(abi, "Settled"), dict[bytes, int](), Counter[bytes]()
    for block in world.chain.blocks:
        for _, event in block.events:
            if event.topics[0] == topic:
                fields = decode_log(abi, "Settled", event.topics, event.data)
                credited[fields["uetr"]] = fields["credit_amount"]
                back[fields["return_of"]] += fields["debit_amount"]
    del back[bytes(16)]
    return [
        f"{uuid.UUID(bytes=uetr)}: {amount} given back of {credited.get(uetr, 0)}"
        for uetr, amount in back.items()
        if amount > credited.get(uetr, 0)
    ]


def returns(world: World) -> int:
    """How many settled payments have had something given back."""
    return len(world.contracts.returned)


def _books(world: World) -> list[str]:
    found = []
    for one in world.institutions:
        found += [f"{one.bic}: {problem}" for problem in reconcile(one.office).problems]
        with one.office.book.view() as unit:
            accounts = unit.accounts.list()
        found += [f"{one.bic}: {a.number} still reserves {a.reserved}" for a in accounts if a.reserved.minor]
        found += [f"{one.bic}: {a.number} is overdrawn" for a in accounts if a.balance.minor < 0]
    return found


def _sides(world: World) -> list[str]:
    """The debtor agent's state, the chain's word and the creditor agent's state say the same."""
    found, at_home = [], booked_only(world)
    for uetr, bic in world.posted.items():
        if uetr in at_home:
            continue
        account = world.network.institutions[bic].office.account
        key = (account, uuid.UUID(uetr).bytes)
        word = world.contracts.decided.get(key) or world.contracts.in_bulk.get(key)
        settled = word is not None and word != CANCELLED
        state = _state(world, bic, uetr)
        if settled != (state == State.SETTLED.value):
            found.append(f"{uetr}: {state} in the debtor agent's book, the chain says {word!r}")
        other = _creditor_side(world, bic, uetr)
        if other is not None and settled != (other == State.SETTLED.value):
            found.append(f"{uetr}: {other} in the creditor agent's book, {state} in the debtor agent's")
    return found


def booked_only(world: World) -> dict[str, str]:
    """The payments that one bank's book alone has to do with, each with its bank."""
    found = {}
    for uetr, bic in world.posted.items():
        with world.network.institutions[bic].office.book.view() as unit:
            record = unit.payments.find(uetr)
        payment = record.payment if record else None
        if payment and payment.debtor_agent == payment.creditor_agent and not is_cross_currency(payment):
            found[uetr] = bic
    return found


def _at_home(world: World) -> list[str]:
    """A settled one is on two accounts that sum to nothing, any other on none; no more goes back than was paid."""
    found, back, amounts = [], Counter[str](), _amounts_by_payment(world)
    for uetr, bic in booked_only(world).items():
        with world.network.institutions[bic].office.book.view() as unit:
            record = unit.payments.find(uetr)
            original = unit.payments.find((record and record.payment.return_of) or "")
        if record is None:
            continue
        settled, paid = record.state is State.SETTLED, credit_leg(record.payment).minor
        if sorted(amounts[bic, uetr]) != ([-paid, paid] if settled else []):
            found.append(f"{uetr}: {record.state.value} at {bic}, with the entries {amounts[bic, uetr]}")
        if settled and original is not None:
            back[original.uetr] += paid
            if back[original.uetr] > credit_leg(original.payment).minor:
                found.append(f"{original.uetr}: {back[original.uetr]} given back at {bic}")
    return found


def _amounts_by_payment(world: World) -> defaultdict[tuple[str, str], list[int]]:
    """What every book has booked of every payment."""
    amounts = defaultdict[tuple[str, str], list[int]](list)
    for one in world.institutions:
        with one.office.book.view() as unit:
            for account in unit.accounts.list():
                for entry in unit.accounts.entries(account.number):
                    amounts[one.bic, entry.uetr or ""].append(entry.amount.minor)
    return amounts


def _state(world: World, bic: str, uetr: str) -> str:
    with world.network.institutions[bic].office.book.view() as unit:
        record = unit.payments.find(uetr)
    return record.state.value if record is not None else "lost"


def _creditor_side(world: World, bic: str, uetr: str) -> str | None:
    for one in world.institutions:
        if one.bic != bic:
            with one.office.book.view() as unit:
                record = unit.payments.find(uetr)
            if record is not None and record.side is Side.CREDITOR_AGENT:
                return record.state.value
    return None
