"""A thread as a document of the search: title, question, accepted answer."""

from __future__ import annotations

from typing import Any

from community import policy, records
from community.plain import plain
from core.database import rows, transaction, write
from core.refs import Ref
from search import Document, analyse, forget, put

SOLVED = 1.15  # a thread with an accepted answer answers more than one without
WITHOUT_ANSWER = 0.8
QUERY = """SELECT t.version, t.visibility, t.board_id, t.title, t.lang, t.status, q.html, a.html AS answer
 FROM thread t JOIN post q ON q.thread_id = t.id AND q.number = 1
 LEFT JOIN post a ON a.id = t.accepted_post_id AND a.state = 'visible' WHERE t.id = ?"""


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
    document = await analyse(_document(thread_id, row, board))
    async with transaction():
        same = await write("UPDATE thread SET version = version WHERE id = ? AND version = ? RETURNING id",
                           thread_id, row["version"])  # fmt: skip
        if same:
            await forget_other_languages(thread_id, document.lang)
            await put(document)
        return bool(same)


def _document(thread_id: int, row: Any, board: records.BoardRow) -> Document:
    body = "\n\n".join(text for text in (plain(row["html"], 20_000), plain(row["answer"] or "", 20_000)) if text)
    weight = SOLVED if row["answer"] else WITHOUT_ANSWER
    return Document(kind="thread", id=thread_id, lang=row["lang"], title=row["title"], body=body,
                    audience=policy.audience_of(board), brand=board.brand, url=f"/community/{thread_id}",
                    weight=weight)  # fmt: skip


async def forget_other_languages(thread_id: int, lang: str) -> None:
    for other in {"ja", "en"} - {lang}:
        await forget(Ref("thread", thread_id), lang=other)


async def _forget(thread_id: int) -> None:
    async with transaction():
        await forget(Ref("thread", thread_id))
