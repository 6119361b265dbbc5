"""Undo of what a moderator did, within 30 days and only while nobody changed the thing again."""

from __future__ import annotations

import json
from typing import Any

from community import policy, records, rules
from community.actions import desk
from community.actions.shaping import put_on_board
from community.actions.threads import put_tags
from community.consequences import refresh_index, set_post_state
from community.events import PostHidden, PostShown
from community.points import award
from community.records import PostRow, ThreadRow
from core.clock import now, when
from core.database import rows, transaction, write
from core.errors import Conflict, NotFound
from core.events import announce
from core.i18n import _
from core.principal import Principal

ACCEPTANCE = ("accepted_post_id", "accepted_by_id", "accepted_at", "status")


async def undo(who: Principal, moderation_id: int) -> ThreadRow:
    """Raises Conflict when it is undone already, too old, or the post or thread was changed since."""
    async with transaction():
        thread, entry = await _held(moderation_id)
        verdict = policy.can_undo(who, await records.board(thread.board_id), entry["actor_id"])
        await desk.ensure_now(who, verdict)
        await _mark(who, entry)
        before = _json(entry["before"])
        if entry["post_id"] is not None:
            post = (await records.hold_post(entry["post_id"]))[1]
            _same(entry, post.version)
            await _restore_post(thread, post, before)
            await desk.log(who, verdict, "undo", thread, post, before=_json(entry["after"]), after=before)
        else:
            _same(entry, thread.version)
            await _restore_thread(thread, before)
            await desk.log(who, verdict, "undo", thread, before=_json(entry["after"]), after=before)
    return await records.thread(thread.id)


async def _held(moderation_id: int) -> tuple[ThreadRow, Any]:
    found = await rows("SELECT thread_id FROM moderation WHERE id = ?", moderation_id)
    if not found:
        raise NotFound(_("There is no such action."))
    thread = await records.hold_thread(found[0][0])
    return thread, (await rows("SELECT * FROM moderation WHERE id = ?", moderation_id))[0]


async def _mark(who: Principal, entry: Any) -> None:
    made = when(entry["at"])
    if entry["action"] in ("undo", "flags"):
        raise Conflict(_("This cannot be undone."))
    if made is None or made + rules.UNDO < now():
        raise Conflict(_("It can be undone for 30 days only."))
    marked = await write("UPDATE moderation SET undone_at = ?, undone_by_id = ? WHERE id = ? AND undone_at IS NULL"
                         " RETURNING id", now(), who.person_id, entry["id"])  # fmt: skip
    if not marked:
        raise Conflict(_("It was undone already."))


def _same(entry: Any, version: int) -> None:
    if entry["version"] != version:
        raise Conflict(_("It was changed again since, so it cannot be undone."))


async def _restore_post(thread: ThreadRow, post: PostRow, before: dict[str, Any]) -> None:
    await set_post_state(thread, post, before["state"], before["reason"])
    acceptance = before.get("acceptance")
    if acceptance and thread.accepted_post_id is None:
        await _restore_acceptance(thread, acceptance)
    if before["state"] == "visible":
        await announce(PostShown(post.id, thread.id))
    else:
        await announce(PostHidden(post.id, thread.id, before["reason"]))


async def _restore_thread(thread: ThreadRow, before: dict[str, Any]) -> None:
    if "board_id" in before:
        await put_on_board(thread, before["board_id"], before["status"])
    elif "accepted_post_id" in before:
        await _restore_acceptance(thread, before)
    elif "title" in before:
        await write("UPDATE thread SET title = ?, tags = ?, version = version + 1 WHERE id = ?",
                    before["title"], before["tags"], thread.id)  # fmt: skip
        await put_tags(thread.id, before["tags"])
    else:
        ((name, value),) = before.items()
        if name not in ("state", "status", "pinned_until"):
            raise Conflict(_("This cannot be undone."))
        value = when(value or None) if name == "pinned_until" else value
        await write(f"UPDATE thread SET {name} = ?, version = version + 1 WHERE id = ?", value, thread.id)
    if thread.visibility == "visible":
        await refresh_index(thread.id)


async def _restore_acceptance(thread: ThreadRow, before: dict[str, Any]) -> None:
    accepted, by, at, status = (before[name] for name in ACCEPTANCE)
    await write(
        "UPDATE thread SET accepted_post_id = ?, accepted_by_id = ?, accepted_at = ?, status = ?, version = version + 1"
        " WHERE id = ?",
        accepted, by, when(at or None), status, thread.id,
    )  # fmt: skip
    if accepted != thread.accepted_post_id and thread.accepted_post_id:
        await write("UPDATE point SET points = 0 WHERE key = ?", f"accepted:{thread.id}:{thread.accepted_post_id}")
    if accepted:
        author = (await records.post(accepted)).author_id
        if author != thread.author_id:
            await award(author, "community.helped", f"accepted:{thread.id}:{accepted}")


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
