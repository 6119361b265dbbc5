"""Boards, ambassadors, threads with their replies, likes, votes, accepted answers and the one hidden post."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from access.actions import grant
from app.demo.acting import Cast, at
from app.demo.files import Known, data, hours_ago
from app.demo.pictures import with_picture
from community.actions.answers import accept, ask_for_more, set_idea_status
from community.actions.boards import BoardPlan, add_board
from community.actions.hiding import hide
from community.actions.posts import reply
from community.actions.reactions import like, vote
from community.actions.shaping import pin
from community.actions.threads import publish
from community.routing import calling
from core.clock import as_of
from core.principal import SYSTEM

KINDS = {"news": "announcement"}


async def load(known: Known) -> None:
    plan = data("boards.json")
    for one in plan["boards"]:
        board = await add_board(SYSTEM, BoardPlan(
            slug=one["slug"], name=one["name"], description=one["description"], position=one["order"],
            kind=KINDS.get(one["kind"], one["kind"]), audience=[one["audience"]], posting=one["post"],
        ))  # fmt: skip
        known.boards[one["slug"]] = board.id
    await ambassadors(plan, known)
    cast = Cast(known)
    for thread in sorted(data("threads.json"), key=lambda one: -one["hours_ago"]):
        await _thread(thread, cast, known)
    for thread_id, stage in await calling.due():
        await calling.call(thread_id, stage)
    await cast.leave()


async def ambassadors(plan: dict[str, Any], known: Known) -> None:
    for one in plan["ambassadors"]:
        for given in one["grants"]:
            with as_of(hours_ago(24 * given["days_ago"])):
                scope = f"board:{known.boards[given['board']]}"
                await grant(known.people[one["person"]], scope, ["community.moderate"], reason=one["introduction"])


async def _thread(one: dict[str, Any], cast: Cast, known: Known) -> None:
    author, moment = await cast.be(one["author"]), hours_ago(one["hours_ago"])
    with at(moment, author):
        body = await with_picture(one["id"], cast.linked(one["body"]))
        thread = await publish(author, known.boards[one["board"]], one["title"], body,
                               tags=one["tags"], lang=one["lang"], key=f"demo:{one['id']}", at=moment)  # fmt: skip
    known.threads[one["id"]] = thread.id
    for place, said in enumerate(one["replies"]):
        await _reply(one, said, f"demo:{one['id']}:{place}", thread.id, cast)
    for voter in one["votes"] if one["board"] == "ideas" else []:
        await vote(await cast.be(voter), thread.id)
    await _state(one, thread.id, cast, known)


async def _reply(thread: dict[str, Any], one: dict[str, Any], key: str, thread_id: int, cast: Cast) -> None:
    author, moment = await cast.be(one["author"]), hours_ago(one["hours_ago"])
    with at(moment, author):
        post = await reply(author, thread_id, cast.linked(one["body"]), lang=one["lang"], key=key, at=moment)
    for fan in one["likes"]:
        who = await cast.be(fan)
        with at(min(moment + timedelta(hours=2), hours_ago(0)), who):
            await like(who, post.id)
    if one.get("accepted"):
        asker = await cast.be(thread["author"])
        with at(min(moment + timedelta(hours=1), hours_ago(0)), asker):
            await accept(asker, post.id)
    if hidden := one.get("hidden"):
        moderator = await cast.be(hidden["by"])
        with at(hours_ago(hidden["hours_ago"]), moderator):
            await hide(moderator, post.id, "spam", hidden["reason"])


async def _state(one: dict[str, Any], thread_id: int, cast: Cast, known: Known) -> None:
    staff = await cast.be("S06")
    if one.get("pinned"):
        await pin(staff, thread_id, days=30)
    if one.get("status") == "needs_info":
        await ask_for_more(staff, thread_id)
    elif one.get("status") in {"reviewing", "planned", "shipped"}:
        await set_idea_status(staff, thread_id, one["status"])
