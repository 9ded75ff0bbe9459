"""The settlement contract as the node sees it: the calls to put into transactions, and what it has settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Final

from contracts import artifact
from node.ledger.abi import call_data
from node.ledger.client import LedgerClient
from wallet.address import ZERO_ADDRESS
from wallet.typed_data import Cancellation, Instruction, Quote, domain_separator, struct_hash

NEVER_SEEN: Final = bytes(32)
CANCELLED: Final = b"\xff" * 32
NO_QUOTE: Final = (bytes(16), ZERO_ADDRESS, ZERO_ADDRESS, ZERO_ADDRESS, 0, ZERO_ADDRESS, 0, 0)


class WrongDomain(Exception):
    """The contract at this address checks signatures of another EIP-712 domain than ours: it is not Settlement."""


class SettlementContract:
    """Settlement at `address`, on the client's chain. Building calls needs no connection; reading does."""

    def __init__(self, client: LedgerClient, address: str) -> None:
        """Nothing is asked yet; `address` is checksummed."""
        self.address = address
        self._client = client
        self._domain: bytes | None = None

    def settle_call(
        self,
        instruction: Instruction,
        *,
        debtor_signature: bytes,
        acceptance_signature: bytes,
        acceptance_expiry_s: int,
        agent_signature: bytes = b"",
        quote: Quote | None = None,
        quote_signature: bytes = b"",
    ) -> bytes:
        """The call that settles a payment; anyone may send it. Signatures: 65 bytes, or empty if not needed."""
        signatures = (debtor_signature, agent_signature, acceptance_signature, acceptance_expiry_s)
        quoted = NO_QUOTE if quote is None else astuple(quote)
        abi = artifact("Settlement").abi
        return call_data(abi, "settle", astuple(instruction), signatures, quoted, quote_signature)

    def settle_return_call(
        self,
        instruction: Instruction,
        original: Instruction,
        *,
        debtor_signature: bytes,
        acceptance_signature: bytes,
        acceptance_expiry_s: int,
        quote: Quote | None = None,
        quote_signature: bytes = b"",
    ) -> bytes:
        """The call that settles a return; `original` is the instruction that settled, field for field."""
        signatures = (debtor_signature, b"", acceptance_signature, acceptance_expiry_s)
        quoted = NO_QUOTE if quote is None else astuple(quote)
        parts = (astuple(instruction), signatures, quoted, quote_signature, astuple(original))
        return call_data(artifact("Settlement").abi, "settle_return", *parts)

    def cancel_call(self, cancellation: Cancellation, signature: bytes) -> bytes:
        """The call that burns a UETR by the debtor agent's signature, so that an operator's lane can send it."""
        abi = artifact("Settlement").abi
        return call_data(abi, "cancel_signed", cancellation.uetr, cancellation.debtor_agent, signature)

    def settled(self, debtor_agent: str, uetr: bytes, block: int | None = None) -> bytes:
        """What became of a UETR: NEVER_SEEN, CANCELLED, or the struct hash of the instruction that settled."""
        answer = self._client.read(
            self.address, artifact("Settlement").abi, "settled", debtor_agent, uetr, block=block
        )
        return bytes(answer)

    def returned(self, instruction_hash: bytes, block: int | None = None) -> int:
        """How much of a settled payment has been returned, in minor units of its credit token."""
        abi = artifact("Settlement").abi
        return int(self._client.read(self.address, abi, "returned", instruction_hash, block=block))

    def is_settled(self, debtor_agent: str, uetr: bytes) -> bool:
        """Whether the debtor agent's payment of this UETR has settled; a cancelled one has not."""
        return self.settled(debtor_agent, uetr) not in {NEVER_SEEN, CANCELLED}

    def is_cancelled(self, debtor_agent: str, uetr: bytes) -> bool:
        """Whether the debtor agent has burnt this UETR."""
        return self.settled(debtor_agent, uetr) == CANCELLED

    def have_settled(self, instructions: Sequence[Instruction]) -> list[bool]:
        """Whether each of these very instructions has settled, asked in one round trip.

        Of one in the bulk grade the contract knows only that its sequence is used.
        """
        abi = artifact("Settlement").abi
        requests = [
            (self.address, "sequence_used", terms.debtor_agent, terms.sequence)
            if terms.sequence
            else (self.address, "settled", terms.debtor_agent, terms.uetr)
            for terms in instructions
        ]
        answers = self._client.read_many(abi, requests) if requests else []
        return [
            bool(answer) if terms.sequence else bytes(answer) == struct_hash(terms)
            for terms, answer in zip(instructions, answers, strict=True)
        ]

    def sequence_used(self, debtor_agent: str, sequence: int) -> bool:
        """Whether a debtor agent's instruction of the bulk grade has settled (or its sequence was burnt)."""
        return bool(
            self._client.read(self.address, artifact("Settlement").abi, "sequence_used", debtor_agent, sequence)
        )

    def quote_used(self, provider: str, quote_id: bytes) -> bool:
        """Whether a provider's free quote has settled or was withdrawn.

        A quote bound to one payment by its id never has a mark of its own: ask `settled` about that payment.
        """
        return bool(self._client.read(self.address, artifact("Settlement").abi, "quote_used", provider, quote_id))

    def registry(self) -> str:
        """The registry that the contract asks about everybody a payment names."""
        return str(self._client.read(self.address, artifact("Settlement").abi, "registry"))

    def domain(self) -> bytes:
        """The EIP-712 domain separator to sign under, compared once with the contract's. Raises WrongDomain."""
        if self._domain is None:
            expected = domain_separator(self._client.chain_id(), self.address)
            told = self._client.read(self.address, artifact("Settlement").abi, "DOMAIN_SEPARATOR")
            if told != expected:
                raise WrongDomain(f"{self.address} answers with the domain 0x{told.hex()}")
            self._domain = expected
        return self._domain
