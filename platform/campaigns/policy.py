"""Who may see and change campaigns."""

from __future__ import annotations

from tortoise.queryset import QuerySet

from campaigns.models import Campaign
from core.i18n import _
from core.policy import Verdict, allow, deny, sign_in_first
from core.principal import Principal


def can_read(principal: Principal) -> Verdict:
    if not principal.is_signed_in and principal.role != "system":
        return sign_in_first()
    return allow() if principal.may("campaigns.read") else deny(_("Only staff see campaigns."))


def can_write(principal: Principal) -> Verdict:
    """Write, check, pilot."""
    if not principal.is_signed_in and principal.role != "system":
        return sign_in_first()
    return allow() if principal.may("campaigns.write") else deny(_("You may look at campaigns, but not change them."))


def visible_campaigns(principal: Principal) -> QuerySet[Campaign]:
    """Staff: all of them. A recipient's name is shown only where customers.policy shows the person."""
    return Campaign.all() if can_read(principal) else Campaign.filter(id=0)


def visible_news() -> QuerySet[Campaign]:
    """Published newsletters and announcements: for the whole world."""
    return Campaign.filter(is_public=True, published_at__isnull=False, revision_id__isnull=False)
