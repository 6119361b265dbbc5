"""Who may see which numbers: whoever sees the numbers at all, of the rooms whose rows they may see."""

from __future__ import annotations

from typing import Any

from tortoise.queryset import QuerySet

from campaigns.policy import visible_campaigns
from core.i18n import _
from core.policy import Verdict, allow, deny, sign_in_first
from core.principal import Principal
from customers.policy import can_change_account, visible_accounts
from inbox.policy import visible_conversations
from insights.models import BusinessReview

NEEDS = {"help": "help.write", "community": "community.read", "conversations": "inbox.answer",
         "campaigns": "campaigns.read", "customers": "customers.read", "churn": "customers.read",
         "reviews": "customers.read", "signals": "customers.read"}  # fmt: skip


def can_read(principal: Principal, section: str) -> Verdict:
    if not principal.is_signed_in and principal.role != "system":
        return sign_in_first()
    if principal.may("insights.read") and principal.may(NEEDS[section]):
        return allow()
    return deny(_("Only staff who work with these rows see their numbers."))


def own_accounts(principal: Principal, column: str) -> str:
    """A condition: `column` is an account that this person sees."""
    return "1 = 1" if principal.all_accounts else f"{column} IN ({_ids(visible_accounts(principal))})"


def own_people(principal: Principal, column: str) -> str:
    """The same of a person, as `customers.policy.visible_people` has it: somebody at an account that is seen."""
    if principal.all_accounts:
        return "1 = 1"
    return (
        "EXISTS (SELECT 1 FROM membership own JOIN person seen ON seen.id = own.person_id"
        f" WHERE own.person_id = {column} AND seen.state NOT IN ('merged', 'erased')"
        f" AND own.account_id IN ({_ids(visible_accounts(principal))}))"
    )


def own_conversations(principal: Principal, column: str) -> str:
    if principal.all_accounts and principal.may("inbox.answer"):
        return "1 = 1"
    return f"{column} IN ({_ids(visible_conversations(principal))})"


def seen_campaigns(principal: Principal, column: str) -> str:
    return f"{column} IN ({_ids(visible_campaigns(principal))})"


def _ids(query: Any) -> str:
    """What a room's `visible_…` chooses, inside a larger statement: aggregates never leave the database as rows."""
    sql = str(query.values("id").sql(params_inline=True))
    if "?" in sql or "$" in sql:  # a part that Tortoise does not write out would take a parameter of somebody else's
        raise RuntimeError(f"{query.model.__name__}: not all of its conditions can stand inside a statement")
    return sql


# Business reviews --------------------------------------------------------------------------------------------


def visible_reviews(principal: Principal) -> QuerySet[BusinessReview]:
    """Of the accounts that this member of staff sees, also where another wrote them. Customers see none."""
    if not (principal.may("insights.read") and principal.may("customers.read")):
        return BusinessReview.filter(id__in=[])
    found = BusinessReview.exclude(account__state="merged")
    return found if principal.all_accounts else found.filter(account_id__in=sorted(principal.own_accounts))


def can_review(principal: Principal, account_id: int) -> Verdict:
    """Make and change reviews: who sees the numbers, on an account that they may change."""
    verdict = can_change_account(principal, account_id)
    if verdict and not principal.may("insights.read"):
        return deny(_("Only staff who work with these rows see their numbers."))
    return verdict
