"""Who may see and answer conversations: staff who answer, on the accounts they see or what they own."""

from __future__ import annotations

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core.i18n import _
from core.policy import Verdict, allow, deny, sign_in_first
from core.principal import Principal
from inbox.models import CannedReply, Conversation

TEAM = 2  # the step of the escalation at which the whole team was told


def can_answer(principal: Principal, conversation: Conversation, csm_id: int | None = None) -> Verdict:
    """Read, answer, take over, resolve. `csm_id`: the CSM of the conversation's account; without one it is the team's.

    What nobody took in time is everybody's.
    """
    if principal.person_id is None and principal.role != "system":
        return sign_in_first()
    if not principal.may("inbox.answer"):
        return deny(_("Only staff who answer conversations may do this."))
    account = conversation.account_id
    ours = account is None or csm_id is None or account in principal.own_accounts
    escalated = conversation.state == "waiting" and conversation.escalation >= TEAM
    if principal.all_accounts or ours or escalated or conversation.owner_id == principal.person_id:
        return allow()
    return deny(_("This conversation belongs to another team."))


def visible_conversations(principal: Principal) -> QuerySet[Conversation]:
    """Staff: all, or as in `can_answer`; a customer: theirs."""
    if not principal.may("inbox.answer"):
        return Conversation.filter(person_id=principal.person_id or 0)
    if principal.all_accounts:
        return Conversation.all()
    return Conversation.filter(
        Q(account_id__in=sorted(principal.own_accounts))
        | Q(account_id__isnull=True)
        | Q(account__csm_id__isnull=True)
        | Q(owner_id=principal.person_id)
        | Q(state="waiting", escalation__gte=TEAM)
    )


def conversations_of(person_id: int | None, customer_key: str) -> QuerySet[Conversation]:
    """A customer's own, on the web: a person's over all channels, or what one visitor said before we knew who it is."""
    if person_id is not None:
        return Conversation.filter(person_id=person_id)
    return Conversation.filter(person_id__isnull=True, customer_key=customer_key)


def can_judge_bots(principal: Principal) -> Verdict:
    """Whether a bot speaks for the company alone is for who manages its settings."""
    if principal.person_id is None:
        return sign_in_first()
    return allow() if principal.may("settings.manage") else deny(_("Only administrators decide over the bot."))


def can_change_canned(principal: Principal, owner_id: int | None) -> Verdict:
    """One's own; everybody's are for administrators."""
    if principal.person_id is None:
        return sign_in_first()
    if principal.may("settings.manage") and owner_id in (None, principal.person_id):
        return allow()
    if principal.may("inbox.answer") and owner_id == principal.person_id:
        return allow()
    return deny(_("Only administrators change the replies of everybody."))


def visible_canned(principal: Principal) -> QuerySet[CannedReply]:
    """Everybody's and one's own."""
    if not principal.may("inbox.answer"):
        return CannedReply.filter(id=0)
    return CannedReply.filter(Q(owner_id__isnull=True) | Q(owner_id=principal.person_id))
