"""Opening a thread."""

from __future__ import annotations

from datetime import datetime

import msgspec

from community import limits, points, policy, records
from community.actions.composing import hold_writer, remember, sent_before
from community.actions.reactions import set_follow
from community.consequences import refresh_index
from community.events import ThreadPublished
from community.jobs import tell_of_thread
from community.models import IDEA, QUESTION
from community.records import BoardRow, ThreadRow, thread_from
from community.writing import Written, tags_of, title_of, written
from core.clock import now
from core.database import transaction, write
from core.events import announce
from core.pictures import attach
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref
from customers.timeline import record

FIRST_STATUS = {"question": QUESTION[0], "idea": IDEA[0]}
TIMELINE = {"question": "community.asked", "idea": "community.suggested"}


class NewThread(msgspec.Struct, frozen=True):
    """What is stored: ready before the transaction opens."""

    title: str
    text: Written
    tags: list[str]
    at: datetime
    visibility: str = "visible"


async def publish(
    who: Principal,
    board_id: int,
    title: str,
    body: str,
    *,
    tags: str | list[str] = "",
    lang: str = "",
    key: str = "",
    watch: bool = True,
    at: datetime | None = None,
) -> ThreadRow:
    """Open a thread on a board. `key` names the form: the same one sent again gives the same thread.

    With `at` the thread comes from elsewhere (an import, the demo): no limits, and nobody is told.
    Raises Refused (too short), Conflict (the same text), TooMany (a newcomer in haste), Forbidden.
    """
    new = NewThread(title_of(title), await written(body, lang, by=who.person_id), tags_of(tags), at or now())
    async with transaction():
        board = await records.board(board_id)
        ensure(policy.can_post(who, board))
        assert who.person_id is not None
        await hold_writer(who.person_id)
        before = await sent_before(who.person_id, key)
        if before:
            return await records.thread(before[0])
        held = False if at else await _limited(who, board, new.text)
        thread, post_id = await _store(who.person_id, board, msgspec.structs.replace(
            new, visibility="held" if held else "visible"))  # fmt: skip
        await remember(who.person_id, key, thread.id, post_id)
        await set_follow(who.person_id, "thread", thread.id, "watching" if watch else "tracking", only_new=True)
        await write("DELETE FROM draft WHERE person_id = ? AND key = 'new'", who.person_id)
        if not held:
            await published(thread, board, post_id, quiet=at is not None)
    return thread


async def _limited(who: Principal, board: BoardRow, text: Written) -> bool:
    """Refuses what is over a limit; true when the thread has to wait for approval."""
    assert who.person_id is not None
    await limits.refuse_paused(who.person_id, board)
    found = await limits.refuse_excess(who, board, text, is_thread=True)
    return board.holds == "newcomers" and found.is_new and not policy.moderates(who, board)


async def _store(author_id: int, board: BoardRow, new: NewThread) -> tuple[ThreadRow, int]:
    made = await write(
        "INSERT INTO thread (board_id, author_id, title, lang, tags, state, status, visibility, version, next_number,"
        " reply_count, like_count, vote_count, view_count, excerpt, last_post_at, last_poster_id, created_at)"
        f" VALUES (?, ?, ?, ?, ?, 'open', ?, ?, 1, 2, 0, 0, 0, 0, ?, ?, ?, ?) RETURNING {records.THREAD}",
        board.id, author_id, new.title, new.text.lang, new.tags, FIRST_STATUS.get(board.kind, ""), new.visibility,
        new.text.excerpt, new.at, author_id, new.at,
    )  # fmt: skip
    thread = thread_from(made[0])
    reason = "newcomer" if new.visibility == "held" else ""
    post_id = await insert_post(thread.id, 1, author_id, new.text, new.visibility, reason, new.at)
    await put_tags(thread.id, new.tags)
    return thread, post_id


async def insert_post(thread_id: int, number: int, author_id: int, text: Written, state: str, reason: str,
                      at: datetime) -> int:  # fmt: skip
    made = await write(
        "INSERT INTO post (thread_id, number, author_id, body, html, lang, state, reason, like_count, version, digest,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 1, ?, ?) RETURNING id",
        thread_id, number, author_id, text.body, text.html, text.lang, state, reason, text.digest, at,
    )  # fmt: skip
    await attach(Ref("post", int(made[0][0])), text.pictures, author_id)
    return int(made[0][0])


async def put_tags(thread_id: int, tags: list[str]) -> None:
    await write("DELETE FROM thread_tag WHERE thread_id = ?", thread_id)
    for tag in tags:
        await write("INSERT INTO thread_tag (thread_id, tag) VALUES (?, ?)", thread_id, tag)


async def published(thread: ThreadRow, board: BoardRow, post_id: int, *, quiet: bool = False) -> None:
    """What follows when a thread is first visible: at once, or after approval."""
    await write("UPDATE board SET thread_count = thread_count + 1 WHERE id = ?", board.id)
    await points.of_post(thread.author_id, post_id, 1, True, thread.created_at)
    await record(thread.author_id, TIMELINE.get(board.kind, "community.posted"), about=Ref("thread", thread.id),
                 at=thread.created_at, key=f"thread:{thread.id}", title=thread.title)  # fmt: skip
    await refresh_index(thread.id)
    if not quiet:
        await announce(ThreadPublished(thread.id, board.id, thread.author_id))
        await tell_of_thread.later(thread_id=thread.id)
