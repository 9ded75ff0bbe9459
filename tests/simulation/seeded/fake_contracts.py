"""The contracts' rules in Python, for a chain that must take many payments a second and be able to go back.

It refuses with the contracts' own sentences. Every change is journalled, so that a block can be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from eth_abi.abi import decode, encode

from contracts import artifact
from node.domain.money import Currency
from node.domain.party import Participant
from node.ledger.abi import event_topic, selector
from node.ledger.settlement_contract import CANCELLED, NEVER_SEEN
from tests.simulation.seeded.fake_batches import settle_batch
from tests.simulation.seeded.reverted import Reverted
from wallet.address import ZERO_ADDRESS, to_checksum
from wallet.signature import Signature, SignatureRefused
from wallet.typed_data import (
    Acceptance,
    Cancellation,
    Instruction,
    Quote,
    Struct,
    domain_separator,
    signing_digest,
    struct_hash,
)
from wallet.verification import recover

CHAIN_ID = 20022
SETTLEMENT = to_checksum("0x" + "5e" * 20)
REGISTRY = to_checksum("0x" + "4e" * 20)


@dataclass(frozen=True)
class Event:
    """One log entry, encoded as the chain keeps it."""

    address: str
    topics: tuple[str, ...]
    data: str


@dataclass(frozen=True)
class Answering:
    """How one function of one contract is answered: its ABI entry and the code behind it."""

    entry: dict[str, Any]
    answer: Callable[..., Any]


class FakeContracts:
    """Registry, tokens and settlement as one state; `journal` undoes the changes since it was emptied."""

    def __init__(self, participants: Sequence[Participant], tokens: dict[str, Currency]) -> None:
        self.participants = list(participants)
        self.tokens = tokens
        self.balances: dict[tuple[str, str], int] = {}
        self.issued: dict[str, int] = dict.fromkeys(tokens, 0)
        self.decided: dict[tuple[str, bytes], bytes] = {}
        self.quotes_used: dict[tuple[str, bytes], bool] = {}
        self.returned: dict[bytes, int] = {}
        self.sequences: dict[tuple[str, int], bool] = {}
        self.in_bulk: dict[tuple[str, bytes], bytes] = {}
        self.journal: list[Callable[[], None]] = []
        self._events: list[Event] = []
        self._domain = domain_separator(CHAIN_ID, SETTLEMENT)
        self._functions = self._table()

    def put(self, kept: dict[Any, Any], key: Hashable, value: Any) -> None:
        """Change one entry, undoably."""
        if key in kept:
            old = kept[key]
            self.journal.append(lambda: kept.__setitem__(key, old))
        else:
            self.journal.append(lambda: kept.pop(key))
        kept[key] = value

    def undo(self, journal: list[Callable[[], None]]) -> None:
        """Take back what a journal recorded, the last change first."""
        for take_back in reversed(journal):
            take_back()

    def issue(self, token: str, to: str, amount: int) -> list[Event]:
        """New money, as at genesis."""
        self._events = []
        self.put(self.issued, token, self.issued[token] + amount)
        self.put(self.balances, (token, to), self.balances.get((token, to), 0) + amount)
        self._emit(token, "CurrencyToken", "Transfer", ZERO_ADDRESS, to, amount)
        return self._events

    def call(self, to: str, data: bytes, time_s: int) -> tuple[Any, list[Event]]:
        """Run a call; raises Reverted and then has changed nothing."""
        found = self._functions.get((to, data[:4]))
        if found is None:
            raise Reverted("")
        arguments = decode([_type(field) for field in found.entry["inputs"]], data[4:])
        mark, self._events = len(self.journal), []
        try:
            result = found.answer(time_s, *(_plain(value) for value in arguments))
        except Reverted:
            self.undo(self.journal[mark:])
            del self.journal[mark:]
            raise
        return result, self._events

    def read(self, to: str, data: bytes, time_s: int) -> bytes:
        """What a call returns, ABI-encoded; what it changed is taken back."""
        mark = len(self.journal)
        result, _ = self.call(to, data, time_s)
        self.undo(self.journal[mark:])
        del self.journal[mark:]
        outputs = [_type(field) for field in self._functions[to, data[:4]].entry["outputs"]]
        return encode(outputs, [result]) if outputs else b""

    # -- what can be asked and done

    def _table(self) -> dict[tuple[str, bytes], Answering]:
        token_answers: dict[str, Callable[..., Any]] = {
            "name": lambda token, _: self.tokens[token].code,
            "symbol": lambda token, _: self.tokens[token].code,
            "decimals": lambda token, _: self.tokens[token].minor_units,
            "issued_total": lambda token, _: self.issued[token],
            "redeemed_total": lambda token, _: 0,
            "totalSupply": lambda token, _: self.issued[token],
            "held_of": lambda *_: 0,
            "balanceOf": lambda token, _, holder: self.balances.get((token, holder), 0),
        }
        answers: list[tuple[str, str, str, Callable[..., Any]]] = [
            (REGISTRY, "ParticipantRegistry", "participant_count", lambda _: len(self.participants)),
            (
                REGISTRY,
                "ParticipantRegistry",
                "participant_at",
                lambda _, i: self.participants[i].settlement_account,
            ),
            (REGISTRY, "ParticipantRegistry", "participant", self._participant),
            (REGISTRY, "ParticipantRegistry", "token_count", lambda _: len(self.tokens)),
            (REGISTRY, "ParticipantRegistry", "token_at", lambda _, i: list(self.tokens)[i]),
            (REGISTRY, "ParticipantRegistry", "settlement", lambda _: SETTLEMENT),
            (SETTLEMENT, "Settlement", "DOMAIN_SEPARATOR", lambda _: self._domain),
            (SETTLEMENT, "Settlement", "settled", lambda _, agent, uetr: self._decision(agent, uetr)),
            (SETTLEMENT, "Settlement", "settle", self._settle),
            (SETTLEMENT, "Settlement", "settle_batch", partial(settle_batch, self)),
            (SETTLEMENT, "Settlement", "sequence_used", lambda _, *key: self.sequences.get(key, False)),
            (SETTLEMENT, "Settlement", "settle_return", self._settle_return),
            (SETTLEMENT, "Settlement", "returned", lambda _, original: self.returned.get(original, 0)),
            (SETTLEMENT, "Settlement", "cancel_signed", self._cancel_signed),
        ]
        for token in self.tokens:
            for name, answer in token_answers.items():
                answers.append((token, "CurrencyToken", name, _bound(answer, token)))
        table = {}
        for address, contract, name, answer in answers:
            entry = next(e for e in artifact(contract).abi if e["type"] == "function" and e["name"] == name)
            table[address, selector(entry)] = Answering(dict(entry), answer)
        return table

    def _participant(self, _: int, account: str) -> tuple[Any, ...]:
        one = next(p for p in self.participants if p.settlement_account == account)
        policy, notice_end, previous_key, previous_until = 0, 0, bytes(32), 0
        names = (one.settlement_account, one.bic, one.lei, one.name, one.jurisdiction)
        standing = (one.status.value, one.roles.value, policy, notice_end)
        return (*names, *standing, one.message_key, previous_key, previous_until, one.api_address)

    def _decision(self, agent: str, uetr: bytes) -> bytes:
        return self.decided.get((agent, uetr), NEVER_SEEN)

    def _settle(self, time_s: int, order: Any, signatures: Any, quoted: Any, signed: bytes) -> None:
        instruction = Instruction(*order)
        if instruction.return_of != bytes(16):
            raise Reverted("Settlement: return needs its original")
        self._settle_any(time_s, instruction, signatures, quoted, signed)

    def _settle_return(
        self, time_s: int, order: Any, signatures: Any, quoted: Any, signed: bytes, original_order: Any
    ) -> None:
        instruction, original = Instruction(*order), Instruction(*original_order)
        key = struct_hash(original)
        if self._decision(original.debtor_agent, original.uetr) != key:
            raise Reverted("Settlement: original not settled")
        agents = (original.creditor_agent, original.debtor_agent)
        tokens = (original.credit_token, original.debit_token)
        if (
            instruction.return_of != original.uetr
            or (instruction.debtor_agent, instruction.creditor_agent) != agents
            or (instruction.debit_token, instruction.credit_token) != tokens
        ):
            raise Reverted("Settlement: return does not match its original")
        total = self.returned.get(key, 0) + instruction.debit_amount
        if total > original.credit_amount:
            raise Reverted("Settlement: returns exceed the original")
        self.put(self.returned, key, total)
        self._settle_any(time_s, instruction, signatures, quoted, signed)

    def _settle_any(
        self, time_s: int, instruction: Instruction, signatures: Any, quoted: Any, signed: bytes
    ) -> None:
        debtor, _, acceptance, acceptance_expiry_s = signatures
        if instruction.sequence:
            self.use_sequence(instruction)
        else:
            self._refuse_decided(instruction.debtor_agent, instruction.uetr)
            self.put(self.decided, (instruction.debtor_agent, instruction.uetr), struct_hash(instruction))
        if time_s > instruction.expiry:
            raise Reverted("Settlement: instruction expired")
        self.check(instruction.debtor_account, instruction, debtor, "Settlement: debtor signature invalid")
        if acceptance or instruction.creditor_agent != instruction.debtor_agent:
            if time_s > acceptance_expiry_s:
                raise Reverted("Settlement: acceptance expired")
            word = Acceptance(struct_hash(instruction), acceptance_expiry_s)
            self.check(instruction.creditor_agent, word, acceptance, "Settlement: acceptance signature invalid")
        quote = Quote(*quoted)
        if quote.provider != ZERO_ADDRESS:
            self._use(quote, instruction, signed, time_s)
        self._move_legs(instruction, quote)

    def use_sequence(self, instruction: Instruction) -> None:
        """Mark an instruction of the bulk grade as settled."""
        key = (instruction.debtor_agent, instruction.sequence)
        if self.sequences.get(key):
            raise Reverted("Settlement: sequence already used")
        self.put(self.sequences, key, True)
        self.put(self.in_bulk, (instruction.debtor_agent, instruction.uetr), struct_hash(instruction))

    def _use(self, quote: Quote, instruction: Instruction, signature: bytes, time_s: int) -> None:
        if time_s > quote.expiry:
            raise Reverted("Settlement: quote expired")
        if self.quotes_used.get((quote.provider, quote.id)):
            raise Reverted("Settlement: quote already used")
        asked = (
            instruction.debit_token,
            instruction.debit_amount,
            instruction.credit_token,
            instruction.credit_amount,
        )
        if (quote.sell_token, quote.sell_amount, quote.buy_token, quote.buy_amount) != asked:
            raise Reverted("Settlement: quote does not match")
        self.check(quote.provider, quote, signature, "Settlement: quote signature invalid")
        self.put(self.quotes_used, (quote.provider, quote.id), True)

    def _move_legs(self, instruction: Instruction, quote: Quote) -> None:
        debtor, creditor, provider = instruction.debtor_account, instruction.creditor_account, quote.provider
        crossing = provider != ZERO_ADDRESS
        self.move(instruction.debit_token, debtor, provider if crossing else creditor, instruction.debit_amount)
        if crossing:
            self.move(instruction.credit_token, provider, creditor, instruction.credit_amount)
        self._emit(
            SETTLEMENT,
            "Settlement",
            "Settled",
            instruction.uetr,
            instruction.debtor_agent,
            instruction.creditor_agent,
            debtor,
            creditor,
            instruction.debit_token,
            instruction.debit_amount,
            instruction.credit_token,
            instruction.credit_amount,
            provider,
            quote.id,
            instruction.message_digest,
            instruction.return_of,
        )

    def _cancel_signed(self, _: int, uetr: bytes, agent: str, signature: bytes) -> None:
        self._refuse_decided(agent, uetr)
        self.check(agent, Cancellation(uetr, agent), signature, "Settlement: cancellation signature invalid")
        self.put(self.decided, (agent, uetr), CANCELLED)
        self._emit(SETTLEMENT, "Settlement", "Cancelled", uetr, agent)

    def _refuse_decided(self, agent: str, uetr: bytes) -> None:
        decision = self._decision(agent, uetr)
        if decision == CANCELLED:
            raise Reverted("Settlement: uetr cancelled")
        if decision != NEVER_SEEN:
            raise Reverted("Settlement: uetr already settled")

    def check(self, owner: str, struct: Struct, signature: bytes, sentence: str) -> None:
        """Refuse what its owner has not signed."""
        try:
            signer = recover(signing_digest(self._domain, struct), Signature.from_bytes(signature))
        except SignatureRefused:
            signer = ""
        if signer != owner:
            raise Reverted(sentence)

    def move(self, token: str, owner: str, to: str, amount: int) -> None:
        """Move money of one currency, and log it."""
        if self.balances.get((token, owner), 0) < amount:
            raise Reverted("CurrencyToken: balance too low")
        self.put(self.balances, (token, owner), self.balances[token, owner] - amount)
        self.put(self.balances, (token, to), self.balances.get((token, to), 0) + amount)
        self._emit(token, "CurrencyToken", "Transfer", owner, to, amount)

    def emit_settlement(self, name: str, *values: Any) -> None:
        """Log an event of the settlement contract."""
        self._emit(SETTLEMENT, "Settlement", name, *values)

    def _emit(self, address: str, contract: str, name: str, *values: Any) -> None:
        abi = artifact(contract).abi
        entry = next(e for e in abi if e["type"] == "event" and e["name"] == name)
        pairs = list(zip(entry["inputs"], values, strict=True))
        topics = [encode([f["type"]], [v]).hex() for f, v in pairs if f["indexed"]]
        rest = [(f["type"], v) for f, v in pairs if not f["indexed"]]
        data = encode([kind for kind, _ in rest], [value for _, value in rest]).hex()
        self._events.append(
            Event(address, (event_topic(abi, name), *("0x" + topic for topic in topics)), "0x" + data)
        )


def _bound(answer: Callable[..., Any], token: str) -> Callable[..., Any]:
    return lambda time_s, *arguments: answer(token, time_s, *arguments)


def _type(field: dict[str, Any]) -> str:
    kind = str(field["type"])
    if kind.startswith("tuple"):
        return "(" + ",".join(_type(member) for member in field["components"]) + ")" + kind[5:]
    return kind


def _plain(value: Any) -> Any:
    """Addresses with their checksum, as our own structs want them."""
    if isinstance(value, (tuple, list)):
        return tuple(_plain(item) for item in value)
    if isinstance(value, str) and value.startswith("0x"):
        return to_checksum(value)
    return value
