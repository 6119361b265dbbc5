"""Who asks: filled in by `access` at sign-in, asked by every policy, never imported upward."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from core.clock import now

# The one vocabulary of capabilities. A handler declares the one it needs (`may="community.post"`);
# roles and grants (tables in `access`) hold lists of them.
CAPABILITIES = {
    "anyone": "open to the whole world",
    "help.read": "read public help articles and search",
    "community.read": "read public boards",
    "signed_in": "has an account and is signed in",
    "community.post": "ask, answer, vote, flag",
    "community.moderate": "hide, move, close, approve, on the boards of a grant",
    "community.manage": "boards, grants, every board's moderation",
    "help.write": "write and publish articles",
    "inbox.answer": "read and answer conversations",
    "customers.read": "see accounts and people",
    "customers.write": "change, import and merge accounts and people",
    "campaigns.read": "see campaigns and their reports",
    "campaigns.write": "write, pilot and schedule campaigns",
    "guides.write": "write and publish guides",
    "insights.read": "see the numbers",
    "settings.manage": "connections, brands, roles, staff",
    "audit.read": "read the audit log and dead letters",
}
VISITOR = frozenset({"anyone", "help.read", "community.read"})
MEMBER = VISITOR | {"signed_in", "community.post"}


class Grant(msgspec.Struct, frozen=True):
    """Capabilities on one thing, such as a board, until a moment."""

    scope: str
    capabilities: frozenset[str]
    expires_at: datetime | None = None
    id: int = 0

    def is_current(self) -> bool:
        return self.expires_at is None or self.expires_at > now()


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A person (or nobody, or the system) with what they may do.

    `accounts` are the ids of the accounts the person belongs to; `all_accounts` is true for staff who see
    every account, else staff see `own_accounts` (those they are CSM or deputy of). With `api_key_id` a program
    acts for the person, within the key's scopes; a key that `is_read_only` changes nothing. `proved_at`: when they
    last proved that it is them. Who `lacks_factor` has to set a second factor up before their role's rights count.
    """

    person_id: int | None = None
    name: str = ""
    role: str = "visitor"
    capabilities: frozenset[str] = VISITOR
    accounts: frozenset[int] = frozenset()
    own_accounts: frozenset[int] = frozenset()
    all_accounts: bool = False
    grants: tuple[Grant, ...] = ()
    brand: str = "default"
    language: str = "ja"
    time_zone: str = "Asia/Tokyo"
    session_id: int | None = None
    api_key_id: int | None = None
    is_read_only: bool = False
    proved_at: datetime | None = None
    lacks_factor: bool = False

    @property
    def is_signed_in(self) -> bool:
        return self.person_id is not None

    @property
    def is_staff(self) -> bool:
        return "customers.read" in self.capabilities or "inbox.answer" in self.capabilities

    @property
    def is_fresh(self) -> bool:
        """They proved within 15 minutes that it is them: what dangerous pages ask (`needs_fresh=True`)."""
        return self.proved_at is not None and self.proved_at > now() - FRESH

    def may(self, capability: str) -> bool:
        """By role, anywhere."""
        return capability in self.capabilities

    def may_on(self, capability: str, scopes: Iterable[str]) -> bool:
        """By role, or by a current grant on one of `scopes` (`board:3`)."""
        return self.may(capability) or self.grant_for(capability, scopes) is not None

    def grant_for(self, capability: str, scopes: Iterable[str]) -> Grant | None:
        wanted = set(scopes)
        for grant in self.grants:
            if grant.scope in wanted and capability in grant.capabilities and grant.is_current():
                return grant
        return None

    def may_somewhere(self, capability: str) -> bool:
        """By role, or by any current grant: for menus."""
        return self.may(capability) or any(capability in g.capabilities and g.is_current() for g in self.grants)

    def sees_account(self, account_id: int | None) -> bool:
        return self.all_accounts or (account_id is not None and account_id in self.own_accounts | self.accounts)


FRESH = timedelta(minutes=15)

SYSTEM = Principal(name="engawa", role="system", capabilities=frozenset(CAPABILITIES), all_accounts=True)
NOBODY = Principal()
