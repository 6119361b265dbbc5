"""Who may see and change guides, and whose names a report shows."""

from __future__ import annotations

from tortoise.queryset import QuerySet

from core.i18n import _
from core.policy import Verdict, allow, deny, sign_in_first
from core.principal import Principal
from guides.models import Guide


def can_write(principal: Principal) -> Verdict:
    """Staff who write guides see them, too; nobody else has a use for them."""
    if not principal.is_signed_in and principal.role != "system":
        return sign_in_first()
    return allow() if principal.may("guides.write") else deny(_("Only staff who write guides may do this."))


def can_manage_product(principal: Principal) -> Verdict:
    """The secret that signs identities is the installation's, so it is for who manages its settings."""
    if not principal.is_signed_in and principal.role != "system":
        return sign_in_first()
    return allow() if principal.may("settings.manage") else deny(_("Only administrators see this."))


def visible_guides(principal: Principal) -> QuerySet[Guide]:
    return Guide.all() if can_write(principal) else Guide.filter(id=0)


def own_rows(principal: Principal, column: str) -> str:
    """SQL that leaves only rows of accounts this member of staff sees; `column` holds the account's id."""
    if principal.all_accounts:
        return ""
    own = ", ".join(str(int(account)) for account in sorted(principal.own_accounts)) or "0"
    return f" AND {column} IN ({own})"
