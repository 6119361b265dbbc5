"""Notices of conversations that leave the house: for whoever may answer there now, while it is still their matter."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.database import rows
from core.principal import Principal
from customers.models import Notice
from customers.noticing.groups import Standing, stands
from inbox import policy
from inbox.models import Conversation, Message

NUMBER = re.compile(r"#m(\d+)$")
TEXT = 300


@stands("conversation")
async def conversations(reader: Principal, found: Sequence[Notice]) -> dict[int, Standing]:
    """Somebody who took it over, or answered it, ends what waited to be told of it."""
    if not reader.may("inbox.answer"):
        return {}
    ids = sorted({one.about_id for one in found})
    seen = {one.id: one for one in await policy.visible_conversations(reader).filter(id__in=ids)}
    names = await _names([one.account_id for one in seen.values() if one.account_id])
    told = {}
    for one in found:
        conversation = seen.get(one.about_id)
        if conversation and _is_theirs(one, conversation, reader):
            told[one.id] = Standing(await _text(one, conversation), names.get(conversation.account_id or 0, ""),
                                    conversation.brand)  # fmt: skip
    return told


def _is_theirs(notice: Notice, conversation: Conversation, reader: Principal) -> bool:
    if notice.kind == "inbox.waiting":
        return conversation.state == "waiting"
    if notice.kind in ("inbox.assigned", "inbox.woken"):
        return conversation.owner_id == reader.person_id and conversation.state != "resolved"
    return True


async def _names(accounts: list[int]) -> dict[int, str]:
    marks = ", ".join("?" * len(accounts)) or "0"
    return {int(row[0]): str(row[1]) for row in await rows(f"SELECT id, name FROM account WHERE id IN ({marks})",
                                                           *accounts)}  # fmt: skip


async def _text(notice: Notice, conversation: Conversation) -> str:
    """The note that names them; else what the customer said last."""
    if notice.kind != "inbox.mentioned":
        return conversation.preview
    number = NUMBER.search(notice.url)
    note = await Message.get_or_none(conversation_id=conversation.id, number=int(number[1])) if number else None
    return note.body[:TEXT] if note else ""
