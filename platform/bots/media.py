"""Copying what customers send: LINE keeps it for a short while only."""

from __future__ import annotations

from channels import line
from channels.outcomes import NotAccepted, TryLater
from core.clock import now
from core.database import transaction
from core.errors import Refused
from core.jobs import job
from core.media import store_image
from inbox.actions.conversations import change, locked
from inbox.models import Conversation, Message


@job(attempts=8, timeout=60)
async def copy_media(message_id: int) -> str:
    """Fetch the content of a LINE message into our own media; staff read it."""
    message = await Message.get(id=message_id)
    conversation = await Conversation.get(id=message.conversation_id)
    attached = message.data.get("attachments") or []
    if not attached or attached[0].get("media") or message.state != "shown" or conversation.connection_id is None:
        return "nothing to copy"
    item = dict(attached[0])
    try:
        data = await line.content_of(conversation.connection_id, str(item["id"]))
        if item["kind"] == "image":
            kept = await store_image(data, item.get("name") or "image", audience="staff")
            item |= {"media": kept.key, "width": kept.width, "height": kept.height}
        else:
            item["size"] = len(data)
    except TryLater:
        raise
    except (NotAccepted, Refused) as refused:
        item["problem"] = str(refused)[:200]
    await _keep(message_id, item)
    return str(item.get("media") or item.get("problem") or "not a picture")


async def _keep(message_id: int, item: dict[str, object]) -> None:
    async with transaction():
        message = await Message.get(id=message_id)
        if message.state != "shown":
            return
        conversation = await locked(message.conversation_id)
        message.data = message.data | {"attachments": [item], "copied_at": now().isoformat()}
        await message.save(update_fields=["data"])
        await change(conversation)
