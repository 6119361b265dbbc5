"""Hiding with a reason, showing again, approving what is held, deciding about reports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from community import policy, records, rules
from community.actions import desk
from community.actions.flagging import lift
from community.actions.posts import replied
from community.actions.threads import published
from community.consequences import set_post_state
from community.events import PostHidden, PostShown
from community.jobs import tell_of_hiding
from community.records import BoardRow, PostRow, ThreadRow
from core.clock import now
from core.database import lock, rows, transaction, write
from core.errors import Conflict, Refused, TooMany
from core.events import announce
from core.i18n import _
from core.policy import Verdict
from core.principal import Principal
from core.refs import Ref
from customers.timeline import record


async def hide(who: Principal, post_id: int, reason: str, note: str = "") -> int:
    """Returns the id of the logged action, by which it can be undone."""
    desk.check_reason(reason)
    async with transaction():
        _board, thread, post, verdict = await _held(who, post_id)
        if post.state == "hidden":
            raise Conflict(_("Somebody else has hidden it already."))
        await _refuse_too_many(who, verdict)
        await _decide_flags(who, post.id, "agreed")
        return await _hide(who, verdict, thread, post, reason, note)


async def _held(who: Principal, post_id: int) -> tuple[BoardRow, ThreadRow, PostRow, Verdict]:
    """The post held, and permission with a grant that is good now."""
    thread, post = await records.hold_post(post_id)
    board = await records.board(thread.board_id)
    verdict = policy.can_hide(who, board, post, await desk.party_of(who, post.author_id))
    return board, thread, post, await desk.ensure_now(who, verdict)


async def _hide(who: Principal, verdict: Verdict, thread: ThreadRow, post: PostRow, reason: str, note: str) -> int:
    before = await set_post_state(thread, post, "hidden", reason)
    after = {"state": "hidden", "reason": reason}
    made = await desk.log(who, verdict, "hide", thread, post, before=before, after=after, reason=reason, note=note)
    await record(post.author_id, "community.hidden", about=Ref("post", post.id), title=thread.title, reason=reason)
    await announce(PostHidden(post.id, thread.id, reason))
    await tell_of_hiding.later(post_id=post.id)
    return made


async def _refuse_too_many(who: Principal, verdict: Verdict) -> None:
    if policy.is_staff(who):
        return
    await lock(f"community.moderator:{who.person_id}")
    found = await rows("SELECT COUNT(*) FROM moderation WHERE actor_id = ? AND action = 'hide' AND at > ?",
                       who.person_id, now() - timedelta(days=1))  # fmt: skip
    if found[0][0] >= rules.HIDES_A_DAY:
        raise TooMany(_("You have hidden %(most)s posts today. Ask staff about more.", most=rules.HIDES_A_DAY), 3600)


async def unhide(who: Principal, post_id: int, note: str = "") -> int:
    async with transaction():
        _board, thread, post, verdict = await _held(who, post_id)
        if post.state != "hidden":
            raise Conflict(_("Somebody else has decided already."))
        before = await set_post_state(thread, post, "visible")
        await announce(PostShown(post.id, thread.id))
        return await desk.log(
            who, verdict, "unhide", thread, post, before=before, after={"state": "visible"}, note=note
        )


async def approve(who: Principal, post_id: int) -> int:
    """Let a held post be seen; what follows a new post follows now."""
    async with transaction():
        board, thread, post, verdict = await _held(who, post_id)
        if post.state != "held":
            raise Conflict(_("Somebody else has decided already."))
        return await _approve(who, verdict, board, thread, post)


async def _approve(who: Principal, verdict: Verdict, board: BoardRow, thread: ThreadRow, post: PostRow) -> int:
    before = await set_post_state(thread, post, "visible")
    made = await desk.log(who, verdict, "approve", thread, post, before=before, after={"state": "visible"})
    if post.reason != "newcomer":
        await announce(PostShown(post.id, thread.id))
    elif post.number == 1:
        await published(thread, board, post.id)
        # set_post_state has counted the board already.
        await write("UPDATE board SET thread_count = thread_count - 1 WHERE id = ?", board.id)
    else:
        await replied(board, thread, post)
    return made


async def resolve_flags(who: Principal, post_id: int, decision: str, reason: str = "", note: str = "") -> int:
    """`agreed` hides the post, `rejected` leaves it and takes back what the reports did by their weight.

    Raises Conflict when somebody else was faster.
    """
    if decision not in ("agreed", "rejected"):
        raise Refused(_("Choose one of the list."))
    async with transaction():
        board, thread, post, verdict = await _held(who, post_id)
        if not await _decide_flags(who, post_id, decision):
            raise Conflict(_("Somebody else has decided already."))
        if decision == "agreed" and post.state in ("visible", "held"):
            await _refuse_too_many(who, verdict)
            return await _hide(who, verdict, thread, post, desk.check_reason(reason), note)
        if decision == "rejected":
            await lift(who, verdict, thread, post)
        if post.state == "held":
            return await _approve(who, verdict, board, thread, post)
        after: dict[str, Any] = {"flags": decision}
        return await desk.log(who, verdict, "flags", thread, post, before={"flags": "open"}, after=after, note=note)


async def _decide_flags(who: Principal, post_id: int, decision: str) -> bool:
    return bool(await write(
        "UPDATE flag SET state = ?, decided_by_id = ?, decided_at = ? WHERE post_id = ? AND state = 'open'"
        " RETURNING id",
        decision, who.person_id, now(), post_id,
    ))  # fmt: skip
