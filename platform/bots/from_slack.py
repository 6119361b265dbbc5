"""Slack events, interactions and commands, understood."""

from __future__ import annotations

import re
from typing import Any

from bots import customers_of
from channels import arrivals
from channels.connections import Known, set_state
from channels.models import Arrival
from core.database import rows, transaction
from inbox.actions import receiving
from inbox.actions.conversations import add_message, locked
from inbox.actions.receiving import Heard

MENTION = re.compile(r"<@[UW][A-Z0-9]+(\|[^>]*)?>")
ANGLED = re.compile(r"<([^>|]+)(?:\|([^>]*))?>")
SAID = {None, "file_share", "thread_broadcast", "me_message"}


async def work(connection: Known, arrival: Arrival) -> None:
    """One arrival; whatever it means happens once."""
    body: dict[str, Any] = arrival.body
    event = body.get("event") if isinstance(body.get("event"), dict) else None
    if event is None:
        await _interaction(connection, arrival, body)
    elif event.get("type") in ("message", "app_mention"):
        await _message(connection, arrival, body, event)
    elif event.get("type") in ("app_uninstalled", "tokens_revoked"):
        await set_state(connection.id, "revoked")
        await arrivals.say(arrival.id, "the app was removed")
    else:
        await arrivals.say(arrival.id, f"nothing to do for {event.get('type')}", "ignored")


async def _message(connection: Known, arrival: Arrival, body: dict[str, Any], event: dict[str, Any]) -> None:
    subtype = event.get("subtype")
    if subtype in ("message_changed", "message_deleted"):
        return await _changed(connection, arrival, event, str(subtype))
    team = str(event.get("user_team") or event.get("team") or body.get("team_id") or "")
    user, channel, ts = (str(event.get(name) or "") for name in ("user", "channel", "ts"))
    ours = connection.settings.get("bot_user_id")
    if subtype not in SAID or event.get("bot_id") or not user or not channel or user == ours:
        return await arrivals.say(arrival.id, "nobody asked us", "ignored")
    speaker = await _speaker(connection, team, user)
    is_direct = event.get("channel_type") == "im" or channel.startswith("D")
    thread = str(event.get("thread_ts") or ("" if is_direct else ts))
    if speaker.is_staff:
        return await _noted(arrival, speaker, channel, thread, _plain(event))
    if not is_direct and event["type"] == "message" and not await _is_our_thread(connection, channel, event):
        return await arrivals.say(arrival.id, "not said to us", "ignored")
    heard = _heard(connection, arrival, speaker, {"channel": channel, "thread": thread}, f"{channel}:{ts}")
    return await _receive(arrival, heard, _plain(event), _data(event))


def _heard(connection: Known, arrival: Arrival, speaker: customers_of.Speaker, address: dict[str, str],
           origin: str | None) -> Heard:  # fmt: skip
    return Heard(
        channel="slack", customer_key=speaker.key, body="", at=arrival.at, person_id=speaker.person_id,
        account_id=speaker.account_id, name=speaker.name, lang=speaker.lang, connection_id=connection.id,
        address=address, arrival_id=arrival.id,
        origin=f"slack:{connection.external_id}:{origin}" if origin else None,
    )  # fmt: skip


async def _receive(arrival: Arrival, heard: Heard, words: str, data: dict[str, Any]) -> None:
    import msgspec

    async with transaction():
        if await arrivals.take(arrival.id) is None:
            return
        received = await receiving.receive(msgspec.structs.replace(heard, body=words, data=data))
        await arrivals.say(arrival.id, f"message {received.id}" if received else "received before")


async def _speaker(connection: Known, team: str, user: str) -> customers_of.Speaker:
    known = await rows("SELECT 1 FROM conversation WHERE customer_key = ? LIMIT 1", f"slack:{team}:{user}")
    return await customers_of.on_slack(connection, team, user, is_known=bool(known))


async def _is_our_thread(connection: Known, channel: str, event: dict[str, Any]) -> bool:
    """A message under a thread in which we talk with somebody; a mention of us comes as an event of its own."""
    thread = event.get("thread_ts")
    ours = connection.settings.get("bot_user_id") or "-"
    if not thread or f"<@{ours}>" in str(event.get("text") or ""):
        return False
    return await _conversation_in(channel, str(thread)) is not None


async def _conversation_in(channel: str, thread: str) -> int | None:
    found = await rows(
        "SELECT c.id, c.address FROM conversation c WHERE c.state <> 'resolved' AND c.channel = 'slack'"
        " AND CAST(c.address AS TEXT) LIKE ? LIMIT 20", f"%{channel}%",
    )  # fmt: skip
    import msgspec

    for row in found:
        address = row["address"]
        address = msgspec.json.decode(address) if isinstance(address, str | bytes) else address
        if address.get("channel") == channel and address.get("thread") == thread:
            return int(row["id"])
    return None


async def _noted(arrival: Arrival, speaker: customers_of.Speaker, channel: str, thread: str, words: str) -> None:
    """What one of us writes in a customer's thread is a note inside: sending is a button in the inbox."""
    found = await _conversation_in(channel, thread)
    async with transaction():
        if await arrivals.take(arrival.id) is None:
            return
        if found and words:
            await add_message(await locked(found), "note", words, author_id=speaker.person_id, channel="slack",
                              arrival_id=arrival.id)  # fmt: skip
        await arrivals.say(arrival.id, "a note" if found else "one of us")


async def _changed(connection: Known, arrival: Arrival, event: dict[str, Any], subtype: str) -> None:
    before = event.get("message") or event.get("previous_message") or {}
    ts = event.get("deleted_ts") or before.get("ts")
    origin = f"slack:{connection.external_id}:{event.get('channel')}:{ts}"
    async with transaction():
        if await arrivals.take(arrival.id) is None:
            return
        if subtype == "message_deleted":
            await receiving.take_back(origin)
        elif not before.get("bot_id"):
            await receiving.edit(origin, _plain(before), arrival.at)
        await arrivals.say(arrival.id, subtype)


async def _interaction(connection: Known, arrival: Arrival, body: dict[str, Any]) -> None:
    """A button of ours, or a slash command: the question is its text and the answer goes to the direct message."""
    user = body.get("user") if isinstance(body.get("user"), dict) else {}
    team_id = (user or {}).get("team_id") or body.get("team_id") or connection.external_id
    user_id = (user or {}).get("id") or body.get("user_id")
    tap = _tap(body)
    words = str(body.get("text") or "").strip() if body.get("command") else ""
    if not user_id or (not tap and not words):
        return await arrivals.say(arrival.id, "nothing to do", "ignored")
    speaker = await _speaker(connection, str(team_id), str(user_id))
    if speaker.is_staff:
        return await arrivals.say(arrival.id, "one of us", "ignored")
    heard = _heard(connection, arrival, speaker, _place(body, str(user_id)), None)
    return await _receive(arrival, heard, words, {"kind": "tap", "tap": tap} if tap else {"kind": "text"})


def _tap(body: dict[str, Any]) -> str:
    for action in body.get("actions") or []:
        if isinstance(action, dict) and str(action.get("action_id", "")).startswith("engawa"):
            return str(action.get("value") or "")[:300]
    return ""


def _place(body: dict[str, Any], user: str) -> dict[str, str]:
    container = body.get("container") if isinstance(body.get("container"), dict) else {}
    channel = (container or {}).get("channel_id")
    if not channel:
        return {"channel": user, "thread": ""}
    is_direct = str(channel).startswith("D")
    thread = (container or {}).get("thread_ts") or ("" if is_direct else (container or {}).get("message_ts"))
    return {"channel": str(channel), "thread": str(thread or "")}


def _plain(event: dict[str, Any]) -> str:
    """Slack's markup as words: mentions of people go, links keep their label."""
    text = MENTION.sub("", str(event.get("text") or ""))
    text = ANGLED.sub(lambda found: found.group(2) or found.group(1), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _data(event: dict[str, Any]) -> dict[str, Any]:
    files = [one for one in event.get("files") or [] if isinstance(one, dict)]
    if not files:
        return {"kind": "text"}
    attached = [{"kind": "file", "id": str(one.get("id") or ""), "name": str(one.get("name") or "")[:200]}
                for one in files[:20]]  # fmt: skip
    return {"kind": "text" if event.get("text") else "file", "attachments": attached}
