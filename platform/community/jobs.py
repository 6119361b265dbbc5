"""What the community does later: notices, the search index, nightly recounts and clearing up."""

from __future__ import annotations

from community import counters, indexing, noticed, pictures, records, sentences, standing, telling
from community import rules as community_rules
from community.events import PostReplied
from core.clock import now
from core.database import rows, transaction, write
from core.events import on
from core.jobs import every, job
from helpcenter.events import ArticlePublished
from search.events import DocumentOutdated


@job
async def index_thread(thread_id: int) -> None:
    await indexing.index_thread(thread_id)


@on(DocumentOutdated, lane="bulk")
async def index_again(event: DocumentOutdated) -> None:
    if event.kind == "thread":
        await indexing.index_thread(event.id)


@job(lane="bulk")
async def index_board(board_id: int, beyond: int = 0) -> None:
    """After a change of a board's audience: its threads again, 100 at a time."""
    found = await rows(
        "SELECT id FROM thread WHERE board_id = ? AND id > ? AND visibility = 'visible' ORDER BY id LIMIT 100",
        board_id, beyond,
    )  # fmt: skip
    async with transaction():
        for row in found:
            await index_thread.later(thread_id=row[0], key=f"thread:{row[0]}")
        if len(found) == 100:
            await index_board.later(board_id=board_id, beyond=found[-1][0])


@job
async def tell_of_thread(thread_id: int) -> None:
    await telling.of_thread(thread_id)


@job
async def tell_of_reply(post_id: int) -> None:
    await telling.of_reply(post_id)


@job
async def tell_of_acceptance(thread_id: int) -> None:
    await telling.of_acceptance(thread_id)


@job
async def tell_of_hiding(post_id: int) -> None:
    await telling.of_hiding(post_id)


@job
async def tell_of_needs_info(thread_id: int) -> None:
    await telling.of_needs_info(thread_id)


@job
async def tell_of_retitling(thread_id: int, by: int) -> None:
    await telling.of_retitling(thread_id, by)


@job
async def tell_of_idea(thread_id: int) -> None:
    await telling.of_idea(thread_id)


@on(ArticlePublished)
async def tell_of_article(event: ArticlePublished) -> None:
    await telling.of_article(event.article_id)


@job
async def tell_of_closing(thread_id: int) -> None:
    await telling.of_closing(thread_id)


@job
async def tell_of_pause(pause_id: int) -> None:
    await telling.of_pause(pause_id)


@job
async def weigh_flags(thread_id: int, author_id: int) -> None:
    """What enough reports do besides holding a post; not in the flagger's name, and holding no thread meanwhile."""
    from community.actions import flagging

    await flagging.close_if_heavy(thread_id)
    await flagging.pause_if_flagged(author_id)


@job(lane="bulk", timeout=120)
async def recount(first_id: int) -> None:
    """A thousand threads at a time, so that no transaction is long."""
    last = await rows("SELECT MAX(id) FROM thread")
    if last[0][0] is None or first_id > last[0][0]:
        return
    async with transaction():
        await counters.repair(first_id, first_id + 199)
        await recount.later(first_id=first_id + 200)


@on(PostReplied)
async def note_answer(event: PostReplied) -> None:
    from community.routing import calling

    await calling.answered(event.thread_id, event.author_id)


@every(minutes=10)
async def call_for_answers() -> None:
    """Questions whose clock has run so far; each by a job of its own."""
    from community.routing import calling

    async with transaction():
        for thread_id, stage in await calling.due():
            await call_stage.later(thread_id=thread_id, stage=stage, key=f"call:{thread_id}:{stage}")


@job
async def call_stage(thread_id: int, stage: str) -> None:
    from community.routing import calling

    await calling.call(thread_id, stage)


@job
async def ask_the_next(thread_id: int) -> None:
    """Somebody said 'not this one'."""
    from community.routing import calling

    await calling.call(thread_id, "experts")


@every(hours=24, at="03:40", lane="bulk")
async def recount_all() -> None:
    async with transaction():
        for board in await records.boards():
            await counters.recount_board(board.id)
        await recount.later(first_id=1)


@every(hours=24, at="04:10", lane="bulk")
async def clear_up() -> None:
    """Drafts after 180 days, composer keys after 7."""
    await write("DELETE FROM draft WHERE updated_at < ?", now() - community_rules.DRAFTS_KEPT)
    await write("DELETE FROM composer_key WHERE created_at < ?", now() - community_rules.COMPOSER_KEYS_KEPT)


__all__ = ["noticed", "pictures", "sentences", "standing"]  # what they register
