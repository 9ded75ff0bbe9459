# pragma version 0.4.3
"""
@title Many payments among many, settled by what each owes in the end
@notice Two forms. With the obligations on chain the contract adds up every one of them itself. With positions
        only it is given what comes of them, and costs the same for a thousand payments as for ten. In both
        each participant has signed its own net position for a root that commits to all payments and to
        everybody in the cycle, so a clearing agent can propose and never take.
@dev One participant that cannot pay stops the whole: the error names it, nothing has changed, and the cycle
     can be proposed again without it, under the same id; after that it can settle with it no more.
@custom:license Apache-2.0
"""

from ..interfaces import ISettlement
from . import batch_outcome
from . import cycles
from . import parties
from . import signature as signature_check
from . import typed_data

uses: cycles
uses: parties
uses: typed_data

POSITION_TYPE_HASH: constant(bytes32) = keccak256(
    "Position(bytes32 cycle,bytes32 root,address token,int256 net_amount,uint64 expiry)"
)

# A word of obligations: who owes in the highest 8 bits; then four times, from the lowest bit, 56 bits of
# amount and 6 bits of who is owed. Both are places among the positions; an amount of zero is no obligation.
MAX_WORDS: constant(uint256) = 256
DEBTOR_SHIFT: constant(uint256) = 248
LANE_BITS: constant(uint256) = 62
AMOUNT_BITS: constant(uint256) = 56
AMOUNT_MASK: constant(uint256) = 2**56 - 1
LANE_MASK: constant(uint256) = 2**62 - 1
PLACE_MASK: constant(uint256) = 2**6 - 1
# The four amounts of a word, and what multiplies them so that the highest lane has their sum.
AMOUNTS: constant(uint256) = (2**56 - 1) * (1 + 2**62 + 2**124 + 2**186)
EACH_LANE: constant(uint256) = 1 + 2**62 + 2**124 + 2**186
PLACES: constant(uint256) = 64

MASK_255: constant(uint256) = 2**255 - 1


@external
def settle_net(
    cycle: bytes32,
    payments_root: bytes32,
    tokens: DynArray[address, cycles.MAX_TOKENS],
    positions: DynArray[uint256, cycles.MAX_POSITIONS],
    obligations: DynArray[uint256, MAX_WORDS],
    nets: DynArray[int256, cycles.MAX_POSITIONS],
    expiry: uint64,
    signatures: DynArray[ISettlement.CompactSignature, cycles.MAX_POSITIONS],
):
    """
    @notice Settles a cycle: compares every net position with what its participant has signed, or agreed to
            on chain, and moves all of them, or none. Where one cannot, CannotSettle names it.
    @dev Caller: the clearing agent with the signatures; anyone, once the clearing agent has proposed it with
         `consent`. Refuses: a cycle not proposed, already settled, withdrawn or expired; an
         obligation between currencies or with somebody who is not in the cycle; positions that do not sum to
         zero in each currency; a clearing agent without its role; a participant that is no active bank; an
         unlisted currency; a missing, wrong or malleable signature; all that the tokens refuse. Stopped by:
         pause and freeze of any currency, suspend, delist_token, consent not given.
    @param cycle Its id: clearing agent and number.
    @param payments_root The root of the hashes of the instructions of all payments in it.
    @param tokens The currencies.
    @param positions For each net position the place of its token, shifted left by 160, and the participant;
           ascending.
    @param obligations Up to 1,024, four to a word; none in the form of positions only.
    @param nets What each is to receive, in minor units, below zero what it pays; none where the obligations
           are given.
    @param expiry The last unix second at which the cycle may settle, as signed.
    @param signatures Over Position(cycle, root, token, net_amount, expiry), of each position's participant.
    """
    assert block.timestamp <= convert(expiry, uint256), "Settlement: cycle expired"
    participants: bytes32 = cycles._participants(tokens, positions)
    standing: uint256 = cycles._standing(participants, staticcall parties.REGISTRY.standings_version())
    if not cycles._use(cycle, standing):
        cycles._check(cycle, expiry, tokens, positions)
    root: bytes32 = keccak256(abi_encode(payments_root, participants, obligations, nets))
    found: DynArray[int256, cycles.MAX_POSITIONS] = nets
    if len(obligations) != 0:
        found = self._nets(obligations, len(positions))
        if len(tokens) != 1:
            self._check_currencies(obligations, positions)
    assert len(positions) == len(found), "Settlement: positions do not fit"
    agreed: uint256 = cycles._agreed[cycles._agreement(cycle, participants, root, expiry)]
    cycles._check_agreement(cycle, agreed)
    i: uint256 = 0
    signed: uint256 = 0
    for place: uint256 in range(len(tokens), bound=cycles.MAX_TOKENS):
        accounts: DynArray[address, cycles.MAX_POSITIONS] = []
        amounts: DynArray[int256, cycles.MAX_POSITIONS] = []
        for _: uint256 in range(cycles.MAX_POSITIONS):
            if i == len(positions) or positions[i] >> cycles.TOKEN_SHIFT != place:
                break
            account: address = convert(positions[i] & cycles.ADDRESS_MASK, address)
            if (agreed >> i) & 1 == 0:
                assert self._signed(
                    account, cycle, root, tokens[place], found[i], expiry, signatures[signed]
                ), "Settlement: position signature invalid"
                signed = unsafe_add(signed, 1)
            accounts.append(account)
            amounts.append(found[i])
            i = unsafe_add(i, 1)
        self._move(tokens[place], accounts, amounts)
    log ISettlement.Netted(cycle=cycle, payments_root=payments_root, root=root)


@internal
@view
def _signed(
    account: address,
    cycle: bytes32,
    root: bytes32,
    token: address,
    net: int256,
    expiry: uint64,
    signature: ISettlement.CompactSignature,
) -> bool:
    digest: bytes32 = typed_data._digest(
        keccak256(abi_encode(POSITION_TYPE_HASH, cycle, root, token, net, expiry))
    )
    return signature_check._signed_by_parts(
        account, digest, unsafe_add(signature.vs >> 255, 27), signature.r, signature.vs & MASK_255
    )


@internal
def _move(
    token: address,
    accounts: DynArray[address, cycles.MAX_POSITIONS],
    amounts: DynArray[int256, cycles.MAX_POSITIONS],
):
    """
    @notice Moves the positions of one currency. Where the token refuses, looks for whom it is because of.
    """
    if raw_call(
        token,
        abi_encode(accounts, amounts, method_id=method_id("settle_net(address[],int256[])")),
        revert_on_failure=False,
    ):
        return
    success: bool = False
    answer: Bytes[batch_outcome.MAX_ANSWER] = b""
    for i: uint256 in range(len(accounts), bound=cycles.MAX_POSITIONS):
        # To itself, so that nobody else has a part in it; all of it is undone by the revert.
        success, answer = raw_call(
            token,
            abi_encode(
                accounts[i],
                accounts[i],
                convert(max(-amounts[i], 0), uint256),
                method_id=method_id("settle_leg(address,address,uint256)"),
            ),
            max_outsize=batch_outcome.MAX_ANSWER,
            revert_on_failure=False,
        )
        if not success:
            raw_revert(
                abi_encode(
                    accounts[i],
                    batch_outcome._told(answer),
                    method_id=method_id("CannotSettle(address,string)"),
                )
            )
    raise "Settlement: positions refused"


@internal
@pure
def _nets(
    obligations: DynArray[uint256, MAX_WORDS], count: uint256
) -> DynArray[int256, cycles.MAX_POSITIONS]:
    """
    @notice What each position is owed less what it owes. Refuses a debtor that has no position; a creditor
            that has none leaves the positions out of balance, which the tokens refuse.
    """
    owed: uint256[PLACES] = empty(uint256[PLACES])
    owing: uint256[PLACES] = empty(uint256[PLACES])
    total: uint256 = 0
    for word: uint256 in obligations:
        # Amounts of 56 bits in lanes of 62: four of them, or a thousand, stay within their words.
        sum: uint256 = (unsafe_mul(word & AMOUNTS, EACH_LANE) >> (3 * LANE_BITS)) & LANE_MASK
        total = unsafe_add(total, sum)
        owing[word >> DEBTOR_SHIFT] += sum
        owed[(word >> AMOUNT_BITS) & PLACE_MASK] += word & AMOUNT_MASK
        owed[(word >> (LANE_BITS + AMOUNT_BITS)) & PLACE_MASK] += (word >> LANE_BITS) & AMOUNT_MASK
        owed[(word >> (2 * LANE_BITS + AMOUNT_BITS)) & PLACE_MASK] += (word >> (2 * LANE_BITS)) & AMOUNT_MASK
        owed[(word >> (3 * LANE_BITS + AMOUNT_BITS)) & PLACE_MASK] += (word >> (3 * LANE_BITS)) & AMOUNT_MASK
    nets: DynArray[int256, cycles.MAX_POSITIONS] = []
    for i: uint256 in range(count, bound=cycles.MAX_POSITIONS):
        nets.append(convert(convert(unsafe_sub(owed[i], owing[i]), bytes32), int256))
        total = unsafe_sub(total, owing[i])
    assert total == 0, "Settlement: obligation of nobody"
    return nets


@internal
@pure
def _check_currencies(
    obligations: DynArray[uint256, MAX_WORDS], positions: DynArray[uint256, cycles.MAX_POSITIONS]
):
    """
    @notice Refuses an obligation whose debtor and creditor have their positions in different currencies.
    """
    for word: uint256 in obligations:
        place: uint256 = positions[word >> DEBTOR_SHIFT] >> cycles.TOKEN_SHIFT
        for lane: uint256 in range(4):
            obligation: uint256 = word >> (lane * LANE_BITS)
            assert obligation & AMOUNT_MASK == 0 or (
                positions[(obligation >> AMOUNT_BITS) & PLACE_MASK] >> cycles.TOKEN_SHIFT == place
            ), "Settlement: obligation between currencies"
