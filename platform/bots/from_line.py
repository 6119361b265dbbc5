"""LINE events, understood: what a customer said, and what happened to a message or to an address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bots import customers_of, linking
from channels import arrivals
from channels.connections import Known
from channels.models import Arrival
from core.database import rows, transaction
from core.jobs import Job
from core.refs import Ref
from customers import blocking, line_users, people, timeline
from inbox.actions import receiving
from inbox.actions.receiving import Heard

WITH_CONTENT = {"image", "video", "audio", "file"}


async def work(connection: Known, arrival: Arrival, copy_media: Job, offer_button: Job) -> None:
    """One arrival, in one transaction: whatever it means happens once."""
    event: dict[str, Any] = arrival.body
    kind = str(event.get("type"))
    if event.get("mode") == "standby":
        await _done(arrival, "standby: another tool answers")
    elif kind in ("message", "postback"):
        await _said(connection, arrival, event, copy_media, offer_button)
    elif kind == "unsend":
        await _changed(arrival, receiving.take_back(_origin(connection, event["unsend"]["messageId"])), "unsent")
    elif kind == "messageEdited":
        message = event.get("message") or {}
        words = str(message.get("text") or "")
        await _changed(arrival, receiving.edit(_origin(connection, message.get("id")), words, arrival.at), "edited")
    elif kind == "accountLink":
        await linking.finish_line(connection, arrival, event)
    elif kind in ("follow", "unfollow"):
        await _followed(connection, arrival, event, kind)
    else:
        await _done(arrival, f"nothing to do for {kind}", "ignored")


def _origin(connection: Known, message_id: Any) -> str:
    return f"line:{connection.id}:{message_id}"


async def _done(arrival: Arrival, outcome: str, state: str = "ignored") -> None:
    await arrivals.say(arrival.id, outcome, state)


async def _changed(arrival: Arrival, work: Any, outcome: str) -> None:
    async with transaction():
        if await arrivals.take(arrival.id):
            await work
            await arrivals.say(arrival.id, outcome)
        else:
            work.close()


async def _said(
    connection: Known, arrival: Arrival, event: dict[str, Any], copy_media: Job, offer_button: Job
) -> None:  # fmt: skip
    source = event.get("source") or {}
    user, group = source.get("userId"), source.get("groupId") or source.get("roomId")
    message = event.get("message") or {}
    if not user and not group:
        return await _done(arrival, "nobody said it")
    if group and not _is_mentioned(message):
        return await _done(arrival, "a group talks among itself")
    speaker = await _speaker(connection, user, group)
    if speaker.is_staff:
        return await _done(arrival, "one of us")
    body, data = _words(event, message)
    heard = Heard(
        channel="line", customer_key=speaker.key, body=body, at=arrival.at, person_id=speaker.person_id,
        account_id=speaker.account_id, name=speaker.name, lang=speaker.lang, connection_id=connection.id,
        address={"to": group or user}, reply_token=str(event.get("replyToken") or ""), reply_token_at=arrival.at,
        data=data, arrival_id=arrival.id, origin=_origin(connection, message["id"]) if message.get("id") else None,
    )  # fmt: skip
    async with transaction():
        if await arrivals.take(arrival.id) is None:
            return None
        received = await receiving.receive(heard)
        if received and data.get("kind") in WITH_CONTENT:
            await copy_media.later(message_id=received.id)
        if received and heard.reply_token:
            await offer_button.later(conversation_id=received.conversation_id, message_id=received.id,
                                     token=heard.reply_token, due=linking.button_time(arrival.at))  # fmt: skip
        await arrivals.say(arrival.id, f"message {received.id}" if received else "received before")
    return None


async def _speaker(connection: Known, user: str | None, group: str | None) -> customers_of.Speaker:
    """In a group everybody may read the answer, so there nobody's own articles are shown."""
    if group:
        return customers_of.Speaker(f"line:{connection.id}:{group}")
    key = f"line:{connection.id}:{user}"
    known = await rows("SELECT 1 FROM conversation WHERE customer_key = ? LIMIT 1", key)
    return await customers_of.on_line(connection, str(user), is_known=bool(known))


def _is_mentioned(message: dict[str, Any]) -> bool:
    mentioned = (message.get("mention") or {}).get("mentionees") or []
    return any(isinstance(one, dict) and one.get("isSelf") for one in mentioned)


def _words(event: dict[str, Any], message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What was said, and what kind of saying it was."""
    if event["type"] == "postback":
        tap = str((event.get("postback") or {}).get("data") or "")
        return "", {"kind": "tap", "tap": tap[:300]}
    kind = str(message.get("type") or "text")
    if kind == "text":
        return str(message.get("text") or ""), {"kind": "text"}
    if kind == "sticker":
        return " ".join(map(str, message.get("keywords") or []))[:100], {"kind": "sticker"}
    if kind == "location":
        return " ".join(filter(None, (message.get("title"), message.get("address")))), {"kind": "location"}
    attached = {"kind": kind, "id": str(message.get("id") or ""), "name": str(message.get("fileName") or "")[:200]}
    return "", {"kind": kind, "attachments": [attached]}


async def _followed(connection: Known, arrival: Arrival, event: dict[str, Any], kind: str) -> None:
    """Nothing more is pushed to who blocked us, until they follow us again."""
    user = str((event.get("source") or {}).get("userId") or "")
    if kind == "follow":
        person = await line_users.speaker(connection.id, user)
    else:
        person = await people.person_by_identity("line", user)
    async with transaction():
        if await arrivals.take(arrival.id) is None:
            return
        if user and not await _is_overtaken(connection, arrival, user):
            await (blocking.follows_again if kind == "follow" else blocking.blocked)(connection.id, user)
        if person:
            await timeline.record(person.id, f"line.{kind}ed", channel="line", at=arrival.at,
                                  about=Ref("arrival", arrival.id), key=f"arrival:{arrival.id}")  # fmt: skip
        await arrivals.say(arrival.id, kind)


async def _is_overtaken(connection: Known, arrival: Arrival, user: str) -> bool:
    """They followed or blocked us since: events may come, and be worked on, in another order."""
    later = await rows(
        "SELECT 1 FROM arrival WHERE connection_id = ? AND received_at > ? AND at > ?"
        " AND kind IN ('follow', 'unfollow') AND CAST(body AS text) LIKE ? LIMIT 1",
        connection.id, arrival.received_at - timedelta(days=1), arrival.at, f'%"{user}"%',
    )  # fmt: skip
    return bool(later)
