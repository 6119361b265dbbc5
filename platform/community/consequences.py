"""What follows when a post becomes visible or stops being so: counters, points, acceptance, the search index."""

from __future__ import annotations

from typing import Any

from community import counters, points
from community.jobs import index_thread
from community.records import PostRow, ThreadRow
from core.database import write
from core.refs import Ref
from search import forget


async def set_post_state(thread: ThreadRow, post: PostRow, state: str, reason: str = "") -> dict[str, Any]:
    """Change a held post's state with all that hangs on it; returns what undoing needs to know."""
    before: dict[str, Any] = {"state": post.state, "reason": post.reason}
    await write("UPDATE post SET state = ?, reason = ?, version = version + 1 WHERE id = ?", state, reason, post.id)
    if post.number == 1:
        await write("UPDATE thread SET visibility = ?, version = version + 1 WHERE id = ?", state, thread.id)
        await counters.recount_board(thread.board_id)
    elif thread.accepted_post_id == post.id and state != "visible":
        before["acceptance"] = await withdraw_acceptance(thread)
    await counters.recount(thread.id)
    await points.of_post(post.author_id, post.id, post.number, state == "visible")
    # A reply's words leave the index with the commit; its thread comes back without them by the job.
    if state != "visible" and (post.number == 1 or post.state == "visible"):
        await refresh_index(thread.id, gone=True)
    if state == "visible" or post.number > 1:
        await refresh_index(thread.id)
    return before


async def withdraw_acceptance(thread: ThreadRow, status: str = "answered") -> dict[str, Any]:
    """Take the acceptance back; returns what it was."""
    before = {"accepted_post_id": thread.accepted_post_id, "accepted_by_id": thread.accepted_by_id,
              "accepted_at": str(thread.accepted_at or ""), "status": thread.status}  # fmt: skip
    await write(
        "UPDATE thread SET accepted_post_id = NULL, accepted_by_id = NULL, accepted_at = NULL, status = ?,"
        " version = version + 1 WHERE id = ?",
        status, thread.id,
    )  # fmt: skip
    await points.withdraw(f"accepted:{thread.id}:{thread.accepted_post_id}")
    return before


async def refresh_index(thread_id: int, *, gone: bool = False) -> None:
    """What not everybody may see any more leaves the index with the commit; the rest is analysed by a job."""
    if gone:
        await forget(Ref("thread", thread_id))
    else:
        await index_thread.later(thread_id=thread_id, key=f"thread:{thread_id}")
