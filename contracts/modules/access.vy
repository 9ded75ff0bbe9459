# pragma version 0.4.3
"""
@title Roles as bits, and one admin who hands them out
@notice The admin has no role by itself and hands over in two steps, so that the office cannot be lost to
        a mistyped address. Meant to be a Council: m of n, with a time lock.
@custom:license Apache-2.0
"""

from ..interfaces import IAccess

_admin: address
_proposed_admin: address
_roles: HashMap[address, uint256]


@deploy
def __init__(admin: address):
    assert admin != empty(address), "Access: zero address"
    self._admin = admin
    log IAccess.AdminChanged(previous=empty(address), admin=admin)


@external
@view
def admin() -> address:
    """
    @notice The admin: grants and revokes roles, and has none by itself.
    @dev Caller: anyone.
    """
    return self._admin


@external
@view
def proposed_admin() -> address:
    """
    @notice The account that may take over as admin by accepting, or zero.
    @dev Caller: anyone.
    """
    return self._proposed_admin


@external
@view
def roles(account: address) -> uint256:
    """
    @notice The role bits of an account.
    @dev Caller: anyone.
    """
    return self._roles[account]


@external
def grant_role(account: address, role: uint256):
    """
    @notice Gives an account one or more roles, on top of those it has.
    @dev Caller: the admin. Refuses: the zero account. Stopped by: revoke_role.
    @param account Who receives the roles.
    @param role One or more role bits.
    """
    self._only_admin()
    assert account != empty(address), "Access: zero address"
    self._set_roles(account, self._roles[account] | role)


@external
def revoke_role(account: address, role: uint256):
    """
    @notice Takes one or more roles from an account; roles it does not have are ignored.
    @dev Caller: the admin, or the account itself giving up a role. Refuses: everybody else.
         Stopped by: nothing; taking a power away must always be possible.
    @param account Who loses the roles.
    @param role One or more role bits.
    """
    if msg.sender != account:
        self._only_admin()
    self._set_roles(account, self._roles[account] & ~role)


@external
def propose_admin(account: address):
    """
    @notice Names the account that may take over as admin. Zero withdraws the proposal.
    @dev Caller: the admin. Refuses: everybody else. Stopped by: proposing zero before it is accepted.
    @param account The next admin.
    """
    self._only_admin()
    self._proposed_admin = account
    log IAccess.AdminProposed(admin=msg.sender, proposed=account)


@external
def accept_admin():
    """
    @notice Takes over as admin.
    @dev Caller: the proposed admin. Refuses: everybody else. Stopped by: the admin proposing another.
    """
    assert msg.sender == self._proposed_admin, "Access: not the proposed admin"
    log IAccess.AdminChanged(previous=self._admin, admin=msg.sender)
    self._admin = msg.sender
    self._proposed_admin = empty(address)


@internal
def _set_roles(account: address, roles: uint256):
    self._roles[account] = roles
    log IAccess.RolesChanged(account=account, roles=roles, admin=msg.sender)


@internal
@view
def _only_admin():
    assert msg.sender == self._admin, "Access: not the admin"


@internal
@view
def _has(account: address, role: uint256) -> bool:
    return self._roles[account] & role != 0
