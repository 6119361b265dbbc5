"""Who may see and change campaigns."""

from __future__ import annotations

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from campaigns.journeys.models import Journey, Run
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


def visible_journeys(principal: Principal) -> QuerySet[Journey]:
    """Staff: all of them, as campaigns."""
    return Journey.all() if can_read(principal) else Journey.filter(id=0)


def visible_runs(principal: Principal) -> QuerySet[Run]:
    """Who is on a journey: staff see everybody, or the people of their own accounts, and colleagues who try it."""
    found = Run.all() if can_read(principal) else Run.filter(id=0)
    if principal.all_accounts:
        return found
    return found.filter(Q(account_id__in=sorted(principal.own_accounts)) | Q(is_pilot=True, person__kind="staff"))


def visible_news() -> QuerySet[Campaign]:
    """Published newsletters and announcements: for the whole world."""
    return Campaign.filter(is_public=True, published_at__isnull=False, revision_id__isnull=False)
