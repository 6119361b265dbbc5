"""One thread with twenty of its posts, in two statements (three when the answer is on another page)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from community import policy, records
from community.reading.people import Face, ambassadors, face
from community.records import BOARD_WIDTH, BoardRow, PostRow, ThreadRow, board_from, post_from, thread_from
from community.rules import CHUNK
from core.clock import when
from core.database import glance, rows
from core.errors import NotFound
from core.i18n import _
from core.principal import Principal

THREAD_WIDTH = len(ThreadRow.__struct_fields__)
POST_WIDTH = len(PostRow.__struct_fields__)
AUTHOR = "u.handle, u.family_name, u.given_name, u.locale, u.kind"
# The page shows the HTML only; the text itself is read where it is edited or quoted.
PAGE_POST = records.columns(records.POST, "p").replace("p.body", "'' AS body")
ONE = f"""SELECT {records.columns(records.THREAD, "t")}, {records.columns(records.BOARD, "b")},
 r.last_number, f.level, v.id AS vote_id, d.body AS draft, d.sequence AS draft_sequence
 FROM thread t JOIN board b ON b.id = t.board_id
 LEFT JOIN thread_read r ON r.thread_id = t.id AND r.person_id = ?
 LEFT JOIN follow f ON f.about_id = t.id AND f.about_kind = 'thread' AND f.person_id = ?
 LEFT JOIN thread_vote v ON v.thread_id = t.id AND v.person_id = ?
 LEFT JOIN draft d ON d.person_id = ? AND d.key = ?
 WHERE t.id = ?"""
POSTS = f"""SELECT {PAGE_POST}, {AUTHOR}, l.id AS like_id
 FROM post p JOIN person u ON u.id = p.author_id
 LEFT JOIN post_like l ON l.post_id = p.id AND l.person_id = ?"""


class Seen(msgspec.Struct):
    """A post as this reader sees it: no text where they may not read it, and what they may do."""

    post: PostRow
    author: Face
    is_liked: bool
    is_readable: bool
    is_accepted: bool = False
    may_edit: bool = False
    may_delete: bool = False
    may_accept: bool = False
    may_like: bool = False
    may_hide: bool = False


class Reading(msgspec.Struct):
    """A thread for its page."""

    thread: ThreadRow
    board: BoardRow
    posts: list[Seen]
    answer: Seen | None
    first: int  # the number at which this chunk begins
    read_to: int
    level: str
    has_voted: bool
    draft: str
    draft_sequence: int
    moderates: bool
    can_reply: bool

    @property
    def chunks(self) -> list[tuple[int, int]]:
        """First and last number of every chunk."""
        last = self.thread.last_number
        return [(begin, min(begin + CHUNK - 1, last)) for begin in range(1, last + 1, CHUNK)]


async def read(who: Principal, thread_id: int, first: int = 1) -> Reading:
    """Raises NotFound when there is no such thread or this reader may not know of it."""
    me = who.person_id or 0
    found = await glance(ONE, me, me, me, me, f"reply:{thread_id}", thread_id)
    if not found:
        raise NotFound(_("There is no such thread."))
    row = tuple(found[0])
    thread, board = thread_from(row), board_from(row[THREAD_WIDTH : THREAD_WIDTH + BOARD_WIDTH])
    if not policy.can_read(who, board, thread):
        raise NotFound(_("There is no such thread."))
    last_number, level, vote, draft, sequence = row[THREAD_WIDTH + BOARD_WIDTH :]
    first = begin_of(first, thread)
    posts = await _posts(who, board, thread, "p.thread_id = ? AND p.number BETWEEN ? AND ? ORDER BY p.number",
                         thread.id, first, first + CHUNK - 1)  # fmt: skip
    return Reading(
        thread, board, posts, await _answer(who, board, thread, posts), first, last_number or 0, level or "normal",
        vote is not None, draft or "", sequence or 0, policy.moderates(who, board),
        bool(policy.can_reply(who, board, thread)),
    )  # fmt: skip


def begin_of(number: int, thread: ThreadRow) -> int:
    """Where the chunk that holds `number` begins."""
    number = min(max(number, 1), max(thread.last_number, 1))
    return (number - 1) // CHUNK * CHUNK + 1


async def _posts(who: Principal, board: BoardRow, thread: ThreadRow, where: str, *parameters: Any) -> list[Seen]:
    known = await ambassadors()
    found = await glance(f"{POSTS} WHERE {where}", who.person_id or 0, *parameters)
    posts = [post_from(row) for row in found]
    policy.visible_posts(who, board, posts)
    seen = []
    for post, row in zip(posts, found, strict=True):
        author = face(post.author_id, *tuple(row)[POST_WIDTH : POST_WIDTH + 5], known)
        seen.append(_seen(who, board, thread, post, author, row["like_id"] is not None))
    return seen


def _seen(who: Principal, board: BoardRow, thread: ThreadRow, post: PostRow, author: Face, is_liked: bool) -> Seen:
    readable = policy.can_read_post(who, board, post)
    made = Seen(post, author, is_liked, readable, thread.accepted_post_id == post.id)
    if who.is_signed_in:
        made.may_edit = bool(policy.can_edit(who, board, thread, post))
        made.may_delete = bool(policy.can_delete(who, board, thread, post))
        made.may_accept = bool(policy.can_accept(who, board, thread, post))
        made.may_like = bool(policy.can_like(who, board, thread, post))
        made.may_hide = bool(policy.can_hide(who, board, post))
    return made


async def _answer(who: Principal, board: BoardRow, thread: ThreadRow, posts: list[Seen]) -> Seen | None:
    if thread.accepted_post_id is None:
        return None
    here = [seen for seen in posts if seen.post.id == thread.accepted_post_id]
    found = here or await _posts(who, board, thread, "p.id = ?", thread.accepted_post_id)
    return found[0] if found and found[0].post.state == "visible" else None


async def quoted(who: Principal, board: BoardRow, post_id: int, thread_id: int) -> str:
    """A post as a quote to answer below; nothing when it may not be read."""
    found = await rows(f"SELECT {records.POST} FROM post WHERE id = ? AND thread_id = ?", post_id, thread_id)
    if not found:
        return ""
    post = post_from(found[0])
    if not policy.can_read_post(who, board, post):
        return ""
    lines = [f"> {line}".rstrip() for line in post.body.splitlines()[:12]]
    return f"[#{post.number}]({post.path})\n" + "\n".join(lines) + "\n\n"


def minutes_between(begin: datetime | None, end: datetime | None) -> int | None:
    return None if begin is None or end is None else max(0, int((end - begin).total_seconds() // 60))


__all__ = ["Reading", "Seen", "begin_of", "minutes_between", "quoted", "read", "when"]
