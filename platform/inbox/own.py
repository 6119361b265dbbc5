"""What a member sees of their own conversations."""

from __future__ import annotations

import secrets

from core.context import current_principal
from core.errors import NotFound
from core.i18n import _
from core.pages import render
from inbox import reading
from inbox.models import Conversation


async def current() -> Conversation | None:
    """The open conversation of the person who asks, else their last."""
    me = current_principal().person_id or 0
    mine = await Conversation.filter(person_id=me, state__in=("bot", "waiting", "human")).order_by("-id").first()
    return mine or await Conversation.filter(person_id=me).order_by("-id").first()


async def one(conversation_id: int) -> Conversation:
    found = await Conversation.get_or_none(id=conversation_id, person_id=current_principal().person_id or 0)
    if found is None:
        raise NotFound(_("This conversation does not exist."))
    return found


async def earlier(besides: int) -> list[Conversation]:
    return await Conversation.filter(person_id=current_principal().person_id or 0).exclude(id=besides)\
        .order_by("-id").limit(10)  # fmt: skip


async def turns(conversation: Conversation | None) -> list[reading.Turn]:
    if conversation is None:
        return []
    return await reading.turns(conversation.id, for_staff=False, customer=current_principal().name)


async def talk(conversation: Conversation) -> str:
    """The talk as HTML, with new keys for its buttons."""
    return render("inbox/own-turns.html", conversation=conversation, turns=await turns(conversation),
                  key=secrets.token_urlsafe(16))  # fmt: skip
