"""Whether the bot of a connection may answer alone: first it suggests to staff, then somebody records a verdict."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from core.clock import now, when
from core.database import lock, rows
from core.models import Brand
from core.refs import Ref
from customers import pilots
from customers.models import Pilot
from inbox.models import Conversation

REVISION = "answers"  # what is judged is the bot on this connection, not one text
MECHANICAL = ("link", "stopped")  # no answers: what LINE's account link needs, and that “stop” was heard


class Numbers(msgspec.Struct, frozen=True):
    """Of the suggestions since a pilot began. `unused`: staff answered otherwise; `waiting`: nobody decided yet."""

    conversations: int = 0
    sent: int = 0
    edited: int = 0
    refused: int = 0
    unused: int = 0
    waiting: int = 0

    @property
    def judged(self) -> int:
        return self.sent + self.edited + self.refused

    def share(self, n: int) -> int:
        return round(100 * n / self.judged) if self.judged else 0


async def bot_of(conversation: Conversation) -> Ref:
    """The bot of a LINE channel or a Slack workspace; on the web, that of the brand."""
    if conversation.connection_id is not None and conversation.channel != "web":
        return Ref("bot", conversation.connection_id)
    found = await rows("SELECT id FROM brand WHERE slug = ?", conversation.brand)
    return Ref("bot_web", int(found[0][0]) if found else 0)


async def may_answer_alone(conversation: Conversation) -> bool:
    return await pilots.passed(await bot_of(conversation), REVISION)


def is_answer(data: Any) -> bool:
    return not (isinstance(data, dict) and data.get("kind") in MECHANICAL)


async def running(bot: Ref) -> Pilot | None:
    return await Pilot.filter(about_kind=bot.kind, about_id=bot.id, revision=REVISION, state="running")\
        .order_by("-id").first()  # fmt: skip


async def begin(bot: Ref) -> Pilot:
    """The pilot that runs, or a new one: it begins with the first suggestion. Inside a transaction."""
    await lock(f"pilot:{bot}")
    return await running(bot) or await pilots.start(bot, REVISION, await name_of(bot), (), is_open=True)


async def name_of(bot: Ref) -> str:
    if bot.kind == "bot":
        found = await rows("SELECT name FROM connection WHERE id = ?", bot.id)
    else:
        found = await rows("SELECT name FROM brand WHERE id = ?", bot.id)
    return (str(found[0][0]) if found else "") or str(bot)


async def numbers(bot: Ref, since: datetime) -> Numbers:
    found = await rows(
        "SELECT COUNT(DISTINCT CASE WHEN state IN ('sent', 'edited', 'refused') THEN conversation_id END),"
        + ", ".join(f" COUNT(CASE WHEN state = '{state}' THEN 1 END)"
                    for state in ("sent", "edited", "refused", "unused", "open"))
        + " FROM suggestion WHERE bot_kind = ? AND bot_id = ? AND created_at >= ?", bot.kind, bot.id, since,
    )  # fmt: skip
    return Numbers(*(int(value or 0) for value in tuple(found[0])))


class Bot(msgspec.Struct, frozen=True):
    """One bot as settings show it."""

    ref: Ref
    name: str
    platform: str
    alone: bool
    last: Pilot | None
    numbers: Numbers


async def bots() -> list[Bot]:
    """Of every connection that answers, and of each brand's web chat."""
    found = [(Ref("bot", int(row[0])), str(row[1]), str(row[2])) for row in await rows(
        "SELECT id, name, kind FROM connection WHERE kind IN ('line', 'slack') AND state <> 'revoked'"
        " ORDER BY kind, id")]  # fmt: skip
    found += [(Ref("bot_web", one.id), one.name or one.slug, "web") for one in await Brand.all().order_by("id")]
    return [await _bot(*one) for one in found]


async def _bot(ref: Ref, name: str, platform: str) -> Bot:
    last = await Pilot.filter(about_kind=ref.kind, about_id=ref.id, revision=REVISION).exclude(state="void")\
        .order_by("-id").select_related("verdict_by").first()  # fmt: skip
    since = when(last.started_at) if last and last.state == "running" else now()
    return Bot(ref, name, platform, bool(last and last.state == "passed"), last, await numbers(ref, since or now()))
