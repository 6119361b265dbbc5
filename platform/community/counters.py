"""The thread's counters, counted again from its posts: after moderation, and every night for all."""

from __future__ import annotations

from core.database import rows, write

LIVE = "p.thread_id = thread.id AND p.state = 'visible'"
# One statement: what the counters must be, from the rows they are counted from.
RECOUNT = f"""UPDATE thread SET
 reply_count = (SELECT COUNT(*) FROM post p WHERE {LIVE} AND p.number > 1),
 like_count = (SELECT COALESCE(SUM(p.like_count), 0) FROM post p WHERE {LIVE}),
 vote_count = (SELECT COUNT(*) FROM thread_vote v WHERE v.thread_id = thread.id),
 last_post_at = COALESCE((SELECT p.created_at FROM post p WHERE {LIVE} ORDER BY p.number DESC LIMIT 1), created_at),
 last_poster_id = (SELECT p.author_id FROM post p WHERE {LIVE} ORDER BY p.number DESC LIMIT 1),
 first_reply_at = (SELECT p.created_at FROM post p WHERE {LIVE} AND p.number > 1 AND p.author_id <> thread.author_id
  ORDER BY p.number LIMIT 1)"""
LIKES = "(SELECT COUNT(*) FROM post_like l WHERE l.post_id = post.id)"
THREADS = "(SELECT COUNT(*) FROM thread t WHERE t.board_id = board.id AND t.visibility = 'visible')"


async def recount(thread_id: int) -> None:
    """Count one thread again, in the transaction that holds it."""
    await write(f"{RECOUNT} WHERE id = ?", thread_id)


async def recount_board(board_id: int) -> None:
    await write(f"UPDATE board SET thread_count = {THREADS} WHERE id = ?", board_id)


async def repair(first_id: int, last_id: int) -> None:
    """Count threads of a range of ids again, with the likes of their posts."""
    await write(f"UPDATE post SET like_count = {LIKES} WHERE thread_id BETWEEN ? AND ? AND like_count <> {LIKES}",
                first_id, last_id)  # fmt: skip
    await write(f"{RECOUNT} WHERE id BETWEEN ? AND ?", first_id, last_id)


async def wrong() -> list[str]:
    """Which counters differ from a recount, as sentences; empty is good. For the test and the numbers page."""
    found = []
    for name, counted in (
        ("reply_count", f"(SELECT COUNT(*) FROM post p WHERE {LIVE} AND p.number > 1)"),
        ("like_count", f"(SELECT COALESCE(SUM(p.like_count), 0) FROM post p WHERE {LIVE})"),
        ("vote_count", "(SELECT COUNT(*) FROM thread_vote v WHERE v.thread_id = thread.id)"),
    ):
        bad = await rows(f"SELECT id, {name}, {counted} FROM thread WHERE {name} <> {counted} LIMIT 20")
        found += [f"thread {row[0]}: {name} is {row[1]}, counted {row[2]}" for row in bad]
    bad = await rows(f"SELECT id, like_count, {LIKES} FROM post WHERE like_count <> {LIKES} LIMIT 20")
    found += [f"post {row[0]}: like_count is {row[1]}, counted {row[2]}" for row in bad]
    bad = await rows(f"SELECT id, thread_count, {THREADS} FROM board WHERE thread_count <> {THREADS}")
    return found + [f"board {row[0]}: thread_count is {row[1]}, counted {row[2]}" for row in bad]
