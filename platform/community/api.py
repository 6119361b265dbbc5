"""/api/v1 of the community: boards and threads as the key's person may read them; asking and answering as them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post

from community import actions, policy, records
from community.reading import lists
from community.reading.people import Face, names_of
from community.records import BoardRow, PostRow, ThreadRow, post_from
from core.api import BASE, READ, WRITE, After, Limit, Page, body_of, once, possible
from core.context import current_principal
from core.database import rows
from core.errors import NotFound
from core.forms import Line, Meta, Text
from core.i18n import _, lazy
from core.pages import absolute


class Author(msgspec.Struct):
    """As other customers see them: never an address or a company."""

    id: int
    name: str
    rank: str


class BoardOut(msgspec.Struct):
    id: int
    slug: str
    names: dict[str, str]
    kind: str
    is_public: bool
    thread_count: int
    url: str


class ThreadOut(msgspec.Struct):
    id: int
    board_id: int
    title: str
    author: Author
    lang: str
    tags: list[str]
    state: str
    status: str
    excerpt: str
    reply_count: int
    vote_count: int
    accepted_post_id: int | None
    created_at: datetime
    last_post_at: datetime
    url: str


class PostOut(msgspec.Struct):
    """`body` is Markdown, empty where the text is hidden; `state` says so."""

    id: int
    number: int
    author: Author
    body: str
    state: str
    like_count: int
    is_accepted: bool
    created_at: datetime
    edited_at: datetime | None


class ThreadIn(msgspec.Struct):
    board_id: int
    title: Annotated[Line, Meta(min_length=1)]
    body: Text
    tags: list[Line] = []


class ReplyIn(msgspec.Struct):
    body: Text


def _author(face: Face) -> Author:
    return Author(face.id, face.name, face.rank)


def _shown(one: ThreadRow, face: Face) -> ThreadOut:
    names = [name for name in ThreadOut.__struct_fields__ if name not in ("author", "url")]
    said = {name: getattr(one, name) for name in names}
    return ThreadOut(author=_author(face), url=absolute(one.path), **said)


async def _readable(thread_id: int) -> tuple[ThreadRow, BoardRow]:
    thread = await records.thread(possible(thread_id))
    board = await records.board(thread.board_id)
    if not policy.can_read(current_principal(), board, thread):
        raise NotFound(_("There is no such thread."))
    return thread, board


async def _posts(thread: ThreadRow, board: BoardRow, after: int, limit: int) -> list[PostOut]:
    found = await rows(f"SELECT {records.POST} FROM post WHERE thread_id = ? AND number > ? ORDER BY number LIMIT ?",
                       thread.id, after, limit)  # fmt: skip
    posts: list[PostRow] = policy.visible_posts(current_principal(), board, [post_from(row) for row in found])
    faces = await names_of(post.author_id for post in posts)
    return [PostOut(one.id, one.number, _author(faces[one.author_id]), one.body, one.state, one.like_count,
                    one.id == thread.accepted_post_id, one.created_at, one.edited_at) for one in posts]  # fmt: skip


@get(f"{BASE}/boards", may="community.read", says=lazy("List boards"), **READ)
async def boards() -> Page[BoardOut]:
    seen = policy.visible_boards(current_principal(), await records.boards())
    return Page([BoardOut(one.id, one.slug, one.names, one.kind, one.is_public, one.thread_count,
                          absolute(f"/community/b/{one.slug}")) for one in seen])  # fmt: skip


class ThreadApi(Controller):
    path = f"{BASE}/threads"

    @get("/", may="community.read", says=lazy("List threads, the latest first"), **READ)
    async def index(self, after: After = "", limit: Limit = 50, board: str = "", tag: str = "",
                    show: str = "") -> Page[ThreadOut]:  # fmt: skip
        """`show`: unanswered, solved, mine or following."""
        who = current_principal()
        chosen = await records.board_called(board) if board else None
        if chosen and not policy.can_see(who, chosen):
            raise NotFound(_("There is no such board."))
        asked = lists.Asked(show=show if show in lists.SHOWS else "", board=chosen, tag=tag, after=after, limit=limit)
        found = await lists.threads(who, await records.boards(), asked)
        return Page([_shown(line.thread, line.author) for line in found.lines], found.next or None)

    @get("/{thread_id:int}", may="community.read", says=lazy("Read a thread"), **READ)
    async def one(self, thread_id: int) -> ThreadOut:
        thread, _board = await _readable(thread_id)
        return _shown(thread, (await names_of([thread.author_id]))[thread.author_id])

    @get("/{thread_id:int}/posts", may="community.read", says=lazy("Read the posts of a thread"), **READ)
    async def posts(self, thread_id: int, after: int = 0, limit: Limit = 50) -> Page[PostOut]:
        """`after` is the number of the last post that was read."""
        thread, board = await _readable(thread_id)
        found = await _posts(thread, board, min(max(after, 0), 2**31 - 1), limit + 1)
        return Page(found[:limit], str(found[limit - 1].number) if len(found) > limit else None)

    @post("/", may="community.post", body=ThreadIn, is_once=True, says=lazy("Open a thread"), **WRITE)
    async def open(self, request: Request[Any, Any, Any]) -> Response[ThreadOut]:
        given = await body_of(request, ThreadIn)
        who = current_principal()

        async def work() -> ThreadOut:
            made = await actions.publish(who, possible(given.board_id), given.title, given.body, tags=list(given.tags))
            return _shown(made, (await names_of([made.author_id]))[made.author_id])

        return await once(request, work)

    @post("/{thread_id:int}/replies", may="community.post", body=ReplyIn, is_once=True,
          says=lazy("Answer in a thread"), **WRITE)  # fmt: skip
    async def reply(self, request: Request[Any, Any, Any], thread_id: int) -> Response[PostOut]:
        thread, board = await _readable(thread_id)
        given = await body_of(request, ReplyIn)

        async def work() -> PostOut:
            made = await actions.reply(current_principal(), thread_id, given.body)
            return (await _posts(thread, board, made.number - 1, 1))[0]

        return await once(request, work)


controllers = [boards, ThreadApi]
