"""Where content is missing: searches without an answer, gathered by question; and who is told once there is one.

Gathering re-reads a window of the search log and counts each search once by its key, so a search that committed
late is never missed and one that is met twice is never counted twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.clock import now, when
from core.database import IntegrityError, rows, savepoint, transaction, write
from core.events import announce
from core.refs import Ref
from core.tasks import in_thread
from customers.notices import tell
from helpcenter.events import GapAnswered
from helpcenter.models import Article, ArticleTranslation, ContentGap
from helpcenter.slugs import path_of
from search import find, words

WINDOW = timedelta(days=2)
PATIENCE = timedelta(minutes=15)  # a search with candidates counts as unanswered when nothing was opened by then
MOST = 500
LONGEST = 300

UNANSWERED = (
    "SELECT q.key, q.text, q.lang, q.brand, q.surface, q.person_id, q.account_id, q.created_at FROM search_query q"
    " LEFT JOIN content_gap_asking g ON g.query_key = q.key"
    " WHERE g.id IS NULL AND q.created_at > ? AND q.surface <> 'suggest' AND q.clicked_id IS NULL"
    " AND q.outcome <> 'solved' AND (q.outcome IN ('not_solved', 'handed_over') OR q.band = 'none' OR q.results = 0"
    " OR (q.band = 'candidates' AND q.created_at < ?)) ORDER BY q.created_at LIMIT ?"
)


async def gather() -> int:
    """Put new unanswered searches under their question; returns how many."""
    found = await rows(UNANSWERED, now() - WINDOW, now() - PATIENCE, MOST)
    counted = 0
    for row in found:
        normal = await normal_of(row["text"])
        if normal:
            async with transaction():
                counted += await _count(row, normal)
    return counted


async def normal_of(question: str) -> str:
    """The question's words as a set: 「有給 繰越」 and 「繰越の有給」 are one. Empty when there is no word in it."""
    return (await normals_of([question]))[0]


async def normals_of(questions: list[str]) -> list[str]:
    return await in_thread(_normals, questions)  # type: ignore[no-any-return]


def _normals(questions: list[str]) -> list[str]:
    return [" ".join(sorted({word.term for word in words(one[:LONGEST])}))[:LONGEST] for one in questions]


async def _count(row: Any, normal: str) -> int:
    gap_id = await _gap_of(row, normal)
    try:
        async with savepoint():
            await write(
                "INSERT INTO content_gap_asking (gap_id, query_key, person_id, account_id, surface, at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                gap_id, row["key"], row["person_id"], row["account_id"], row["surface"], when(row["created_at"]),
            )  # fmt: skip
    except IntegrityError:
        return 0
    await write(
        "UPDATE content_gap SET count = count + 1, last_at = CASE WHEN last_at < ? THEN ? ELSE last_at END,"
        " state = CASE WHEN state = 'answered' AND answered_at < ? THEN 'open' ELSE state END,"
        " people = (SELECT COUNT(DISTINCT person_id) FROM content_gap_asking WHERE gap_id = ?),"
        " accounts = (SELECT COUNT(DISTINCT account_id) FROM content_gap_asking WHERE gap_id = ?) WHERE id = ?",
        when(row["created_at"]), when(row["created_at"]), when(row["created_at"]), gap_id, gap_id, gap_id,
    )  # fmt: skip
    return 1


async def _gap_of(row: Any, normal: str) -> int:
    made = await write(
        "INSERT INTO content_gap (question, normal, lang, brand, count, people, accounts, first_at, last_at, state)"
        " VALUES (?, ?, ?, ?, 0, 0, 0, ?, ?, 'open')"
        " ON CONFLICT (brand, lang, normal) DO UPDATE SET normal = excluded.normal RETURNING id",
        row["text"][:LONGEST], normal, row["lang"] or "", row["brand"] or "default", when(row["created_at"]),
        when(row["created_at"]),
    )  # fmt: skip
    return int(made[0][0])


# answers ---------------------------------------------------------------------------------------------------------


async def answer_with(article: Article) -> list[int]:
    """The open gaps that this published article answers: written for them, or found first with confidence now."""
    gaps = await ContentGap.filter(state="open", brand=article.brand).order_by("-last_at").limit(MOST)
    answered = [gap for gap in gaps if gap.article_id == article.id or await _is_answered(gap, article)]
    for gap in answered:
        await settle(gap, article)
    return [gap.id for gap in answered]


async def _is_answered(gap: ContentGap, article: Article) -> bool:
    found = await find(gap.question, tokens=article.tokens, kinds={"article"}, brand=article.brand, limit=1)
    return bool(found.hits) and found.band == "answer" and found.hits[0].ref == article.ref


async def settle(gap: ContentGap, article: Article) -> None:
    """The gap is answered, and whoever asked (and may read the article) is told, once."""
    async with transaction():
        moved = await write(
            "UPDATE content_gap SET state = 'answered', article_id = ?, answered_at = ? WHERE id = ? AND state = 'open'"
            " RETURNING id",
            article.id, now(), gap.id,
        )  # fmt: skip
        if not moved:
            return
        asked = await rows(
            "SELECT DISTINCT person_id FROM content_gap_asking WHERE gap_id = ? AND person_id IS NOT NULL", gap.id
        )
        people = await readers_among([int(row[0]) for row in asked], article)
        translation = await ArticleTranslation.filter(article_id=article.id, published_at__not_isnull=True).first()
        if translation is not None:
            await tell(
                people,
                about=article.ref,
                kind="help.answered",
                key=f"gap:{gap.id}:{article.id}",
                url=path_of(translation.slug),
                data={"question": gap.question, "title": translation.title},
            )
        await announce(GapAnswered(gap_id=gap.id, article_id=article.id))


async def readers_among(people: list[int], article: Article) -> list[int]:
    """Those of `people` who may read the article."""
    if not people or not article.is_published:
        return []
    marks = ", ".join("?" * len(people))
    found = await rows(f"SELECT id, kind FROM person WHERE state = 'active' AND id IN ({marks})", *people)
    if article.tokens & {"public", "members"}:
        return [int(row["id"]) for row in found]
    accounts = [int(token.removeprefix("account:")) for token in article.tokens if token.startswith("account:")]
    inside: set[int] = set()
    if accounts:
        theirs = ", ".join("?" * len(accounts))
        inside = {
            int(row[0])
            for row in await rows(
                f"SELECT person_id FROM membership WHERE until IS NULL AND account_id IN ({theirs})", *accounts
            )
        }
    return [
        int(r["id"]) for r in found if int(r["id"]) in inside or ("staff" in article.tokens and r["kind"] == "staff")
    ]


def ref_of(gap: ContentGap) -> Ref:
    return Ref("gap", gap.id)
