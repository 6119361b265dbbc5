"""Notices: who is told what, at the bell. Rights are asked again when the job runs."""

from __future__ import annotations

from typing import Any

from community import records
from community.reading.related import SOURCE
from community.records import ThreadRow, post_path
from community.writing import handles_of, mentions_in
from core.clock import when
from core.database import rows
from core.refs import Ref
from customers.models import Decision
from customers.notices import tell
from customers.requests import telling as requests
from helpcenter.models import Article, ArticleTranslation
from helpcenter.slugs import path_of


async def of_thread(thread_id: int) -> None:
    """Those who watch the board; the mentioned are told that they were."""
    thread = await records.thread(thread_id)
    if thread.visibility != "visible":
        return
    mentioned = await _mentioned(await _text(thread_id, 1)) - {thread.author_id}
    watching = await _followers("board", thread.board_id) - {thread.author_id} - mentioned
    await _tell(thread, mentioned, "community.mentioned", f"thread:{thread.id}", 1, thread.author_id)
    await _tell(thread, watching, "community.thread", f"thread:{thread.id}", 1, thread.author_id)


async def of_reply(post_id: int) -> None:
    """Those who watch the thread; whose thread it is and the mentioned are told that they are answered."""
    post = await records.post(post_id)
    thread = await records.thread(post.thread_id)
    if post.state != "visible" or thread.visibility != "visible":
        return
    muted = await _followers("thread", thread.id, "muted")
    mentioned = await _mentioned(post.body) - {post.author_id} - muted
    watching = await _followers("thread", thread.id) - {post.author_id} - mentioned
    asker = watching & {thread.author_id}
    key = f"post:{post.id}"
    await _tell(thread, asker, "community.answered", key, post.number, post.author_id)
    await _tell(thread, mentioned, "community.mentioned", key, post.number, post.author_id)
    await _tell(thread, watching - asker, "community.replied", key, post.number, post.author_id)


async def of_acceptance(thread_id: int) -> None:
    """The one who answered, and everybody who wanted to know too."""
    thread = await records.thread(thread_id)
    if thread.accepted_post_id is None or thread.visibility != "visible":
        return
    post = await records.post(thread.accepted_post_id)
    key = f"accepted:{thread.id}:{post.id}"
    by = thread.accepted_by_id or 0
    await _tell(thread, {post.author_id} - {by}, "community.accepted", key, post.number, by)
    curious = await _voters(thread_id) | await _followers("thread", thread.id)
    await _tell(thread, curious - {post.author_id, by}, "community.solved", key, post.number, by)


async def of_hiding(post_id: int) -> None:
    """The author, with the reason and without the moderator's name."""
    post = await records.post(post_id)
    thread = await records.thread(post.thread_id)
    if post.state == "hidden":
        await _tell(thread, {post.author_id}, "community.hidden", f"hidden:{post.id}:{post.version}", post.number, 0,
                    reason=post.reason)  # fmt: skip


async def of_closing(thread_id: int) -> None:
    """The asker, when reports closed the thread."""
    thread = await records.thread(thread_id)
    if thread.state == "closed":
        await _tell(thread, {thread.author_id}, "community.closed", f"closed:{thread.id}:{thread.version}", 1, 0)


async def of_pause(pause_id: int) -> None:
    """Whom reports paused, with the time until which."""
    found = await rows("SELECT person_id, until FROM pause WHERE id = ?", pause_id)
    if found:
        await tell([found[0][0]], about=Ref("pause", pause_id), kind="community.paused", key=f"pause:{pause_id}",
                   url="/community", data={"until": str(when(found[0][1]))})  # fmt: skip


async def of_article(article_id: int) -> None:
    """Thanks to who asked and who answered, once, when what they wrote can be read in the help centre."""
    article = await Article.get_or_none(id=article_id, source=SOURCE, state="published")
    if article is None or not {"public", "members"} & article.tokens:
        return
    thread = await records.thread(int(article.source_id or 0))
    words = await ArticleTranslation.filter(article_id=article_id, locale=article.locale).first()
    if words is None:
        return
    people = {thread.author_id}
    if thread.accepted_post_id:
        people.add((await records.post(thread.accepted_post_id)).author_id)
    await tell(sorted(people), about=Ref("article", article_id), kind="community.article", key=f"article:{article_id}",
               url=path_of(words.slug), data={"title": thread.title})  # fmt: skip


async def of_needs_info(thread_id: int) -> None:
    thread = await records.thread(thread_id)
    if thread.status == "needs_info":
        await _tell(
            thread, {thread.author_id}, "community.needs_info", f"needs_info:{thread.id}:{thread.version}", 1, 0
        )


async def of_retitling(thread_id: int, by: int) -> None:
    thread = await records.thread(thread_id)
    await _tell(
        thread, {thread.author_id} - {by}, "community.retitled", f"retitled:{thread.id}:{thread.version}", 1, by
    )


async def of_idea(thread_id: int) -> None:
    """Every voter hears of every change of state."""
    thread = await records.thread(thread_id)
    people = await _voters(thread_id) | {thread.author_id} | await _followers("thread", thread.id)
    await _tell(thread, people, "community.idea", f"idea:{thread.id}:{thread.status}", 1, 0, status=thread.status)


async def of_request(thread_id: int, decision: Decision) -> None:
    """The same people, of what was decided about the request that the idea stands in, with its sentence; whoever was
    told of that decision already is left out. In the transaction that changes the idea."""
    thread = await records.thread(thread_id)
    people = await _voters(thread_id) | {thread.author_id} | await _followers("thread", thread.id)
    claimed = await requests.claim(decision, await who_may_see(thread, people), "idea")
    data = {"title": thread.title, "by": "", "status": decision.status, "message": decision.message}
    await tell(claimed, about=Ref("thread", thread.id), kind="community.idea", key=requests.key_of(decision),
               url=post_path(thread.id, 1), data=data)  # fmt: skip


async def _tell(thread: ThreadRow, people: set[int], kind: str, key: str, number: int, by: int, **data: Any) -> None:
    allowed = await who_may_see(thread, people)
    if allowed:
        name = await name_of(by) if by else ""
        await tell(allowed, about=Ref("thread", thread.id), kind=kind, key=key, url=post_path(thread.id, number),
                   data={"title": thread.title, "by": name, **data})  # fmt: skip


async def who_may_see(thread: ThreadRow, people: set[int]) -> list[int]:
    """Of these people, the active ones who may see the thread's board."""
    if not people:
        return []
    board = await records.board(thread.board_id)
    marks = ", ".join("?" * len(people))
    found = await rows(f"SELECT id, kind FROM person WHERE id IN ({marks}) AND state = 'active'", *sorted(people))
    if {"public", "members"} & board.audience:
        return [row["id"] for row in found]
    accounts = [int(token.split(":")[1]) for token in board.audience if token.startswith("account:")]
    inside = set()
    if accounts:
        among = ", ".join("?" * len(accounts))
        members = await rows(
            f"SELECT person_id FROM membership WHERE until IS NULL AND account_id IN ({among})", *accounts
        )
        inside = {row[0] for row in members}
    inside |= await _granted(board.scope)
    return [row["id"] for row in found if row["kind"] == "staff" or row["id"] in inside]


async def _granted(scope: str) -> set[int]:
    from community.grants import people_with

    return await people_with(scope)


async def _followers(kind: str, about: int, level: str = "watching") -> set[int]:
    found = await rows(
        "SELECT person_id FROM follow WHERE about_kind = ? AND about_id = ? AND level = ?", kind, about, level
    )
    return {row[0] for row in found}


async def _voters(thread_id: int) -> set[int]:
    return {row[0] for row in await rows("SELECT person_id FROM thread_vote WHERE thread_id = ?", thread_id)}


async def _mentioned(body: str) -> set[int]:
    handles = handles_of(mentions_in(body))[:20]
    if not handles:
        return set()
    marks = ", ".join("?" * len(handles))
    return {
        row[0] for row in await rows(f"SELECT id FROM person WHERE handle IN ({marks}) AND state = 'active'", *handles)
    }


async def _text(thread_id: int, number: int) -> str:
    found = await rows("SELECT body FROM post WHERE thread_id = ? AND number = ?", thread_id, number)
    return str(found[0][0]) if found else ""


async def name_of(person_id: int) -> str:
    """As other customers see it."""
    from community.reading.people import names_of

    found = await names_of([person_id])
    return found[person_id].name if person_id in found else ""
