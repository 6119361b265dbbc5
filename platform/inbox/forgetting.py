"""What an erased person wrote here, also before we knew whose it was; and where answers to them went."""

from __future__ import annotations

import json

from channels.forgetting import Address, forget_arrivals
from core.clock import now
from core.database import rows, write
from core.media import forget_media
from core.refs import Ref
from customers.registry import forgets
from customers.requests import voices
from inbox.models import Conversation


@forgets
async def forget(people: list[int], addresses: list[Address]) -> None:
    for id in [*await _theirs(people), *await _strangers(addresses)]:
        await _empty(id)


async def _theirs(people: list[int]) -> list[int]:
    found = await rows(f"SELECT id FROM conversation WHERE person_id IN ({', '.join('?' * len(people))})", *people)
    return [int(row[0]) for row in found]


async def _strangers(addresses: list[Address]) -> list[int]:
    """Conversations of somebody not known yet, at one of these addresses (bots.customers_of makes their keys)."""
    keys = {f"{kind}:{value}" for kind, value in addresses if kind in ("email", "slack")}
    mails = [value for kind, value in addresses if kind == "email"]
    if mails:
        marks = ", ".join("?" * len(mails))
        gone = await write(f"DELETE FROM chat_visitor WHERE mail IN ({marks}) OR asked_mail IN ({marks}) RETURNING id",
                           *mails, *mails)  # fmt: skip
        keys |= {f"visitor:{row[0]}" for row in gone}
    lines = await rows("SELECT id FROM connection WHERE kind = 'line'")
    keys |= {f"line:{row[0]}:{value}" for row in lines for kind, value in addresses if kind == "line"}
    return [
        one.id for key in sorted(keys) for one in await Conversation.filter(customer_key=key, person_id__isnull=True)
    ]


async def _empty(id: int) -> None:
    await forget_media(await _pictures(id))
    await write("UPDATE conversation SET name = '', address = ?, summary = ?, preview = '', reply_token = '',"
                " customer_key = CASE WHEN customer_key LIKE 'person:%' THEN customer_key ELSE ? END,"
                " version = version + 1, changed_at = ? WHERE id = ?", {}, {}, f"erased:{id}", now(), id)  # fmt: skip
    await write("UPDATE outgoing SET address = ?, reply_token = '', reason = CASE WHEN state IN ('queued', 'held')"
                " THEN 'erased' ELSE reason END, state = CASE WHEN state IN ('queued', 'held') THEN 'cancelled'"
                " ELSE state END WHERE conversation_id = ?", {}, id)  # fmt: skip
    said = await write("UPDATE message SET body = '', data = ? WHERE conversation_id = ? AND sender = 'person'"
                       " RETURNING arrival_id", {}, id)  # fmt: skip
    await forget_arrivals(int(row[0]) for row in said if row[0])
    await write("UPDATE suggestion SET body = '', sources = ?, comment = '' WHERE conversation_id = ?", [], id)
    await write("UPDATE conversation_rating SET comment = '' WHERE conversation_id = ?", id)
    await voices.forget(Ref("conversation", id))
    for row in await rows("SELECT id FROM conversation_rating WHERE conversation_id = ?", id):
        await voices.forget(Ref("rating", int(row[0])))
    await write("UPDATE touchpoint SET data = ? WHERE about_kind = 'conversation' AND about_id = ?", {}, id)


async def _pictures(id: int) -> list[str]:
    """Keys of what they sent along; it was seen by staff only."""
    found = await rows("SELECT data FROM message WHERE conversation_id = ? AND sender = 'person'", id)
    said = [json.loads(row[0]) if isinstance(row[0], str) else row[0] or {} for row in found]
    return [one["media"] for data in said for one in data.get("attachments") or [] if one.get("media")]
