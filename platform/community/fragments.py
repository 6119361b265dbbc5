"""Posts as HTML, kept: a post looks the same to everybody with the same rights, until it changes.

The template is given a `View` and nothing else, and the view is the key, so what is kept cannot show one reader's page
to another. The only thing of one's own in it, the CSRF token, is put in afterwards.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec
from markupsafe import Markup

from community import policy
from community.plain import plain
from community.reading.lists import Line
from community.reading.thread import Reading, Seen
from core.context import here
from core.i18n import ago
from core.left_open import Shelf, filled, left_open
from core.pages import render


class Opening(msgspec.Struct, frozen=True):
    """What only number 1 shows: the thread's own state."""

    kind: str
    status: str
    state: str
    votes: int
    has_voted: bool
    follows: bool
    is_pinned: bool
    has_answer: bool
    may_make_article: bool
    answer_by: str = ""
    answer_text: str = ""
    answer_path: str = ""


class View(msgspec.Struct, frozen=True):
    """All that a post's HTML depends on."""

    id: int
    version: int
    number: int
    thread_path: str
    path: str
    quote_path: str
    state: str
    reason: str
    lang: str
    likes: int
    at: str
    ago: str
    is_edited: bool
    author: str
    rank: str
    is_readable: bool
    is_accepted: bool
    is_liked: bool
    is_signed_in: bool
    is_asker: bool
    moderates: bool
    manages: bool
    may_edit: bool
    may_delete: bool
    may_accept: bool
    may_like: bool
    may_hide: bool
    may_reply: bool
    may_voice: bool
    opening: Opening | None
    language: str
    zone: str


class Head(msgspec.Struct, frozen=True):
    """All that the line below the title depends on."""

    kind: str
    visibility: str
    status: str
    state: str
    vote_count: int
    reply_count: int
    view_count: int
    tags: tuple[str, ...]
    language: str


def head(reading: Reading) -> Markup:
    """State, counts and tags."""
    thread = reading.thread
    view = Head(reading.board.kind, thread.visibility, thread.status, thread.state, thread.vote_count,
                thread.reply_count, thread.view_count, tuple(thread.tags), here().language)  # fmt: skip
    html = _kept.get(view)
    if html is None:
        html = render("community/thread_head.html", h=view)
        _kept.put(view, html)
    return Markup(html)  # noqa: S704


class LineView(msgspec.Struct, frozen=True):
    """All that a thread's line in a list depends on."""

    id: int
    title: str
    lang: str
    author: str
    rank: str
    is_read: bool
    kind: str
    board: str
    visibility: str
    status: str
    state: str
    vote_count: int
    reply_count: int
    tags: tuple[str, ...]
    pinned: bool
    at: str
    ago: str
    language: str
    zone: str


def line(one: Line, with_board: bool = True, pinned: bool = False) -> Markup:
    thread = one.thread
    view = LineView(
        thread.id, thread.title, thread.lang, one.author.name, one.author.rank, one.is_read, one.board.kind,
        one.board.name if with_board else "", thread.visibility, thread.status, thread.state, thread.vote_count,
        thread.reply_count, tuple(thread.tags[:2]), pinned, thread.last_post_at.isoformat(), ago(thread.last_post_at),
        here().language, here().time_zone,
    )  # fmt: skip
    html = _kept.get(view)
    if html is None:
        html = render("community/line.html", v=view, at=thread.last_post_at)
        _kept.put(view, html)
    return Markup(html)  # noqa: S704


def posts(reading: Reading) -> list[Markup]:
    """The HTML of every post of the chunk."""
    made = []
    for seen in reading.posts:
        view = _view(reading, seen)
        html = _kept.get(view)
        if html is None:
            with left_open():
                html = render("community/post.html", v=view, at=seen.post.created_at, body=Markup(seen.post.html))  # noqa: S704
            _kept.put(view, html)
        made.append(Markup(filled(html)))  # noqa: S704
    return made


_kept = Shelf()


def forget() -> None:
    _kept.found.clear()


def _view(reading: Reading, seen: Seen) -> View:
    post, thread, who = seen.post, reading.thread, here().principal
    quote = f"{thread.path}?{f'from={reading.first}&' if reading.first > 1 else ''}quote={post.id}#reply"
    return View(
        post.id, post.version, post.number, thread.path, post.path, quote, post.state, post.reason, post.lang,
        post.like_count, post.created_at.isoformat(), ago(post.created_at), post.edited_at is not None,
        seen.author.name, seen.author.rank, seen.is_readable, seen.is_accepted and post.state == "visible",
        seen.is_liked, who.is_signed_in, who.is_signed_in and who.person_id == thread.author_id, reading.moderates,
        policy.is_staff(who), seen.may_edit, seen.may_delete, seen.may_accept, seen.may_like, seen.may_hide,
        reading.can_reply and post.state == "visible", who.may("customers.read") and seen.is_readable,
        _opening(reading) if post.number == 1 else None,
        here().language, here().time_zone,
    )  # fmt: skip


def _opening(reading: Reading) -> Opening:
    thread, answer = reading.thread, reading.answer
    made = Opening(
        reading.board.kind, thread.status, thread.state, thread.vote_count, reading.has_voted,
        reading.level in ("watching", "tracking"), thread.is_pinned, thread.accepted_post_id is not None,
        thread.accepted_post_id is not None
        and bool(policy.can_make_article(here().principal, reading.board, thread)),
    )  # fmt: skip
    if answer is None:
        return made
    return msgspec.structs.replace(made, answer_by=answer.author.name, answer_path=answer.post.path,
                                   answer_text=_cut(answer.post.html))  # fmt: skip


@lru_cache(maxsize=500)
def _cut(html: str) -> str:
    return plain(html)
