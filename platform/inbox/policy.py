"""Who may see and answer conversations: staff who answer, on the accounts they see or what they own."""

from __future__ import annotations

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core.i18n import _
from core.policy import Verdict, allow, deny, sign_in_first
from core.principal import Principal
from inbox.models import Conversation


def can_answer(principal: Principal, conversation: Conversation) -> Verdict:
    """Read, answer, take over, resolve: those who answer, where they see the account, nobody's, or their own."""
    if principal.person_id is None and principal.role != "system":
        return sign_in_first()
    if not principal.may("inbox.answer"):
        return deny(_("Only staff who answer conversations may do this."))
    if principal.all_accounts or conversation.account_id is None or conversation.owner_id == principal.person_id:
        return allow()
    if conversation.account_id in principal.own_accounts:
        return allow()
    return deny(_("This conversation belongs to another team."))


def can_assign_to(principal: Principal, conversation: Conversation) -> Verdict:
    return can_answer(principal, conversation)


def visible_conversations(principal: Principal) -> QuerySet[Conversation]:
    """Staff: all, or those of their accounts, of nobody's account, and their own; a customer: theirs."""
    if not principal.may("inbox.answer"):
        return Conversation.filter(person_id=principal.person_id or 0)
    if principal.all_accounts:
        return Conversation.all()
    return Conversation.filter(
        Q(account_id__in=sorted(principal.own_accounts)) | Q(account_id__isnull=True) | Q(owner_id=principal.person_id)
    )
