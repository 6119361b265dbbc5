"""What a customer is told when a person will answer: an honest time."""

from __future__ import annotations

from core.clock import now
from core.i18n import _, clock_time, day, speaking
from inbox import hours
from inbox.actions.ownership import tier_of
from inbox.models import Conversation


async def words_for(conversation: Conversation) -> str:
    """Empty for a high-touch account within hours: its own CSM answers within minutes, and nothing automatic does."""
    moment = now()
    tier = await tier_of(conversation)
    opens = hours.next_opening(moment)
    with speaking(conversation.lang):
        if opens > moment:
            return _("We are closed at the moment. A person will answer from %(day)s %(time)s.",
                     day=day(opens), time=clock_time(opens))  # fmt: skip
        if tier == "high":
            return ""
        if tier == "low":
            return _("A person will answer. You will usually hear from us within 30 minutes.")
        return _("A person will answer. You will usually hear from us within 4 business hours.")
