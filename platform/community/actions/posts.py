"""Replies, and changes of one's own text."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from community import limits, points, policy, records, rules
from community.actions import desk
from community.actions.composing import hold_writer, remember, sent_before
from community.actions.reactions import set_follow, set_read
from community.actions.threads import insert_post
from community.consequences import refresh_index, set_post_state
from community.differences import Line, changed, differences
from community.events import PostDeleted, PostEdited, PostReplied
from community.jobs import tell_of_reply
from community.records import BoardRow, PostRow, ThreadRow
from community.writing import Written, written
from core.audit import audit
from core.clock import now
from core.database import rows, transaction, write
from core.errors import Conflict
from core.events import announce
from core.i18n import _
from core.pictures import attach
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref
from customers.timeline import record


class EditConflict(Conflict):
    """Somebody changed the text meanwhile: what stands there now, and how the two differ."""

    def __init__(self, post: PostRow, mine: str) -> None:
        super().__init__(_("This text was changed while you wrote. Compare the two and save again."))
        self.post = post
        self.mine = mine
        self.lines: list[Line] = differences(post.body, mine)


async def reply(
    who: Principal, thread_id: int, body: str, *, lang: str = "", key: str = "", at: datetime | None = None
) -> PostRow:
    """Answer in a thread. `key` and `at` as in `publish`."""
    text = await written(body, lang, by=who.person_id)
    moment = at or now()
    async with transaction():
        ensure(policy.can_reply(who, *await _place(thread_id)))
        assert who.person_id is not None
        await hold_writer(who.person_id)
        before = await sent_before(who.person_id, key)
        if before:
            return await records.post(before[1])
        thread = await records.hold_thread(thread_id)
        board = await records.board(thread.board_id)
        ensure(policy.can_reply(who, board, thread))
        held = False if at else await _limited(who, board, text)
        post = await _store(who, board, thread, text, moment, held)
        await remember(who.person_id, key, thread.id, post.id)
        await set_follow(who.person_id, "thread", thread.id, "tracking", only_new=True)
        await set_read(who.person_id, thread.id, post.number)
        await write("DELETE FROM draft WHERE person_id = ? AND key = ?", who.person_id, f"reply:{thread_id}")
        if not held:
            await replied(board, thread, post, quiet=at is not None)
    return post


async def _place(thread_id: int) -> tuple[BoardRow, ThreadRow]:
    thread = await records.thread(thread_id)
    return await records.board(thread.board_id), thread


async def _limited(who: Principal, board: BoardRow, text: Written) -> bool:
    assert who.person_id is not None
    await limits.refuse_paused(who.person_id, board)
    found = await limits.refuse_excess(who, board, text, is_thread=False)
    return board.holds == "newcomers" and found.is_new and not policy.moderates(who, board)


async def _store(who: Principal, board: BoardRow, thread: ThreadRow, text: Written, at: datetime,
                 held: bool) -> PostRow:  # fmt: skip
    """Allocate the number (the thread's row is held) and count the reply when it is visible."""
    status = thread.status if held else status_after(who, board, thread)
    counted = 0 if held else 1
    number = await write(
        "UPDATE thread SET next_number = next_number + 1, reply_count = reply_count + ?, status = ?"
        " WHERE id = ? RETURNING next_number - 1",
        counted, status, thread.id,
    )  # fmt: skip
    if not held:
        await _latest(thread, who, at)
    state, reason = ("held", "newcomer") if held else ("visible", "")
    post_id = await insert_post(thread.id, number[0][0], who.person_id or 0, text, state, reason, at)
    return await records.post(post_id)


async def _latest(thread: ThreadRow, who: Principal, at: datetime) -> None:
    first = at if thread.first_reply_at is None and who.person_id != thread.author_id else thread.first_reply_at
    await write("UPDATE thread SET last_post_at = ?, last_poster_id = ?, first_reply_at = ? WHERE id = ?",
                at, who.person_id, first, thread.id)  # fmt: skip


def status_after(who: Principal, board: BoardRow, thread: ThreadRow) -> str:
    """The asker's reply ends 'needs info'; a moderator's reply answers. Nobody else's flips anything."""
    if thread.status == "needs_info" and who.person_id == thread.author_id:
        return "new"
    if thread.status == "new" and who.person_id != thread.author_id and policy.moderates(who, board):
        return "answered"
    return thread.status


async def replied(board: BoardRow, thread: ThreadRow, post: PostRow, *, quiet: bool = False) -> None:
    """What follows when a reply is first visible: at once, or after approval."""
    answers = board.kind == "question" and post.author_id != thread.author_id
    await points.of_post(post.author_id, post.id, post.number, True, post.created_at)
    await record(post.author_id, "community.answered" if answers else "community.replied", about=Ref("post", post.id),
                 at=post.created_at, key=f"post:{post.id}", title=thread.title, thread_id=thread.id)  # fmt: skip
    await refresh_index(thread.id)
    if not quiet:
        await announce(PostReplied(post.id, thread.id, post.author_id))
        await tell_of_reply.later(post_id=post.id)


async def edit(who: Principal, post_id: int, body: str, version: int) -> PostRow:
    """Change a text. Raises EditConflict when `version` is no longer the post's."""
    text = await written(body, by=who.person_id, of=Ref("post", post_id))
    async with transaction():
        thread, post = await records.hold_post(post_id)
        board = await records.board(thread.board_id)
        ensure(policy.can_edit(who, board, thread, post))
        if post.version != version:
            raise EditConflict(post, text.body)
        if post.body == text.body:
            return post
        if (
            post.author_id == who.person_id
            and not policy.moderates(who, board)
            and (await limits.writer(post.author_id)).is_new
        ):
            limits.refuse_links(text)
        await attach(Ref("post", post.id), text.pictures, who.person_id)
        await _keep_revision(who, thread, post, text.body)
        await write(
            "UPDATE post SET body = ?, html = ?, lang = ?, digest = ?, edited_at = ?, version = version + 1"
            " WHERE id = ?",
            text.body, text.html, text.lang, text.digest, now(), post.id,
        )  # fmt: skip
        await _after_edit(who, thread, post, text)
    return await records.post(post_id)


async def _keep_revision(who: Principal, thread: ThreadRow, post: PostRow, body: str) -> None:
    """The old text, unless it stood for under five minutes and little changed."""
    since = post.edited_at or post.created_at
    if now() - since < rules.SAME_REVISION and changed(post.body, body) <= rules.SMALL_EDIT:
        return
    await write(
        "INSERT INTO post_revision (post_id, version, title, body, edited_by_id, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        post.id, post.version, thread.title if post.number == 1 else "", post.body, who.person_id, now(),
    )  # fmt: skip


async def _after_edit(who: Principal, thread: ThreadRow, post: PostRow, text: Written) -> None:
    if post.number == 1:
        await write("UPDATE thread SET excerpt = ?, lang = ?, version = version + 1 WHERE id = ?",
                    text.excerpt, text.lang, thread.id)  # fmt: skip
    elif thread.accepted_post_id == post.id:
        await write("UPDATE thread SET version = version + 1 WHERE id = ?", thread.id)
    if thread.visibility == "visible" and post.state == "visible":
        await refresh_index(thread.id)
    if post.author_id != who.person_id:
        await audit("community.edit", Ref("post", post.id), before={"body": post.body}, after={"body": text.body})
    await announce(PostEdited(post.id, thread.id))


async def delete(who: Principal, post_id: int) -> ThreadRow:
    """Take one's own post away (staff: any); number 1 takes the thread with it. The text stays for staff to see."""
    async with transaction():
        thread, post = await records.hold_post(post_id)
        board = await records.board(thread.board_id)
        verdict = ensure(policy.can_delete(who, board, thread, post))
        own = post.author_id == who.person_id
        before = await set_post_state(thread, post, "deleted", "author" if own else "staff")
        if not own:
            await desk.log(
                who, verdict, "delete", thread, post, before=before, after={"state": "deleted"}, reason="staff"
            )
        await write(
            "UPDATE flag SET state = 'agreed', decided_at = ? WHERE post_id = ? AND state = 'open'", now(), post.id
        )
        await announce(PostDeleted(post.id, thread.id))
    return thread


async def revisions(post_id: int) -> list[Any]:
    return await rows(
        "SELECT r.version, r.title, r.body, r.created_at, r.edited_by_id FROM post_revision r WHERE r.post_id = ?"
        " ORDER BY r.version DESC LIMIT 50", post_id)  # fmt: skip
