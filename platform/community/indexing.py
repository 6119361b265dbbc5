"""A thread as a document of the search: title, question, accepted answer; what else was said, by words only."""

from __future__ import annotations

from typing import Any

from community import policy, records
from community.plain import plain
from core.database import rows, transaction, write
from core.refs import Ref
from search import Document, analyse, forget, put

SOLVED = 1.15  # a thread with an accepted answer answers more than one without
WITHOUT_ANSWER = 0.8
OTHERS, OTHERS_LENGTH = 200, 20_000  # posts beside the question and the answer that are read, their characters
QUERY = """SELECT t.version, t.visibility, t.board_id, t.title, t.lang, t.status, q.html, a.html AS answer,
 (SELECT SUM(p.version) FROM post p WHERE p.thread_id = t.id) AS posts
 FROM thread t JOIN post q ON q.thread_id = t.id AND q.number = 1
 LEFT JOIN post a ON a.id = t.accepted_post_id AND a.state = 'visible' WHERE t.id = ?"""
OTHER_POSTS = """SELECT p.html FROM post p JOIN thread t ON t.id = p.thread_id
 WHERE t.id = ? AND p.number > 1 AND p.state = 'visible' AND p.id <> COALESCE(t.accepted_post_id, 0)
 ORDER BY p.number LIMIT ?"""


async def index_thread(thread_id: int) -> None:
    """Analyse outside the transaction, put inside it if the thread is still the same; else begin again."""
    for _attempt in range(5):
        found = await rows(QUERY, thread_id)
        if not found or found[0]["visibility"] != "visible":
            return await _forget(thread_id)
        if await _put(thread_id, found[0]):
            return None
    raise RuntimeError(f"thread {thread_id} changes too quickly to be indexed")


async def _put(thread_id: int, row: Any) -> bool:
    board = await records.board(row["board_id"])
    others = await rows(OTHER_POSTS, thread_id, OTHERS)
    document = await analyse(_document(thread_id, row, board, _words_of(others)))
    async with transaction():
        held = await write("UPDATE thread SET version = version WHERE id = ? AND version = ? RETURNING id",
                           thread_id, row["version"])  # fmt: skip
        # A reply leaves the thread's version as it is; each change of a post moves the sum of the posts' own.
        same = bool(held) and (await rows(QUERY, thread_id))[0]["posts"] == row["posts"]
        if same:
            await forget_other_languages(thread_id, document.lang)
            await put(document)
        return same


def _words_of(posts: list[Any]) -> str:
    return "\n".join(plain(post["html"], OTHERS_LENGTH) for post in posts)[:OTHERS_LENGTH]


def _document(thread_id: int, row: Any, board: records.BoardRow, others: str) -> Document:
    body = "\n\n".join(text for text in (plain(row["html"], 20_000), plain(row["answer"] or "", 20_000)) if text)
    weight = SOLVED if row["answer"] else WITHOUT_ANSWER
    return Document(kind="thread", id=thread_id, lang=row["lang"], title=row["title"], body=body,
                    audience=policy.audience_of(board), brand=board.brand, url=f"/community/{thread_id}",
                    weight=weight, aside=others)  # fmt: skip


async def forget_other_languages(thread_id: int, lang: str) -> None:
    for other in {"ja", "en"} - {lang}:
        await forget(Ref("thread", thread_id), lang=other)


async def _forget(thread_id: int) -> None:
    async with transaction():
        await forget(Ref("thread", thread_id))
