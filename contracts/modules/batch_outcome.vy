# pragma version 0.4.3
"""
@title How a payment of a batch fared, as a number and as a sentence
@notice The sentences are those with which settle refuses the same payment, so a reader of either needs one
        table.
@custom:license Apache-2.0
"""

SETTLED: constant(uint256) = 0
EXPIRED: constant(uint256) = 1
ZERO_AMOUNT: constant(uint256) = 2
NO_UETR: constant(uint256) = 3
NO_SEQUENCE: constant(uint256) = 4
DEBTOR_AGENT_INACTIVE: constant(uint256) = 5
DEBTOR_AGENT_NO_BANK: constant(uint256) = 6
CREDITOR_AGENT_INACTIVE: constant(uint256) = 7
CREDITOR_AGENT_NO_BANK: constant(uint256) = 8
BAD_DEBTOR_SIGNATURE: constant(uint256) = 9
BAD_AGENT_SIGNATURE: constant(uint256) = 10
NO_ACCEPTANCE: constant(uint256) = 11
ACCEPTANCE_EXPIRED: constant(uint256) = 12
BAD_ACCEPTANCE: constant(uint256) = 13
FOR_NETTING: constant(uint256) = 14

# The revert data of a token: selector, offset, length, and a sentence of up to 96 characters.
MAX_ANSWER: constant(uint256) = 164


@internal
@pure
def _told(answer: Bytes[MAX_ANSWER]) -> String[96]:
    """
    @notice The sentence in a token's revert data, or a general one where there is none.
    """
    if len(answer) < 68:
        return "Settlement: leg failed"
    length: uint256 = extract32(answer, 36, output_type=uint256)
    return convert(slice(answer, 68, min(length, min(96, len(answer) - 68))), String[96])


@internal
@pure
def _sentence(outcome: uint256) -> String[96]:
    """
    @notice What an outcome other than SETTLED means, as settle would say it.
    """
    if outcome == EXPIRED:
        return "Settlement: instruction expired"
    if outcome == ZERO_AMOUNT:
        return "Settlement: amount is zero"
    if outcome == NO_UETR:
        return "Settlement: uetr missing"
    if outcome == NO_SEQUENCE:
        return "Settlement: sequence missing"
    if outcome == DEBTOR_AGENT_INACTIVE:
        return "Settlement: debtor agent not active"
    if outcome == DEBTOR_AGENT_NO_BANK:
        return "Settlement: debtor agent not a bank"
    if outcome == CREDITOR_AGENT_INACTIVE:
        return "Settlement: creditor agent not active"
    if outcome == CREDITOR_AGENT_NO_BANK:
        return "Settlement: creditor agent not a bank"
    if outcome == BAD_DEBTOR_SIGNATURE:
        return "Settlement: debtor signature invalid"
    if outcome == BAD_AGENT_SIGNATURE:
        return "Settlement: debtor agent signature invalid"
    if outcome == NO_ACCEPTANCE:
        return "Settlement: acceptance missing"
    if outcome == ACCEPTANCE_EXPIRED:
        return "Settlement: acceptance expired"
    if outcome == FOR_NETTING:
        return "Settlement: sequence is for netting"
    return "Settlement: acceptance signature invalid"
