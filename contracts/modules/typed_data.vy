# pragma version 0.4.3
"""
@title The EIP-712 domain of one contract, discoverable by ERC-5267
@notice The separator is fixed at deployment and recomputed when the chain id has changed since, so that
        a signature never counts on both sides of a fork.
@custom:license Apache-2.0
"""

DOMAIN_TYPE_HASH: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
# What sets typed data apart from a transaction.
PREFIX: constant(bytes2) = 0x1901
VERSION: constant(String[1]) = "1"
# ERC-5267: name, version, chain id and verifying contract are present; salt is not.
FIELDS: constant(bytes1) = 0x0f

NAME: immutable(String[64])
NAME_HASH: immutable(bytes32)
CHAIN_ID: immutable(uint256)
SEPARATOR: immutable(bytes32)


@deploy
def __init__(name: String[64]):
    NAME = name
    NAME_HASH = keccak256(name)
    CHAIN_ID = chain.id
    SEPARATOR = keccak256(
        abi_encode(DOMAIN_TYPE_HASH, keccak256(name), keccak256(VERSION), chain.id, self)
    )


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @notice The EIP-712 domain separator for the chain this call runs on.
    @dev Caller: anyone.
    """
    return self._separator()


@external
@view
def eip712Domain() -> (
    bytes1, String[64], String[1], uint256, address, bytes32, DynArray[uint256, 1]
):
    """
    @notice The fields of the EIP-712 domain (ERC-5267).
    @dev Caller: anyone.
    """
    return FIELDS, NAME, VERSION, chain.id, self, empty(bytes32), empty(DynArray[uint256, 1])


@internal
@view
def _separator() -> bytes32:
    if chain.id == CHAIN_ID:  # no fork since
        return SEPARATOR
    return keccak256(
        abi_encode(DOMAIN_TYPE_HASH, NAME_HASH, keccak256(VERSION), chain.id, self)
    )


@internal
@view
def _digest(struct_hash: bytes32) -> bytes32:
    """
    @notice What a signer signs for a struct hash: keccak256(0x1901 || separator || struct hash).
    """
    if chain.id == CHAIN_ID:
        return keccak256(concat(PREFIX, SEPARATOR, struct_hash))
    return keccak256(concat(PREFIX, self._separator(), struct_hash))
