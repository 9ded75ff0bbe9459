# pragma version 0.4.3
"""
@title Who signed a digest
@notice Recovers the signer of a 65-byte r || s || v signature, and refuses the two forms that make
        signatures unsafe: a high s (the same signature written a second way, EIP-2) and the zero signer
        that a failed recovery gives.
@custom:license Apache-2.0
"""

# Half the order of secp256k1: a larger s is the malleable twin of a smaller one.
MAX_S: constant(uint256) = (
    57896044618658097711785492504343953926418782139537452191302581570759080747168
)


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
