# pragma version 0.4.3
"""
@title A wallet in a contract, for tests: it signs by its owner (ERC-1271)
@custom:license Apache-2.0
"""

OWNER: immutable(address)
# 0: answers as ERC-1271 has it; 1: reverts; 2: answers something else
MODE: immutable(uint256)


@deploy
def __init__(owner: address, mode: uint256):
    OWNER = owner
    MODE = mode


@external
@view
def isValidSignature(digest: bytes32, signature: Bytes[1024]) -> bytes4:
    assert MODE != 1, "ContractWallet: out of order"
    if MODE == 2:
        return 0xffffffff
    parts: Bytes[65] = slice(signature, 0, 65)
    v: uint256 = convert(slice(parts, 64, 1), uint256)
    signer: address = ecrecover(
        digest, v, extract32(parts, 0, output_type=uint256), extract32(parts, 32, output_type=uint256)
    )
    if signer == OWNER:
        return 0x1626ba7e
    return 0xffffffff
