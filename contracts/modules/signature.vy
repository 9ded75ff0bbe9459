# pragma version 0.4.3
"""
@title Who signed a digest
@notice Recovers the signer of an ECDSA signature, and refuses the two forms that make signatures unsafe: a
        high s (the same signature written a second way, EIP-2) and the zero signer that a failed recovery
        gives. A contract that holds money signs by ERC-1271.
@custom:license Apache-2.0
"""

# Half the order of secp256k1: a larger s is the malleable twin of a smaller one.
MAX_S: constant(uint256) = (
    57896044618658097711785492504343953926418782139537452191302581570759080747168
)

# The longest signature a contract is asked about: fifteen ECDSA signatures.
MAX_CONTRACT_SIGNATURE: constant(uint256) = 1024
# What isValidSignature(bytes32,bytes) answers for a signature it accepts (ERC-1271).
ERC1271_SELECTOR: constant(bytes4) = 0x1626ba7e


@internal
@pure
def _signed_by(account: address, digest: bytes32, signature: Bytes[65]) -> bool:
    """
    @notice Whether `account` signed `digest`. False for a wrong length, a high s, v other than 27 or 28,
            and for account zero, whatever the signature.
    """
    if len(signature) != 65:
        return False
    s: uint256 = extract32(signature, 32, output_type=uint256)
    if s > MAX_S:
        return False
    signer: address = ecrecover(
        digest,
        extract32(signature, 33, output_type=uint256) & 255,
        extract32(signature, 0, output_type=uint256),
        s,
    )
    return signer == account and signer != empty(address)


@internal
@pure
def _signed_by_parts(account: address, digest: bytes32, v: uint256, r: uint256, s: uint256) -> bool:
    """
    @notice The same for a signature given in its three parts.
    """
    signer: address = ecrecover(digest, v, r, s)
    if signer != account or s > MAX_S:
        return False
    return signer != empty(address)


@internal
@view
def _accepted_by(account: address, digest: bytes32, signature: Bytes[MAX_CONTRACT_SIGNATURE]) -> bool:
    """
    @notice Whether the contract at `account` accepts a signature over `digest` (ERC-1271). False where there
            is no contract, and where it reverts or answers anything else.
    """
    if not account.is_contract:
        return False
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        account,
        abi_encode(digest, signature, method_id=ERC1271_SELECTOR),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(answer) != 32:
        return False
    return extract32(answer, 0) == convert(ERC1271_SELECTOR, bytes32)
