"""Signed transactions as they arrive: decoding, and every check that needs no state.

What passes here can be paid for or not, be early or late, but it is well formed, signed for this chain and able to
start.
"""

from typing import Any

from eth.abc import SignedTransactionAPI
from eth.constants import SECPK1_N
from eth.exceptions import UnrecognizedTransactionType
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_keys.exceptions import BadSignature
from eth_typing import Address
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException  # type: ignore[import-untyped]

from node.chain.dynamic_fee import MAX_NONCE, DynamicFeeCall, decode_dynamic_fee_call
from node.chain.errors import TransactionRefused
from node.chain.genesis import Genesis
from node.chain.sender import recovered_sender

MAX_TRANSACTION_BYTES = 131_072
MAX_INIT_CODE_BYTES = 49_152  # EIP-3860
BLOB_TYPE = 3
SET_CODE_TYPE = 4


def decode_transaction(raw: bytes) -> SignedTransactionAPI:
    """A signed transaction from its network form. Raises TransactionRefused when it is not one."""
    if raw[:1] == bytes([BLOB_TYPE]):
        raise TransactionRefused("transaction type not supported: this chain takes no blob transactions")
    if len(raw) > MAX_TRANSACTION_BYTES:
        raise TransactionRefused(f"oversized data: transaction size {len(raw)}, limit {MAX_TRANSACTION_BYTES}")
    if (plain := decode_dynamic_fee_call(raw)) is not None:
        return plain
    try:
        transaction = PragueTransactionBuilder.decode(raw)
        canonical = transaction.encode()
    except (UnrecognizedTransactionType, KeyError) as error:
        raise TransactionRefused("transaction type not supported") from error
    except (RLPException, ValidationError, ValueError, TypeError, OverflowError) as error:
        raise TransactionRefused(f"rlp: not a transaction: {error}") from error
    if canonical != raw:
        raise TransactionRefused("rlp: non-canonical encoding")
    return transaction


def decode_stored(raw: bytes, sender: bytes | None = None) -> SignedTransactionAPI:
    """A transaction from the store, where only sound ones are; with its `sender` it need not be recovered."""
    transaction = decode_dynamic_fee_call(raw) or PragueTransactionBuilder.decode(raw)
    if sender is not None:
        transaction.__dict__["sender"] = Address(sender)  # where py-evm's cached property keeps it
    return transaction


def check_transaction(transaction: SignedTransactionAPI, genesis: Genesis, *, unprotected: bool = False) -> None:
    """Check everything about a transaction that does not depend on state.

    `unprotected` also admits legacy transactions signed for no chain in particular (before EIP-155), which anyone
    can replay from another chain. Raises TransactionRefused.
    """
    _check_chain(transaction, genesis.chain_id, unprotected=unprotected)
    _check_signature(transaction)
    _check_limits(transaction, genesis)
    _check_gas(transaction)


def transaction_type(transaction: SignedTransactionAPI) -> int:
    """The EIP-2718 type; 0 for a legacy transaction."""
    return getattr(transaction, "type_id", None) or 0


def _check_chain(transaction: SignedTransactionAPI, chain_id: int, *, unprotected: bool) -> None:
    given = transaction.chain_id
    if given is None:
        if not unprotected:
            raise TransactionRefused("only replay-protected (EIP-155) transactions allowed over RPC")
    elif given != chain_id:
        raise TransactionRefused(f"invalid chain id for signer: have {given} want {chain_id}")


def _check_signature(transaction: SignedTransactionAPI) -> None:
    if not (
        0 < transaction.r < SECPK1_N and 0 < transaction.s <= SECPK1_N // 2 and transaction.y_parity in {0, 1}
    ):
        raise TransactionRefused("invalid sender: invalid transaction v, r, s values")
    try:
        transaction.__dict__["sender"] = recovered_sender(transaction, transaction.encode())
    except (BadSignature, ValidationError, ValueError) as error:
        raise TransactionRefused("invalid sender: the signature recovers to no key") from error


def _check_limits(transaction: SignedTransactionAPI, genesis: Genesis) -> None:
    if transaction.nonce > MAX_NONCE:
        raise TransactionRefused("nonce has max value")
    if max(transaction.value, transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas) >= 1 << 256:
        raise TransactionRefused("value or fee higher than 2^256-1")
    if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
        raise TransactionRefused(
            "max priority fee per gas higher than max fee per gas: "
            f"{transaction.max_priority_fee_per_gas} > {transaction.max_fee_per_gas}"
        )
    if transaction.gas > genesis.usable_gas:
        raise TransactionRefused(f"exceeds block gas limit: gas {transaction.gas}, limit {genesis.usable_gas}")
    if transaction.to == b"" and len(transaction.data) > MAX_INIT_CODE_BYTES:
        raise TransactionRefused(
            f"max initcode size exceeded: {len(transaction.data)}, limit {MAX_INIT_CODE_BYTES}"
        )
    if transaction_type(transaction) == SET_CODE_TYPE and not transaction.authorization_list:
        raise TransactionRefused("set code transaction must have at least one authorization")


def _check_gas(transaction: SignedTransactionAPI) -> None:
    needed = intrinsic_gas(transaction)
    if transaction.gas < needed:
        raise TransactionRefused(f"intrinsic gas too low: gas {transaction.gas}, minimum needed {needed}")
    plain: Any = transaction
    floor = plain.floor_gas if isinstance(plain, DynamicFeeCall) else floor_gas(transaction.data)
    if transaction.gas < floor:
        raise TransactionRefused(
            f"insufficient gas for floor data gas cost: gas {transaction.gas}, minimum {floor}"
        )


def intrinsic_gas(transaction: SignedTransactionAPI) -> int:
    """Gas taken before the first instruction; unlike py-evm's figure it includes init code (EIP-3860)."""
    gas: int = transaction.intrinsic_gas
    if transaction.to == b"":
        gas += 2 * ((len(transaction.data) + 31) // 32)
    return gas


def floor_gas(data: bytes) -> int:
    """The least a transaction with this data is charged (EIP-7623)."""
    zeros = data.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(data) - zeros))
