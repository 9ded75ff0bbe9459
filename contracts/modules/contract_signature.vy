# pragma version 0.4.3
"""
@title Whether a contract accepts a signature
@notice Asked (ERC-1271) only after no key has been found to have signed, so that nobody with a key pays for
        the question. A signature has 65 bytes here, as those of keys: memory for longer ones would be paid
        for by every payment.
@custom:license Apache-2.0
"""

from . import signature as signature_check


@internal
@view
def _accepts(account: address, digest: bytes32, signature: Bytes[65]) -> bool:
    """
    @notice Whether the contract at `account` accepts `signature` over `digest`. False where there is no
            contract, and where it reverts or answers anything else.
    """
    if not account.is_contract:
        return False
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        account,
        abi_encode(digest, signature, method_id=signature_check.ERC1271_SELECTOR),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(answer) != 32:
        return False
    return extract32(answer, 0) == convert(signature_check.ERC1271_SELECTOR, bytes32)
