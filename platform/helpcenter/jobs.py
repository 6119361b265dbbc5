"""What the help centre does later: gather gaps, answer them, run imports, recount, look for what is out of date."""

from __future__ import annotations

from core.clock import days_ago, now
from core.database import write
from core.events import on
from core.jobs import every, job
from core.principal import SYSTEM
from helpcenter import documents, gaps, learned, noticed, sentences  # noqa: F401  the last two register themselves
from helpcenter.events import ArticleChanged, ArticlePublished
from helpcenter.imports import run_import
from helpcenter.models import Article
from search.events import DocumentOutdated

OLD_DAYS = 365
FEW = 5  # answers below which a share says nothing


@every(minutes=2)
async def gather_gaps() -> None:
    await gaps.gather()


@on(ArticlePublished)
async def answer_gaps(event: ArticlePublished) -> None:
    await _answer(event.article_id)


@on(ArticleChanged)
async def answer_gaps_again(event: ArticleChanged) -> None:
    await _answer(event.article_id)


@on(DocumentOutdated, lane="bulk")
async def index_again(event: DocumentOutdated) -> None:
    if event.kind == "article":
        await documents.put_again(event.id)


async def _answer(article_id: int) -> None:
    article = await Article.get_or_none(id=article_id)
    if article is not None and article.is_published:
        await gaps.answer_with(article)


@job(lane="bulk", timeout=600, attempts=4)
async def apply_import(import_id: int) -> None:
    """Goes on where an earlier run stopped."""
    await run_import(SYSTEM, import_id)


@every(minutes=10)
async def learn_from_clicks() -> None:
    """Searches that ended on an article become words of its index."""
    await learned.learn()


@every(hours=24, at="03:10")
async def forget_old_clicks() -> None:
    await learned.forget_slowly()


@every(hours=24, at="03:20")
async def recount_feedback() -> None:
    """The counters are what the answers add up to."""
    for column, said in (("helpful", True), ("unhelpful", False)):
        await write(
            f"UPDATE article SET {column} = (SELECT COUNT(*) FROM article_feedback f WHERE f.article_id = article.id"
            f" AND f.is_helpful = ?) WHERE {column} <> (SELECT COUNT(*) FROM article_feedback f"
            " WHERE f.article_id = article.id AND f.is_helpful = ?)",
            said, said,
        )  # fmt: skip


@every(hours=24, at="03:30")
async def find_stale() -> None:
    """A year without a change, or more readers it did not help than it did."""
    await write(
        "UPDATE article SET is_stale = ?, stale_reason = 'age' WHERE state = 'published' AND is_stale = ?"
        " AND updated_at < ? AND published_at < ?",
        True, False, days_ago(OLD_DAYS), days_ago(OLD_DAYS),
    )  # fmt: skip
    await write(
        "UPDATE article SET is_stale = ?, stale_reason = 'unhelpful' WHERE state = 'published' AND is_stale = ?"
        " AND helpful + unhelpful >= ? AND unhelpful > helpful AND updated_at < ?",
        True, False, FEW, now(),
    )  # fmt: skip
