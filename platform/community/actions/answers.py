"""The state of a question and of an idea: accepted, needs info, verified; planned, shipped."""

from __future__ import annotations

from community import points, policy, records
from community.actions import desk
from community.consequences import refresh_index, withdraw_acceptance
from community.events import AnswerAccepted, AnswerWithdrawn, IdeaDecided
from community.jobs import tell_of_acceptance, tell_of_idea, tell_of_needs_info
from community.models import IDEA
from community.records import PostRow, ThreadRow
from core.clock import now
from core.database import transaction, write
from core.errors import Refused
from core.events import announce
from core.i18n import _
from core.policy import Verdict, allow
from core.principal import Principal
from core.refs import Ref
from customers.timeline import record


async def accept(who: Principal, post_id: int) -> ThreadRow:
    """This reply is the answer. Accepting another one takes the first back."""
    async with transaction():
        thread, post = await records.hold_post(post_id)
        board = await records.board(thread.board_id)
        verdict = policy.can_accept(who, board, thread, post, await desk.party_of(who, post.author_id))
        await desk.ensure_now(who, verdict)
        if thread.accepted_post_id == post.id:
            return thread
        if thread.accepted_post_id:
            await points.withdraw(f"accepted:{thread.id}:{thread.accepted_post_id}")
        await _set_accepted(who, thread, post)
        await _accepted(who, verdict, thread, post)
    return await records.thread(thread.id)


async def _set_accepted(who: Principal, thread: ThreadRow, post: PostRow) -> None:
    await write(
        "UPDATE thread SET accepted_post_id = ?, accepted_by_id = ?, accepted_at = ?, status = 'accepted',"
        " version = version + 1 WHERE id = ?",
        post.id, who.person_id, now(), thread.id,
    )  # fmt: skip


async def _accepted(who: Principal, verdict: Verdict, thread: ThreadRow, post: PostRow) -> None:
    about = Ref("thread", thread.id)
    if post.author_id != thread.author_id:
        await points.award(post.author_id, "community.helped", f"accepted:{thread.id}:{post.id}")
        await record(post.author_id, "community.helped", about=about, key=f"helped:{thread.id}:{post.id}",
                     title=thread.title)  # fmt: skip
    await record(thread.author_id, "community.solved", about=about, key=f"solved:{thread.id}:{post.id}",
                 title=thread.title)  # fmt: skip
    if who.person_id != thread.author_id:
        before = {"accepted_post_id": thread.accepted_post_id, "accepted_by_id": thread.accepted_by_id,
                  "accepted_at": str(thread.accepted_at or ""), "status": thread.status}  # fmt: skip
        await desk.log(who, verdict, "accept", thread, before=before, after={"accepted_post_id": post.id})
    await announce(AnswerAccepted(thread.id, post.id, who.person_id or 0))
    await refresh_index(thread.id)
    await tell_of_acceptance.later(thread_id=thread.id)


async def unaccept(who: Principal, post_id: int) -> ThreadRow:
    async with transaction():
        thread, post = await records.hold_post(post_id)
        board = await records.board(thread.board_id)
        verdict = policy.can_accept(who, board, thread, post, await desk.party_of(who, post.author_id))
        await desk.ensure_now(who, verdict)
        if thread.accepted_post_id != post.id:
            return thread
        before = await withdraw_acceptance(thread)
        if who.person_id != thread.author_id:
            await desk.log(who, verdict, "unaccept", thread, before=before, after={"accepted_post_id": None})
        await announce(AnswerWithdrawn(thread.id, post.id))
        await refresh_index(thread.id)
    return thread


async def ask_for_more(who: Principal, thread_id: int) -> ThreadRow:
    """'Needs info': the asker is told; their next reply ends it."""
    async with transaction():
        thread = await records.hold_thread(thread_id)
        board = await records.board(thread.board_id)
        verdict = await desk.ensure_now(who, policy.can_ask_for_more(who, board, thread))
        if thread.status not in ("new", "answered"):
            raise Refused(_("This question has an answer already."))
        await write("UPDATE thread SET status = 'needs_info', version = version + 1 WHERE id = ?", thread.id)
        await desk.log(
            who, verdict, "needs_info", thread, before={"status": thread.status}, after={"status": "needs_info"}
        )
        await tell_of_needs_info.later(thread_id=thread.id)
    return thread


async def verify(who: Principal, thread_id: int, status: str) -> ThreadRow:
    """Staff say that the accepted answer is right (`verified`) or no longer (`outdated`)."""
    if status not in ("verified", "outdated", "accepted"):
        raise Refused(_("Choose one of the list."))
    async with transaction():
        thread = await records.hold_thread(thread_id)
        verdict = await desk.ensure_now(who, policy.can_verify(who, await records.board(thread.board_id)))
        if thread.accepted_post_id is None:
            raise Refused(_("First choose the answer."))
        await write("UPDATE thread SET status = ?, version = version + 1 WHERE id = ?", status, thread.id)
        await desk.log(who, verdict, "verify", thread, before={"status": thread.status}, after={"status": status})
        await refresh_index(thread.id)
    return thread


async def set_idea_status(who: Principal, thread_id: int, status: str) -> ThreadRow:
    """Every voter is told."""
    if status not in IDEA:
        raise Refused(_("Choose one of the list."))
    async with transaction():
        thread = await records.hold_thread(thread_id)
        verdict = await desk.ensure_now(who, policy.can_set_idea_status(who, await records.board(thread.board_id)))
        if await _decided(who, verdict, thread, status):
            await tell_of_idea.later(thread_id=thread.id)
    return thread


async def follow_request(who: Principal, thread_id: int, status: str) -> bool:
    """An idea takes over what was decided about the request it stands in: permission was asked there. Inside the
    caller's transaction, who tells the voters. False where it stood so already."""
    thread = await records.hold_thread(thread_id)
    if thread.visibility != "visible" or (await records.board(thread.board_id)).kind != "idea":
        return False
    return await _decided(who, allow(), thread, status)


async def _decided(who: Principal, verdict: Verdict, thread: ThreadRow, status: str) -> bool:
    if thread.status == status:
        return False
    await write("UPDATE thread SET status = ?, version = version + 1 WHERE id = ?", status, thread.id)
    await desk.log(who, verdict, "idea_status", thread, before={"status": thread.status}, after={"status": status})
    await announce(IdeaDecided(thread.id, status))
    return True
