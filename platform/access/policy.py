"""Who may change what others may do."""

from __future__ import annotations

from tortoise.queryset import QuerySet

from access.models import ApiKey, OidcProvider, OidcTie, Session, SignOn
from core.clock import now
from core.i18n import _
from core.models import AuditEntry, Promise
from core.policy import Verdict, allow, deny, sign_in_first
from core.principal import Principal
from customers.models import Person


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


def can_make_api_key(principal: Principal, scopes: frozenset[str], subject: Principal) -> Verdict:
    """Administrators, for staff, and only what they may do themselves, on accounts that they see themselves."""
    if verdict := can_give(principal, scopes):
        if not subject.is_staff:
            return deny(_("An API key acts for a member of staff."))
        if subject.all_accounts and not principal.all_accounts:
            return deny(_("You cannot give a right that you do not hold."))
    return verdict


def visible_api_keys(principal: Principal) -> QuerySet[ApiKey]:
    return ApiKey.all() if can_manage_staff(principal) else ApiKey.filter(id=None)


def visible_sign_ons(principal: Principal) -> QuerySet[SignOn]:
    return SignOn.all() if can_manage_staff(principal) else SignOn.filter(id=None)


def visible_oidc_providers(principal: Principal) -> QuerySet[OidcProvider]:
    return OidcProvider.all() if can_manage_staff(principal) else OidcProvider.filter(id=None)


def providers_at_the_door() -> QuerySet[OidcProvider]:
    """Whose buttons everybody sees who wants to sign in."""
    return OidcProvider.filter(ended_at=None).order_by("id").limit(10)


def ties_of(person_id: int) -> QuerySet[OidcTie]:
    """Accounts at identity providers by which this person comes in: for themselves, and for who manages staff."""
    return OidcTie.filter(person_id=person_id).select_related("provider").order_by("id")


def open_sessions(principal: Principal) -> QuerySet[Session]:
    """A person's own sessions that still work."""
    return open_sessions_of(principal.person_id or 0)


def open_sessions_of(person_id: int) -> QuerySet[Session]:
    return Session.filter(person_id=person_id, revoked_at=None, awaits_factor=False, expires_at__gt=now())


def visible_staff(principal: Principal) -> QuerySet[Person]:
    """Everybody of ours, for whoever manages settings."""
    found = Person.filter(kind="staff", state__in=["active", "suspended"])
    return found if can_manage_staff(principal) else found.filter(id=None)


def visible_audit(principal: Principal) -> QuerySet[AuditEntry]:
    return AuditEntry.all() if principal.may("audit.read") else AuditEntry.filter(id=None)


def visible_promises(principal: Principal) -> QuerySet[Promise]:
    """Work that is dead, running, or waits longer than it should: who reads the audit log sees it."""
    return Promise.all() if principal.may("audit.read") else Promise.filter(id=None)
