"""Tying a LINE account to a person: LINE's account link, with a single-use nonce bound to who is signed in.

The bot offers a link with a link token (ten minutes, once); our page, signed in, makes a nonce and sends the browser
to LINE's dialog; the `accountLink` event brings the nonce back.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from bots.models import LinkNonce
from channels import arrivals
from channels.connections import Known
from channels.models import Arrival
from core.clock import now
from core.database import transaction, write
from core.errors import Conflict
from core.refs import Ref
from customers import duplicates, people, timeline
from inbox.actions.following import adopt

VALID = timedelta(minutes=10)
LINE = "https://access.line.me"
DIALOG = f"{LINE}/dialog/bot/accountLink"
LATE = timedelta(seconds=45)  # after which an answer is late, and the reply token is spent on a button


def button_time(asked_at: datetime) -> datetime:
    return asked_at + LATE


async def begin_line(person_id: int, link_token: str) -> str:
    """The address of LINE's dialog for this signed-in person."""
    nonce = secrets.token_urlsafe(32)
    await LinkNonce.create(nonce=nonce, person_id=person_id, expires_at=now() + VALID)
    return f"{DIALOG}?{urlencode({'linkToken': link_token, 'nonce': nonce})}"


async def finish_line(connection: Known, arrival: Arrival, event: dict[str, Any]) -> None:
    """LINE says that the holder of our nonce owns this LINE account."""
    said = event.get("link") or {}
    user = str((event.get("source") or {}).get("userId") or "")
    async with transaction():
        if await arrivals.take(arrival.id) is None:
            return
        person_id = await _spend(str(said.get("nonce") or "")) if said.get("result") == "ok" and user else None
        if person_id is None:
            await arrivals.say(arrival.id, "the link failed or its nonce is unknown, used or too old")
            return
        outcome = await _link(connection, user, person_id)
        await arrivals.say(arrival.id, outcome)


async def _spend(nonce: str) -> int | None:
    used = await write("UPDATE link_nonce SET used_at = ? WHERE nonce = ? AND used_at IS NULL AND expires_at > ?"
                       " RETURNING person_id", now(), nonce, now())  # fmt: skip
    return int(used[0][0]) if used else None


async def _link(connection: Known, user: str, person_id: int) -> str:
    try:
        await people.link("line", user, person_id, source="line_link", verified_at=now(), connection_id=connection.id)
    except Conflict:
        holder = await people.person_by_identity("line", user)
        if holder:
            await duplicates.ask_about_address("line", user, holder.id, person_id)
        return "this account belongs to somebody else"
    await timeline.record(person_id, "line.linked", channel="line", about=Ref("person", person_id),
                          key=f"link:line:{user}:{person_id}")  # fmt: skip
    await adopt(f"line:{connection.id}:{user}", person_id)
    return "linked"
