"""Boards, threads and posts as raw reads give them: what hot pages and policies look at.

`hold…` reads a row and holds it until the transaction ends, so that what a policy says stays true.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec

from core.clock import now, when
from core.context import here
from core.database import rows, write
from core.errors import NotFound
from core.i18n import _


class BoardRow(msgspec.Struct, frozen=True):
    id: int
    slug: str
    names: dict[str, str]
    descriptions: dict[str, str]
    kind: str
    audience: frozenset[str]
    posting: str
    holds: str
    parent_id: int | None
    brand: str
    icon: str
    state: str
    thread_count: int
    position: int
    calls_after: int

    @property
    def name(self) -> str:
        return words_in(self.names, self.slug)

    @property
    def description(self) -> str:
        return words_in(self.descriptions, "")

    @property
    def scope(self) -> str:
        """What a grant on this board is called; also an audience token."""
        return f"board:{self.id}"

    @property
    def is_public(self) -> bool:
        return "public" in self.audience


class ThreadRow(msgspec.Struct):
    id: int
    board_id: int
    author_id: int
    title: str
    lang: str
    tags: list[str]
    state: str
    status: str
    visibility: str
    version: int
    next_number: int
    reply_count: int
    like_count: int
    vote_count: int
    view_count: int
    excerpt: str
    accepted_post_id: int | None
    accepted_by_id: int | None
    accepted_at: datetime | None
    first_reply_at: datetime | None
    last_post_at: datetime
    last_poster_id: int | None
    pinned_until: datetime | None
    created_at: datetime

    @property
    def is_pinned(self) -> bool:
        return self.pinned_until is not None and self.pinned_until > now()

    @property
    def path(self) -> str:
        return f"/community/{self.id}"

    @property
    def last_number(self) -> int:
        return self.next_number - 1


class PostRow(msgspec.Struct):
    id: int
    thread_id: int
    number: int
    author_id: int
    body: str
    html: str
    lang: str
    state: str
    reason: str
    like_count: int
    version: int
    created_at: datetime
    edited_at: datetime | None

    @property
    def path(self) -> str:
        return post_path(self.thread_id, self.number)


BOARD = (
    "id, slug, name, description, kind, audience, posting, holds, parent_id, brand, icon, state, thread_count,"
    " position, calls_after"
)
BOARD_WIDTH = 15
THREAD = ", ".join(ThreadRow.__struct_fields__)
POST = ", ".join(PostRow.__struct_fields__)
MOMENTS = {"accepted_at", "first_reply_at", "last_post_at", "pinned_until", "created_at", "edited_at"}


def post_path(thread_id: int, number: int) -> str:
    """Where a post stands: its chunk of the thread, and the post's anchor."""
    from community.rules import CHUNK

    begin = (number - 1) // CHUNK * CHUNK + 1
    return f"/community/{thread_id}{f'?from={begin}' if begin > 1 else ''}#post-{number}"


def words_in(translated: dict[str, str], otherwise: str) -> str:
    """The reader's language, else Japanese, else any."""
    return translated.get(here().language) or translated.get("ja") or next(iter(translated.values()), "") or otherwise


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str | bytes) else value


def board_from(row: Any) -> BoardRow:
    (id, slug, name, description, kind, audience, *rest) = tuple(row)[:BOARD_WIDTH]
    return BoardRow(id, slug, _json(name), _json(description), kind, frozenset(audience.split()), *rest)


def _plan(kind: Any) -> list[tuple[int, Any]]:
    """Which columns have to be converted, and how."""
    how = dict.fromkeys(MOMENTS, when) | {"tags": _json}
    return [(place, how[name]) for place, name in enumerate(kind.__struct_fields__) if name in how]


_THREAD_PLAN, _POST_PLAN = _plan(ThreadRow), _plan(PostRow)


def _struct(kind: Any, row: Any, plan: list[tuple[int, Any]]) -> Any:
    values = list(row[: len(kind.__struct_fields__)])
    for place, convert in plan:
        values[place] = convert(values[place])
    return kind(*values)


def thread_from(row: Any) -> ThreadRow:
    """`row` begins with the columns of THREAD."""
    return _struct(ThreadRow, tuple(row), _THREAD_PLAN)  # type: ignore[no-any-return]


def post_from(row: Any) -> PostRow:
    """`row` begins with the columns of POST."""
    return _struct(PostRow, tuple(row), _POST_PLAN)  # type: ignore[no-any-return]


def columns(names: str, alias: str) -> str:
    return ", ".join(f"{alias}.{name.strip()}" for name in names.split(","))


async def boards() -> list[BoardRow]:
    """Every board that is not archived, in its place."""
    return [
        board_from(row) for row in await rows(f"SELECT {BOARD} FROM board WHERE state = 'open' ORDER BY position, id")
    ]


async def board(board_id: int) -> BoardRow:
    found = await rows(f"SELECT {BOARD} FROM board WHERE id = ?", board_id)
    if not found:
        raise NotFound(_("There is no such board."))
    return board_from(found[0])


async def board_called(slug: str) -> BoardRow:
    found = await rows(f"SELECT {BOARD} FROM board WHERE slug = ?", slug)
    if not found:
        raise NotFound(_("There is no such board."))
    return board_from(found[0])


async def thread(thread_id: int) -> ThreadRow:
    return _thread(await rows(f"SELECT {THREAD} FROM thread WHERE id = ?", thread_id))


async def post(post_id: int) -> PostRow:
    return _post(await rows(f"SELECT {POST} FROM post WHERE id = ?", post_id))


async def hold_thread(thread_id: int) -> ThreadRow:
    """The thread as it is, and held: every change of a thread or its posts begins here."""
    return _thread(await write(f"UPDATE thread SET version = version WHERE id = ? RETURNING {THREAD}", thread_id))


async def hold_post(post_id: int) -> tuple[ThreadRow, PostRow]:
    """A post with its thread, both held, the thread first."""
    found = await rows("SELECT thread_id FROM post WHERE id = ?", post_id)
    if not found:
        raise NotFound(_("There is no such post."))
    held = await hold_thread(found[0][0])
    return held, _post(await write(f"UPDATE post SET version = version WHERE id = ? RETURNING {POST}", post_id))


def _thread(found: list[Any]) -> ThreadRow:
    if not found:
        raise NotFound(_("There is no such thread."))
    return thread_from(found[0])


def _post(found: list[Any]) -> PostRow:
    if not found:
        raise NotFound(_("There is no such post."))
    return post_from(found[0])
