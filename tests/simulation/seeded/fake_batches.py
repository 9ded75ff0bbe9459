"""The contract's batch of payments in Python: each by its own signatures and by itself, in the bulk grade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.seeded.reverted import Reverted
from wallet.typed_data import Acceptance, Instruction, struct_hash

if TYPE_CHECKING:
    from tests.simulation.seeded.fake_contracts import FakeContracts

_MASK_64 = (1 << 64) - 1
_MASK_255 = (1 << 255) - 1


def settle_batch(contracts: FakeContracts, time_s: int, token: str, accounts: Any, payments: Any, _: Any) -> int:
    """Settle what can be, log what cannot, skip what was; gives how many settled.

    Institutions send payments between their own accounts only, so other debtor accounts are not known here.
    """
    settled = 0
    for payment in payments:
        instruction = _instruction(token, accounts, payment)
        key = (instruction.debtor_agent, instruction.sequence)
        if contracts.sequences.get(key):
            continue
        mark = len(contracts.journal)
        try:
            _settle_one(contracts, time_s, instruction, payment)
        except Reverted as reverted:
            contracts.undo(contracts.journal[mark:])
            del contracts.journal[mark:]
            told = (instruction.uetr, instruction.debtor_agent, instruction.sequence, str(reverted))
            contracts.emit_settlement("FailedInBatch", *told)
        else:
            settled += 1
    return settled


def _settle_one(contracts: FakeContracts, time_s: int, instruction: Instruction, payment: Any) -> None:
    acceptance_expiry_s = payment[3] >> 128
    if time_s > instruction.expiry:
        raise Reverted("Settlement: instruction expired")
    debtor, acceptance = _signature(payment[4], payment[5]), _signature(payment[6], payment[7])
    contracts.check(instruction.debtor_account, instruction, debtor, "Settlement: debtor signature invalid")
    if time_s > acceptance_expiry_s:
        raise Reverted("Settlement: acceptance expired")
    word = Acceptance(struct_hash(instruction), acceptance_expiry_s)
    contracts.check(instruction.creditor_agent, word, acceptance, "Settlement: acceptance signature invalid")
    contracts.use_sequence(instruction)
    contracts.move(
        instruction.debit_token, instruction.debtor_account, instruction.creditor_account, instruction.debit_amount
    )
    contracts.emit_settlement(
        "SettledInBatch", instruction.uetr, instruction.debtor_agent, struct_hash(instruction)
    )


def _instruction(token: str, accounts: Any, payment: Any) -> Instruction:
    places, amount, digest, numbers = payment[:4]
    debtor, creditor = accounts[places & 255], accounts[places >> 8 & 255]
    return Instruction(
        uetr=places.to_bytes(32, "big")[:16],
        debtor_agent=debtor,
        creditor_agent=creditor,
        debtor_account=debtor,
        creditor_account=creditor,
        debit_token=token,
        debit_amount=amount,
        credit_token=token,
        credit_amount=amount,
        message_digest=digest,
        return_of=bytes(16),
        sequence=numbers & _MASK_64,
        expiry=numbers >> 64 & _MASK_64,
    )


def _signature(r: int, vs: int) -> bytes:
    return r.to_bytes(32, "big") + (vs & _MASK_255).to_bytes(32, "big") + bytes([27 + (vs >> 255)])
