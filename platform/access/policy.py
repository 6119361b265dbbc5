"""Who may change what others may do."""

from __future__ import annotations

from core.i18n import _
from core.policy import Verdict, allow, deny, sign_in_first
from core.principal import Principal


def can_manage_staff(principal: Principal) -> Verdict:
    """Roles, invitations, other people's sessions: whoever holds settings.manage."""
    if not principal.is_signed_in and principal.role != "system":
        return sign_in_first()
    return allow() if principal.may("settings.manage") else deny(_("Only an administrator may do this."))


def can_give(principal: Principal, capabilities: frozenset[str]) -> Verdict:
    """Nobody gives more than they hold."""
    if not (verdict := can_manage_staff(principal)):
        return verdict
    missing = capabilities - principal.capabilities
    return deny(_("You cannot give a right that you do not hold.")) if missing else allow()


def can_grant(principal: Principal, capabilities: frozenset[str]) -> Verdict:
    """Grants on boards: whoever manages the community, and only what they may do themselves."""
    if principal.role != "system" and not principal.is_signed_in:
        return sign_in_first()
    if not (principal.may("community.manage") or principal.may("settings.manage")):
        return deny(_("Only somebody who manages the community may do this."))
    missing = capabilities - principal.capabilities
    return deny(_("You cannot give a right that you do not hold.")) if missing else allow()
