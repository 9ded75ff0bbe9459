"""Accounts the node holds keys of, on a development chain only: sending and signing without a wallet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from eth_utils.address import to_checksum_address

from node.chain.development import DevelopmentChain, borrowed_transaction
from node.chain.errors import TransactionRefused
from node.chain.hexadecimal import data, parse_data, parse_quantity, quantity
from node.chain.method import Method, MethodTable, RpcNode
from node.chain.methods.state import estimate_gas
from node.chain.parameters import Parameters, access_list, as_mapping, authorizations
from node.chain.presentation import signed_transaction_json
from node.chain.rpc_error import SERVER_ERROR, RpcError, invalid_params
from node.chain.transaction import decode_stored

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount


def accounts(node: RpcNode, _: Parameters) -> list[str]:
    """eth_accounts: the development accounts."""
    return [data(address) for address in _development(node).signers]


def send_transaction(node: RpcNode, parameters: Parameters) -> str:
    """eth_sendTransaction: sign with the account's key and send; an impersonated account needs no key."""
    fields = parameters.mapping(0)
    sender = parse_data(fields.get("from"), "invalid argument 0.from", length=20)
    development = _development(node)
    try:
        with node.chain.lock:
            if development.may_send_as(sender):
                if authorizations(fields, "invalid argument 0"):
                    raise invalid_params("an impersonated account sends no authorizations (EIP-7702)")
                borrowed = _complete(node, fields, sender)
                return data(node.chain.send_unsigned(borrowed_transaction(sender, _dynamic(borrowed))))
            return data(node.chain.send_raw_transaction(_signed(node, fields, sender)))
    except TransactionRefused as refusal:
        raise RpcError(SERVER_ERROR, str(refusal)) from refusal


def sign_transaction(node: RpcNode, parameters: Parameters) -> Any:
    """eth_signTransaction: signed, not sent."""
    fields = parameters.mapping(0)
    sender = parse_data(fields.get("from"), "invalid argument 0.from", length=20)
    raw = _signed(node, fields, sender)
    return {"raw": data(raw), "tx": signed_transaction_json(decode_stored(raw), sender)}


def sign(node: RpcNode, parameters: Parameters) -> str:
    """eth_sign: EIP-191."""
    signer = _development(node).signer(parameters.address(0))
    return _signed_message(signer, parameters.data(1))


def personal_sign(node: RpcNode, parameters: Parameters) -> str:
    """personal_sign: as eth_sign, with its parameters the other way round."""
    signer = _development(node).signer(parameters.address(1))
    return _signed_message(signer, parameters.data(0))


def sign_typed_data(node: RpcNode, parameters: Parameters) -> str:
    """eth_signTypedData: EIP-712. The document is an object, or its JSON text as ethers and wallets send it."""
    from eth_account.messages import encode_typed_data  # noqa: PLC0415  see `development_signers`

    signer = _development(node).signer(parameters.address(0))
    document = _document(parameters)
    try:
        message = encode_typed_data(full_message=document)
    except (ValueError, KeyError, TypeError) as error:
        raise invalid_params(f"invalid argument 1: {error}") from error
    return data(bytes(signer.sign_message(message).signature))


def _signed_message(signer: LocalAccount, message: bytes) -> str:
    from eth_account.messages import encode_defunct  # noqa: PLC0415  see `development_signers`

    return data(bytes(signer.sign_message(encode_defunct(message)).signature))


def _document(parameters: Parameters) -> dict[str, Any]:
    given = parameters.required(1)
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError) as error:
            raise invalid_params("invalid argument 1: the text is not JSON") from error
    return as_mapping(given, "invalid argument 1")


def _development(node: RpcNode) -> DevelopmentChain:
    if node.development is None:
        raise invalid_params("this is not a development chain")
    return node.development


def _signed(node: RpcNode, fields: dict[str, Any], sender: bytes) -> bytes:
    signer = _development(node).signer(sender)
    complete = _complete(node, fields, sender)
    if complete["to"] == b"":
        del complete["to"]
    else:
        complete["to"] = to_checksum_address(complete["to"])
    complete["accessList"] = [
        {"address": to_checksum_address(address), "storageKeys": [f"0x{slot:064x}" for slot in slots]}
        for address, slots in complete["accessList"]
    ]
    if "gasPrice" in complete and not complete["accessList"]:
        del complete["accessList"]
    if agreed := authorizations(fields, "invalid argument 0"):
        complete["type"] = 4
        complete["authorizationList"] = [
            {
                "chainId": one["chain_id"],
                "address": to_checksum_address(one["address"]),
                "nonce": one["nonce"],
                "yParity": one["y_parity"],
                "r": one["r"],
                "s": one["s"],
            }
            for one in agreed
        ]
    return bytes(signer.sign_transaction(complete).raw_transaction)


def _complete(node: RpcNode, given: dict[str, Any], sender: bytes) -> dict[str, Any]:
    """A transaction's fields with the gaps filled: nonce, gas and a price that is enough."""
    fields = as_mapping(given, "invalid argument 0")

    def number(key: str) -> int | None:
        return None if fields.get(key) is None else parse_quantity(fields[key], f"invalid argument 0.{key}")

    def octets(key: str) -> bytes:
        return b"" if fields.get(key) is None else parse_data(fields[key], f"invalid argument 0.{key}")

    nonce, gas = number("nonce"), number("gas")
    complete: dict[str, Any] = {
        "chainId": node.chain.genesis.chain_id,
        "nonce": node.chain.pending_nonce(sender) if nonce is None else nonce,
        "gas": int(estimate_gas(node, Parameters([fields])), 16) if gas is None else gas,
        "to": octets("to"),
        "value": number("value") or 0,
        "data": octets("input") or octets("data"),
        "accessList": access_list(fields.get("accessList"), "invalid argument 0"),
    }
    return complete | _price(node, number("gasPrice"), number("maxFeePerGas"), number("maxPriorityFeePerGas"))


def _price(node: RpcNode, price: int | None, most: int | None, tip: int | None) -> dict[str, Any]:
    if price is not None:
        return {"gasPrice": price}
    base_fee = node.chain.head.header.base_fee_per_gas or 0
    tip = min(tip if tip is not None else 0, most) if most is not None else tip or 0
    return {"type": 2, "maxFeePerGas": 2 * base_fee + tip if most is None else most, "maxPriorityFeePerGas": tip}


def _dynamic(complete: dict[str, Any]) -> dict[str, Any]:
    """The fields of an EIP-1559 transaction as py-evm names them."""
    price = complete.get("gasPrice")
    return {
        "chain_id": complete["chainId"],
        "nonce": complete["nonce"],
        "max_priority_fee_per_gas": complete["maxPriorityFeePerGas"] if price is None else price,
        "max_fee_per_gas": complete["maxFeePerGas"] if price is None else price,
        "gas": complete["gas"],
        "to": complete["to"],
        "value": complete["value"],
        "data": complete["data"],
        "access_list": complete["accessList"],
    }


def coinbase(_: RpcNode, __: Parameters) -> str:
    """eth_coinbase: nobody earns from blocks here."""
    return data(bytes(20))


def mining(node: RpcNode, _: Parameters) -> bool:
    """eth_mining."""
    return node.chain.automine


def hashrate(_: RpcNode, __: Parameters) -> str:
    """eth_hashrate: none is needed."""
    return quantity(0)


METHODS: MethodTable = {
    "eth_accounts": Method(accounts, 0),
    "eth_sendTransaction": Method(send_transaction, 1),
    "eth_signTransaction": Method(sign_transaction, 1),
    "eth_sign": Method(sign, 2),
    "personal_sign": Method(personal_sign, 3),
    "eth_signTypedData": Method(sign_typed_data, 2),
    "eth_signTypedData_v4": Method(sign_typed_data, 2),
    "eth_coinbase": Method(coinbase, 0),
    "eth_mining": Method(mining, 0),
    "eth_hashrate": Method(hashrate, 0),
}
