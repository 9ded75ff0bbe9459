# pragma version 0.4.3
"""
@title The participants: who they are, their status, their keys
@notice A participant is its settlement account. The registrar admits it and keeps its status and roles; the
        participant keeps its own message key, API address and policy. History is in the events.
@custom:license Apache-2.0
"""

from ..interfaces import IParticipantRegistry
from . import access
from . import standing_word
from . import standing_table
from . import token_list

uses: access
uses: standing_table
uses: token_list

ROLE_REGISTRAR: constant(uint256) = 1
ROLE_SUSPENDER: constant(uint256) = 2

# How long open instructions may still settle after set_status(TERMINATING): one day.
NOTICE_S: constant(uint256) = 86400

# What may follow each status: bit n of entry m says that status n may follow status m.
NEXT: constant(uint256[6]) = [
    0,                # none: left by register and apply_to_participate only
    2**2 + 2**5,      # applied: active, terminated
    2**3 + 2**4,      # active: suspended, terminating
    2**2 + 2**4,      # suspended: active, terminating
    2**3 + 2**5,      # terminating: suspended, terminated
    0,                # terminated: the end
]

struct Record:
    bic: String[11]
    lei: String[20]
    name: String[140]
    jurisdiction: String[2]
    message_key: bytes32
    previous_message_key: bytes32
    previous_key_until: uint64
    api_address: String[200]

_records: HashMap[address, Record]
_accounts: HashMap[uint256, address]
_count: uint256
_account_of_bic: HashMap[String[11], address]
_account_of_lei: HashMap[String[20], address]


@external
@view
def participant(account: address) -> IParticipantRegistry.Participant:
    """
    @notice Everything the registry keeps about a participant; all empty for an unknown account.
    @dev Caller: anyone.
    @param account Its settlement account.
    """
    record: Record = self._records[account]
    word: uint256 = standing_table._standings[account]
    return IParticipantRegistry.Participant(
        account=account,
        bic=record.bic,
        lei=record.lei,
        name=record.name,
        jurisdiction=record.jurisdiction,
        status=word & standing_word.STATUS_MASK,
        roles=(word >> standing_word.ROLES_SHIFT) & standing_word.ROLES_MASK,
        policy=(word >> standing_word.POLICY_SHIFT) & standing_word.POLICY_MASK,
        notice_end=convert((word >> standing_word.NOTICE_SHIFT) & standing_word.NOTICE_MASK, uint64),
        message_key=record.message_key,
        previous_message_key=record.previous_message_key,
        previous_key_until=record.previous_key_until,
        api_address=record.api_address,
    )


@external
@view
def account_of(bic: String[11]) -> address:
    """
    @notice The settlement account of a BIC as it was registered, or zero. Free again after termination.
    @dev Caller: anyone.
    """
    return self._account_of_bic[bic]


@external
@view
def account_of_lei(lei: String[20]) -> address:
    """
    @notice The settlement account of an LEI, or zero. Free again after termination.
    @dev Caller: anyone.
    """
    return self._account_of_lei[lei]


@external
@view
def participant_count() -> uint256:
    """
    @notice How many participants were ever registered or applied, terminated ones too.
    @dev Caller: anyone.
    """
    return self._count


@external
@view
def participant_at(i: uint256) -> address:
    """
    @notice The settlement account of participant number `i`, from 0 in order of registration; zero beyond.
    @dev Caller: anyone.
    """
    return self._accounts[i]


@external
def register(
    account: address,
    bic: String[11],
    lei: String[20],
    name: String[140],
    roles: uint256,
    message_key: bytes32,
    api_address: String[200],
    jurisdiction: String[2],
):
    """
    @notice Admits a participant; it is active at once.
    @dev Caller: a registrar. Refuses: an account, BIC or LEI already registered; a BIC not of 8 or 11
         characters; an LEI not of 20; unknown roles. Stopped by: set_status, suspend.
    @param account Its settlement account: what it signs with and what holds its money.
    @param bic Its BIC, 8 or 11 characters; look-ups are by these very characters.
    @param lei Its LEI.
    @param name Its name.
    @param roles Sum of 1 bank, 2 issuer, 4 FX provider, 8 clearing agent, 16 overseer.
    @param message_key Its ed25519 public key for messages.
    @param api_address Where its API answers; empty if it has none.
    @param jurisdiction ISO 3166 alpha-2 code of its country.
    """
    self._only_registrar()
    record: Record = Record(
        bic=bic,
        lei=lei,
        name=name,
        jurisdiction=jurisdiction,
        message_key=message_key,
        previous_message_key=empty(bytes32),
        previous_key_until=0,
        api_address=api_address,
    )
    self._add(account, record, roles, standing_word.ACTIVE)


@external
def apply_to_participate(
    bic: String[11],
    lei: String[20],
    name: String[140],
    roles: uint256,
    message_key: bytes32,
    api_address: String[200],
    jurisdiction: String[2],
):
    """
    @notice The caller asks to take part with its own account. It is `applied` until the registrar has made
            it active or terminated; meanwhile its BIC and LEI are not reserved.
    @dev Caller: anyone not yet registered. Refuses: all that register refuses. Stopped by: set_status.
    @param bic Its BIC.
    @param lei Its LEI.
    @param name Its name.
    @param roles The roles it asks for.
    @param message_key Its ed25519 public key for messages.
    @param api_address Where its API answers.
    @param jurisdiction ISO 3166 alpha-2 code of its country.
    """
    record: Record = Record(
        bic=bic,
        lei=lei,
        name=name,
        jurisdiction=jurisdiction,
        message_key=message_key,
        previous_message_key=empty(bytes32),
        previous_key_until=0,
        api_address=api_address,
    )
    self._add(msg.sender, record, roles, standing_word.APPLIED)


@external
def set_status(account: address, status: uint256):
    """
    @notice Moves a participant along its life: applied, active, suspended, terminating, terminated.
            Terminating starts a notice of one day in which what was open may still settle; to give
            another notice use terminate. Setting the status it has changes nothing.
    @dev Caller: a registrar. Refuses: a step that the life cycle does not have; terminated while the
         account still holds money in a listed currency. Stopped by: the reverse step, where there is one.
    @param account Its settlement account.
    @param status 1 applied, 2 active, 3 suspended, 4 terminating, 5 terminated.
    """
    self._only_registrar()
    notice_end: uint256 = 0
    if status == standing_word.TERMINATING:
        notice_end = block.timestamp + NOTICE_S
    self._set_status(account, status, notice_end)


@external
def terminate(account: address, notice_end: uint64):
    """
    @notice Begins an orderly termination: nothing signed beyond the notice settles any more.
    @dev Caller: a registrar. Refuses: a participant neither active nor suspended. Stopped by:
         set_status(suspended).
    @param account Its settlement account.
    @param notice_end The last unix second at which what is open may settle.
    """
    self._only_registrar()
    self._set_status(account, standing_word.TERMINATING, convert(notice_end, uint256))


@external
def suspend(account: address):
    """
    @notice Suspends a participant at once: nothing it is an agent or a provider in settles.
    @dev Caller: a suspender or a registrar. Refuses: a participant neither active nor terminating.
         Stopped by: set_status(active) by a registrar.
    @param account Its settlement account.
    """
    assert access._has(msg.sender, ROLE_SUSPENDER | ROLE_REGISTRAR), "ParticipantRegistry: not a suspender"
    self._set_status(account, standing_word.SUSPENDED, 0)


@external
def set_roles(account: address, roles: uint256):
    """
    @notice Replaces a participant's roles.
    @dev Caller: a registrar. Refuses: an unknown participant, unknown roles. Stopped by: setting them again.
    @param account Its settlement account.
    @param roles Sum of 1 bank, 2 issuer, 4 FX provider, 8 clearing agent, 16 overseer.
    """
    self._only_registrar()
    self._only_open(account)
    assert roles & ~standing_word.ROLES_ALL == 0, "ParticipantRegistry: no such role"
    word: uint256 = standing_table._standings[account]
    word &= ~(standing_word.ROLES_MASK << standing_word.ROLES_SHIFT)
    standing_table._set(account, word | (roles << standing_word.ROLES_SHIFT))
    log IParticipantRegistry.ParticipantRolesChanged(account=account, roles=roles)


@external
def set_policy(policy: uint256):
    """
    @notice The caller replaces its policy flags. With 1 (acceptance waived) payments to it settle without
            its signed acceptance.
    @dev Caller: a participant, for itself. Refuses: an unknown or terminated participant, unknown flags.
         Stopped by: setting it again.
    @param policy Sum of the flags: 1 acceptance waived.
    """
    self._only_open(msg.sender)
    assert policy & ~standing_word.POLICY_ALL == 0, "ParticipantRegistry: no such policy flag"
    word: uint256 = standing_table._standings[msg.sender]
    word &= ~(standing_word.POLICY_MASK << standing_word.POLICY_SHIFT)
    standing_table._set(msg.sender, word | (policy << standing_word.POLICY_SHIFT))
    log IParticipantRegistry.PolicyChanged(account=msg.sender, policy=policy)


@external
def set_api_address(api_address: String[200]):
    """
    @notice The caller replaces the address at which its API answers.
    @dev Caller: a participant, for itself. Refuses: an unknown or terminated participant. Stopped by:
         setting it again.
    @param api_address A URL.
    """
    self._only_open(msg.sender)
    self._records[msg.sender].api_address = api_address
    log IParticipantRegistry.ApiAddressChanged(account=msg.sender, api_address=api_address)


@external
def rotate_message_key(message_key: bytes32, previous_key_until: uint64):
    """
    @notice The caller replaces its message key. Messages signed with the previous one stay good until the
            second given, so that none in flight is lost; now or earlier ends it at once.
    @dev Caller: a participant, for itself. Refuses: an unknown or terminated participant, key zero.
         Stopped by: rotating again.
    @param message_key The new ed25519 public key.
    @param previous_key_until Last unix second of the key it replaces.
    """
    self._only_open(msg.sender)
    assert message_key != empty(bytes32), "ParticipantRegistry: message key missing"
    previous: bytes32 = self._records[msg.sender].message_key
    self._records[msg.sender].message_key = message_key
    self._records[msg.sender].previous_message_key = previous
    self._records[msg.sender].previous_key_until = previous_key_until
    log IParticipantRegistry.MessageKeyRotated(
        account=msg.sender,
        message_key=message_key,
        previous_message_key=previous,
        previous_key_until=previous_key_until,
    )


@internal
def _add(account: address, record: Record, roles: uint256, status: uint256):
    assert account != empty(address), "ParticipantRegistry: zero address"
    assert standing_table._standings[account] == 0, "ParticipantRegistry: account already registered"
    assert len(record.bic) == 8 or len(record.bic) == 11, "ParticipantRegistry: bic has the wrong length"
    assert len(record.lei) == 20, "ParticipantRegistry: lei has the wrong length"
    assert roles & ~standing_word.ROLES_ALL == 0, "ParticipantRegistry: no such role"
    self._records[account] = record
    self._accounts[self._count] = account
    self._count += 1
    standing_table._set(account, standing_word._packed(status, roles, 0, 0))
    if status == standing_word.ACTIVE:
        self._claim_names(account)
    log IParticipantRegistry.ParticipantRegistered(
        account=account,
        bic=record.bic,
        lei=record.lei,
        name=record.name,
        jurisdiction=record.jurisdiction,
        roles=roles,
    )
    log IParticipantRegistry.StatusChanged(account=account, previous=0, status=status, notice_end=0)


@internal
def _claim_names(account: address):
    """
    @notice Binds BIC and LEI to the account. Done on admission, so that an application cannot squat on them.
    """
    bic: String[11] = self._records[account].bic
    lei: String[20] = self._records[account].lei
    assert self._account_of_bic[bic] == empty(address), "ParticipantRegistry: bic already registered"
    assert self._account_of_lei[lei] == empty(address), "ParticipantRegistry: lei already registered"
    self._account_of_bic[bic] = account
    self._account_of_lei[lei] = account


@internal
def _release_names(account: address):
    self._account_of_bic[self._records[account].bic] = empty(address)
    self._account_of_lei[self._records[account].lei] = empty(address)


@internal
def _set_status(account: address, status: uint256, notice_end: uint256):
    word: uint256 = standing_table._standings[account]
    previous: uint256 = word & standing_word.STATUS_MASK
    assert word & standing_word.TOKEN == 0 and previous != standing_word.UNKNOWN, (
        "ParticipantRegistry: no such participant"
    )
    if status == previous:
        return
    assert (NEXT[previous] >> status) & 1 == 1, "ParticipantRegistry: no such step"
    if previous == standing_word.APPLIED:
        if status == standing_word.ACTIVE:
            self._claim_names(account)
    elif status == standing_word.TERMINATED:
        token_list._assert_empty(account)
        self._release_names(account)
    word = standing_word._packed(
        status,
        (word >> standing_word.ROLES_SHIFT) & standing_word.ROLES_MASK,
        (word >> standing_word.POLICY_SHIFT) & standing_word.POLICY_MASK,
        notice_end,
    )
    standing_table._set(account, word)
    log IParticipantRegistry.StatusChanged(
        account=account, previous=previous, status=status, notice_end=convert(notice_end, uint64)
    )


@internal
@view
def _only_registrar():
    assert access._has(msg.sender, ROLE_REGISTRAR), "ParticipantRegistry: not a registrar"


@internal
@view
def _only_open(account: address):
    """
    @notice Refuses what is no participant, or no longer one.
    """
    word: uint256 = standing_table._standings[account]
    status: uint256 = word & standing_word.STATUS_MASK
    assert word & standing_word.TOKEN == 0, "ParticipantRegistry: no such participant"
    assert status != standing_word.UNKNOWN, "ParticipantRegistry: no such participant"
    assert status != standing_word.TERMINATED, "ParticipantRegistry: participant terminated"
