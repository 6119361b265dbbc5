"""A thread's shape: closed, pinned, moved, retitled."""

from __future__ import annotations

from datetime import timedelta

from community import counters, policy, records
from community.actions import desk
from community.actions.threads import FIRST_STATUS, put_tags
from community.consequences import refresh_index
from community.events import ThreadMoved
from community.jobs import tell_of_retitling
from community.models import IDEA, QUESTION
from community.records import BoardRow, ThreadRow
from community.writing import tags_of, title_of
from core.clock import now
from core.database import transaction, write
from core.errors import Conflict, Refused
from core.events import announce
from core.i18n import _
from core.policy import Verdict
from core.principal import Principal


async def _held(who: Principal, thread_id: int) -> tuple[ThreadRow, BoardRow, Verdict]:
    """The thread held, and permission to close or pin it."""
    thread = await records.hold_thread(thread_id)
    board = await records.board(thread.board_id)
    verdict = policy.can_close(who, board, thread, await desk.party_of(who, thread.author_id))
    return thread, board, await desk.ensure_now(who, verdict)


async def close(who: Principal, thread_id: int, note: str = "") -> int:
    return await _set_state(who, thread_id, "closed", "close", note)


async def reopen(who: Principal, thread_id: int, note: str = "") -> int:
    return await _set_state(who, thread_id, "open", "reopen", note)


async def _set_state(who: Principal, thread_id: int, state: str, action: str, note: str) -> int:
    async with transaction():
        thread, _board, verdict = await _held(who, thread_id)
        if thread.state == state:
            raise Conflict(_("Somebody else has decided already."))
        await write("UPDATE thread SET state = ?, version = version + 1 WHERE id = ?", state, thread.id)
        return await desk.log(
            who, verdict, action, thread, before={"state": thread.state}, after={"state": state}, note=note
        )


async def pin(who: Principal, thread_id: int, days: int = 7) -> int:
    """Above the others on its board, for at most 7 days by an ambassador."""
    if not 1 <= days <= policy.longest_pin(who).days:
        raise Refused(_("Pin it for 1 to %(most)s days.", most=policy.longest_pin(who).days))
    async with transaction():
        thread, _board, verdict = await _held(who, thread_id)
        until = now() + timedelta(days=days)
        await write("UPDATE thread SET pinned_until = ?, version = version + 1 WHERE id = ?", until, thread.id)
        before = {"pinned_until": str(thread.pinned_until or "")}
        return await desk.log(who, verdict, "pin", thread, before=before, after={"pinned_until": str(until)})


async def unpin(who: Principal, thread_id: int) -> int:
    async with transaction():
        thread, _board, verdict = await _held(who, thread_id)
        await write("UPDATE thread SET pinned_until = NULL, version = version + 1 WHERE id = ?", thread.id)
        before = {"pinned_until": str(thread.pinned_until or "")}
        return await desk.log(who, verdict, "unpin", thread, before=before, after={"pinned_until": ""})


async def move(who: Principal, thread_id: int, board_id: int, note: str = "") -> int:
    """To another board. A question that becomes none loses its state, and the other way round gains one."""
    async with transaction():
        thread = await records.hold_thread(thread_id)
        source, target = await records.board(thread.board_id), await records.board(board_id)
        verdict = policy.can_move(who, source, target, thread, await desk.party_of(who, thread.author_id))
        await desk.ensure_now(who, verdict)
        if source.id == target.id:
            raise Refused(_("The thread is on this board already."))
        status = status_on(target, thread)
        await put_on_board(thread, target.id, status)
        await announce(ThreadMoved(thread.id, source.id, target.id))
        before = {"board_id": source.id, "status": thread.status}
        after = {"board_id": target.id, "status": status}
        return await desk.log(who, verdict, "move", thread, before=before, after=after, note=note)


def status_on(board: BoardRow, thread: ThreadRow) -> str:
    known = {"question": QUESTION, "idea": IDEA}.get(board.kind, ())
    return thread.status if thread.status in known else FIRST_STATUS.get(board.kind, "")


async def put_on_board(thread: ThreadRow, board_id: int, status: str) -> None:
    await write(
        "UPDATE thread SET board_id = ?, status = ?, version = version + 1 WHERE id = ?", board_id, status, thread.id
    )
    for id in sorted((thread.board_id, board_id)):
        await counters.recount_board(id)
    # Its readers are other people now: it leaves the index with the commit and comes back by the job.
    await refresh_index(thread.id, gone=True)
    if thread.visibility == "visible":
        await refresh_index(thread.id)


async def retitle(who: Principal, thread_id: int, title: str, tags: str | list[str], version: int) -> ThreadRow:
    """Title and tags. Raises Conflict when the thread was changed since `version`."""
    title, chosen = title_of(title), tags_of(tags)
    async with transaction():
        thread = await records.hold_thread(thread_id)
        board = await records.board(thread.board_id)
        verdict = await desk.ensure_now(who, policy.can_retitle(who, board, thread))
        if thread.version != version:
            raise Conflict(_("Somebody changed the thread meanwhile. Look at it again."))
        if (title, chosen) == (thread.title, thread.tags):
            return thread
        await write(
            "UPDATE thread SET title = ?, tags = ?, version = version + 1 WHERE id = ?", title, chosen, thread.id
        )
        await put_tags(thread.id, chosen)
        if thread.visibility == "visible":
            await refresh_index(thread.id)
        if thread.author_id != who.person_id:
            await desk.log(who, verdict, "retitle", thread, before={"title": thread.title, "tags": thread.tags},
                           after={"title": title, "tags": chosen})  # fmt: skip
            await tell_of_retitling.later(thread_id=thread.id, by=who.person_id)
    return await records.thread(thread_id)
