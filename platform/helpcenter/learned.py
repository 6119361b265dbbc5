"""What readers' searches teach about an article: words for its index, and phrasings to suggest to its writers.

Which searches count is search's to say (search.learning: decay, several people, not against what they said). Here what
a person should not find in an index is left out, and what the writers said already is not suggested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from core.clock import now
from core.database import rows, transaction
from helpcenter import documents
from helpcenter.gaps import normals_of
from helpcenter.models import Article, ArticleTranslation, DismissedPhrasing
from helpcenter.notation import MOST_FORMS, forms, understood
from search.learning import changed_clicks, clicked_queries

OVERLAP = timedelta(days=2)  # searches are looked at again for so long: a thumb may come later than the click
MOST, LONGEST = 20, 100
SUGGESTED = 8
_personal = re.compile(r"\S@\S|(?:\d[-\s]?){6,}|https?:", re.ASCII)


class Suggestion(msgspec.Struct, frozen=True):
    """A search that ended on the article `times`, in readers' own words."""

    article_id: int
    locale: str
    title: str
    text: str
    times: int
    last_at: datetime


async def learn() -> int:
    """Bring clicked queries up to date where something was clicked lately; returns how many articles changed."""
    return await _learn([ref.id for ref in await changed_clicks(now() - OVERLAP) if ref.kind == "article"])


async def forget_slowly() -> int:
    """The same for every article that has learned something: with time a search stops counting."""
    found = await rows("SELECT DISTINCT article_id FROM article_translation WHERE CAST(clicked AS TEXT) <> '[]'")
    return await _learn([int(row[0]) for row in found])


async def _learn(article_ids: Iterable[int]) -> int:
    changed = 0
    for article_id in article_ids:
        article = await Article.get_or_none(id=article_id)
        if article is not None:
            changed += await _learn_of(article)
    return changed


async def _learn_of(article: Article) -> bool:
    changed = []
    for translation in await ArticleTranslation.filter(article_id=article.id):
        learned = [one.text for one in await clicked_queries(article.ref, translation.locale) if is_fit(one.text)][
            :MOST
        ]
        if learned != translation.clicked:
            translation.clicked = learned
            changed.append(translation)
    out = [one for one in changed if one.published_at and article.is_published]
    analysed = await documents.analysed(article, out)
    async with transaction():
        # Whoever saved meanwhile analysed the article with what it had learned before; the next run meets it again.
        if not changed or not await Article.exists(id=article.id, version=article.version):
            return False
        for translation in changed:
            await translation.save(update_fields=["clicked"])
        await documents.write_index(analysed)
    return True


def is_fit(text: str) -> bool:
    """Short, and without what may belong to one person: an address, a long number, a link."""
    return 2 <= len(text.strip()) <= LONGEST and _personal.search(text) is None


# suggestions -----------------------------------------------------------------------------------------------------


async def suggested(article: Article, translation: ArticleTranslation) -> list[Suggestion]:
    """Searches that ended here and say what neither the title nor a phrasing says, strongest first."""
    found = [one for one in await clicked_queries(article.ref, translation.locale) if is_fit(one.text)]
    if not found:
        return []
    lines = [form for line in translation.phrasings for form in forms(understood(line), MOST_FORMS)]
    known = set(await normals_of([translation.title, *lines]))
    known |= {one.normal for one in await DismissedPhrasing.filter(translation_id=translation.id)}
    made = []
    for one, normal in zip(found, await normals_of([one.text for one in found]), strict=True):
        if normal and normal not in known:
            known.add(normal)
            made.append(Suggestion(article.id, translation.locale, translation.title, one.text, one.times, one.last_at))
    return made[:SUGGESTED]


async def all_suggested(most: int = 50) -> list[Suggestion]:
    """Of every article, those asked most first."""
    found = await ArticleTranslation.filter(article_id__in=[r.id for r in await _clicked_articles()])
    articles = {one.id: one for one in await Article.filter(id__in=[one.article_id for one in found])}
    made = [s for one in found if one.article_id in articles for s in await suggested(articles[one.article_id], one)]
    return sorted(made, key=lambda one: (-one.times, one.title, one.text))[:most]


async def _clicked_articles(most: int = 200) -> list[Article]:
    """Articles that were opened from searches of the last year, most often first."""
    found = await rows(
        "SELECT clicked_id, COUNT(*) AS times FROM search_query WHERE clicked_kind = 'article' AND created_at > ?"
        " GROUP BY clicked_id ORDER BY times DESC, clicked_id LIMIT ?",
        now() - timedelta(days=365), most,
    )  # fmt: skip
    return await Article.filter(id__in=[int(row[0]) for row in found], state="published")
